//! How the action behind a burned code ends.

use core::ops::DerefMut;

use super::{
    Device, Memory, Opened, Platform, Unlatched,
    opening::{Opening, Staged},
    receipts::About,
    unlatched::{Settlement, Ticket},
};
use crate::{
    ledger::Doing,
    reject::{Reason, Refusal, ensure},
    statement::{CloseCause, Outcome},
};

impl<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
    M,
> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED, LATCHES, ISSUERS>>,
{
    /// Records how an action went; returns the receipt.
    ///
    /// # Errors
    /// [`Reason::StorageFault`], [`Reason::KeyFault`]: the outcome will be told after the
    /// next boot, as far as it is known then. [`Reason::MemoryFault`]: the same, and [`poll`](Self::poll) has what was opened shut
    /// again. [`Reason::LogicFault`] for another's ticket.
    pub fn settle<'o>(
        &mut self,
        ticket: Ticket,
        settlement: Settlement,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Refusal> {
        if let Err(spoiled) = self.memory.ledger.whole() {
            let staged = self.memory.staged.pop();
            return Err(self.shut_again(staged.as_ref(), spoiled));
        }
        let pending = self.memory.ledger.facts.pending.ok_or(Reason::LogicFault)?;
        ensure(
            pending.code.statement == ticket.statement(),
            Reason::LogicFault,
        )?;
        self.note_amiss();
        let staged = self.memory.staged.pop();
        let about = About::from(&pending);
        let outcome = match (settlement, pending.what) {
            (Settlement::Failed { code }, _) => Outcome::ActuatorFailed { code },
            (Settlement::Done, Doing::Twin) => Outcome::Applied {
                twin_version: self.memory.ledger.facts.twin.version,
            },
            (Settlement::Done, Doing::Command) => Outcome::Performed,
            (Settlement::Done, Doing::Close { latch }) => Outcome::Closed {
                latch,
                cause: CloseCause::Code,
            },
            (Settlement::Done, Doing::Lockdown) => Outcome::LockedDown,
            (Settlement::Done, Doing::Open | Doing::Renew) => {
                let staged = staged.ok_or(Reason::LogicFault)?;
                if staged.code() != pending.code {
                    return Err(self.shut_again(Some(&staged), Reason::LogicFault));
                }
                return Ok(self.settle_open(&about, &staged, out)?);
            }
            (Settlement::Done, Doing::Install | Doing::Probe | Doing::Unlock) => {
                return Err(Reason::LogicFault.into());
            }
        };
        self.handed_out = false;
        Ok(self.conclude(&about, outcome, out)?)
    }

    /// What the action has opened counts as open for a moment, so that whoever has opened it is asked to shut it.
    #[inline(never)]
    fn shut_again(&mut self, staged: Option<&Staged>, fault: Reason) -> Refusal {
        if let Some(opening) = staged.and_then(Staged::opened) {
            let latch = opening.latch;
            let stands = self.let_stand(&opening);
            self.memory.latches.shut(Some(latch), CloseCause::Fault);
            return stands.err().unwrap_or(fault).into();
        }
        fault.into()
    }

    /// Lets a latch be open, unless that cannot be told: then it is to be shut again.
    fn settle_open<'o>(
        &mut self,
        about: &About,
        staged: &Staged,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Reason> {
        let (latch, seconds) = (staged.latch, staged.seconds);
        self.handed_out = false;
        if let Some(opening) = staged.opened() {
            self.let_stand(&opening)?;
            let told = self.conclude(about, Outcome::Opened { seconds }, out);
            // Where it is recorded and only not signed, it is open, and the record is the truth.
            if told.is_err() && self.memory.ledger.facts.pending.is_some() {
                self.memory.latches.shut(Some(latch), CloseCause::Fault);
            }
            return told;
        }
        // A renewal opens nothing that has closed in the meantime.
        let before = self.memory.latches.get(latch).copied();
        let Some(before) = before.filter(|_| self.is_open(latch)) else {
            let outcome = Outcome::Refused {
                reason: Reason::NotOpen.number(),
                expected: 0,
                found: 0,
            };
            return self.conclude(about, outcome, out);
        };
        self.let_stand(&staged.renewed(&before))?;
        let told = self.conclude(about, Outcome::Renewed { seconds }, out);
        if told.is_err() && self.memory.ledger.facts.pending.is_some() {
            self.let_stand(&before)?;
        }
        told
    }

    #[inline(never)]
    fn let_stand(&mut self, opening: &Opening) -> Result<(), Reason> {
        self.memory.latches.open(*opening)
    }

    /// A twin change that was burned before the last boot and whose outcome is not known:
    /// it is made again, since making it twice does no more than once. Handed out once a boot, and not from a memory that is not
    /// whole.
    pub fn resume(&mut self) -> Option<Unlatched<'_>> {
        if self.handed_out || self.memory.ledger.whole().is_err() {
            return None;
        }
        let facts = &self.memory.ledger.facts;
        let pending = facts
            .pending
            .filter(|pending| pending.what == Doing::Twin)?;
        self.handed_out = true;
        let opened = Opened::Twin {
            version: facts.twin.version,
            patch: None,
            twin: facts.twin.entries(),
        };
        Some(Unlatched::new(opened, pending.code.statement))
    }
}
