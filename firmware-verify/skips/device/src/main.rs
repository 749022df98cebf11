#![no_std]
#![no_main]
#![forbid(unsafe_code)]
//! A device whose instructions are skipped while it judges what it must refuse. The host starts it, chooses the input,
//! and takes it apart: nothing here knows of that.

mod board;
mod inputs;
#[cfg(feature = "naive")]
mod naive;
mod probe;
mod start;

use board::{Board, Standing, Step};
use inputs::INPUTS;
use latch_verify::device::Device;

/// Set in the host's choice: boot from what lies in flash, instead of judging.
const INSPECT: usize = 0x100;
/// Set in the host's choice: tell what the device is, instead of judging.
const TELL: usize = 0x200;

#[cortex_m_rt::entry]
fn main() -> ! {
    probe::choose();
    let number = probe::choice();
    let Some(input) = INPUTS.get(number) else {
        halt()
    };
    let mut standing = board::prepared(input);
    if let Standing::Off(_, parts) = &mut standing
        && input.refused.is_empty()
    {
        // A start that was right leaves on the stack what a wrong one might find there.
        start::start(parts);
        if input.decays {
            board::decay(parts);
        }
    }
    probe::ready();
    let board = match (probe::choice() & (INSPECT | TELL), standing) {
        (0, Standing::On(board)) => Some(after(board, input.refused)),
        // Its boot is tried, too.
        (0, standing) if !input.refused.is_empty() => {
            standing.booted().map(|board| after(board, input.refused))
        }
        (0, Standing::Off(memory, mut parts)) => {
            start::start(&mut parts);
            probe::done();
            Device::boot_in(memory, parts).ok()
        }
        (TELL, Standing::On(board)) => Some(board),
        (TELL, Standing::Off(..)) => None,
        (_, standing) => standing.booted(),
    };
    probe::done();
    // What has noticed that its memory is spoiled boots next.
    let board = board.filter(Board::is_whole);
    probe::tell(board.as_ref());
    probe::inspected();
    halt()
}

fn after(mut board: Board, steps: &[Step]) -> Board {
    for step in steps {
        board::put(&mut board, *step);
    }
    board
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
