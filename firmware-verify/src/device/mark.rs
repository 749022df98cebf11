//! Moments that are known by the ticks.

use crate::{
    limits::{DRIFT_SHIFT, MAX_TIME_MS},
    types::Millis,
};

/// A moment that was known when the ticks stood here.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    at: Millis,
    ticks: Millis,
}

impl Mark {
    pub(super) fn new(at_ms: u64, ticks_ms: u64) -> Self {
        Self {
            at: Millis::of(at_ms),
            ticks: Millis::of(ticks_ms),
        }
    }

    pub(super) fn at_ms(&self) -> u64 {
        self.at.get()
    }

    pub(super) fn ticks_ms(&self) -> u64 {
        self.ticks.get()
    }

    /// What it is at least, some ticks later.
    #[inline(never)]
    pub(super) fn at_least_ms(&self, ticks_ms: u64) -> u64 {
        let passed = ticks_ms.saturating_sub(self.ticks_ms());
        let least = passed.saturating_sub(drift_ms(passed));
        self.at_ms().saturating_add(least).min(MAX_TIME_MS)
    }
}

/// What ticks may be off by.
pub(super) fn drift_ms(passed_ms: u64) -> u64 {
    passed_ms >> DRIFT_SHIFT
}
