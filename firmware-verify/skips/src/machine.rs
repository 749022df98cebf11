//! The machine: QEMU with the device in it, which is put back to a moment that was kept for every trial.

mod processor;

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    ops::Range,
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::Duration,
};

use self::processor::{PC, PROTECTION, STATUS, advanced};
use crate::{
    Outcome,
    ends::{self, put_into},
    fault::{Fault, Trial, faulty},
    follow,
    gdb::{Gdb, Stop},
    inputs::Input,
    launch::launch,
    moment::Moment,
    program::Program,
    route::Way,
    standing::{self, Standing},
    trace::executed,
};

/// The end of RAM, where the stack begins (`memory.x` of `latch-budget-device`).
const RAM_END: u32 = 0x2008_0000;
/// Stack that is kept and put back: more than the deepest call takes.
const STACK: u32 = 24 * 1024;
/// As long as QEMU's log grows, it is not written out.
const WRITTEN_OUT: Duration = Duration::from_millis(200);
/// Real time after which a run without an end is given up: its watchdog is asleep. A run takes some milliseconds.
const GIVEN_UP: Duration = Duration::from_secs(10);
/// The longest way to the moment that is kept: provisioning, on a machine with other work.
const WAY: Duration = Duration::from_secs(120);

/// Added to the number of the input: boot from what lies in flash.
const INSPECT: u32 = 0x100;
/// Added to the number of the input: tell what the device is.
const TELL: u32 = 0x200;

/// What a run is to be.
pub(crate) enum Attempt<'t> {
    /// The input, from the beginning.
    Whole,
    /// The input, from a moment on, with a fault in the instruction that is the next one there.
    Faulty(&'t Trial, &'t Moment),
    /// The device tells what it is.
    Tell,
    /// The device boots with this flash.
    Boot(&'t [Vec<u8>]),
}

/// How a run has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// By itself.
    Done,
    /// With the actuator driven.
    Driven,
    /// With an exception.
    Crashed,
    /// Not.
    Hung,
}

/// What a run has left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Left {
    pub(crate) end: End,
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
    choice: u32,
    answer: u32,
    standing: Range<u32>,
    flash: [Range<u32>; 3],
    /// What is kept of a moment.
    kept: [Range<u32>; 2],
    a_return: u32,
}

pub(crate) struct Machine<'p> {
    program: &'p Program,
    /// The program as it lies there.
    code: Vec<u8>,
    places: Places,
    child: Child,
    gdb: Gdb,
    number: u32,
    log: PathBuf,
    account: Option<&'p Path>,
    /// The device is prepared.
    ready: Moment,
    /// How the machine was lost, if it was.
    pub(crate) lost: Option<End>,
}

impl<'p> Machine<'p> {
    /// A machine whose device is prepared for an input.
    pub(crate) fn start(
        program: &'p Program,
        image: &Path,
        (number, input): (u32, &Input),
        log: &Path,
        account: Option<&'p Path>,
    ) -> Outcome<Self> {
        let function = |name: &str| program.function(&format!("latch_skips_device::probe::{name}"));
        let variable = |place: &str| program.variable(&format!("latch_skips_device::{place}"));
        let places = Places {
            ready: function("ready")?,
            done: function("done")?,
            choice: variable("probe::CHOICE")?.start,
            answer: variable("probe::ANSWER")?.start,
            standing: variable("probe::STANDING")?,
            flash: [
                variable("board::JOURNAL")?,
                variable("board::FIRST_SLOT")?,
                variable("board::SECOND_SLOT")?,
            ],
            kept: [program.ram.clone(), RAM_END - STACK..RAM_END],
            a_return: program.a_return()?,
        };
        let done = places.done..places.done + 2;
        let logged = match account {
            Some(_) => program.but_arithmetic(),
            None => program.tried().cloned().chain([done]).collect(),
        };
        let (child, mut gdb) = launch(image, log, &logged)?;
        for (place, choice) in [(function("choose")?, Some(number)), (places.ready, None)] {
            gdb.break_at(place)?;
            if !matches!(gdb.go(WAY)?, Stop::Stopped) || gdb.pc()? != place {
                return Err(format!("the device did not come to {place:#x}").into());
            }
            gdb.pass(place)?;
            if let Some(choice) = choice {
                gdb.write(places.choice, &choice.to_le_bytes())?;
            }
        }
        let ready = Moment::keep(&mut gdb, &places.kept)?;
        let mut machine = Self {
            program,
            code: put_into(program, input)?,
            places,
            child,
            gdb,
            number,
            log: log.to_owned(),
            account,
            ready,
            lost: None,
        };
        machine.gdb.write(0, &machine.code)?;
        for (register, value) in ends::LINE_SENDS.into_iter().chain(PROTECTION) {
            machine.store(register, value)?;
        }
        machine.refresh(true)?;
        Ok(machine)
    }

