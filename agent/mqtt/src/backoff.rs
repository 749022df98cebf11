//! How long to wait before connecting again.
//!
//! Exponential backoff with full jitter: a fleet that lost its broker at one
//! moment comes back spread out, not all at once. Marc Brooker, "Exponential
//! Backoff And Jitter", AWS Architecture Blog, 2015.

use std::time::Duration;

/// The upper end of the first wait: short enough that a broker's restart is
/// barely noticed.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(200);

/// The upper end of every later wait: a device is back within half a minute of
/// its broker.
pub const BACKOFF_LONGEST: Duration = Duration::from_secs(30);

/// Counts failures in a row and draws the next wait.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait. `random` is uniform over all of `u64`.
    pub(crate) fn next(&mut self, random: u64) -> Duration {
        let ceiling = BACKOFF_FIRST
            .saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(BACKOFF_LONGEST);
        self.failures = self.failures.saturating_add(1);
        // A fraction of the ceiling; 64 random bits shifted to 32 keep the product within u128.
        let nanos = (ceiling.as_nanos() * u128::from(random >> 32)) >> 32;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Forgets earlier failures.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Random bits for [`Backoff::next`]. Without a random source (never seen on a
/// running system) every wait is its longest, which is safe, only slow.
pub(crate) fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_longest() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..10)
            .map(|_| backoff.next(u64::MAX).as_millis())
            .collect();
        assert_eq!(
            waits,
            [199, 399, 799, 1599, 3199, 6399, 12799, 25599, 29999, 29999]
        );
    }

    #[test]
    fn jitter_is_full() {
        assert_eq!(Backoff::default().next(0), Duration::ZERO);
        assert_eq!(Backoff::default().next(1 << 63), BACKOFF_FIRST / 2);
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let mut backoff = Backoff { failures: u32::MAX };
        assert!(backoff.next(u64::MAX) < BACKOFF_LONGEST);
        backoff.reset();
        assert!(backoff.next(u64::MAX) < BACKOFF_FIRST);
    }
}
