//! The beginning of a device's life, and of each of its boots.

use core::ops::DerefMut;

use core::fmt;

use super::{
    Device, Inline, JOURNAL_SECTOR, Memory, Parts, Platform, Work,
    factory::{enrol, write_journal},
    platform::{Clock as _, Counter as _},
    posture::Watch,
    time::TimeKeeper,
};
use crate::{
    boot::Started,
    flash::Served,
    journal::{Journal, MountError},
    ledger::{Folding, RECORD},
    limits::{MAX_BURNED, MAX_FLOORS, MAX_LATCHES, MAX_RECORD, MAX_TWIN},
    reject::{Reason, Refusal, ensure},
    statement::Junk,
    verdict::{Component, Factory},
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
    factory: impl Into<Factory>,
) -> Result<Device<P>, MountFault> {
    Device::provision(parts, root, enrolment, factory)
}

impl<P: Platform, const TWIN: usize, const USED: usize> Device<P, TWIN, USED> {
    /// Provisions a device: writes its identity, the tenant's newest trust root and the versions
    /// of its factory image, or images, into an empty journal.
    ///
    /// A journal that is empty while the hardware's counter is not was erased: the device stays
    /// shut. [`provision_again`](Self::provision_again) is for boards that go into service again.
    ///
    /// # Errors
    /// As [`TrustRoot::first`](crate::verdict::TrustRoot::first) and [`judge_enrolment`](crate::verdict::judge_enrolment); [`Reason::RolledBack`],
    /// [`Reason::KeyFault`] when the enrolment is for another key than the device's,
    /// [`Reason::AlreadyProvisioned`], [`Reason::CounterFault`], [`Reason::StorageFault`], [`Reason::MemoryFault`].
    pub fn provision(
        parts: Parts<P>,
        root: &[u8],
        enrolment: &[u8],
        factory: impl Into<Factory>,
    ) -> Result<Self, MountFault> {
        Self::provision_in(Inline::default(), parts, root, enrolment, factory)
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
        factory: impl Into<Factory>,
    ) -> Result<Self, MountFault> {
        Self::provision_again_in(Inline::default(), parts, root, enrolment, factory)
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
    /// [`Reason::CounterFault`], [`Reason::StorageFault`]; and [`Reason::MemoryFault`], where another boot may do.
    pub fn boot(parts: Parts<P>) -> Result<Self, MountFault> {
        Self::boot_in(Inline::default(), parts)
    }

    /// As [`boot`](Self::boot), for a program that a [`Bootloader`](crate::boot::Bootloader) has started and that knows as
    /// what.
    ///
    /// # Errors
    /// As [`boot`](Self::boot); [`Reason::SlotMismatch`] from a slot in which no image is known.
    pub fn boot_as(parts: Parts<P>, started: Started) -> Result<Self, MountFault> {
        Self::boot_as_in(Inline::default(), parts, started)
    }
}

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
    /// As [`provision`](Device::provision), in memory that stays where it lies.
    ///
    /// # Errors
    /// As [`provision`](Device::provision).
    pub fn provision_in(
        memory: M,
        mut parts: Parts<P>,
        root: &[u8],
        enrolment: &[u8],
        factory: impl Into<Factory>,
    ) -> Result<Self, MountFault> {
        let counted = parts.counter.read().map_err(|_| Reason::CounterFault)?;
        ensure(
            counted.unwrap_or(0) == 0,
            Refusal::new(Reason::RolledBack, 0, counted.unwrap_or(0)),
        )?;
        Self::provision_again_in(memory, parts, root, enrolment, factory)
    }

    /// As [`provision_again`](Device::provision_again), in memory that stays where it lies.
    ///
    /// # Errors
    /// As [`provision_again`](Device::provision_again).
    pub fn provision_again_in(
        mut memory: M,
        mut parts: Parts<P>,
        root: &[u8],
        enrolment: &[u8],
        factory: impl Into<Factory>,
    ) -> Result<Self, MountFault> {
        let ledger = memory.ledger.anew();
        enrol(ledger, root, enrolment, &parts.key)?;
        // A counter that has counted for an earlier enrolment goes on from there.
        let counted = parts.counter.read().map_err(|_| Reason::CounterFault)?;
        let facts = &mut ledger.facts;
        let Factory { main, others } = factory.into();
        facts.firmware.confirmed.version = main;
        for (number, version) in (1..).zip(others) {
            let Some(version) = version else { continue };
            facts.components.add(Component {
                number,
                version,
                security_floor: 0,
            })?;
        }
        facts.anchor = counted.unwrap_or(0);
        memory.ledger.close();
        parts.journal =
            write_journal::<P, TWIN, USED, LATCHES, ISSUERS>(&mut memory, parts.journal, root)?;
        Self::boot_in(memory, parts)
    }

