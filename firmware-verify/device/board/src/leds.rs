//! The lamps of the board, which stand for what a product moves (Arm AN386, FPGA system control and I/O).

use crate::registers::io;

/// The lamps.
#[derive(Debug)]
pub struct Leds(());

impl Leds {
    /// Takes them, all dark.
    #[must_use]
    pub fn dark() -> Self {
        io().leds.set(0);
        Self(())
    }

    /// Lights a lamp or puts it out; the others stay.
    pub fn set(&mut self, lamp: u32, is_lit: bool) {
        let others = io().leds.get() & !(1 << lamp);
        io().leds.set(others | u32::from(is_lit) << lamp);
    }

    /// Whether a lamp is lit.
    #[must_use]
    pub fn is_lit(&self, lamp: u32) -> bool {
        io().leds.get() >> lamp & 1 == 1
    }
}
