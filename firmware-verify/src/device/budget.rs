//! What hostile messages may cost: buckets that refill with time.
//!
//! Every kind of work has a bucket of its own, so that a flood of one kind leaves the others
//! alone. What is checked against none of them costs neither a signature nor a write.

use crate::{
    division::divide,
    limits::{
        CODE_REFILL_MS, CODE_SIGNATURES, REPEAT_REFILL_MS, REPEATS, RESERVED_REFILL_MS,
        RESERVED_SIGNATURES, WRITE_BUDGET, WRITE_REFILL_MS,
    },
    types::Millis,
    wire::Kind,
};

/// How many tokens a bucket holds, and the time in which one comes back.
#[derive(Clone, Copy)]
struct Rate {
    burst: i8,
    refill_ms: u16,
}

impl Rate {
    const fn new(burst: u32, refill_ms: u64) -> Self {
        assert!(
            0 < refill_ms && refill_ms < 1 << 16,
            "it divides by 16 bits"
        );
        assert!(burst <= 100, "a bucket counts in seven bits");
        let [.., burst] = burst.to_be_bytes();
        let [.., high, low] = refill_ms.to_be_bytes();
        Self {
            burst: burst.cast_signed(),
            refill_ms: u16::from_be_bytes([high, low]),
        }
    }
}

const CODES: Rate = Rate::new(CODE_SIGNATURES, CODE_REFILL_MS);
const ROOTS: Rate = Rate::new(CODE_SIGNATURES, RESERVED_REFILL_MS);
const RESERVED: Rate = Rate::new(RESERVED_SIGNATURES, RESERVED_REFILL_MS);
const WRITES: Rate = Rate::new(WRITE_BUDGET, WRITE_REFILL_MS);
const REPEATED: Rate = Rate::new(REPEATS, REPEAT_REFILL_MS);

/// Tokens left, and when the last one came back.
///
/// A request is served while one token is left, and may leave a debt: where it had to find all that it
/// takes, a drip of cheap requests would starve the dear ones for ever.
struct Bucket {
    left: i8,
    refilled_ticks_ms: Millis,
}

impl Bucket {
    const EMPTY: Self = Self {
        left: 0,
        refilled_ticks_ms: Millis::ZERO,
    };

    fn full(rate: Rate, ticks_ms: u64) -> Self {
        Self {
            left: rate.burst,
            refilled_ticks_ms: Millis::of(ticks_ms),
        }
    }

    /// Takes so many tokens, if one is there.
    #[inline(never)]
    fn take(&mut self, rate: Rate, tokens: u32, ticks_ms: u64) -> bool {
        let Rate { burst, refill_ms } = rate;
        let refilled_ticks_ms = self.refilled_ticks_ms.get();
        let passed_ms = ticks_ms.saturating_sub(refilled_ticks_ms);
        let (back, begun_ms) = divide(passed_ms, refill_ms);
        let whole_ms = passed_ms.saturating_sub(begun_ms.into());
        self.refilled_ticks_ms = Millis::of(refilled_ticks_ms.saturating_add(whole_ms));
        let back = i8::try_from(back).unwrap_or(i8::MAX);
        self.left = self.left.saturating_add(back).min(burst);
        let served = self.left > 0;
        if served {
            // No statement has more signatures than the debt has room for.
            let tokens = i8::try_from(tokens).unwrap_or(i8::MAX);
            self.left = self.left.saturating_sub(tokens);
        }
        served
    }
}

/// Every bucket of a device. Full at each boot, which costs an attacker more than it gives.
pub(super) struct Budgets {
    codes: Bucket,
    reserved: Bucket,
    roots: Bucket,
    revocations: Bucket,
    time: Bucket,
    refusals: Bucket,
    closings: Bucket,
    revoked: Bucket,
    floors: Bucket,
    repeats: Bucket,
}

impl Budgets {
    pub(super) const fn empty() -> Self {
        Self {
            codes: Bucket::EMPTY,
            reserved: Bucket::EMPTY,
            roots: Bucket::EMPTY,
            revocations: Bucket::EMPTY,
            time: Bucket::EMPTY,
            refusals: Bucket::EMPTY,
            closings: Bucket::EMPTY,
            revoked: Bucket::EMPTY,
            floors: Bucket::EMPTY,
            repeats: Bucket::EMPTY,
        }
    }

    /// Fills every bucket, one by one: what is made anew lies on the stack first.
    pub(super) fn fill(&mut self, ticks_ms: u64) {
        let Self {
            codes,
            reserved,
            roots,
            revocations,
            time,
            refusals,
            closings,
            revoked,
            floors,
            repeats,
        } = self;
        let rates = [
            (codes, CODES),
            (reserved, RESERVED),
            (roots, ROOTS),
            (revocations, RESERVED),
            (time, RESERVED),
            (refusals, WRITES),
            (closings, WRITES),
            (revoked, WRITES),
            (floors, WRITES),
            (repeats, REPEATED),
        ];
        for (bucket, rate) in rates {
            *bucket = Bucket::full(rate, ticks_ms);
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
        let (bucket, rate, has_reserve) = match kind {
            Kind::Root => (&mut self.roots, ROOTS, false),
            Kind::Revocation | Kind::StopSlip => (&mut self.revocations, RESERVED, false),
            Kind::Time => (&mut self.time, RESERVED, false),
            _ => (&mut self.codes, CODES, preferred),
        };
        bucket.take(rate, signatures, ticks_ms)
            || has_reserve && self.reserved.take(RESERVED, signatures, ticks_ms)
    }

    /// Takes leave to write something that one signature alone can ask for again and again.
    pub(super) fn write(&mut self, what: Written, ticks_ms: u64) -> bool {
        let bucket = match what {
            Written::Refusal => &mut self.refusals,
            Written::Closing => &mut self.closings,
            Written::Revocation => &mut self.revoked,
            Written::TimeFloor => &mut self.floors,
        };
        bucket.take(WRITES, 1, ticks_ms)
    }

    /// Takes leave to sign a receipt again.
    pub(super) fn repeat(&mut self, ticks_ms: u64) -> bool {
        self.repeats.take(REPEATED, 1, ticks_ms)
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
    use super::{Bucket, Budgets, Rate};
    use crate::{limits::CODE_SIGNATURES, wire::Kind};

    const RATE: Rate = Rate::new(8, 100);

    #[test]
    fn a_burst_is_bounded_and_comes_back_with_time() {
        let mut bucket = Bucket::full(RATE, 5);
        assert!((0..8).all(|_| bucket.take(RATE, 1, 5)));
        assert!(!bucket.take(RATE, 1, 104));
        assert!(bucket.take(RATE, 1, 105));
        assert!(!bucket.take(RATE, 1, 105));
        // A long rest refills no more than the bucket.
        assert!(bucket.take(RATE, 8, 1_000_000));
        assert!(!bucket.take(RATE, 1, 1_000_000));
    }

    /// A drip of cheap requests does not starve the dear ones.
    #[test]
    fn a_dear_request_is_served_while_one_token_is_left_and_pays_later() {
        let mut bucket = Bucket::full(RATE, 0);
        assert!(bucket.take(RATE, 7, 0) && bucket.take(RATE, 3, 0));
        // Two in debt: the third that comes back serves again.
        assert!(!bucket.take(RATE, 1, 299));
        assert!(bucket.take(RATE, 3, 300));
        assert!(!bucket.take(RATE, 1, 300));
    }

    #[test]
    fn a_flood_of_one_kind_leaves_the_others_alone() {
        let mut budgets = Budgets::empty();
        budgets.fill(0);
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
