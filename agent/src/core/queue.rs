//! Codes that wait: for a hook to end, or for the release manifest that they name.

use std::collections::VecDeque;

use latch_verify::{
    types::StatementId,
    wire::{Envelope, Kind},
};

/// Codes that may wait. A hook takes seconds and an operator signs a handful of codes for
/// one device; more than this is a flood, of which the oldest are kept. A code is at most
/// 2 KiB, so this is the memory that a flood gets.
pub const QUEUE_LEN: usize = 32;

/// How long a code waits for its release manifest, in milliseconds. It is retained on the
/// broker, so it comes within one round trip or not at all.
pub const MANIFEST_PATIENCE_MS: u64 = 10_000;

/// Codes in the order of their arrival.
#[derive(Default)]
pub(super) struct Queue(VecDeque<Waiting>);

/// A code, and what it waits for.
struct Waiting {
    statement: Vec<u8>,
    release: Awaited,
}

/// A release manifest, from the view of a code that waits.
enum Awaited {
    /// Whether one is needed is not known yet.
    NotAsked,
    /// It was asked for.
    Asked {
        manifest: StatementId,
        until_ms: u64,
    },
    /// It is here.
    Here(Vec<u8>),
    /// It did not come.
    Missing(StatementId),
}

/// The release of a code that has waited long enough.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    NotAsked,
    Here(Vec<u8>),
    Missing(StatementId),
}

/// What became of a code that was to wait.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Put {
    Waits,
    /// The very same code waits already.
    Known,
    Full,
}

impl Queue {
    /// Lets a code wait.
    pub(super) fn put(&mut self, statement: &[u8]) -> Put {
        if self.0.iter().any(|waiting| waiting.statement == statement) {
            return Put::Known;
        }
        if self.0.len() >= QUEUE_LEN {
            return Put::Full;
        }
        self.0.push_back(Waiting {
            statement: statement.to_vec(),
            release: Awaited::NotAsked,
        });
        Put::Waits
    }

    /// Takes the first code that waits for nothing but its turn.
    pub(super) fn take(&mut self, now_ms: u64) -> Option<(Vec<u8>, Found)> {
        self.give_up(now_ms);
        let ready = |waiting: &Waiting| !matches!(waiting.release, Awaited::Asked { .. });
        let place = self.0.iter().position(ready)?;
        let Waiting { statement, release } = self.0.remove(place)?;
        let found = match release {
            Awaited::NotAsked | Awaited::Asked { .. } => Found::NotAsked,
            Awaited::Here(envelope) => Found::Here(envelope),
            Awaited::Missing(manifest) => Found::Missing(manifest),
        };
        Some((statement, found))
    }

    /// Puts a code back, ahead of all others, with what was found of its release: whether it has
    /// arrived is not known.
    pub(super) fn put_back(&mut self, statement: Vec<u8>, found: Found) {
        let release = match found {
            Found::NotAsked => Awaited::NotAsked,
            Found::Here(envelope) => Awaited::Here(envelope),
            Found::Missing(manifest) => Awaited::Missing(manifest),
        };
        self.0.push_front(Waiting { statement, release });
    }

    /// Whether as many wait as may, and one of them for nothing but its turn: there will be room.
    pub(super) fn is_full_for_now(&self) -> bool {
        let ready = |waiting: &Waiting| !matches!(waiting.release, Awaited::Asked { .. });
        self.0.len() >= QUEUE_LEN && self.0.iter().any(ready)
    }

    /// Waits anew for the release manifests that were asked for.
    pub(super) fn be_patient(&mut self, now_ms: u64) {
        let anew_ms = now_ms.saturating_add(MANIFEST_PATIENCE_MS);
        for waiting in &mut self.0 {
            if let Awaited::Asked { until_ms, .. } = &mut waiting.release {
                *until_ms = anew_ms;
            }
        }
    }

    /// Puts a code back, ahead of all others, until its release manifest is here.
    pub(super) fn await_release(&mut self, statement: Vec<u8>, manifest: StatementId, now_ms: u64) {
        let until_ms = now_ms.saturating_add(MANIFEST_PATIENCE_MS);
        self.0.push_front(Waiting {
            statement,
            release: Awaited::Asked { manifest, until_ms },
        });
    }

    /// Takes what should be a release manifest, if a code waits for it. What has another id
    /// than its topic says is nobody's.
    pub(super) fn release(&mut self, id: StatementId, envelope: &[u8]) -> bool {
        let genuine =
            || Envelope::parse(Kind::Manifest, envelope).is_ok_and(|found| found.id() == id);
        if !self.awaits(id) || !genuine() {
            return false;
        }
        for waiting in &mut self.0 {
            if matches!(waiting.release, Awaited::Asked { manifest, .. } if manifest == id) {
                waiting.release = Awaited::Here(envelope.to_vec());
            }
        }
        true
    }

    /// Whether a code waits for this release manifest.
    pub(super) fn awaits(&self, id: StatementId) -> bool {
        let asked = |waiting: &Waiting| matches!(waiting.release, Awaited::Asked { manifest, .. } if manifest == id);
        self.0.iter().any(asked)
    }

    /// When the patience of the next code ends.
    pub(super) fn until_ms(&self) -> Option<u64> {
        let until = |waiting: &Waiting| match waiting.release {
            Awaited::Asked { until_ms, .. } => Some(until_ms),
            _ => None,
        };
        self.0.iter().filter_map(until).min()
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn give_up(&mut self, now_ms: u64) {
        for waiting in &mut self.0 {
            if let Awaited::Asked { manifest, until_ms } = waiting.release
                && until_ms <= now_ms
            {
                waiting.release = Awaited::Missing(manifest);
            }
        }
    }
}
