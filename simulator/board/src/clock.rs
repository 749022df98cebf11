//! The board's clock.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The board's clock, which the test shares.
#[derive(Clone, Default)]
pub struct Clock {
    ticks_ms: Arc<AtomicU64>,
    /// Unix time at tick zero, in milliseconds; zero while nobody vouches for it.
    begin_ms: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that is trusted, and shows this Unix time at tick zero.
    #[must_use]
    pub fn trusted(begin_ms: u64) -> Self {
        let clock = Self::default();
        clock.begin_ms.store(begin_ms, Ordering::Relaxed);
        clock
    }

    /// Goes on to this many ticks; it never goes back.
    pub(crate) fn tick(&self, ticks_ms: u64) {
        self.ticks_ms.fetch_max(ticks_ms, Ordering::Relaxed);
    }
}

impl latch_verify::device::Clock for Clock {
    fn ticks_ms(&self) -> u64 {
        self.ticks_ms.load(Ordering::Relaxed)
    }

    fn trusted_ms(&self) -> Option<u64> {
        let begin_ms = self.begin_ms.load(Ordering::Relaxed);
        (begin_ms > 0).then(|| begin_ms + self.ticks_ms())
    }
}
