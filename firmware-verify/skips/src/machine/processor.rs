//! What the debugger has the processor itself do: store where only it can, leave exceptions, and say what an
//! instruction is.

use super::Machine;
use crate::Outcome;

/// RAM that nothing uses, for a frame to return from an exception by.
const SCRATCH: u32 = 0x2007_0000;
/// Words of the longest frame that an exception stacks, with room for the registers of the FPU (Armv7-M, B1.5.7).
const FRAME: usize = 26;
/// Where in the frame the processor finds its program counter and its status; the latter says Thumb and nothing else.
const FRAME_PC: usize = 6;
const FRAME_STATUS: usize = 7;
const THUMB: u32 = 1 << 24;
/// Where in the status it stands how far a conditional block has come.
const IT: u32 = 0x0600_fc00;
/// Numbers of registers in the stub.
const R0: u8 = 0;
const R1: u8 = 1;
const SP: u8 = 13;
const LR: u8 = 14;
pub(super) const PC: u8 = 15;
pub(super) const STATUS: u8 = 25;
/// `str r1, [r0]`, and `cpsie i`, which lets interrupts through again.
const STORE: [u8; 2] = [0x01, 0x60];
const LET_INTERRUPTS: [u8; 2] = [0x62, 0xb6];
/// Ticks of 40 instructions until a run counts as hung: 20 million instructions, more than twice what the longest needs.
const PATIENCE_TICKS: u32 = 500_000;
/// The timer's interrupt that waits is taken back; then it does not count, or from the beginning (Armv7-M, B3.2.4, B3.3).
const TIMER: [(u32, u32); 3] = [
    (0xe000_e014, PATIENCE_TICKS),
    (0xe000_e018, 0),
    (0xe000_ed04, 1 << 25),
];
const TIMER_CONTROL: u32 = 0xe000_e010;
const COUNTS: u32 = 7;
/// Lets nobody write the 4 MiB from address 0 on, where the program lies: it lies in flash in a product, and in RAM here
/// (Armv7-M, B3.5). The rest stays as it is without a memory protection unit.
pub(super) const PROTECTION: [(u32, u32); 3] = [
    (0xe000_ed9c, 0x10),
    (0xe000_eda0, 6 << 24 | 1 << 17 | 21 << 1 | 1),
    (0xe000_ed94, 5),
];

impl Machine<'_> {
    /// Lets the processor execute an instruction, of which nothing remains in memory. Registers have to be put back.
    fn execute(&mut self, instruction: [u8; 2]) -> Outcome<()> {
        let ready = self.places.ready;
        let there = ready as usize..ready as usize + 2;
        let before = self.code.get(there).ok_or("no place")?.to_vec();
        self.gdb.write(ready, &instruction)?;
        self.gdb.set_register(PC, ready)?;
        self.gdb.step()?;
        self.gdb.write(ready, &before)
    }

    /// Lets the processor store a word: the debugger itself has no way to devices.
    pub(super) fn store(&mut self, at: u32, word: u32) -> Outcome<()> {
        self.gdb.set_register(R0, at)?;
        self.gdb.set_register(R1, word)?;
        self.execute(STORE)
    }

    /// Leaves all exceptions, and stops the watchdog or begins it anew.
    pub(super) fn refresh(&mut self, watched: bool) -> Outcome<()> {
        self.leave_exceptions()?;
        self.ready.put_back_registers(&mut self.gdb)?;
        self.store(TIMER_CONTROL, 0)?;
        for (register, value) in TIMER {
            self.store(register, value)?;
        }
        self.store(TIMER_CONTROL, if watched { COUNTS } else { 0 })?;
        self.execute(LET_INTERRUPTS)
    }

    pub(super) fn leave_exceptions(&mut self) -> Outcome<()> {
        // The watchdog may come while an exception is left, and is the next one.
        for _ in 0..3 {
            if self.gdb.register(STATUS)? & 0x1ff != 0 {
                self.leave_exception()?;
            }
        }
        Ok(())
    }

    /// Returns from the exception in which the processor is, to nowhere in particular: only so does it know that it is over.
    fn leave_exception(&mut self) -> Outcome<()> {
        let mut frame = [0_u32; FRAME];
        frame[FRAME_PC] = self.places.ready;
        frame[FRAME_STATUS] = THUMB;
        let bytes: Vec<u8> = frame.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.gdb.write(SCRATCH, &bytes)?;
        self.gdb.set_register(SP, SCRATCH)?;
        self.gdb.set_register(PC, self.places.a_return)?;
        // How the exception was entered, with or without the FPU's registers, is left by its handler's first instruction.
        if self.gdb.register(LR)? >> 8 != 0x00ff_ffff {
            return Err("an exception without a way back".into());
        }
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
pub(super) fn advanced(status: u32) -> u32 {
    let block = (status >> 25 & 0b11) | (status >> 8 & 0b1111_1100);
    let after = if block & 0b111 == 0 {
        0
    } else {
        block & 0b1110_0000 | block << 1 & 0b1_1111
    };
    status & !IT | (after & 0b11) << 25 | (after >> 2) << 10
}
