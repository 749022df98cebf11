#![no_std]
//! The board: what QEMU's `mps2-an386` has (a Cortex-M4F; Arm AN386), behind the traits that the verifier asks for.
//!
//! This is the crate that another board replaces. It is written as a product's would be, with four exceptions that an
//! emulator forces: the flash is a [file of the host](flash), randomness comes from [the host](entropy), images run from
//! RAM, where the [bootloader](layout) copies them, and messages for people go to [the emulator's output](semihosting).

pub mod entropy;
pub mod flash;
pub mod handoff;
pub mod key;
pub mod layout;
pub mod leds;
pub mod line;
mod power;
mod registers;
pub mod semihosting;
pub mod ticks;
pub mod uart;
pub mod watchdog;

pub use entropy::HostEntropy;
pub use flash::{Chip, Region};
pub use leds::Leds;
pub use line::Line;
pub use ticks::Ticks;
pub use uart::Uart;
pub use watchdog::Watchdog;

/// Resets the machine.
pub fn reset() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}
