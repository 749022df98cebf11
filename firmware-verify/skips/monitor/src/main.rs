#![no_std]
#![no_main]
#![expect(
    unsafe_code,
    reason = "it has all registers to itself, and writes memory that no program of Rust's may: it is assembly"
)]
//! Runs trials within the machine: for each, it puts back memory and registers, lets the device run, and keeps what that has left.
//! The host says what by a desk in RAM that it shares with QEMU (`desk.rs`), and starts it.

core::arch::global_asm!(include_str!("monitor.s"), options(raw));

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
