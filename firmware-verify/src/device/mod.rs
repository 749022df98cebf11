//! The device: everything behind one door.
//!
//! A statement goes in by [`Device::submit`]; what comes out is an answer to send, or an
//! [`Unlatched`] action that the caller carries out and then settles. By then the code is
//! burned: cutting the power at any moment loses neither that nor the outcome.

mod actuator;
mod budget;
mod code;
mod factory;
mod install;
mod judging;
mod latches;
mod mark;
mod memory;
mod mount;
mod nonces;
mod opening;
mod pages;
mod plan;
mod platform;
mod poll;
mod posture;
mod receipts;
mod settle;
mod signing;
mod startup;
mod store;
mod submit;
mod time;
mod trust;
mod unlatched;
mod voided;

pub use crate::image::{Paged, PagesWanted};
pub use crate::limits::JOURNAL_SECTOR;
pub use actuator::{Actuator, Handled};
pub use budget::Work;
pub use install::Armed;
pub use memory::{Inline, Memory};
pub use mount::{MountFault, provision};
pub use platform::{Clock, Counter, CounterFault, Entropy, NoCounter, NoEntropy, Parts, Platform};
pub use poll::Polled;
pub use posture::Observation;
pub use signing::sign_request;
pub use submit::{Release, Submitted};
pub use unlatched::{Opened, Settlement, Ticket, Unlatched};

use core::ops::DerefMut;

use crate::{
    boot::Started,
    journal::Journal,
    ledger::{Facts, Image},
    limits::{MAX_BURNED, MAX_TWIN},
    statement::{Junk, TimeStatus},
    twin::Entries,
    types::{KeyId, Posture, StatementId},
    verdict::{Conditions, Identity},
};

/// A device that was provisioned and has booted.
///
/// `TWIN` is how many bytes of leaves its twin may have, `USED` how many used codes it remembers
/// one by one; both live in RAM. Neither is more than its bound in [`crate::limits`], so that a
/// snapshot of any device fits a sector of any other.
///
/// # What lies where
/// - In a [`Memory`], of which `M` is the owner or a reference: what the journal says, open latches,
///   nonces, budgets, what is known of time and posture. Left out, it lies inside the device, as suits
///   hosts; microcontrollers put it in a static, and boot with [`boot_in`](Self::boot_in).
/// - In the device itself: the parts, and about a hundred bytes besides. It may move.
/// - On the stack: less than 9 KiB below any call into the device, where its memory is lent to it. 7.1
///   KiB of that are one check of a signature; a record on its way to or from the journal lies there
///   when none is checked. Measured on a Cortex-M4 at `opt-level = "s"` with link-time optimisation; what the
///   caller holds, and what its flash driver takes, comes on top.
/// - With the caller: statements, pages, and the buffer for what is sent.
pub struct Device<
    P: Platform,
    const TWIN: usize = MAX_TWIN,
    const USED: usize = MAX_BURNED,
    M = Inline<TWIN, USED>,
> {
    journal: Journal<P::Journal, JOURNAL_SECTOR>,
    slots: [P::Slot; 2],
    clock: P::Clock,
    entropy: P::Entropy,
    key: P::Key,
    key_id: KeyId,
    counter: P::Counter,
    /// What the counter stands at, where there is one.
    counted: Option<u64>,
    memory: M,
    /// A download that has lapsed is not ended again before these ticks.
    lapse_ticks_ms: u64,
    /// An action was handed out and is not settled.
    handed_out: bool,
    work: Work,
    junk: Junk,
    /// A page was begun in its slot and is not noted: it has to be erased first.
    half_written: bool,
    /// What a bootloader has started.
    started: Started,
    /// The image that runs was on trial and is given up: what the journal names runs after the next boot.
    gave_up: bool,
    /// In the recovery program: the next page of the confirmed image.
    restored: u32,
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
    /// Who the device is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.memory.ledger.identity
    }

    /// What it durably knows.
    #[must_use]
    pub fn facts(&self) -> &Facts<TWIN, USED, LATCHES, ISSUERS> {
        &self.memory.ledger.facts
    }

    /// Whether what it keeps in RAM of its journal is what it put there: no bit has flipped, and nothing else has written over it.
    ///
    /// Where it is not, nothing is recorded, signed or opened any more, all of which is refused as [`Reason::MemoryFault`](crate::Reason::MemoryFault),
    /// and [`poll`](Self::poll) closes every latch. The journal is as it was: shut what stands behind the latches, and boot again.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.memory.ledger.is_whole()
    }

    /// The twin's leaves.
    #[must_use]
    pub fn twin(&self) -> Entries<'_> {
        self.memory.ledger.facts.twin.entries()
    }

    /// The image that runs: zeros in the recovery program, and in one that gave itself up.
    #[must_use]
    pub fn running(&self) -> Image {
        let facts = &self.memory.ledger.facts;
        match self.started {
            _ if self.gave_up => Image::default(),
            Started::Unknown => facts.running(),
            Started::Slot(slot) => facts.images().in_slot(slot).unwrap_or_default(),
            Started::Recovery => Image::default(),
        }
    }

    /// Takes what a source says about some of the device's facts.
    pub fn observe(&mut self, seen: &Observation) {
        // What has closed by now stays closed, whatever is observed.
        self.note_amiss();
        self.memory.posture.observe(seen, self.clock.ticks_ms());
        self.note_amiss();
    }

    /// Sets every fact, for as long as nothing else is said.
    pub fn set_posture(&mut self, posture: Posture) {
        self.observe(&Observation {
            facts: u32::MAX,
            posture,
            max_age_ms: u64::MAX,
        });
    }

    /// What statements have cost since the boot.
    #[must_use]
    pub fn work(&self) -> Work {
        self.work
    }

    /// Messages that were not answered since the boot.
    #[must_use]
    pub fn junk(&self) -> Junk {
        self.junk
    }

    /// The statements that the last receipts answer, the newest last.
    pub fn recent(&self) -> impl Iterator<Item = StatementId> {
        self.memory
            .ledger
            .facts
            .recent
            .iter()
            .map(|recent| recent.statement)
    }

    /// Gives the parts back, for another boot.
    pub fn into_parts(self) -> Parts<P> {
        self.into_memory_and_parts().1
    }

    /// Gives memory and parts back, for another boot.
    pub fn into_memory_and_parts(self) -> (M, Parts<P>) {
        let Self {
            memory,
            journal,
            slots,
            clock,
            entropy,
            key,
            counter,
            ..
        } = self;
        let parts = Parts {
            journal: journal.release(),
            slots,
            clock,
            entropy,
            key,
            counter,
        };
        (memory, parts)
    }

    fn known_time(&self) -> time::Known {
        self.memory
            .time
            .known(self.clock.trusted_ms(), self.clock.ticks_ms())
    }

    /// What the device knows about the time.
    #[inline(never)]
    fn time(&self) -> TimeStatus {
        self.known_time().status
    }

    fn watch_clock(&mut self) {
        self.memory
            .time
            .watch(self.clock.trusted_ms(), self.clock.ticks_ms());
    }

    fn conditions(&self) -> Conditions {
        let facts = &self.memory.ledger.facts;
        let time = self.known_time();
        Conditions {
            time: time.status,
            time_doubt_ms: time.doubt_ms,
            locked_down: facts.locked_down,
            challenges: self.memory.nonces.challenges(),
            firmware: self.running().version,
            twin_version: facts.twin.version,
            boot: facts.boot,
            posture: self.memory.posture.posture(self.clock.ticks_ms()),
        }
    }
}