    /// Keeps moments of a run without a fault: the first of them from where the device is prepared or another moment is, and each
    /// other from the one before it.
    pub(crate) fn walk(&mut self, from: Option<&Moment>, ways: &[Way]) -> Outcome<Vec<Moment>> {
        // Each stop on the way would count.
        self.refresh(false)?;
        from.unwrap_or(&self.ready).put_back(&mut self.gdb)?;
        let mut moments = Vec::new();
        for way in ways {
            self.follow(way)?;
            moments.push(Moment::keep(&mut self.gdb, &self.places.kept)?);
        }
        self.refresh(true)?;
        Ok(moments)
    }

    fn follow(&mut self, way: &Way) -> Outcome<()> {
        for (place, times) in way {
            self.gdb.break_at(*place)?;
            for time in 0..*times {
                if time > 0 {
                    self.gdb.step()?;
                    if self.gdb.pc()? == *place {
                        continue;
                    }
                } else if self.gdb.pc()? == *place {
                    continue;
                }
                self.go(GIVEN_UP)?;
                if self.gdb.pc()? != *place {
                    let (pc, status) = (self.gdb.pc()?, self.gdb.register(STATUS)?);
                    self.gdb.pass(*place)?;
                    return Err(format!("{pc:#x} in {status:#x} instead of {place:#x}").into());
                }
            }
            self.gdb.pass(*place)?;
        }
        Ok(())
    }

    /// The device as it was kept.
    pub(crate) fn untried(&mut self) -> Outcome<Left> {
        self.attempt(&Attempt::Tell)
    }

    /// What a device is that boots with this flash; nothing where it does not.
    pub(crate) fn inspect(&mut self, flash: &[Vec<u8>]) -> Outcome<Option<Standing>> {
        let left = self.attempt(&Attempt::Boot(flash))?;
        if left.end == End::Driven {
            return Err("a boot drives nothing".into());
        }
        Ok(left.standing)
    }

    /// A run without a fault.
    pub(crate) fn control(&mut self) -> Outcome<Left> {
        self.attempt(&Attempt::Whole)
    }

