//! What the debugger has the processor itself do, and what an instruction is.

use super::Machine;
use crate::{Outcome, ends};

/// Alone in the status, says that instructions are Thumb.
pub(super) const THUMB: u32 = 1 << 24;
/// Where in the status it stands how far a conditional block has come.
const IT: u32 = 0x0600_fc00;
/// Numbers of registers in the stub.
const R0: u8 = 0;
const R1: u8 = 1;
pub(super) const PC: u8 = 15;
pub(super) const STATUS: u8 = 25;
/// The watchdog's control (Armv7-M, B3.3), and what lets it count.
const TIMER_CONTROL: u32 = 0xe000_e010;
pub(super) const COUNTS: u32 = 7;

impl Machine<'_> {
    /// The next instruction is the first of this function of the monitor.
    pub(super) fn set_out(&mut self, function: &str) -> Outcome<()> {
        let function = self.monitor.function(function)?;
        self.gdb.set_register(STATUS, THUMB)?;
        self.gdb.set_register(PC, function)
    }

    /// Calls a function of the monitor. Registers have to be put back.
    pub(super) fn call(&mut self, function: &str, arguments: &[u32]) -> Outcome<()> {
        for (number, argument) in (R0..).zip(arguments) {
            self.gdb.set_register(number, *argument)?;
        }
        self.set_out(function)?;
        match self.go()? {
            Ok(ends::OVER) => Ok(()),
            _ => Err(format!("{function} has not ended").into()),
        }
    }

    /// The watchdog counts from now on: the debugger itself has no way to devices.
    pub(super) fn begin_watch(&mut self) -> Outcome<()> {
        self.gdb.set_register(R0, TIMER_CONTROL)?;
        self.gdb.set_register(R1, COUNTS)?;
        self.set_out("watch")?;
        self.gdb.step()
    }

    /// What an instruction is, as QEMU's disassembler says.
    pub(crate) fn disassembled(&mut self, address: u32) -> Outcome<String> {
        // The lowest bit would be that for Thumb; an M-profile processor knows nothing else.
        let said = self.gdb.monitor(&format!("x/1i {address:#x}"))?;
        Ok(said
            .trim()
            .split_once(':')
            .map_or("", |(_, text)| text.trim())
            .replace("  ", " "))
    }
}

/// The status after an instruction that does nothing: in a conditional block, its next condition (Armv7-M, `ITAdvance`).
pub(super) fn without(status: u32) -> u32 {
    let block = (status >> 25 & 0b11) | (status >> 8 & 0b1111_1100);
    let after = if block & 0b111 == 0 {
        0
    } else {
        block & 0b1110_0000 | block << 1 & 0b1_1111
    };
    status & !IT | (after & 0b11) << 25 | (after >> 2) << 10
}

/// Whether the next instruction is one of a conditional block.
pub(super) fn is_in_block(status: u32) -> bool {
    status & IT != 0
}
