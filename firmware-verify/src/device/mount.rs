//! The beginning of a device's life, and of each of its boots.

use core::fmt;

use super::install::check_slot;
use super::{
    Device, JOURNAL_SECTOR, Parts, Platform, budget::WriteBudget, nonces::Nonces,
    platform::Clock as _, receipts::About,
};
use crate::{
    boot::{Choice, choose},
    flash::Served,
    journal::{Journal, MountError},
    ledger::{Doing, Firmware, Folding, Image, Ledger, RECORD, Record, write_first},
    limits::{MAX_RECEIPT_ENVELOPE, MAX_RECORD},
    reject::{Reason, Refusal, ensure},
    statement::{Junk, Outcome},
    types::{Posture, Version},
    verdict::{Identity, TrustRoot, judge_enrolment},
    wire::{DeviceKey as _, PublicKey},
};

/// Why a device did not come up. Everything stays shut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MountFault {
    /// The journal cannot be trusted.
    Journal(MountError),
    /// For another reason.
    Refused(Refusal),
}

impl From<Refusal> for MountFault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Reason> for MountFault {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason.into())
    }
}

impl fmt::Display for MountFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => write!(f, "{}: {error}", Reason::LatchedShut),
            Self::Refused(refusal) => fmt::Display::fmt(refusal, f),
        }
    }
}

impl core::error::Error for MountFault {}

/// Provisions a device: writes its identity, its first trust root and the version of its
/// factory image into an empty journal.
///
/// # Errors
/// As [`TrustRoot::first`] and [`judge_enrolment`]; [`Reason::NotFirstRoot`],
/// [`Reason::KeyFault`] when the enrolment is for another key than the device's,
/// [`Reason::AlreadyProvisioned`], [`Reason::StorageFault`].
pub fn provision<P: Platform>(
    parts: Parts<P>,
    root: &[u8],
    enrolment: &[u8],
    factory: Version,
) -> Result<Device<P>, MountFault> {
    let trust = TrustRoot::first(root)?;
    ensure(trust.root()?.version == 1, Reason::NotFirstRoot)?;
    let enrolment = judge_enrolment(enrolment, &trust)?;
    ensure(
        enrolment.device_key.0 == parts.key.public(),
        Reason::KeyFault,
    )?;
    let mut buffer = [0; MAX_RECORD];
    let Parts {
        journal,
        slots,
        clock,
        entropy,
        key,
    } = parts;
    let mut journal: Journal<P::Journal, JOURNAL_SECTOR> =
        Journal::mount(journal, &mut buffer, &mut |_| Ok(())).map_err(MountFault::Journal)?;
    ensure(journal.is_blank(), Reason::AlreadyProvisioned)?;
    let identity = Identity {
        tenant: enrolment.tenant,
        product: enrolment.product,
        device: enrolment.device,
        incarnation: enrolment.incarnation,
    };
    let firmware = Firmware {
        confirmed: Image {
            version: factory,
            ..Image::default()
        },
        ..Firmware::default()
    };
    journal
        .rotate(|snapshot| write_first(identity, enrolment.device_key, root, firmware, snapshot))
        .map_err(|_| Reason::StorageFault)?;
    Device::boot(Parts {
        journal: journal.release(),
        slots,
        clock,
        entropy,
        key,
    })
}

impl<P: Platform> Device<P> {
    /// Boots the device: reads its journal, repairs what a power cut has left, and settles
    /// what it was doing.
    ///
    /// A command that was cut off is recorded as interrupted. An image on trial that did not
    /// confirm itself in time is given up. Send [`recent`](Self::recent) receipts again: the
    /// last boot may have ended before they left.
    ///
    /// # Errors
    /// [`MountFault::Journal`] when the journal cannot be trusted; [`Reason::Unprovisioned`],
    /// [`Reason::KeyFault`], [`Reason::NoEntropy`], [`Reason::StorageFault`].
    pub fn boot(parts: Parts<P>) -> Result<Self, MountFault> {
        const { Served::<P::Slot>::UNITS };
        let Parts {
            journal,
            slots,
            clock,
            mut entropy,
            key,
        } = parts;
        let (journal, ledger) = read_journal::<P>(journal)?;
        let public = PublicKey::new(key.public())?;
        ensure(public.bytes() == &ledger.device_key.0, Reason::KeyFault)?;
        let ticks_ms = clock.ticks_ms();
        let nonces = Nonces::new(&mut entropy, ticks_ms)?;
        let mut device = Self {
            journal,
            slots,
            clock,
            entropy,
            key,
            key_id: public.id(),
            ledger,
            nonces,
            budget: WriteBudget::new(ticks_ms),
            junk: Junk::default(),
            posture: Posture::default(),
            half_written: false,
        };
        device.come_up()?;
        Ok(device)
    }

    fn come_up(&mut self) -> Result<(), Refusal> {
        self.make_room(0)?;
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let Self { slots, ledger, .. } = self;
        let choice = choose(&ledger.facts, |image| check_slot(slots, image).is_ok());
        if let Choice::Revert { reason, .. } = choice {
            self.end(
                Outcome::InstallReverted {
                    reason: reason.number(),
                },
                &mut out,
            )?;
        }
        self.make_room(0)?;
        let count = self.ledger.facts.boot.saturating_add(1);
        self.append(&Record::Boot { count })?;
        self.settle_cut_off(&mut out)?;
        self.rewind()
    }

    /// Concludes what was burned and cut off before its outcome. A twin change is left to
    /// [`resume`](Self::resume).
    fn settle_cut_off(&mut self, out: &mut [u8]) -> Result<(), Refusal> {
        let Some(pending) = self.ledger.facts.pending else {
            return Ok(());
        };
        let outcome = match pending.what {
            Doing::Twin => return Ok(()),
            Doing::Command => Outcome::Interrupted,
            Doing::Install => Outcome::InstallStarted,
            Doing::Probe => Outcome::Probed,
        };
        self.make_room(0)?;
        self.conclude(&About::from(&pending), outcome, out)
            .map(|_| ())
    }
}

/// Reads the journal into a ledger.
fn read_journal<P: Platform>(
    flash: P::Journal,
) -> Result<(Journal<P::Journal, JOURNAL_SECTOR>, Ledger), MountFault> {
    let mut buffer = [0; MAX_RECORD];
    let mut folding = Folding::default();
    let journal: Journal<P::Journal, JOURNAL_SECTOR> =
        Journal::mount(flash, &mut buffer, &mut |entry| {
            if entry.kind != RECORD {
                return Err(crate::journal::Rejected);
            }
            folding
                .take(entry.body, entry.address)
                .map_err(|_| crate::journal::Rejected)
        })
        .map_err(MountFault::Journal)?;
    if journal.is_blank() {
        return Err(Reason::Unprovisioned.into());
    }
    let ledger = folding.finish().ok_or(Reason::LatchedShut)?;
    Ok((journal, ledger))
}
