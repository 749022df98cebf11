//! What a boot settles before the device takes its first message: whether the image on trial is what runs, what was cut
//! off, and what is told of it.

use core::ops::DerefMut;

use super::{Device, Memory, Platform, receipts::About};
use crate::{
    boot::Started,
    image::check_slot,
    ledger::{Doing, Image, InstallPhase, Record},
    limits::{MAX_LATCHES, MAX_RECEIPT_ENVELOPE},
    reject::{Reason, ensure},
    statement::{CloseCause, MAIN_COMPONENT, Outcome},
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
    #[inline(never)]
    pub(super) fn come_up(&mut self, started: Started) -> Result<(), Reason> {
        self.started = started;
        // A power cut may have come between a record and the counter.
        self.raise_counter()?;
        self.make_room(0)?;
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        if let Some(reason) = self.given_up() {
            let number = reason.number();
            self.end(Outcome::InstallReverted { reason: number }, &mut out)?;
            // What its slot does not hold is not what runs.
            self.gave_up &= reason != Reason::SlotMismatch;
        }
        match started {
            Started::Unknown => {}
            Started::Slot(slot) => {
                // What was restored there, and runs, is not written over.
                if self.receives_into(slot) {
                    self.fail(Reason::SlotMismatch, &mut out)?;
                }
                let known = self.memory.ledger.facts.images().in_slot(slot);
                ensure(known.is_some(), Reason::SlotMismatch)?;
            }
            Started::Recovery => {
                // Whoever starts the recovery program for another reason loses nothing.
                let image = self.memory.ledger.facts.firmware.confirmed;
                if check_slot(&mut self.slots, &image).is_ok() {
                    self.restored = image.pages();
                }
            }
        }
        self.make_room(0)?;
        let count = self.memory.ledger.facts.boot.saturating_add(1);
        self.append(&Record::Boot { count })?;
        self.settle_cut_off(&mut out)?;
        self.tell_root(&mut out)?;
        for _ in 0..MAX_LATCHES {
            let Some(open) = self.memory.ledger.facts.open.iter().next() else {
                break;
            };
            self.tell_closed(open.latch, CloseCause::Reboot, &mut out)?;
        }
        self.rewind()
    }

    /// Why an image that was to be tried, or tried further, is not what runs.
    fn given_up(&mut self) -> Option<Reason> {
        let images = self.memory.ledger.facts.images();
        let next = images.next.filter(|next| next.phase.may_run())?;
        let slots = &mut self.slots;
        let mut is_whole = |image: &Image| check_slot(slots, image).is_ok();
        if next.image.component != MAIN_COMPONENT {
            // The main component installs it, once it runs.
            return match next.phase.boots_left() {
                Some(0) => Some(Reason::TrialExpired),
                // The recovery program does not, and waits for nothing else but what runs.
                _ if self.started == Started::Recovery => Some(Reason::TrialFailed),
                _ if is_whole(&next.image) => None,
                _ => Some(Reason::SlotMismatch),
            };
        }
        match (self.started, next.phase) {
            // What was confirmed runs already, or is started by whoever reads the receipt.
            (Started::Unknown, phase) => match phase.boots_left() {
                Some(0) => Some(Reason::TrialExpired),
                _ if is_whole(&next.image) => None,
                _ => Some(Reason::SlotMismatch),
            },
            (
                _,
                InstallPhase::Trial {
                    boots_left: 0,
                    started: false,
                },
            ) => Some(Reason::TrialExpired),
            (Started::Slot(slot), phase)
                if slot == next.image.slot && (phase.is_started() || is_whole(&next.image)) =>
            {
                None
            }
            // A bootloader has started something else.
            (_, InstallPhase::Trial { boots_left: 0, .. }) => Some(Reason::TrialExpired),
            (Started::Slot(_) | Started::Recovery, _) => Some(if is_whole(&next.image) {
                // It was not able to note that it starts it.
                Reason::StorageFault
            } else {
                Reason::SlotMismatch
            }),
        }
    }

    /// Whether pages of another image of the main component go into this slot.
    fn receives_into(&self, slot: u8) -> bool {
        self.memory
            .ledger
            .facts
            .install
            .as_ref()
            .is_some_and(|install| {
                let image = &install.image;
                image.component == MAIN_COMPONENT && image.slot == slot && !install.phase.may_run()
            })
    }

    /// Concludes what was burned and cut off before its outcome. A twin change is left to
    /// [`resume`](Self::resume).
    fn settle_cut_off(&mut self, out: &mut [u8]) -> Result<(), Reason> {
        let Some(pending) = self.memory.ledger.facts.pending else {
            return Ok(());
        };
        let outcome = match pending.what {
            Doing::Twin => return Ok(()),
            Doing::Command | Doing::Open | Doing::Renew => Outcome::Interrupted,
            // What they close is closed by the burn, and by the boot.
            Doing::Close { latch } => Outcome::Closed {
                latch,
                cause: CloseCause::Code,
            },
            Doing::Lockdown => Outcome::LockedDown,
            Doing::Unlock => Outcome::Unlocked,
            Doing::Install => Outcome::InstallStarted,
            Doing::Probe => Outcome::Probed,
        };
        self.make_room(0)?;
        self.conclude(&About::from(&pending), outcome, out)
            .map(|_| ())
    }
}
