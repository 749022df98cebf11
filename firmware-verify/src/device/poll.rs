//! What happens without a message: latches close, installations lapse.

use super::{
    Clock as _, Device, Platform,
    latches::{Around, Standing},
    receipts::About,
};
use crate::{
    ledger::InstallPhase,
    reject::{Reason, Refusal},
    statement::{CloseCause, Outcome},
    types::LatchId,
    wire::Kind,
};

/// What a look at the device has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a latch that has closed has to be shut"]
pub enum Polled<'o> {
    /// Nothing is to be done.
    Idle {
        /// When to look again at the latest, in milliseconds from now, if at all.
        wake_in_ms: Option<u64>,
    },
    /// A latch has closed by itself: shut what stands behind it, then look again.
    Closed {
        /// Which.
        latch: LatchId,
        /// Why.
        cause: CloseCause,
        /// The receipt to send. Where it could not be made, the next boot tells of it.
        receipt: Result<&'o [u8], Refusal>,
    },
    /// A download has lost its code's force: its receipt, or why there is none.
    InstallEnded(Result<&'o [u8], Refusal>),
}

impl<P: Platform, const TWIN: usize, const USED: usize> Device<P, TWIN, USED> {
    /// Looks at everything that changes without a message. Call it after each statement and
    /// observation, and when it asked to be called; until it says [`Polled::Idle`].
    pub fn poll<'o>(&mut self, out: &'o mut [u8]) -> Polled<'o> {
        self.watch_clock();
        let ticks_ms = self.clock.ticks_ms();
        let mut wake_ticks_ms = u64::MAX;
        let mut closed = None;
        let conditions = self.conditions();
        let Self {
            latches, ledger, ..
        } = self;
        let around = Around::of(ledger, &conditions, ticks_ms);
        for opening in latches.iter_mut() {
            match opening.stand(&around) {
                Standing::Open {
                    next_ticks_ms,
                    amiss,
                } => {
                    opening.amiss = amiss;
                    wake_ticks_ms = wake_ticks_ms.min(next_ticks_ms);
                }
                Standing::Closed(cause) => {
                    closed = Some((opening.latch, cause));
                    break;
                }
            }
        }
        if let Some((latch, cause)) = closed {
            // Shut first; whether it can be told is another matter.
            self.latches.close(latch);
            let receipt = self.tell_closed(latch, cause, out);
            return Polled::Closed {
                latch,
                cause,
                receipt,
            };
        }
        if self.has_lapsed() {
            let ended = Outcome::InstallFailed {
                reason: self.lapse_reason().number(),
            };
            return Polled::InstallEnded(self.end(ended, out));
        }
        if self.latches.iter().next().is_some()
            && let Some(next) = self.posture.next_ticks_ms(ticks_ms)
        {
            wake_ticks_ms = wake_ticks_ms.min(next);
        }
        Polled::Idle {
            wake_in_ms: (wake_ticks_ms < u64::MAX).then(|| wake_ticks_ms.saturating_sub(ticks_ms)),
        }
    }

    /// Whether a latch is open now. Needs no [`poll`](Self::poll) before it: what should have
    /// closed is not open.
    #[must_use]
    pub fn is_open(&self, latch: LatchId) -> bool {
        matches!(self.stand(latch), Some(Standing::Open { .. }))
    }

    /// How a latch stands that was opened, whether its closing was noticed or not.
    fn stand(&self, latch: LatchId) -> Option<Standing> {
        let conditions = self.conditions();
        let around = Around::of(&self.ledger, &conditions, self.clock.ticks_ms());
        self.latches
            .get(latch)
            .map(|opening| opening.stand(&around))
    }

    /// Tells of a latch that has closed by itself and was not looked at since, before it opens
    /// again.
    pub(super) fn tell_lapsed(&mut self, latch: LatchId, out: &mut [u8]) -> Result<(), Refusal> {
        let Some(Standing::Closed(cause)) = self.stand(latch) else {
            return Ok(());
        };
        self.latches.close(latch);
        self.tell_closed(latch, cause, out).map(|_| ())
    }

    /// The latches that are open now: bit n for latch n.
    #[must_use]
    pub fn open_latches(&self) -> u16 {
        self.latches
            .iter()
            .filter(|opening| self.is_open(opening.latch))
            .fold(0, |open, opening| open | bit(opening.latch))
    }

    /// Records that a latch has closed, in the name of the code that had opened it.
    pub(super) fn tell_closed<'o>(
        &mut self,
        latch: LatchId,
        cause: CloseCause,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Refusal> {
        let open = self
            .ledger
            .facts
            .open_latch(latch)
            .ok_or(Reason::LogicFault)?;
        let about = About {
            statement: open.code.statement,
            kind: Kind::Code,
            issuer: Some(open.code.issuer),
            sequence: Some(open.code.sequence),
            break_glass: open.break_glass,
            trial: None,
            age_ms: None,
        };
        self.make_room(0)?;
        self.conclude(&about, Outcome::Closed { latch, cause }, out)
    }

    /// Whether an installation that is not armed has lost the force of its code.
    fn has_lapsed(&self) -> bool {
        let facts = &self.ledger.facts;
        let Some(install) = &facts.install else {
            return false;
        };
        let open = matches!(
            install.phase,
            InstallPhase::Receiving { .. } | InstallPhase::Received
        );
        open && self.is_void(install).is_err()
    }

    fn lapse_reason(&self) -> Reason {
        let install = self.ledger.facts.install.as_ref();
        install
            .and_then(|install| self.is_void(install).err())
            .map_or(Reason::InstallVoid, |refusal| refusal.reason)
    }
}

fn bit(latch: LatchId) -> u16 {
    1_u16.checked_shl(latch.number().into()).unwrap_or(0)
}
