//! What hostile messages may cost: buckets that refill with time.
//!
//! Every kind of work has a bucket of its own, so that a flood of one kind leaves the others
//! alone. What is checked against none of them costs neither a signature nor a write.

use crate::{
    limits::{
        CODE_REFILL_MS, CODE_SIGNATURES, REPEAT_REFILL_MS, REPEATS, RESERVED_REFILL_MS,
        RESERVED_SIGNATURES, WRITE_BUDGET, WRITE_REFILL_MS,
    },
    wire::Kind,
};

/// Tokens left, and when the last one came back.
struct Bucket<const BURST: u32, const REFILL_MS: u64> {
    left: u32,
    refilled_ticks_ms: u64,
}

impl<const BURST: u32, const REFILL_MS: u64> Bucket<BURST, REFILL_MS> {
    fn new(ticks_ms: u64) -> Self {
        Self {
            left: BURST,
            refilled_ticks_ms: ticks_ms,
        }
    }

    /// Takes so many tokens, if they are there.
    fn take(&mut self, tokens: u32, ticks_ms: u64) -> bool {
        let back = ticks_ms.saturating_sub(self.refilled_ticks_ms) / REFILL_MS;
        self.refilled_ticks_ms = self
            .refilled_ticks_ms
            .saturating_add(back.saturating_mul(REFILL_MS));
        let back = u32::try_from(back).unwrap_or(BURST);
        self.left = self.left.saturating_add(back).min(BURST);
        match self.left.checked_sub(tokens) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

type Reserved = Bucket<RESERVED_SIGNATURES, RESERVED_REFILL_MS>;

/// Every bucket of a device. Full at each boot, which costs an attacker more than it gives.
pub(super) struct Budgets {
    codes: Bucket<CODE_SIGNATURES, CODE_REFILL_MS>,
    answers: Reserved,
    roots: Reserved,
    revocations: Reserved,
    time: Reserved,
    writes: Bucket<WRITE_BUDGET, WRITE_REFILL_MS>,
    repeats: Bucket<REPEATS, REPEAT_REFILL_MS>,
}

impl Budgets {
    pub(super) fn new(ticks_ms: u64) -> Self {
        Self {
            codes: Bucket::new(ticks_ms),
            answers: Bucket::new(ticks_ms),
            roots: Bucket::new(ticks_ms),
            revocations: Bucket::new(ticks_ms),
            time: Bucket::new(ticks_ms),
            writes: Bucket::new(ticks_ms),
            repeats: Bucket::new(ticks_ms),
        }
    }

    /// Takes leave to check so many signatures of a statement. One in which the device's
    /// challenge stands has a reserve besides what all codes share.
    pub(super) fn check(
        &mut self,
        kind: Kind,
        signatures: u32,
        answers: bool,
        ticks_ms: u64,
    ) -> bool {
        match kind {
            Kind::Root => self.roots.take(signatures, ticks_ms),
            Kind::Revocation | Kind::StopSlip => self.revocations.take(signatures, ticks_ms),
            Kind::Time => self.time.take(signatures, ticks_ms),
            _ => {
                self.codes.take(signatures, ticks_ms)
                    || answers && self.answers.take(signatures, ticks_ms)
            }
        }
    }

    /// Takes leave to write a refusal.
    pub(super) fn write(&mut self, ticks_ms: u64) -> bool {
        self.writes.take(1, ticks_ms)
    }

    /// Takes leave to sign a receipt again.
    pub(super) fn repeat(&mut self, ticks_ms: u64) -> bool {
        self.repeats.take(1, ticks_ms)
    }
}

/// What messages have cost since the boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Work {
    /// Signatures that were checked.
    pub signatures_checked: u64,
    /// Receipts and states that were signed.
    pub signatures_made: u64,
    /// Records that were written to the journal.
    pub records: u64,
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Budgets};
    use crate::{limits::CODE_SIGNATURES, wire::Kind};

    #[test]
    fn a_burst_is_bounded_and_comes_back_with_time() {
        let mut bucket = Bucket::<8, 100>::new(5);
        assert!((0..8).all(|_| bucket.take(1, 5)));
        assert!(!bucket.take(1, 104));
        assert!(bucket.take(1, 105));
        assert!(!bucket.take(1, 105));
        // A long rest refills no more than the bucket, and a dear request takes it whole.
        assert!(!bucket.take(9, 1_000_000));
        assert!(bucket.take(8, 1_000_000));
        assert!(!bucket.take(1, 1_000_000));
    }

    #[test]
    fn a_flood_of_one_kind_leaves_the_others_alone() {
        let mut budgets = Budgets::new(0);
        assert!((0..CODE_SIGNATURES).all(|_| budgets.check(Kind::Code, 1, false, 0)));
        assert!(!budgets.check(Kind::Code, 1, false, 0));
        assert!(budgets.check(Kind::Code, 1, true, 0));
        for kind in [Kind::Root, Kind::Revocation, Kind::Time] {
            assert!(budgets.check(kind, 8, false, 0), "{kind:?}");
        }
        // A slip shares the reserve of revocations.
        assert!(budgets.check(Kind::StopSlip, 8, false, 0));
        assert!(!budgets.check(Kind::StopSlip, 1, false, 0));
    }
}
