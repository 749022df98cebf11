//! Waiting for what must happen.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Far longer than anything here takes, also on a machine with much else to do; only bounds a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks. Short against a disk's flush, long against a look.
const STEP: Duration = Duration::from_millis(10);

/// Looks until something is found.
///
/// # Panics
///
/// When it is not found in time.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            Instant::now() < end,
            "waited {} s in vain: {what}",
            PATIENCE.as_secs()
        );
        thread::sleep(STEP);
    }
}
