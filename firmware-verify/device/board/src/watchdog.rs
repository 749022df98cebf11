//! The watchdog: a program that does not feed it is reset.

use crate::registers::watchdog;

const COUNT_AND_RESET: u32 = 0b11;
/// The clock of the machine, in Hertz (Arm AN386).
const CLOCK_HZ: u32 = 25_000_000;

/// The running watchdog.
#[derive(Debug)]
pub struct Watchdog(());

impl Watchdog {
    /// How long a program may be silent, in milliseconds. The hardware counts twice, and resets when the second
    /// count ends. The longest thing that the device does without feeding is to boot into a trial that is given up: two
    /// slots of 256 KiB are hashed, 40 million instructions.
    pub const PATIENCE_MS: u32 = 4_000;

    /// Starts it.
    #[must_use]
    pub fn start() -> Self {
        let mut started = Self(());
        started.feed();
        watchdog().control.set(COUNT_AND_RESET);
        started
    }

    /// Takes over one that runs already: the bootloader has started it.
    #[must_use]
    pub fn running() -> Self {
        Self(())
    }

    /// Begins to count anew.
    pub fn feed(&mut self) {
        watchdog().clear.set(1);
        watchdog()
            .load
            .set(CLOCK_HZ / 1_000 * (Self::PATIENCE_MS / 2));
    }

    /// What is left of the present count, in ticks of the clock.
    #[must_use]
    pub fn left(&self) -> u32 {
        watchdog().value.get()
    }
}