    /// As [`boot`](Device::boot), in memory that stays where it lies.
    ///
    /// # Errors
    /// As [`boot`](Device::boot).
    pub fn boot_in(memory: M, parts: Parts<P>) -> Result<Self, MountFault> {
        Self::boot_as_in(memory, parts, Started::Unknown)
    }

    /// As [`boot_as`](Device::boot_as), in memory that stays where it lies.
    ///
    /// # Errors
    /// As [`boot_as`](Device::boot_as).
    pub fn boot_as_in(
        mut memory: M,
        parts: Parts<P>,
        started: Started,
    ) -> Result<Self, MountFault> {
        const { Served::<P::Slot>::UNITS };
        const { assert!(TWIN <= MAX_TWIN && 0 < USED && USED <= MAX_BURNED) };
        const { assert!(0 < LATCHES && LATCHES <= MAX_LATCHES && 0 < ISSUERS && ISSUERS <= MAX_FLOORS) };
        let Parts {
            journal,
            slots,
            clock,
            entropy,
            key,
            counter,
        } = parts;
        let mut journal = read_journal::<P, TWIN, USED, LATCHES, ISSUERS>(&mut memory, journal)?;
        prove_journal::<P, TWIN, USED, LATCHES, ISSUERS>(&memory, &mut journal)
            .map_err(MountFault::Journal)?;
        Self::start(
            memory, journal, slots, clock, entropy, key, counter, started,
        )
    }

    /// Makes the device in the place where the caller wants it, and lets it come up there.
    #[inline(never)]
    #[allow(
        clippy::too_many_arguments,
        reason = "parts, taken apart so that no copy of them lies on the stack"
    )]
    fn start(
        memory: M,
        journal: Journal<P::Journal, JOURNAL_SECTOR>,
        slots: [P::Slot; 2],
        clock: P::Clock,
        entropy: P::Entropy,
        key: P::Key,
        counter: P::Counter,
        started: Started,
    ) -> Result<Self, MountFault> {
        let mut booted = Self::assemble(memory, journal, slots, clock, entropy, key, counter);
        if let Ok(device) = &mut booted
            && let Err(refusal) = device.come_up(started)
        {
            booted = Err(refusal.into());
        }
        booted
    }

    #[inline(never)]
    fn assemble(
        mut memory: M,
        journal: Journal<P::Journal, JOURNAL_SECTOR>,
        slots: [P::Slot; 2],
        clock: P::Clock,
        mut entropy: P::Entropy,
        key: P::Key,
        mut counter: P::Counter,
    ) -> Result<Self, MountFault> {
        let public = key.public();
        let ledger = &memory.ledger;
        // The key that was enrolled was found fit then.
        ensure(public == ledger.device_key.0, Reason::KeyFault)?;
        let counted = counter.read().map_err(|_| Reason::CounterFault)?;
        let anchor = ledger.facts.anchor;
        ensure(
            counted.is_none_or(|counted| counted <= anchor),
            Refusal::new(Reason::RolledBack, counted.unwrap_or(0), anchor),
        )?;
        let ticks_ms = clock.ticks_ms();
        let Memory {
            ledger,
            latches,
            staged,
            nonces,
            time,
            budgets,
            posture,
        } = &mut *memory;
        latches.close_all();
        staged.clear();
        nonces.begin(&mut entropy, ticks_ms)?;
        *time = TimeKeeper::new(ledger.facts.time_floor_ms, ticks_ms);
        budgets.fill(ticks_ms);
        *posture = Watch::new();
        Ok(Self {
            journal,
            slots,
            clock,
            entropy,
            key,
            key_id: PublicKey::id_of(&public),
            counter,
            counted,
            memory,
            lapse_ticks_ms: 0,
            handed_out: false,
            work: Work::default(),
            junk: Junk::default(),
            half_written: false,
            started: Started::Unknown,
            gave_up: false,
            restored: 0,
        })
    }
}

/// Reads the journal into a ledger.
#[inline(never)]
fn read_journal<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    memory: &mut Memory<TWIN, USED, LATCHES, ISSUERS>,
    flash: P::Journal,
) -> Result<Journal<P::Journal, JOURNAL_SECTOR>, MountFault> {
    let mut buffer = [0; MAX_RECORD];
    let mut folding = Folding::new(memory.ledger.anew());
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
    ensure(folding.finish(), Reason::LatchedShut)?;
    memory.ledger.close();
    Ok(journal)
}

/// Checks the signatures of the root that was read. Once, when all was read: roots before it have no say any more, and a
/// signature takes too much of the stack to be checked below the reading of a journal.
#[inline(never)]
fn prove_journal<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
>(
    memory: &Memory<TWIN, USED, LATCHES, ISSUERS>,
    journal: &mut Journal<P::Journal, JOURNAL_SECTOR>,
) -> Result<(), MountError> {
    memory
        .ledger
        .prove_root(journal)
        .map_err(|reason| match reason {
            Reason::StorageFault => MountError::Unreadable,
            _ => MountError::Corrupt,
        })
}
