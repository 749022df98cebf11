#![no_std]
#![no_main]
//! Runs trials within the machine: for each, it puts back memory and registers, lets the device run, and keeps what that has left.
//! The host says what by a desk in RAM that it shares with QEMU (`desk.rs`), and starts it.

core::arch::global_asm!(include_str!("monitor.s"), options(raw));

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
