//! A moment of the machine, kept so that it can be put back.

use std::ops::Range;

use crate::{
    Outcome,
    gdb::{Gdb, Memory},
};

/// What the registers and the memory hold. Devices hold nothing that matters but the watchdog's counter.
pub(crate) struct Moment {
    registers: String,
    memory: Vec<Memory>,
}

impl Moment {
    /// Keeps the moment at which the machine stands.
    pub(crate) fn keep(gdb: &mut Gdb, ranges: &[Range<u32>]) -> Outcome<Self> {
        let memory = ranges.iter().map(|range| gdb.copy(range.clone()));
        Ok(Self {
            memory: memory.collect::<Outcome<_>>()?,
            registers: gdb.registers()?,
        })
    }

    /// Puts everything back.
    pub(crate) fn put_back(&self, gdb: &mut Gdb) -> Outcome<()> {
        for memory in &self.memory {
            gdb.paste(memory)?;
        }
        self.put_back_registers(gdb)
    }

    pub(crate) fn put_back_registers(&self, gdb: &mut Gdb) -> Outcome<()> {
        gdb.set_registers(&self.registers)
    }
}
