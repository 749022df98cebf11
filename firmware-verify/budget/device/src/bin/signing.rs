#![no_std]
#![no_main]
//! The whole verifier, which signs its receipts itself.

use core::hint::black_box;

use latch_budget_device::serve;
use latch_verify::wire::SeedKey;

#[cortex_m_rt::entry]
fn main() -> ! {
    serve(SeedKey::new(&black_box([7; 32])));
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
