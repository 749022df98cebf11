#![no_std]
#![no_main]
//! A device whose instructions are skipped while it judges what it must refuse. The host starts it, chooses the input,
//! and takes it apart: nothing here knows of that.

mod board;
mod inputs;
#[cfg(feature = "naive")]
mod naive;
mod probe;

use cortex_m::{
    Peripherals,
    peripheral::{SYST, syst::SystClkSource},
};

use inputs::INPUTS;

/// Set in the host's choice: boot from what lies in flash, instead of judging.
const INSPECT: usize = 0x100;
/// Set in the host's choice: tell what the device is, instead of judging.
const TELL: usize = 0x200;
/// Ticks of 40 instructions until an attempt counts as hung: 20 million instructions, more than twice what the longest
/// needs.
const PATIENCE_TICKS: u32 = 500_000;

#[cortex_m_rt::entry]
fn main() -> ! {
    probe::choose();
    let number = probe::choice();
    let (Some(peripherals), Some(input)) = (Peripherals::take(), INPUTS.get(number)) else {
        halt()
    };
    let mut board = board::prepared(input);
    probe::rest();
    let mut timer = peripherals.SYST;
    probe::ready();
    timer.disable_counter();
    let board = match probe::choice() & (INSPECT | TELL) {
        0 => {
            watch(&mut timer);
            for attempt in input.refused {
                board::put(&mut board, *attempt);
            }
            Some(board)
        }
        TELL => Some(board),
        _ => board::booted(board),
    };
    probe::done();
    probe::tell(board.as_ref());
    probe::inspected();
    halt()
}

/// Starts the watchdog: its interrupt is where the host sees that an attempt hangs.
#[inline(never)]
fn watch(timer: &mut SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(PATIENCE_TICKS);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

fn halt() -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    halt()
}
