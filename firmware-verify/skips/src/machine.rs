//! The machine: QEMU with the device in it, and a monitor beside it that puts it back to a moment that was kept for every trial.

mod batch;
mod by_hand;
mod left;
mod log;
mod processor;
mod walk;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

pub(crate) use self::left::{End, Left, Lost};
use self::processor::STATUS;
use crate::{
    Outcome,
    desk::{Desk, PLACES, Place},
    ends::put_into,
    fault::Trial,
    gdb::{Gdb, Stop},
    inputs::Input,
    launch::launch,
    moment::Moment,
    program::{MONITOR, Program},
};

/// The end of RAM, where the stack begins (`memory.x` of `latch-budget-device`).
const RAM_END: u32 = 0x2008_0000;
/// Stack that is kept and put back: more than the deepest call takes. Below it, and beyond the variables, nothing can be read or
/// written while an input is tried (`monitor.s`): a run depends on nothing that another has left.
const STACK: u32 = 24 * 1024;
/// RAM in which the variables lie.
const VARIABLES: u32 = 64 * 1024;
/// Real time after which a run without an end is given up: its watchdog is asleep. A run takes some milliseconds.
const GIVEN_UP: Duration = Duration::from_secs(10);
/// The longest way to the moment that is kept: provisioning, on a machine with other work.
const WAY: Duration = Duration::from_secs(120);
/// Ticks of 40 instructions until a run counts as hung: 20 million instructions, more than twice what the longest needs.
const PATIENCE_TICKS: u32 = 500_000;

/// Before the monitor, what is no instruction: a run that has left the program slides through empty memory up to it, as through
/// that of a product up to its end.
const WALL: [u8; 1024] = [0xff; 1024];

/// Trials that are run at once, one after the other: as many as the desk has room for.
pub(crate) const BATCH: usize = 88;
/// Where on the desk it lies what the device is once it is prepared, where a batch ends, and what else there is.
const PREPARED: Place = Place(0);
const CARRIED: Place = Place(1);
const MOMENTS: u32 = 2;
const LEFT: u32 = MOMENTS + BATCH as u32;
const _: () = assert!(LEFT + BATCH as u32 <= PLACES);

/// What a run is to be.
#[derive(Clone, Copy)]
pub(crate) enum Attempt<'t> {
    /// The input, from the beginning.
    Whole,
    /// The input, from a moment on, with a fault in the instruction that is the next one there.
    Faulty(&'t Trial, &'t Moment),
    /// The device tells what it is.
    Tell,
    /// The device boots with this flash.
    Boot(&'t [u8]),
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
}

pub(crate) struct Machine<'p> {
    program: &'p Program,
    monitor: &'p Program,
    /// The program as it lies there.
    code: Vec<u8>,
    places: Places,
    child: Child,
    gdb: Gdb,
    desk: Desk,
    number: u32,
    log: PathBuf,
    account: Option<&'p Path>,
    /// The device is prepared.
    ready: Moment,
}

impl<'p> Machine<'p> {
    /// A machine whose device is prepared for an input.
    pub(crate) fn start(
        (program, monitor): (&'p Program, &'p Program),
        image: &Path,
        (number, input): (u32, &Input),
        log: &Path,
        account: Option<&'p Path>,
    ) -> Outcome<Self> {
        let function = |name: &str| program.function(&format!("latch_skips_device::probe::{name}"));
        let variable = |place: &str| program.variable(&format!("latch_skips_device::{place}"));
        let ram = program.ram.start..program.ram.start + VARIABLES;
        if program.ram.end > ram.end {
            return Err("the variables take more than what is kept of them".into());
        }
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
            kept: [ram, RAM_END - STACK..RAM_END],
        };
        let shared = log.with_extension("desk");
        let (child, mut gdb) = launch(image, log, &shared, &program.but_arithmetic())?;
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
        let desk = Desk::new(&shared, places.kept.clone(), PATIENCE_TICKS)?;
        let ready = Moment {
            registers: gdb.registers()?,
            memory: PREPARED,
        };
        let mut memory = Vec::new();
        for range in places.kept.clone() {
            memory.extend(gdb.read(range.start, range.len())?);
        }
        desk.put_copy(PREPARED, &memory)?;
        if ready.words()?.last() != Some(&gdb.register(STATUS)?) {
            return Err("the registers stand elsewhere than expected".into());
        }
        let code = put_into(program, monitor, input)?;
        gdb.write(0, &code)?;
        gdb.write(MONITOR - WALL.len() as u32, &WALL)?;
        gdb.write(MONITOR, monitor.from(MONITOR))?;
        Ok(Self {
            program,
            monitor,
            code,
            places,
            child,
            gdb,
            desk,
            number,
            log: log.to_owned(),
            account,
            ready,
        })
    }

    /// Lets the machine run until its monitor says something; how it was lost, if it was.
    fn go(&mut self) -> Outcome<Result<u8, End>> {
        let mut current = self.desk.current()?;
        let mut stop = self.gdb.go(GIVEN_UP)?;
        loop {
            match stop {
                Stop::Said(word) => return Ok(Ok(word)),
                Stop::Stopped => return Err("a run has stopped".into()),
                Stop::Runs => {
                    // All interrupts are masked, or the timer was stopped.
                    let now = self.desk.current()?;
                    if now == current {
                        return Ok(Err(End::Hung));
                    }
                    current = now;
                    stop = self.gdb.wait(GIVEN_UP)?;
                }
                // A processor that cannot take an exception locks up, which ends QEMU.
                Stop::Gone => return Ok(Err(End::Crashed)),
            }
        }
    }

    /// Whether the program and the monitor are what they were.
    pub(crate) fn is_whole(&mut self) -> Outcome<bool> {
        let place = Place(LEFT);
        let len = u32::try_from(self.code.len().next_multiple_of(4))?;
        self.call("carry", &[place.address(), 0, len])?;
        let target = self.monitor.variable("target")?.start;
        let monitor = self.gdb.read(MONITOR, (target - MONITOR) as usize)?;
        Ok(self.desk.bytes(place, self.code.len())? == self.code
            && self.monitor.from(MONITOR).starts_with(&monitor))
    }

    /// Ends QEMU.
    pub(crate) fn end(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        self.end();
    }
}
