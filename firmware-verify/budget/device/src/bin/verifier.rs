#![no_std]
#![no_main]
//! The whole verifier, with its receipts signed elsewhere.

use latch_budget_device::{Constant, serve};

#[cortex_m_rt::entry]
fn main() -> ! {
    serve(Constant);
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
