//! The device: everything behind one door.
//!
//! A statement goes in by [`Device::submit`]; what comes out is an answer to send, or an
//! [`Unlatched`] action that the caller carries out and then settles. By then the code is
//! burned: cutting the power at any moment loses neither that nor the outcome.

mod budget;
mod install;
mod mount;
mod nonces;
mod plan;
mod platform;
mod receipts;
mod store;
mod submit;
mod unlatched;

pub use install::{Armed, Paged, PagesWanted};
pub use mount::{MountFault, provision};
pub use platform::{Clock, Entropy, NoEntropy, Parts, Platform};
pub use submit::{Release, Submitted};
pub use unlatched::{Opened, Settlement, Ticket, Unlatched};

use crate::{
    journal::Journal,
    ledger::{Facts, Image, Ledger},
    limits::{JOURNAL_TAIL, MAX_SNAPSHOT},
    statement::{Junk, TimeStatus},
    twin::Entries,
    types::{KeyId, Posture, StatementId, TimeMs},
    verdict::{Conditions, Identity},
};

/// Bytes of records that a journal sector holds at least. A sector is the smallest multiple
/// of the flash's erase size that holds them; the journal needs two, and takes up to eight.
pub const JOURNAL_SECTOR: usize = MAX_SNAPSHOT + JOURNAL_TAIL;

/// A device that was provisioned and has booted.
pub struct Device<P: Platform> {
    journal: Journal<P::Journal, JOURNAL_SECTOR>,
    slots: [P::Slot; 2],
    clock: P::Clock,
    entropy: P::Entropy,
    key: P::Key,
    key_id: KeyId,
    ledger: Ledger,
    nonces: nonces::Nonces,
    budget: budget::WriteBudget,
    junk: Junk,
    posture: Posture,
    /// A page was begun in its slot and is not noted: it has to be erased first.
    half_written: bool,
}

impl<P: Platform> Device<P> {
    /// Who the device is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.ledger.identity
    }

    /// What it durably knows.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.ledger.facts
    }

    /// The twin's leaves.
    #[must_use]
    pub fn twin(&self) -> Entries<'_> {
        self.ledger.facts.twin.entries()
    }

    /// The image that runs.
    #[must_use]
    pub fn running(&self) -> Image {
        self.ledger.facts.running()
    }

    /// Sets what the device knows about itself now.
    pub fn set_posture(&mut self, posture: Posture) {
        self.posture = posture;
    }

    /// Messages that were not answered since the boot.
    #[must_use]
    pub fn junk(&self) -> Junk {
        self.junk
    }

    /// The statements that the last receipts answer, the newest last.
    pub fn recent(&self) -> impl Iterator<Item = StatementId> {
        self.ledger
            .facts
            .recent
            .iter()
            .map(|recent| recent.statement)
    }

    /// Gives the parts back, for another boot.
    pub fn into_parts(self) -> Parts<P> {
        let Self {
            journal,
            slots,
            clock,
            entropy,
            key,
            ..
        } = self;
        Parts {
            journal: journal.release(),
            slots,
            clock,
            entropy,
            key,
        }
    }

    /// What the device knows about the time. A trusted clock that lies before the floor
    /// contradicts what was once known, and is not trusted.
    fn time(&self) -> TimeStatus {
        let floor = self.ledger.facts.time_floor_ms;
        match self.clock.trusted_ms().and_then(TimeMs::new) {
            Some(now) if now >= floor => TimeStatus::Trusted(now),
            _ if floor.get() > 0 => TimeStatus::Floor(floor),
            _ => TimeStatus::Unknown,
        }
    }

    fn conditions(&self) -> Conditions {
        let facts = &self.ledger.facts;
        Conditions {
            time: self.time(),
            challenges: self.nonces.challenges(),
            firmware: facts.running().version,
            twin_version: facts.twin.version,
            boot: facts.boot,
            posture: self.posture,
        }
    }
}
