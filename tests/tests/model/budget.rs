//! What the reference grants to whoever floods it.

/// So many at once, and one more after each pause. Who finds one left is served, and owes the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    most: i64,
    pause_ms: u64,
    left: i64,
    since_ticks_ms: u64,
}

impl Bucket {
    fn full(most: i64, pause_ms: u64, ticks_ms: u64) -> Self {
        Self {
            most,
            pause_ms,
            left: most,
            since_ticks_ms: ticks_ms,
        }
    }

    pub(crate) fn take(&mut self, count: usize, ticks_ms: u64) -> bool {
        let back = (ticks_ms - self.since_ticks_ms) / self.pause_ms;
        self.since_ticks_ms += back * self.pause_ms;
        self.left = self.most.min(self.left + back as i64);
        let served = self.left > 0;
        self.left -= if served { count as i64 } else { 0 };
        served
    }
}

/// Buckets for whatever costs a device time or flash.
#[derive(Clone, Debug)]
pub(crate) struct Budgets {
    pub(crate) codes: Bucket,
    /// Codes that answer a challenge, or close.
    pub(crate) urgent: Bucket,
    pub(crate) roots: Bucket,
    pub(crate) revocations: Bucket,
    pub(crate) time: Bucket,
    /// Receipts of refusals.
    pub(crate) refusals: Bucket,
    /// Codes that close what is closed.
    pub(crate) idle: Bucket,
    /// What issuers take back of their own.
    pub(crate) taken_back: Bucket,
    /// Floors of time.
    pub(crate) floors: Bucket,
    pub(crate) repeats: Bucket,
}

impl Budgets {
    pub(crate) fn booted(ticks_ms: u64) -> Self {
        let reserve = Bucket::full(16, 1000, ticks_ms);
        let writes = Bucket::full(64, 56_250, ticks_ms);
        Self {
            codes: Bucket::full(64, 250, ticks_ms),
            urgent: reserve,
            roots: Bucket::full(64, 1000, ticks_ms),
            revocations: reserve,
            time: reserve,
            refusals: writes,
            idle: writes,
            taken_back: writes,
            floors: writes,
            repeats: Bucket::full(64, 1000, ticks_ms),
        }
    }
}
