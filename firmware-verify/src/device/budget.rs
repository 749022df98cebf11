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
///
/// A request is served while one token is left, and may leave a debt: where it had to find all that it
/// takes, a drip of cheap requests would starve the dear ones for ever.
struct Bucket<const BURST: u32, const REFILL_MS: u64> {
    left: i64,
    refilled_ticks_ms: u64,
}

impl<const BURST: u32, const REFILL_MS: u64> Bucket<BURST, REFILL_MS> {
    fn new(ticks_ms: u64) -> Self {
        Self {
            left: BURST.into(),
            refilled_ticks_ms: ticks_ms,
        }
    }

    /// Takes so many tokens, if one is there.
    fn take(&mut self, tokens: u32, ticks_ms: u64) -> bool {
        let back = ticks_ms.saturating_sub(self.refilled_ticks_ms) / REFILL_MS;
        self.refilled_ticks_ms = self
            .refilled_ticks_ms
            .saturating_add(back.saturating_mul(REFILL_MS));
        let back = i64::try_from(back).unwrap_or(i64::MAX);
        self.left = self.left.saturating_add(back).min(BURST.into());
        let served = self.left > 0;
        if served {
            self.left = self.left.saturating_sub(tokens.into());
        }
        served
    }
}

type Reserved = Bucket<RESERVED_SIGNATURES, RESERVED_REFILL_MS>;
type Writes = Bucket<WRITE_BUDGET, WRITE_REFILL_MS>;

/// Every bucket of a device. Full at each boot, which costs an attacker more than it gives.
pub(super) struct Budgets {
    codes: Bucket<CODE_SIGNATURES, CODE_REFILL_MS>,
    reserved: Reserved,
    roots: Bucket<CODE_SIGNATURES, RESERVED_REFILL_MS>,
    revocations: Reserved,
    time: Reserved,
    refusals: Writes,
    closings: Writes,
    revoked: Writes,
    floors: Writes,
    repeats: Bucket<REPEATS, REPEAT_REFILL_MS>,
}

impl Budgets {
    pub(super) fn new(ticks_ms: u64) -> Self {
        Self {
            codes: Bucket::new(ticks_ms),
            reserved: Bucket::new(ticks_ms),
            roots: Bucket::new(ticks_ms),
            revocations: Bucket::new(ticks_ms),
            time: Bucket::new(ticks_ms),
            refusals: Bucket::new(ticks_ms),
            closings: Bucket::new(ticks_ms),
            revoked: Bucket::new(ticks_ms),
            floors: Bucket::new(ticks_ms),
            repeats: Bucket::new(ticks_ms),
        }
    }

    /// Takes leave to check so many signatures of a statement. A code that seems to answer the
    /// device's challenge, or to close, has a reserve besides what all codes share.
    pub(super) fn check(
        &mut self,
        kind: Kind,
        signatures: u32,
        preferred: bool,
        ticks_ms: u64,
    ) -> bool {
        match kind {
            Kind::Root => self.roots.take(signatures, ticks_ms),
            Kind::Revocation | Kind::StopSlip => self.revocations.take(signatures, ticks_ms),
            Kind::Time => self.time.take(signatures, ticks_ms),
            _ => {
                self.codes.take(signatures, ticks_ms)
                    || preferred && self.reserved.take(signatures, ticks_ms)
            }
        }
    }

    /// Takes leave to write something that one signature alone can ask for again and again.
    pub(super) fn write(&mut self, what: Written, ticks_ms: u64) -> bool {
        match what {
            Written::Refusal => self.refusals.take(1, ticks_ms),
            Written::Closing => self.closings.take(1, ticks_ms),
            Written::Revocation => self.revoked.take(1, ticks_ms),
            Written::TimeFloor => self.floors.take(1, ticks_ms),
        }
    }

    /// Takes leave to sign a receipt again.
    pub(super) fn repeat(&mut self, ticks_ms: u64) -> bool {
        self.repeats.take(1, ticks_ms)
    }
}

/// What is written at the wish of one signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Written {
    /// That a statement was refused.
    Refusal,
    /// A code that closes what is closed.
    Closing,
    /// That an issuer has taken back what it had signed itself.
    Revocation,
    /// That the time floor has risen.
    TimeFloor,
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
        // A long rest refills no more than the bucket.
        assert!(bucket.take(8, 1_000_000));
        assert!(!bucket.take(1, 1_000_000));
    }

    /// A drip of cheap requests does not starve the dear ones.
    #[test]
    fn a_dear_request_is_served_while_one_token_is_left_and_pays_later() {
        let mut bucket = Bucket::<8, 100>::new(0);
        assert!(bucket.take(7, 0) && bucket.take(3, 0));
        // Two in debt: the third that comes back serves again.
        assert!(!bucket.take(1, 299));
        assert!(bucket.take(3, 300));
        assert!(!bucket.take(1, 300));
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
