//! An installation whose pages are there: read-back, trial, confirmation.

use core::{hint::black_box, ops::DerefMut};

use embedded_storage::nor_flash::NorFlash;

use super::{Device, Memory, Platform, receipts::About};
use crate::{
    boot::Started,
    image::{check_slot, read},
    journal::Address,
    ledger::{CodeName, Image, Install, InstallPhase, KeptStatement, Record},
    limits::MAX_RECORD,
    reject::{Reason, Refusal, ensure},
    statement::{MAIN_COMPONENT, Outcome, TimeStatus},
    types::{Digest, Version},
    verdict::{ReleaseFacts, suits},
    wire::{KeyRing, Kind, Role, Signers},
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
    /// [`Reason::NoInstall`] when no image is complete; [`Reason::StorageFault`], [`Reason::MemoryFault`],
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
            Err(Reason::StorageFault) => Err(Reason::StorageFault.into()),
            Err(reason) => Ok(Armed::Failed(self.fail(reason, out)?)),
        }
    }

    /// What was read back from the slot of an image that may be armed.
    fn may_arm(&mut self) -> Result<Digest, Reason> {
        let install = self
            .memory
            .ledger
            .facts
            .install
            .as_ref()
            .ok_or(Reason::NoInstall)?;
        self.is_void(install)?;
        let (image, manifest_at) = (install.image, install.manifest_at);
        let mut manifest = KeptStatement::new(
            &mut self.journal,
            manifest_at,
            Kind::Manifest,
            image.manifest,
        );
        let signers = prove_release(&mut manifest, self.memory.ledger.trust.ring())?;
        self.still_suits(manifest_at, &image, signers)?;
        check_slot(&mut self.slots, &image)
    }

    /// Whether the release of a manifest in the journal suits the device as it is now, and is that of the image. The image was made
    /// of a copy that was read once, before the burn: an instruction that is skipped there leaves the tree of another, which would
    /// lie in the slot by now. Apart from what checks its signatures.
    #[inline(never)]
    fn still_suits(&mut self, at: Address, image: &Image, signers: Signers) -> Result<(), Reason> {
        let version = self.version_before();
        let ledger = &self.memory.ledger;
        let components = ledger.components(&mut self.journal)?;
        let release = ReleaseFacts {
            version,
            security_floor: ledger.facts.firmware.security_floor,
            components: &components,
            slot_size: u32::MAX,
            largest_page: u32::MAX,
            // Whether it may be older was settled by the code, which is burned.
            downgrade: true,
        };
        let mut buffer = [0; MAX_RECORD];
        let mut manifest =
            KeptStatement::new(&mut self.journal, at, Kind::Manifest, image.manifest);
        let verified = manifest.verified(signers, &mut buffer)?;
        match suits(&verified, &ledger.trust, &ledger.identity, &release) {
            Ok(manifest) => ensure(image.is_described_by(&manifest), Reason::LogicFault),
            Err(refusal) => Err(refusal.reason),
        }
    }

    /// Whether an installation's code has lost its force since it was burned.
    ///
    /// # Errors
    /// [`Reason::LockedDown`]; [`Reason::InstallVoid`] after its end, under a new epoch, or when
    /// the code was revoked or stopped.
    pub(super) fn is_void(&self, install: &Install) -> Result<(), Reason> {
        let facts = &self.memory.ledger.facts;
        ensure(!facts.locked_down, Reason::LockedDown)?;
        let CodeName {
            issuer,
            sequence,
            statement,
        } = install.pending.code;
        let epoch = self.memory.ledger.trust.terms()?.epoch;
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
    /// [`Reason::NoInstall`], [`Reason::PageLength`] past its end, [`Reason::StorageFault`], [`Reason::MemoryFault`].
    pub fn read_image(&mut self, offset: u32, out: &mut [u8]) -> Result<(), Refusal> {
        self.memory.ledger.whole()?;
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
        Ok(read(slot, offset, out)?)
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
    /// [`Reason::NoInstall`] when the main component is not on trial; [`Reason::StorageFault`], [`Reason::MemoryFault`],
    /// [`Reason::KeyFault`].
    pub fn confirm<'o>(&mut self, out: &'o mut [u8]) -> Result<&'o [u8], Refusal> {
        self.confirm_component(MAIN_COMPONENT, out)
    }

    /// The main program has installed the image on trial into this component, and it is healthy: it stays. Of the main
    /// component itself it is what [`confirm`](Self::confirm) says.
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm), of this component.
    pub fn confirm_component<'o>(
        &mut self,
        component: u8,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Refusal> {
        let next = self.memory.ledger.facts.images().next;
        let on_trial = next.is_some_and(|next| {
            next.image.component == component && matches!(next.phase, InstallPhase::Trial { .. })
        });
        ensure(
            on_trial && self.started != Started::Recovery,
            Reason::NoInstall,
        )?;
        Ok(self.end(Outcome::InstallConfirmed, out)?)
    }

    /// The image on trial is given up, by itself if it is what runs: then the caller boots next, and until it has,
    /// nothing is installed.
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm).
    pub fn give_up<'o>(&mut self, out: &'o mut [u8]) -> Result<&'o [u8], Refusal> {
        let on_trial = matches!(
            self.install_phase(),
            Some(InstallPhase::Armed | InstallPhase::Trial { .. })
        );
        ensure(on_trial, Reason::NoInstall)?;
        let reason = Reason::TrialFailed.number();
        Ok(self.end(Outcome::InstallReverted { reason }, out)?)
    }

    /// Ends a download in favour of another.
    pub(super) fn supersede(&mut self, out: &mut [u8]) -> Result<(), Reason> {
        if self.memory.ledger.facts.install.is_some() {
            self.fail(Reason::Superseded, out)?;
        }
        Ok(())
    }

    pub(super) fn fail<'o>(
        &mut self,
        reason: Reason,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Reason> {
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
    ) -> Result<&'o [u8], Reason> {
        let install = self
            .memory
            .ledger
            .facts
            .install
            .as_ref()
            .ok_or(Reason::NoInstall)?;
        let about = About::from(&install.pending);
        self.make_room(0)?;
        let runs = self.memory.ledger.facts.images().main_on_trial();
        let runs = runs.is_some_and(|next| self.started == Started::Slot(next.image.slot));
        let told = self.conclude(&about, outcome, out)?;
        self.gave_up |= runs && outcome != Outcome::InstallConfirmed;
        Ok(told)
    }

    /// The version of the main component that a release is held against: what runs, or in the recovery program what was
    /// confirmed last.
    pub(super) fn version_before(&self) -> Version {
        if self.started == Started::Recovery {
            self.memory.ledger.facts.firmware.confirmed.version
        } else {
            self.running().version
        }
    }

    /// Whether the program that runs may have this overwritten: not what it runs from, and not what runs after the next
    /// boot.
    ///
    /// # Errors
    /// [`Reason::Busy`].
    pub(super) fn may_overwrite(&self, slot: u8) -> Result<(), Reason> {
        let firmware = &self.memory.ledger.facts.firmware;
        // Only where the confirmed image is damaged does what was confirmed before run.
        let fallback = firmware.fallback.map(|image| Started::Slot(image.slot));
        let spare = slot != firmware.confirmed.slot || fallback == Some(self.started);
        ensure(spare && !self.gave_up, Reason::Busy)
    }

    /// Other components are updated by the confirmed main program: what they need was judged with it.
    ///
    /// # Errors
    /// [`Reason::Busy`].
    pub(super) fn may_update(&self, component: u8) -> Result<(), Reason> {
        let confirmed = self.running() == self.memory.ledger.facts.firmware.confirmed;
        ensure(component == MAIN_COMPONENT || confirmed, Reason::Busy)
    }
}

/// Whose signatures on the manifest of an installation are good, by the keys that are in force now.
///
/// # Errors
/// [`Reason::StorageFault`]; as [`judge_release`](crate::verdict::judge_release).
#[inline(never)]
fn prove_release<F: NorFlash, const CAPACITY: usize>(
    manifest: &mut KeptStatement<'_, F, CAPACITY>,
    ring: &KeyRing,
) -> Result<Signers, Reason> {
    let outline = manifest.outline(ring);
    let outline = outline.map_err(|reason| match reason {
        Reason::StorageFault => reason,
        _ => Reason::ManifestMissing,
    })?;
    let signers = if outline.knows_all() {
        manifest.prove(&outline, ring)
    } else {
        Err(Reason::UnknownKey)
    };
    // Which of them is told to nobody: the receipt that ends the installation has one reason.
    signers.map_err(|reason| match reason {
        Reason::StorageFault => reason,
        _ => Reason::ManifestNotSigned,
    })
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
