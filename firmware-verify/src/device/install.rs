//! An installation on its way: pages, read-back, trial, confirmation.

use core::ops::DerefMut;

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

use super::{Device, Memory, Platform, receipts::About};
use crate::{
    image::{Page, read, read_root, write_page},
    journal::Address,
    ledger::{CodeName, Image, Install, InstallPhase, Record},
    reject::{Reason, Refusal, ensure},
    statement::{Outcome, TimeStatus},
    types::StatementId,
    verdict::{ReleaseFacts, judge_release},
    wire::Role,
};

/// Pages that the device waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PagesWanted {
    /// The release.
    pub manifest: StatementId,
    /// The next page.
    pub next: u32,
    /// Pages in all.
    pub of: u32,
}

/// What came of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paged {
    /// It is in its slot; more are wanted.
    Kept(PagesWanted),
    /// It was the last: [`Device::arm`] comes next.
    Complete,
}

impl<P: Platform, const TWIN: usize, const USED: usize, M> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED>>,
{
    /// The pages that the device waits for, if it is downloading.
    #[must_use]
    pub fn wanted(&self) -> Option<PagesWanted> {
        let install = self.memory.ledger.facts.install.as_ref()?;
        let InstallPhase::Receiving { next } = install.phase else {
            return None;
        };
        let of = install.manifest().ok()?.pages();
        Some(PagesWanted {
            manifest: install.image.manifest,
            next,
            of,
        })
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

    /// Takes a page message. The page is checked against the signed image in RAM before
    /// flash is erased or written for it. A boot asks again for pages of the erase block that
    /// the download had reached.
    ///
    /// # Errors
    /// Counted as junk: [`Reason::NoInstall`], [`Reason::OtherRelease`],
    /// [`Reason::PageOrder`], [`Reason::PageLength`], [`Reason::PageHash`]; and
    /// [`Reason::StorageFault`].
    pub fn page(&mut self, message: &[u8]) -> Result<Paged, Refusal> {
        self.take_page(message).map_err(|refusal| {
            if self.half_written {
                // Cannot fail for an installation that was there a moment ago.
                let _ = self.rewind();
            }
            self.count(refusal)
        })
    }

    fn take_page(&mut self, message: &[u8]) -> Result<Paged, Refusal> {
        if self.half_written {
            self.rewind()?;
        }
        let wanted = self.wanted().ok_or(Reason::NoInstall)?;
        let page = Page::parse(message)?;
        ensure(page.manifest == wanted.manifest, Reason::OtherRelease)?;
        ensure(
            page.index == wanted.next,
            Refusal::new(Reason::PageOrder, wanted.next.into(), page.index.into()),
        )?;
        let install = self
            .memory
            .ledger
            .facts
            .install
            .as_ref()
            .ok_or(Reason::LogicFault)?;
        let manifest = install.manifest()?;
        let data = page.verify(&manifest)?;
        let page_size = manifest.page_size();
        let offset = page
            .index
            .checked_mul(page_size)
            .ok_or(Reason::LogicFault)?;
        let slot = self
            .slots
            .get_mut(usize::from(install.image.slot))
            .ok_or(Reason::LogicFault)?;
        self.half_written = true;
        write_page(slot, offset, data)?;
        let next = page.index.saturating_add(1);
        let complete = next == wanted.of;
        if complete {
            self.make_room(0)?;
            self.append(&Record::Phase(InstallPhase::Received))?;
        } else {
            self.note_page(next, page_size)?;
        }
        self.half_written = false;
        Ok(if complete {
            Paged::Complete
        } else {
            Paged::Kept(PagesWanted { next, ..wanted })
        })
    }

    /// Notes how far the download is: durably where an erase block ends, since a boot goes back to
    /// the beginning of one anyway, and in RAM otherwise.
    fn note_page(&mut self, next: u32, page_size: u32) -> Result<(), Refusal> {
        let phase = Record::Phase(InstallPhase::Receiving { next });
        if is_block_start::<P>(next, page_size)? {
            self.make_room(0)?;
            self.append(&phase)
        } else {
            self.memory.ledger.facts.apply(&phase, Address::default())
        }
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
            Ok(()) => {
                self.make_room(0)?;
                self.append(&Record::Phase(InstallPhase::Armed))?;
                Ok(Armed::Ready)
            }
            Err(refusal) if refusal.reason == Reason::StorageFault => Err(refusal),
            Err(refusal) => self.fail(refusal.reason, out).map(Armed::Failed),
        }
    }

    fn may_arm(&mut self) -> Result<(), Refusal> {
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

    /// Goes back to the first page of the erase block that the download has reached, since
    /// what was written of a page that is not whole has to be erased.
    pub(super) fn rewind(&mut self) -> Result<(), Refusal> {
        let Some(install) = &self.memory.ledger.facts.install else {
            return Ok(());
        };
        let InstallPhase::Receiving { next } = install.phase else {
            return Ok(());
        };
        let page_size = install.manifest()?.page_size();
        let mut first = next;
        while !is_block_start::<P>(first, page_size)? {
            first = first.saturating_sub(1);
        }
        let phase = Record::Phase(InstallPhase::Receiving { next: first });
        self.memory.ledger.facts.apply(&phase, Address::default())?;
        self.half_written = false;
        Ok(())
    }
}

/// Whether an erase block begins where a page does.
fn is_block_start<P: Platform>(page: u32, page_size: u32) -> Result<bool, Refusal> {
    let erase = u64::try_from(<P::Slot as NorFlash>::ERASE_SIZE.max(1))
        .map_err(|_| Reason::StorageFault)?;
    Ok(u64::from(page) * u64::from(page_size) % erase == 0)
}

/// Reads a slot back and compares it with an image.
pub(super) fn check_slot<F: ReadNorFlash>(
    slots: &mut [F; 2],
    image: &Image,
) -> Result<(), Refusal> {
    let slot = slots
        .get_mut(usize::from(image.slot))
        .ok_or(Reason::LogicFault)?;
    let found = read_root(slot, image.size, image.page_size_log2)?;
    ensure(found == image.merkle_root, Reason::SlotMismatch)
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
