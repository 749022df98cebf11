//! How many refusals may be written to flash: a bucket that refills with time.

use crate::limits::{WRITE_BUDGET, WRITE_REFILL_MS};

/// Writes left, and when the last one came back.
pub(super) struct WriteBudget {
    left: u32,
    refilled_ticks_ms: u64,
}

impl WriteBudget {
    pub(super) fn new(ticks_ms: u64) -> Self {
        Self {
            left: WRITE_BUDGET,
            refilled_ticks_ms: ticks_ms,
        }
    }

    /// Takes one write, if there is one.
    pub(super) fn take(&mut self, ticks_ms: u64) -> bool {
        let back = ticks_ms.saturating_sub(self.refilled_ticks_ms) / WRITE_REFILL_MS;
        self.refilled_ticks_ms = self
            .refilled_ticks_ms
            .saturating_add(back.saturating_mul(WRITE_REFILL_MS));
        let back = u32::try_from(back).unwrap_or(WRITE_BUDGET);
        self.left = self.left.saturating_add(back).min(WRITE_BUDGET);
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{WRITE_BUDGET, WRITE_REFILL_MS, WriteBudget};

    #[test]
    fn a_burst_is_bounded_and_comes_back_with_time() {
        let mut budget = WriteBudget::new(5);
        assert!((0..WRITE_BUDGET).all(|_| budget.take(5)));
        assert!(!budget.take(5 + WRITE_REFILL_MS - 1));
        assert!(budget.take(5 + WRITE_REFILL_MS));
        assert!(!budget.take(5 + WRITE_REFILL_MS));
        // A long rest refills no more than the bucket.
        let later = 5 + 10_000 * WRITE_REFILL_MS;
        assert!((0..WRITE_BUDGET).all(|_| budget.take(later)));
        assert!(!budget.take(later));
    }
}
