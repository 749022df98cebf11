//! Time since the reset: the processor's own timer, a thousand times a second.

use core::cell::Cell;

use cortex_m::{
    interrupt::Mutex,
    peripheral::{SYST, syst::SystClkSource},
};
use latch_verify::device::Clock;

/// Ticks of the clock in a millisecond: the machine has 25 MHz (Arm AN386).
const TICKS_A_MS: u32 = 25_000;

static PASSED_MS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// The running timer. The machine has no clock that outlives a reset: time is learned from attestations.
#[derive(Clone, Copy, Debug)]
pub struct Ticks(());

impl Ticks {
    /// Starts the timer.
    #[must_use]
    pub fn start(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(TICKS_A_MS - 1);
        timer.clear_current();
        timer.enable_interrupt();
        timer.enable_counter();
        Self(())
    }
}

impl Clock for Ticks {
    fn ticks_ms(&self) -> u64 {
        cortex_m::interrupt::free(|token| PASSED_MS.borrow(token).get())
    }

    fn trusted_ms(&self) -> Option<u64> {
        None
    }
}

#[cortex_m_rt::exception]
fn SysTick() {
    cortex_m::interrupt::free(|token| {
        let passed_ms = PASSED_MS.borrow(token);
        passed_ms.set(passed_ms.get().wrapping_add(1));
    });
}
