//! The machine: QEMU with the device in it, which is put back to the same moment for every trial.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{
    Outcome,
    fault::{Trial, faulty},
    gdb::{Gdb, Stop},
    program::Program,
    standing::{self, Standing},
    trace::executed,
};

/// The end of RAM, where the stack begins (`memory.x` of `latch-budget-device`).
const RAM_END: u32 = 0x2008_0000;
/// Stack that is kept and put back: more than the deepest call takes.
const STACK: u32 = 16 * 1024;
/// RAM that nothing uses, for a frame to return from an exception by.
const SCRATCH: u32 = 0x2007_0000;
/// Words of the longest frame that an exception stacks, with room for the registers of the FPU (Armv7-M, B1.5.7).
const FRAME: usize = 26;
/// Where in the frame the processor finds its program counter and its status; the latter says Thumb and nothing else.
const FRAME_PC: usize = 6;
const FRAME_STATUS: usize = 7;
const THUMB: u32 = 1 << 24;
/// Numbers of registers in the stub.
const SP: u8 = 13;
const LR: u8 = 14;
const PC: u8 = 15;
const STATUS: u8 = 25;
/// The timer's place in the vector table.
const TIMER: usize = 15;
/// Real time after which a run without an end is given up: its watchdog is asleep. A run takes some milliseconds.
const GIVEN_UP: Duration = Duration::from_secs(10);
/// The longest way to the moment that is kept: provisioning, on a machine with other work.
const WAY: Duration = Duration::from_secs(120);

/// Added to the number of the input: boot from what lies in flash.
const INSPECT: u32 = 0x100;
/// Added to the number of the input: tell what the device is.
const TELL: u32 = 0x200;

/// How a run has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// By itself.
    Done,
    /// With an exception.
    Crashed,
    /// Not.
    Hung,
}

/// What a run has left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Left {
    pub(crate) end: End,
    /// How often the actuator was driven.
    pub(crate) driven: u32,
    pub(crate) answer: u32,
    /// What the device says that it is, where the run ended by itself.
    pub(crate) standing: Option<Standing>,
    /// The journal and both slots.
    pub(crate) flash: Vec<Vec<u8>>,
}

/// Where the machine and the campaign meet.
struct Places {
    ready: u32,
    done: u32,
    inspected: u32,
    choice: u32,
    driven: u32,
    answer: u32,
    standing: Range<u32>,
    flash: [Range<u32>; 3],
    a_return: u32,
}

pub(crate) struct Machine<'p> {
    program: &'p Program,
    places: Places,
    vectors: Vec<u32>,
    child: Child,
    gdb: Gdb,
    number: u32,
    log: PathBuf,
    registers: String,
    kept: Vec<(u32, Vec<u8>)>,
    /// How the machine was lost, if it was.
    pub(crate) lost: Option<End>,
}

impl<'p> Machine<'p> {
    /// A machine whose device is prepared for an input.
    pub(crate) fn start(
        program: &'p Program,
        image: &Path,
        number: u32,
        log: &Path,
    ) -> Outcome<Self> {
        let done = program.function("latch_skips_device::probe::done")?;
        let ranges: Vec<String> = program
            .tried()
            .chain([&(done..done + 2)])
            .map(|range| format!("{:#x}..{:#x}", range.start, range.end - 1))
            .collect();
        let mut child = Command::new("qemu-system-arm")
            .args([
                "-machine",
                "mps2-an386",
                "-icount",
                "shift=0",
                "-display",
                "none",
            ])
            .args([
                "-monitor", "none", "-serial", "none", "-S", "-gdb", "stdio", "-kernel",
            ])
            .arg(image)
            .args(["-dfilter", &ranges.join(","), "-D"])
            .arg(log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("qemu-system-arm: {error}"))?;
        let to = child.stdin.take().ok_or("no way to QEMU")?;
        let from = child.stdout.take().ok_or("no way from QEMU")?;
        let gdb = Gdb::new(to, from)?;
        let function = |name: &str| program.function(&format!("latch_skips_device::probe::{name}"));
        let variable = |place: &str| program.variable(&format!("latch_skips_device::{place}"));
        let places = Places {
            ready: function("ready")?,
            done,
            inspected: function("inspected")?,
            choice: variable("probe::CHOICE")?.start,
            driven: variable("probe::DRIVEN")?.start,
            answer: variable("probe::ANSWER")?.start,
            standing: variable("probe::STANDING")?,
            flash: [
                variable("board::JOURNAL")?,
                variable("board::FIRST_SLOT")?,
                variable("board::SECOND_SLOT")?,
            ],
            a_return: program.a_return()?,
        };
        let mut machine = Self {
            program,
            vectors: program.vectors(),
            places,
            child,
            gdb,
            number,
            log: log.to_owned(),
            registers: String::new(),
            kept: Vec::new(),
            lost: None,
        };
        machine.prepare(function("choose")?)?;
        Ok(machine)
    }