    /// Lets a run begin, and come to its end. An error where the machine has to be made anew before it is believed.
    pub(crate) fn attempt(&mut self, attempt: &Attempt<'_>) -> Outcome<Left> {
        self.begin(attempt)?;
        let mut end = self.end(GIVEN_UP)?;
        if end == End::Hung {
            // The watchdog counts what was tried before, too.
            self.refresh(true)?;
            self.begin(attempt)?;
            end = self.end(GIVEN_UP)?;
        }
        let mut left = Left {
            end,
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

    fn begin(&mut self, attempt: &Attempt<'_>) -> Outcome<()> {
        self.leave_exceptions()?;
        let moment = match attempt {
            Attempt::Faulty(_, moment) => moment,
            _ => &self.ready,
        };
        moment.put_back(&mut self.gdb)?;
        let choice = match attempt {
            Attempt::Faulty(trial, _) => return self.make(trial),
            Attempt::Whole => 0,
            Attempt::Tell => TELL,
            Attempt::Boot(flash) => {
                for (range, bytes) in self.places.flash.clone().iter().zip(*flash) {
                    self.gdb.write(range.start, bytes)?;
                }
                INSPECT
            }
        };
        let choice = self.number + choice;
        self.gdb.write(self.places.choice, &choice.to_le_bytes())
    }

    /// Makes a fault in the instruction that is the next one.
    fn make(&mut self, trial: &Trial) -> Outcome<()> {
        let instruction = self.program.instruction(trial.at)?;
        match trial.fault {
            Fault::Skip => {
                let after = trial.at + u32::try_from(instruction.len())?;
                let status = self.gdb.register(STATUS)?;
                self.gdb.set_register(STATUS, advanced(status))?;
                self.gdb.set_register(PC, after)
            }
            Fault::Flip(_) => {
                self.gdb
                    .write(trial.at, &faulty(instruction, trial.fault))?;
                self.gdb.step()?;
                self.gdb.write(trial.at, instruction)
            }
        }
    }

    fn end(&mut self, limit: Duration) -> Outcome<End> {
        match self.go(limit)? {
            Some(ends::OVER) => Ok(End::Done),
            Some(ends::DRIVEN) => Ok(End::Driven),
            Some(ends::FAILED) => Ok(End::Crashed),
            Some(ends::HUNG) => Ok(End::Hung),
            _ => Err("a run has ended nowhere".into()),
        }
    }

    /// Lets the machine run until it stops, or says something.
    fn go(&mut self, limit: Duration) -> Outcome<Option<u8>> {
        match self.gdb.go(limit)? {
            Stop::Stopped => Ok(None),
            Stop::Said(word) => Ok(Some(word)),
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

    /// Writes where a trial goes after its fault.
    pub(crate) fn tell_account(&mut self, trial: &Trial, moment: &Moment) -> Outcome<()> {
        let Some(account) = self.account else {
            return Ok(());
        };
        self.begin(&Attempt::Faulty(trial, moment))?;
        self.start_log()?;
        let end = self.end(GIVEN_UP)?;
        let told = follow::account(trial, end, &self.logged()?, self.program);
        let mut file = OpenOptions::new().create(true).append(true).open(account)?;
        Ok(file.write_all(told.as_bytes())?)
    }

    /// Whether flash holds the program still.
    pub(crate) fn is_whole(&mut self) -> Outcome<bool> {
        Ok(self.gdb.read(0, self.code.len())? == self.code)
    }

    /// The instructions that a run without a fault executes, in their order, of those that are tried.
    pub(crate) fn trace(&mut self) -> Outcome<Vec<u32>> {
        // The watchdog has counted the runs before.
        self.refresh(true)?;
        self.begin(&Attempt::Whole)?;
        self.start_log()?;
        let end = self.end(WAY)?;
        let executed = self.logged()?;
        let done = executed.iter().position(|at| *at == self.places.done);
        if end != End::Done {
            return Err("a run without a fault has no end".into());
        }
        Ok(executed[..done.ok_or("half a trace")?]
            .iter()
            .copied()
            .filter(|address| self.program.is_tried(*address))
            .collect())
    }

    fn start_log(&mut self) -> Outcome<()> {
        self.gdb.monitor("singlestep on")?;
        self.gdb.monitor("log exec,nochain").map(drop)
    }

    /// What was executed since. QEMU writes it out some time after it was told to log no more.
    fn logged(&mut self) -> Outcome<Vec<u32>> {
        self.gdb.monitor("log none")?;
        self.gdb.monitor("singlestep off")?;
        let mut len = 0;
        loop {
            thread::sleep(WRITTEN_OUT);
            let now = fs::metadata(&self.log)?.len();
            if now == len {
                break;
            }
            len = now;
        }
        let log = fs::read_to_string(&self.log)?;
        fs::write(&self.log, "")?;
        Ok(executed(&log))
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
