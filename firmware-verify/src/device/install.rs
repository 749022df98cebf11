//! An installation whose pages are there: read-back, trial, confirmation.

use core::{hint::black_box, ops::DerefMut};

use super::{Device, Memory, Platform, receipts::About};
use crate::{
    boot::Started,
    image::{check_slot, read},
    ledger::{CodeName, Image, Install, InstallPhase, Record},
    reject::{Reason, Refusal, ensure},
    statement::{Outcome, TimeStatus},
    types::Digest,
    verdict::{ReleaseFacts, judge_release},
    wire::Role,
};

impl<P: Platform, const TWIN: usize, const USED: usize, M> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED>>,
{
    /// The slot that must not be overwritten: where the program runs from, or would next.
    pub(super) fn running_slot(&self) -> u8 {
        match self.started {
            Started::Slot(slot) => slot,
            Started::Unknown | Started::Recovery => {
                self.memory.ledger.facts.firmware.confirmed.slot
            }
        }
    }

    /// How far an installation has come.
    #[must_use]
    pub fn install_phase(&self) -> Option<InstallPhase> {
        self.memory
            .ledger
            .facts
            .install
            .as_ref()
            .map(|install| install.phase)
    }

    /// Reads the whole slot back and arms it: the next boot tries the new image.
    ///
    /// Whatever has changed since the code was burned counts: its end, the trust root's
    /// epoch and release keys, the security floor.
    ///
    /// # Errors
    /// [`Reason::NoInstall`] when no image is complete; [`Reason::StorageFault`],
    /// [`Reason::KeyFault`]. An image that must not run is `Ok` with the receipt that ends
    /// its installation.
    pub fn arm<'o>(&mut self, out: &'o mut [u8]) -> Result<Armed<'o>, Refusal> {
        ensure(
            self.install_phase() == Some(InstallPhase::Received),
            Reason::NoInstall,
        )?;
        match self.may_arm() {
            Ok(found) => {
                self.make_room(0)?;
                // Once more, where it counts: one skipped instruction turns the comparison before.
                let install = self.memory.ledger.facts.install.as_ref();
                let signed = install.map(|install| install.image.merkle_root);
                ensure(signed == black_box(Some(found)), Reason::SlotMismatch)?;
                self.append(&Record::Phase(InstallPhase::Armed))?;
                Ok(Armed::Ready)
            }
            Err(refusal) if refusal.reason == Reason::StorageFault => Err(refusal),
            Err(refusal) => self.fail(refusal.reason, out).map(Armed::Failed),
        }
    }

    /// What was read back from the slot of an image that may be armed.
    fn may_arm(&mut self) -> Result<Digest, Refusal> {
        let install = self
            .memory
            .ledger
            .facts
            .install
            .as_ref()
            .ok_or(Reason::NoInstall)?;
        self.is_void(install)?;
        let facts = ReleaseFacts {
            version: self.memory.ledger.facts.firmware.confirmed.version,
            security_floor: self.memory.ledger.facts.firmware.security_floor,
            components: &self.memory.ledger.facts.components,
            slot_size: u32::MAX,
            largest_page: u32::MAX,
            // Whether it may be older was settled by the code, which is burned.
            downgrade: true,
        };
        judge_release(
            &install.manifest,
            install.image.manifest,
            &self.memory.ledger.trust,
            &self.memory.ledger.identity,
            &facts,
        )?;
        check_slot(&mut self.slots, &install.image)
    }

    /// Whether an installation's code has lost its force since it was burned.
    ///
    /// # Errors
    /// [`Reason::LockedDown`]; [`Reason::InstallVoid`] after its end, under a new epoch, or when
    /// the code was revoked or stopped.
    pub(super) fn is_void(&self, install: &Install) -> Result<(), Refusal> {
        let facts = &self.memory.ledger.facts;
        ensure(!facts.locked_down, Reason::LockedDown)?;
        let CodeName {
            issuer,
            sequence,
            statement,
        } = install.pending.code;
        let epoch = self.memory.ledger.trust.root()?.epoch;
        let issues = matches!(
            self.memory.ledger.trust.ring().role(issuer),
            Some(Role::Operator | Role::BreakGlass)
        );
        let stands = install.epoch == epoch
            && issues
            && !install.stopped
            && !self.is_over(install)
            && !facts.replay.is_void(issuer, sequence, statement);
        ensure(stands, Reason::InstallVoid)
    }

    fn is_over(&self, install: &Install) -> bool {
        match self.time() {
            TimeStatus::Trusted(now) => now >= install.not_after_ms,
            // What answered a challenge never rested on the floor.
            TimeStatus::Floor(floor) => !install.answered && floor >= install.not_after_ms,
            TimeStatus::Unknown => false,
        }
    }

    /// Reads part of the image that is armed or on trial.
    ///
    /// # Errors
    /// [`Reason::NoInstall`], [`Reason::PageLength`] past its end, [`Reason::StorageFault`].
    pub fn read_image(&mut self, offset: u32, out: &mut [u8]) -> Result<(), Refusal> {
        let install = self
            .memory
            .ledger
            .facts
            .install
            .as_ref()
            .ok_or(Reason::NoInstall)?;
        let ready = matches!(
            install.phase,
            InstallPhase::Armed | InstallPhase::Trial { .. }
        );
        ensure(ready, Reason::NoInstall)?;
        let end = u64::from(offset).saturating_add(crate::twin::wide(out.len()));
        ensure(end <= install.image.size.into(), Reason::PageLength)?;
        let slot = self
            .slots
            .get_mut(usize::from(install.image.slot))
            .ok_or(Reason::LogicFault)?;
        read(slot, offset, out)
    }

    /// The image that is armed or on trial.
    #[must_use]
    pub fn installing(&self) -> Option<Image> {
        self.memory
            .ledger
            .facts
            .install
            .as_ref()
            .map(|install| install.image)
    }

    /// The running image on trial says that it is healthy: it stays.
    ///
    /// # Errors
    /// [`Reason::NoInstall`] when no image is on trial; [`Reason::StorageFault`],
    /// [`Reason::KeyFault`].
    pub fn confirm<'o>(&mut self, out: &'o mut [u8]) -> Result<&'o [u8], Refusal> {
        let on_trial = matches!(self.install_phase(), Some(InstallPhase::Trial { .. }));
        ensure(on_trial, Reason::NoInstall)?;
        self.end(Outcome::InstallConfirmed, out)
    }

    /// The running image on trial gives itself up. The caller boots next.
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm).
    pub fn give_up<'o>(&mut self, out: &'o mut [u8]) -> Result<&'o [u8], Refusal> {
        let on_trial = matches!(
            self.install_phase(),
            Some(InstallPhase::Armed | InstallPhase::Trial { .. })
        );
        ensure(on_trial, Reason::NoInstall)?;
        self.end(
            Outcome::InstallReverted {
                reason: Reason::TrialFailed.number(),
            },
            out,
        )
    }

    /// Ends a download in favour of another.
    pub(super) fn supersede(&mut self, out: &mut [u8]) -> Result<(), Refusal> {
        if self.memory.ledger.facts.install.is_some() {
            self.fail(Reason::Superseded, out)?;
        }
        Ok(())
    }

    fn fail<'o>(&mut self, reason: Reason, out: &'o mut [u8]) -> Result<&'o [u8], Refusal> {
        self.end(
            Outcome::InstallFailed {
                reason: reason.number(),
            },
            out,
        )
    }

    pub(super) fn end<'o>(
        &mut self,
        outcome: Outcome,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Refusal> {
        let install = self
            .memory
            .ledger
            .facts
            .install
            .as_ref()
            .ok_or(Reason::NoInstall)?;
        let about = About::from(&install.pending);
        self.make_room(0)?;
        self.conclude(&about, outcome, out)
    }
}

/// What came of arming.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Armed<'o> {
    /// The slot holds the signed image; boot to try it.
    Ready,
    /// It must not run; this receipt ends the installation.
    Failed(&'o [u8]),
}