    /// Lets the device come to the moment that is kept.
    fn prepare(&mut self, choose: u32) -> Outcome<()> {
        for (place, choice) in [(choose, Some(self.number)), (self.places.ready, None)] {
            self.gdb.break_at(place)?;
            if !matches!(self.gdb.go(WAY)?, Stop::Stopped) || self.gdb.pc()? != place {
                return Err(format!("the device did not come to {place:#x}").into());
            }
            self.gdb.pass(place)?;
            if let Some(choice) = choice {
                self.gdb.write(self.places.choice, &choice.to_le_bytes())?;
            }
        }
        self.registers = self.gdb.registers()?;
        let stack = self.gdb.register(SP)? - STACK..RAM_END;
        for Range { start, end } in [self.program.ram.clone(), stack] {
            let bytes = self.gdb.read(start, usize::try_from(end - start)?)?;
            self.kept.push((start, bytes));
        }
        let stops = self.vectors.iter().skip(2).copied();
        let stops: Vec<u32> = stops.chain([self.places.inspected]).collect();
        for stop in stops {
            // A vector that the processor does not use is zero, and several lead to one handler.
            if stop != 0 {
                self.gdb.break_at(stop)?;
            }
        }
        Ok(())
    }

    /// Puts everything back to the moment that was kept, but for the host's choice.
    fn put_back(&mut self, choice: u32) -> Outcome<()> {
        // The watchdog may come while an exception is left, and is the next one.
        for _ in 0..3 {
            if self.gdb.register(STATUS)? & 0x1ff != 0 {
                self.leave_exception()?;
            }
        }
        for (at, bytes) in &self.kept {
            self.gdb.write(*at, bytes)?;
        }
        let choice = self.number + choice;
        self.gdb.write(self.places.choice, &choice.to_le_bytes())?;
        self.gdb.set_registers(&self.registers)
    }

