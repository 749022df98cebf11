//! Counts what an operation takes, and tells it to the host.

use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_semihosting::{debug, hprintln};
use cortex_m_stack::{current_stack_in_use, repaint_stack, stack_painted, stack_size};

/// Instructions in a tick of the timer: QEMU's clock goes on by a nanosecond an instruction (`-icount shift=0`), and the
/// processors of these machines have 25 MHz (Arm AN385 and AN386). `tests/budget` checks it against a loop of known length.
const TICK_INSTRUCTIONS: u32 = 40;
/// The timer counts down from here: 671 million instructions.
const RELOAD: u32 = 0x00ff_ffff;

/// Measures operations.
pub struct Meter(SYST);

impl Meter {
    /// Takes the processor's timer.
    #[must_use]
    pub fn new(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(RELOAD);
        Self(timer)
    }

    /// Runs an operation; tells how many instructions it took and how deep its stack went, its own frame included.
    pub fn measure<T>(&mut self, name: &str, operation: impl FnOnce() -> T) -> T {
        repaint_stack();
        let before = current_stack_in_use();
        self.0.clear_current();
        self.0.enable_counter();
        let result = apart(operation);
        let left = SYST::get_current();
        let lapped = self.0.has_wrapped();
        self.0.disable_counter();
        let deepest = stack_size() - stack_painted();
        assert!(!lapped, "{name} takes longer than the timer counts");
        tell("instructions", name, (RELOAD - left) * TICK_INSTRUCTIONS);
        tell("stack", name, deepest - before);
        result
    }
}

/// Gives the operation a frame of its own, so that what it holds itself is counted.
#[inline(never)]
fn apart<T>(operation: impl FnOnce() -> T) -> T {
    operation()
}

/// Tells the host one number.
pub fn tell(group: &str, name: &str, number: u32) {
    hprintln!("{group} {name} {number}");
}

/// Ends the program: well, or not.
pub fn finish(well: bool) -> ! {
    debug::exit(if well {
        debug::EXIT_SUCCESS
    } else {
        debug::EXIT_FAILURE
    });
    loop {
        cortex_m::asm::wfi();
    }
}
