#![no_std]
#![no_main]
//! One strict verification of one signature.

use core::hint::black_box;

use ed25519_dalek::{Signature, VerifyingKey};

#[cortex_m_rt::entry]
fn main() -> ! {
    let message: &[u8] = black_box(&[]);
    let signature = Signature::from_bytes(&black_box([0; 64]));
    if let Ok(key) = VerifyingKey::from_bytes(&black_box([0; 32])) {
        black_box(key.verify_strict(message, &signature).is_ok());
    }
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