    /// Returns from the exception in which the processor is, to nowhere in particular: only so does it know that it is over.
    fn leave_exception(&mut self) -> Outcome<()> {
        let mut frame = [0_u32; FRAME];
        frame[FRAME_PC] = self.places.inspected;
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

    /// The device as it was kept.
    pub(crate) fn untried(&mut self) -> Outcome<Left> {
        self.put_back(TELL)?;
        self.finish()
    }

    /// What a device is that boots with this flash; nothing where it does not.
    pub(crate) fn inspect(&mut self, flash: &[Vec<u8>]) -> Outcome<Option<Standing>> {
        self.put_back(INSPECT)?;
        for (range, bytes) in self.places.flash.clone().iter().zip(flash) {
            self.gdb.write(range.start, bytes)?;
        }
        Ok(self.finish()?.standing)
    }

    /// A run without a fault.
    pub(crate) fn control(&mut self) -> Outcome<Left> {
        self.put_back(0)?;
        self.finish()
    }

    /// A run with a fault. Nothing where the machine has to be made anew before it is believed.
    pub(crate) fn attempt(&mut self, trial: &Trial) -> Outcome<Left> {
        self.put_back(0)?;
        for (place, times) in &trial.way {
            self.gdb.break_at(*place)?;
            for time in 0..*times {
                if time > 0 {
                    self.gdb.step()?;
                    if self.gdb.pc()? == *place {
                        continue;
                    }
                }
                self.go(GIVEN_UP)?;
                if self.gdb.pc()? != *place {
                    let (pc, status) = (self.gdb.pc()?, self.gdb.register(STATUS)?);
                    self.gdb.pass(*place)?;
                    return Err(format!(
                        "a trial came to {pc:#x} in {status:#x} instead of {place:#x}"
                    )
                    .into());
                }
            }
            self.gdb.pass(*place)?;
        }
        let instruction = self.program.instruction(trial.at)?;
        self.gdb
            .write(trial.at, &faulty(instruction, trial.fault))?;
        self.gdb.step()?;
        self.gdb.write(trial.at, instruction)?;
        self.finish()
    }

    /// Lets a run come to its end.
    fn finish(&mut self) -> Outcome<Left> {
        let end = self.end(GIVEN_UP)?;
        let mut left = Left {
            end,
            driven: self.word(self.places.driven)?,
            answer: self.word(self.places.answer)?,
            standing: None,
            flash: Vec::new(),
        };
        for range in self.places.flash.clone() {
            left.flash.push(self.gdb.read(range.start, range.len())?);
        }
        if end == End::Done {
            let range = self.places.standing.clone();
            let standing = self.gdb.read(range.start, range.len())?;
            left.standing = standing::of(&standing);
        }
        Ok(left)
    }

    fn end(&mut self, limit: Duration) -> Outcome<End> {
        self.go(limit)?;
        if self.gdb.pc()? == self.places.inspected {
            return Ok(End::Done);
        }
        let number = usize::try_from(self.gdb.register(STATUS)? & 0x1ff)?;
        Ok(if number == TIMER {
            End::Hung
        } else {
            End::Crashed
        })
    }

    /// Lets the machine run until it stops.
    fn go(&mut self, limit: Duration) -> Outcome<()> {
        match self.gdb.go(limit)? {
            Stop::Stopped => Ok(()),
            // All interrupts are masked, or the timer was stopped.
            Stop::Runs => {
                self.lost = Some(End::Hung);
                Err("a run has lost its watchdog".into())
            }
            // A processor that cannot take an exception locks up, which ends QEMU.
            Stop::Gone => {
                self.lost = Some(End::Crashed);
                Err("QEMU is gone".into())
            }
        }
    }

    fn word(&mut self, at: u32) -> Outcome<u32> {
        let bytes = self.gdb.read(at, 4)?;
        Ok(u32::from_le_bytes(bytes.as_slice().try_into()?))
    }

    /// Puts right what a fault has written over the program: it lies in RAM here, and in a product it does not.
    pub(crate) fn mend(&mut self) -> Outcome<()> {
        const PIECE: usize = 1024;
        let found = self.gdb.read(0, self.program.code.len())?;
        let pieces = self.program.code.chunks(PIECE).zip(found.chunks(PIECE));
        for (number, (right, _)) in pieces
            .enumerate()
            .filter(|(_, (right, found))| right != found)
        {
            self.gdb.write(u32::try_from(number * PIECE)?, right)?;
        }
        Ok(())
    }

    /// Whether flash holds the program still.
    pub(crate) fn is_whole(&mut self) -> Outcome<bool> {
        Ok(self.gdb.read(0, self.program.code.len())? == self.program.code)
    }

    /// The instructions that a run without a fault executes, in their order, of those that are tried.
    pub(crate) fn trace(&mut self) -> Outcome<Vec<u32>> {
        self.put_back(0)?;
        self.gdb.monitor("singlestep on")?;
        self.gdb.monitor("log exec,nochain")?;
        let end = self.end(WAY)?;
        self.gdb.monitor("log none")?;
        self.gdb.monitor("singlestep off")?;
        if end != End::Done {
            return Err("a run without a fault has no end".into());
        }
        let log = fs::read_to_string(&self.log)?;
        fs::write(&self.log, "")?;
        Ok(executed(&log)
            .into_iter()
            .take_while(|address| *address != self.places.done)
            .filter(|address| self.program.is_tried(*address))
            .collect())
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

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
