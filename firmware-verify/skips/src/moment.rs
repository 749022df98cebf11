//! A moment of the machine, kept so that it can be put back.

use crate::{Outcome, desk::Place, gdb::from_hex};

/// What the registers and the memory hold. Devices hold nothing that matters but the watchdog's counter.
#[derive(Clone)]
pub(crate) struct Moment {
    /// As the stub gives them out and takes them back.
    pub(crate) registers: String,
    /// Where the memory lies.
    pub(crate) memory: Place,
}

/// Where the status stands, behind the registers from r0 to the program counter.
const STATUS: usize = 16;

impl Moment {
    /// From r0 to the program counter, and the status.
    pub(crate) fn words(&self) -> Outcome<[u32; STATUS + 1]> {
        let bytes = from_hex(
            self.registers
                .get(..8 * (STATUS + 1))
                .ok_or("no registers")?
                .as_bytes(),
        )?;
        let mut words = [0; STATUS + 1];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_le_bytes(bytes.try_into()?);
        }
        Ok(words)
    }
}
