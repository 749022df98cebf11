//! How long to wait before a line is opened again.

use std::time::Duration;

/// The first wait: a board that was reset is back within it.
const FIRST: Duration = Duration::from_millis(250);
/// The longest wait. Opening a local port costs nothing, and whoever plugs a cable in waits for it.
const LONGEST: Duration = Duration::from_secs(5);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait: twice the one before. Without chance in it, since each line has one host.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = FIRST
            .saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        wait
    }

    /// Somebody has answered.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..7).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        backoff.failures = u32::MAX;
        assert_eq!(backoff.next(), LONGEST);
        backoff.reset();
        assert_eq!(backoff.next(), FIRST);
    }
}
