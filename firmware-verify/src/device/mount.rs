//! The beginning of a device's life, and of each of its boots.

use core::fmt;

use super::install::check_slot;
use super::{
    Device, JOURNAL_SECTOR, Parts, Platform, Work,
    budget::Budgets,
    latches::Latches,
    nonces::Nonces,
    platform::{Clock as _, Counter as _},
    posture::Watch,
    receipts::About,
    time::TimeKeeper,
};
use crate::{
    boot::{Choice, choose},
    flash::Served,
    journal::{Journal, MountError},
    ledger::{Doing, Firmware, First, Folding, Image, Ledger, RECORD, Record, write_first},
    limits::{MAX_BURNED, MAX_LATCHES, MAX_RECEIPT_ENVELOPE, MAX_RECORD, MAX_TWIN},
    reject::{Reason, Refusal, ensure},
    statement::{CloseCause, Junk, Outcome},
    types::Version,
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

/// Provisions a device of the largest sizes: see [`Device::provision`].
///
/// # Errors
/// As [`Device::provision`].
pub fn provision<P: Platform>(
    parts: Parts<P>,
    root: &[u8],
    enrolment: &[u8],
    factory: Version,
) -> Result<Device<P>, MountFault> {
    Device::provision(parts, root, enrolment, factory)
}

impl<P: Platform, const TWIN: usize, const USED: usize> Device<P, TWIN, USED> {
    /// Provisions a device: writes its identity, the tenant's newest trust root and the version of
    /// its factory image into an empty journal.
    ///
    /// A journal that is empty while the hardware's counter is not was erased: the device stays
    /// shut. [`provision_again`](Self::provision_again) is for boards that go into service again.
    ///
    /// # Errors
    /// As [`TrustRoot::first`] and [`judge_enrolment`]; [`Reason::RolledBack`],
    /// [`Reason::KeyFault`] when the enrolment is for another key than the device's,
    /// [`Reason::AlreadyProvisioned`], [`Reason::CounterFault`], [`Reason::StorageFault`].
    pub fn provision(
        mut parts: Parts<P>,
        root: &[u8],
        enrolment: &[u8],
        factory: Version,
    ) -> Result<Self, MountFault> {
        let counted = parts.counter.read().map_err(|_| Reason::CounterFault)?;
        ensure(
            counted.unwrap_or(0) == 0,
            Refusal::new(Reason::RolledBack, 0, counted.unwrap_or(0)),
        )?;
        Self::provision_again(parts, root, enrolment, factory)
    }

    /// Provisions a board that was in service before, and whose journal was erased on purpose: by
    /// a person who has it in hand, never at the wish of a message. Its counter goes on from where
    /// it stands.
    ///
    /// # Errors
    /// As [`provision`](Self::provision), but for [`Reason::RolledBack`].
    pub fn provision_again(
        parts: Parts<P>,
        root: &[u8],
        enrolment: &[u8],
        factory: Version,
    ) -> Result<Self, MountFault> {
        let trust = TrustRoot::first(root)?;
        let root_version = trust.root()?.version;
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
            mut counter,
        } = parts;
        // A counter that has counted for an earlier enrolment goes on from there.
        let counted = counter.read().map_err(|_| Reason::CounterFault)?;
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
            .rotate(|snapshot| {
                let first = First {
                    identity,
                    device_key: enrolment.device_key,
                    root,
                    firmware,
                    root_version,
                    anchor: counted.unwrap_or(0),
                };
                write_first(first, snapshot)
            })
            .map_err(|_| Reason::StorageFault)?;
        Self::boot(Parts {
            journal: journal.release(),
            slots,
            clock,
            entropy,
            key,
            counter,
        })
    }

    /// Boots the device: reads its journal, repairs what a power cut has left, and settles
    /// what it was doing.
    ///
    /// A command that was cut off is recorded as interrupted. An image on trial that did not
    /// confirm itself in time is given up. Every latch that was open is closed: whatever stands
    /// behind one has to be shut when the program starts. Send [`recent`](Self::recent) receipts again: the
    /// last boot may have ended before they left.
    ///
    /// # Errors
    /// [`MountFault::Journal`] when the journal cannot be trusted; [`Reason::Unprovisioned`],
    /// [`Reason::KeyFault`], [`Reason::NoEntropy`], [`Reason::RolledBack`],
    /// [`Reason::CounterFault`], [`Reason::StorageFault`].
    pub fn boot(parts: Parts<P>) -> Result<Self, MountFault> {
        const { Served::<P::Slot>::UNITS };
        const { assert!(TWIN <= MAX_TWIN && 0 < USED && USED <= MAX_BURNED) };
        let Parts {
            journal,
            slots,
            clock,
            mut entropy,
            key,
            mut counter,
        } = parts;
        let (journal, ledger) = read_journal::<P, TWIN, USED>(journal)?;
        let public = PublicKey::new(key.public())?;
        ensure(public.bytes() == &ledger.device_key.0, Reason::KeyFault)?;
        let counted = counter.read().map_err(|_| Reason::CounterFault)?;
        let anchor = ledger.facts.anchor;
        ensure(
            counted.is_none_or(|counted| counted <= anchor),
            Refusal::new(Reason::RolledBack, counted.unwrap_or(0), anchor),
        )?;
        let ticks_ms = clock.ticks_ms();
        let nonces = Nonces::new(&mut entropy, ticks_ms)?;
        let mut device = Self {
            journal,
            slots,
            clock,
            entropy,
            key,
            key_id: public.id(),
            counter,
            counted,
            time: TimeKeeper::new(ledger.facts.time_floor_ms, ticks_ms),
            ledger,
            nonces,
            latches: Latches::default(),
            staged: None,
            lapse_ticks_ms: 0,
            handed_out: false,
            budgets: Budgets::new(ticks_ms),
            work: Work::default(),
            junk: Junk::default(),
            posture: Watch::new(),
            half_written: false,
        };
        device.come_up()?;
        Ok(device)
    }

    fn come_up(&mut self) -> Result<(), Refusal> {
        // A power cut may have come between a record and the counter.
        self.raise_counter()?;
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
        self.tell_root(&mut out)?;
        for _ in 0..MAX_LATCHES {
            let Some(open) = self.ledger.facts.open.first() else {
                break;
            };
            self.tell_closed(open.latch, CloseCause::Reboot, &mut out)?;
        }
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

/// Reads the journal into a ledger.
fn read_journal<P: Platform, const TWIN: usize, const USED: usize>(
    flash: P::Journal,
) -> Result<(Journal<P::Journal, JOURNAL_SECTOR>, Ledger<TWIN, USED>), MountFault> {
    let mut buffer = [0; MAX_RECORD];
    let mut folding = Folding::<TWIN, USED>::default();
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
