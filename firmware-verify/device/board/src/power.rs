//! A planned loss of power: in a chosen operation of the flash, which is torn.
//!
//! The host puts the plan beside the flash: two numbers of four bytes, little-endian. Every operation counts the first
//! one down; the one that finds it at zero is torn as the second says, and the machine ends. `u32::MAX` plans
//! nothing, and counts all the same.

use crate::semihosting::{Exit, File, exit, say};

const PLAN: &core::ffi::CStr = c"power.bin";

/// The plan, where there is one.
#[derive(Debug)]
pub(crate) struct Power {
    file: Option<File>,
    left: u32,
    seed: u32,
}

impl Power {
    /// Reads the plan. Without its file the power stays.
    pub(crate) fn read() -> Self {
        let mut plan = [0; 8];
        let file =
            File::update(PLAN).and_then(|mut file| file.read_at(0, &mut plan).then_some(file));
        let [a, b, c, d, e, f, g, h] = plan;
        Self {
            file,
            left: u32::from_le_bytes([a, b, c, d]),
            seed: u32::from_le_bytes([e, f, g, h]),
        }
    }

    /// Counts an operation. How to tear it, if it is the one.
    pub(crate) fn strikes(&mut self) -> Option<Tear> {
        let file = self.file.as_mut()?;
        let Some(left) = self.left.checked_sub(1) else {
            return Some(Tear(self.seed | 1));
        };
        self.left = left;
        let _ = file.write_at(0, &left.to_le_bytes());
        None
    }
}

/// How an operation is torn, drawn from a seed: whole bytes up to some place, and from there on some bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tear(u32);

impl Tear {
    /// The next number (Marsaglia, "Xorshift RNGs", 2003).
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// What lies in the cells after an operation that would have turned `before` into `after`.
    pub(crate) fn apply<'c>(mut self, cells: impl ExactSizeIterator<Item = (&'c mut u8, u8)>) {
        let whole = self.next() as usize % (cells.len() + 1);
        let is_ragged = self.next() & 1 == 1;
        for (at, (cell, after)) in cells.enumerate() {
            let mask = match at.cmp(&whole) {
                core::cmp::Ordering::Less => 0xff,
                _ if is_ragged => self.next() as u8,
                _ => 0,
            };
            *cell = (*cell & !mask) | (after & mask);
        }
    }

    /// Ends the machine.
    pub(crate) fn strike(self) -> ! {
        say("the power is cut\n");
        exit(Exit::PowerCut)
    }
}
