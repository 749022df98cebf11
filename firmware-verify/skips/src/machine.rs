//! The machine: QEMU with the device in it, and a monitor beside it that puts it back to a moment that was kept for every trial.

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

use self::processor::{COUNTS, PC, STATUS, is_in_block, without};
use crate::{
    Outcome,
    desk::{Desk, Job, PLACES, Place},
    ends::{self, put_into},
    fault::{Fault, Trial, faulty},
    follow,
    gdb::{Gdb, Stop},
    inputs::Input,
    launch::launch,
    moment::Moment,
    program::{MONITOR, Program},
    route::Way,
    standing::{self, Standing},
    trace::executed,
};

/// The end of RAM, where the stack begins (`memory.x` of `latch-budget-device`).
const RAM_END: u32 = 0x2008_0000;
/// Stack that is kept and put back: more than the deepest call takes. Below it, and beyond the variables, nothing can be read or
/// written while an input is tried (`monitor.s`): a run depends on nothing that another has left.
const STACK: u32 = 24 * 1024;
/// RAM in which the variables lie.
const VARIABLES: u32 = 64 * 1024;
/// As long as QEMU's log grows, it is not written out.
const WRITTEN_OUT: Duration = Duration::from_millis(200);
/// Real time after which a run without an end is given up: its watchdog is asleep. A run takes some milliseconds.
const GIVEN_UP: Duration = Duration::from_secs(10);
/// The longest way to the moment that is kept: provisioning, on a machine with other work.
const WAY: Duration = Duration::from_secs(120);
/// Ticks of 40 instructions until a run counts as hung: 20 million instructions, more than twice what the longest needs.
const PATIENCE_TICKS: u32 = 500_000;

/// Before the monitor, what is no instruction: a run that has left the program slides through empty memory up to it, as through
/// that of a product up to its end.
const WALL: [u8; 1024] = [0xff; 1024];

/// Added to the number of the input: boot from what lies in flash.
const INSPECT: u32 = 0x100;
/// Added to the number of the input: tell what the device is.
const TELL: u32 = 0x200;

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
    pub(crate) flash: Vec<u8>,
}

/// A run that has taken the machine with it: which one, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lost {
    pub(crate) at: usize,
    pub(crate) end: End,
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

    /// Keeps moments of a run without a fault: the first of them from where the device is prepared or another moment is, and each
    /// other from the one before it.
    pub(crate) fn walk(&mut self, from: Option<&Moment>, ways: &[Way]) -> Outcome<Vec<Moment>> {
        let from = from.unwrap_or(&self.ready).clone();
        // Each stop on the way would count.
        self.put_back(&from, 0)?;
        self.gdb.set_registers(&from.registers)?;
        let mut moments: Vec<Moment> = Vec::new();
        for (number, way) in (MOMENTS..).zip(ways) {
            self.follow(way)?;
            let moment = Moment {
                registers: self.gdb.registers()?,
                memory: Place(number),
            };
            self.call("keep", &[moment.memory.address()])?;
            self.gdb.set_registers(&moment.registers)?;
            moments.push(moment);
        }
        Ok(moments)
    }

    /// Keeps a moment for the next batch, which takes the place of all others.
    pub(crate) fn carry_over(&self, moment: &Moment) -> Outcome<Moment> {
        self.desk
            .put_copy(CARRIED, &self.desk.copied(moment.memory)?)?;
        Ok(Moment {
            memory: CARRIED,
            ..moment.clone()
        })
    }

    fn follow(&mut self, way: &Way) -> Outcome<()> {
        for (place, times) in way {
            let mut stops = false;
            for time in 0..*times {
                if time > 0 {
                    self.gdb.step()?;
                }
                if self.gdb.pc()? == *place {
                    continue;
                }
                if !stops {
                    self.gdb.break_at(*place)?;
                    stops = true;
                }
                if !matches!(self.gdb.go(GIVEN_UP)?, Stop::Stopped) || self.gdb.pc()? != *place {
                    let (pc, status) = (self.gdb.pc()?, self.gdb.register(STATUS)?);
                    self.gdb.pass(*place)?;
                    return Err(format!("{pc:#x} in {status:#x} instead of {place:#x}").into());
                }
            }
            if stops {
                self.gdb.pass(*place)?;
            }
        }
        Ok(())
    }

    /// Runs, one after the other, or those before one that has taken the machine with it. An error where the machine has to be
    /// made anew before it is believed.
    pub(crate) fn run(&mut self, attempts: &[Attempt<'_>]) -> Outcome<(Vec<Left>, Option<Lost>)> {
        let mut left = Vec::new();
        // A boot takes two places, every other run one.
        for part in attempts.chunks(BATCH / 2) {
            let (some, lost) = self.run_part(part)?;
            let before = left.len();
            left.extend(some);
            if let Some(lost) = lost {
                let at = before + lost.at;
                return Ok((left, Some(Lost { at, ..lost })));
            }
        }
        Ok((left, None))
    }

    fn run_part(&mut self, attempts: &[Attempt<'_>]) -> Outcome<(Vec<Left>, Option<Lost>)> {
        let mut jobs = Vec::new();
        for (number, attempt) in (0..).zip(attempts) {
            jobs.push(self.job(
                attempt,
                Place(LEFT + 2 * number),
                Place(LEFT + 2 * number + 1),
            )?);
        }
        self.desk.put_jobs(&jobs)?;
        self.set_out("run")?;
        let mut lost = None;
        while lost.is_none() {
            match self.go()? {
                Ok(ends::OVER) => break,
                Ok(ends::READY) => self.begin_by_hand(&attempts[self.desk.current()?], false)?,
                Ok(_) => return Err("a run has ended nowhere".into()),
                Err(end) => lost = Some(end),
            }
        }
        let lost = match lost {
            None => None,
            Some(end) => Some(Lost {
                at: self.desk.current()?,
                end,
            }),
        };
        let ended = lost.map_or(jobs.len(), |lost| lost.at);
        let left = jobs.iter().take(ended).map(|job| self.left(job.left));
        Ok((left.collect::<Outcome<_>>()?, lost))
    }

    /// What a monitor needs for a run. What is made up of memory lies at the second of these places.
    fn job(&self, attempt: &Attempt<'_>, left: Place, made_up: Place) -> Outcome<Job> {
        let choice = |choice: u32| {
            [(
                self.places.choice,
                (self.number + choice).to_le_bytes().to_vec(),
            )]
        };
        let (moment, from) = match attempt {
            Attempt::Whole => (&self.ready, PREPARED),
            Attempt::Faulty(_, moment) => (*moment, moment.memory),
            Attempt::Tell => (&self.ready, self.make_up(made_up, choice(TELL))?),
            Attempt::Boot(flash) => {
                let mut changes = choice(INSPECT).to_vec();
                let mut flash = *flash;
                for range in &self.places.flash {
                    let (part, rest) = flash.split_at_checked(range.len()).ok_or("half a flash")?;
                    changes.push((range.start, part.to_vec()));
                    flash = rest;
                }
                (&self.ready, self.make_up(made_up, changes)?)
            }
        };
        let [before @ .., pc, status] = moment.words()?;
        let (by_hand, status, pc) = match attempt {
            Attempt::Faulty(trial, _) => {
                let status = without(status);
                let after = trial.at + u32::try_from(self.program.instruction(trial.at)?.len())?;
                let by_hand = is_in_block(status) || trial.fault != Fault::Skip;
                (by_hand, status, after)
            }
            _ => (is_in_block(status), status, pc),
        };
        let mut registers = [0; _];
        for (register, word) in registers
            .iter_mut()
            .zip(before.into_iter().chain([status, pc | 1]))
        {
            *register = word;
        }
        Ok(Job {
            from,
            left,
            by_hand,
            // By hand, it begins with the run: the debugger may take long to come.
            watched: if by_hand { 0 } else { COUNTS },
            registers,
        })
    }

    /// The memory of a prepared device with this in it.
    fn make_up(
        &self,
        place: Place,
        changes: impl IntoIterator<Item = (u32, Vec<u8>)>,
    ) -> Outcome<Place> {
        let mut memory = self.desk.copied(PREPARED)?;
        for (at, bytes) in changes {
            let at = (at - self.places.kept[0].start) as usize;
            let there = memory
                .get_mut(at..at + bytes.len())
                .ok_or("no such memory")?;
            there.copy_from_slice(&bytes);
        }
        self.desk.put_copy(place, &memory)?;
        Ok(place)
    }

    /// What a run has left.
    fn left(&self, place: Place) -> Outcome<Left> {
        let (word, memory) = self.desk.left(place)?;
        let end = match word {
            ends::OVER => End::Done,
            ends::DRIVEN => End::Driven,
            ends::FAILED => End::Crashed,
            ends::HUNG => End::Hung,
            _ => return Err("a run has ended somehow".into()),
        };
        self.left_in(end, &memory)
    }

    fn left_in(&self, end: End, memory: &[u8]) -> Outcome<Left> {
        let there = |range: &Range<u32>| {
            let at = (range.start - self.places.kept[0].start) as usize;
            memory.get(at..at + range.len()).ok_or("no such memory")
        };
        let Places { answer, .. } = self.places;
        let mut flash = Vec::new();
        for range in &self.places.flash {
            flash.extend(there(range)?);
        }
        Ok(Left {
            end,
            answer: u32::from_le_bytes(there(&(answer..answer + 4))?.try_into()?),
            standing: match end {
                End::Done => standing::of(there(&self.places.standing)?),
                _ => None,
            },
            flash,
        })
    }

    /// Where a run begins.
    fn moment<'a>(&'a self, attempt: &Attempt<'a>) -> &'a Moment {
        match attempt {
            Attempt::Faulty(_, moment) => moment,
            _ => &self.ready,
        }
    }

    /// Puts memory back, and has the machine wait for the debugger.
    fn put_back(&mut self, moment: &Moment, watched: u32) -> Outcome<()> {
        self.desk.put_jobs(&[Job {
            from: moment.memory,
            left: Place(LEFT),
            by_hand: true,
            watched,
            registers: [0; _],
        }])?;
        self.set_out("run")?;
        match self.go()? {
            Ok(ends::READY) => Ok(()),
            _ => Err("memory was not put back".into()),
        }
    }

    /// Begins a run whose memory was put back.
    fn begin_by_hand(&mut self, attempt: &Attempt<'_>, logged: bool) -> Outcome<()> {
        self.begin_watch()?;
        let registers = self.moment(attempt).registers.clone();
        self.gdb.set_registers(&registers)?;
        if let Attempt::Faulty(trial, _) = attempt {
            self.make(trial)?;
        }
        if logged {
            self.start_log()?;
        }
        Ok(())
    }

    /// Makes a fault in the instruction that is the next one.
    fn make(&mut self, trial: &Trial) -> Outcome<()> {
        let instruction = self.program.instruction(trial.at)?;
        match trial.fault {
            Fault::Skip => {
                let after = trial.at + u32::try_from(instruction.len())?;
                let status = self.gdb.register(STATUS)?;
                self.gdb.set_register(STATUS, without(status))?;
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

    /// A run that the debugger alone has put back and looks into: the same as the monitor's has to come of it.
    pub(crate) fn run_by_hand(&mut self, attempt: &Attempt<'_>) -> Outcome<Result<Left, End>> {
        let moment = self.moment(attempt).clone();
        self.put_back(&self.ready.clone(), 0)?;
        let mut memory = self.desk.copied(moment.memory)?;
        let stack = memory.split_off(self.places.kept[0].len());
        for (range, bytes) in self.places.kept.clone().iter().zip([memory, stack]) {
            self.gdb.write(range.start, &bytes)?;
        }
        self.begin_by_hand(attempt, false)?;
        let end = match self.go()? {
            Ok(ends::OVER) => self.left(Place(LEFT))?.end,
            Ok(_) => return Err("a run has ended nowhere".into()),
            Err(end) => return Ok(Err(end)),
        };
        let range = self.places.kept[0].clone();
        let memory = self.gdb.read(range.start, range.len())?;
        Ok(Ok(self.left_in(end, &memory)?))
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

    /// Writes where a trial goes after its fault.
    pub(crate) fn tell_account(&mut self, trial: &Trial, moment: &Moment) -> Outcome<()> {
        let Some(account) = self.account else {
            return Ok(());
        };
        let (end, executed) = self.logged(&Attempt::Faulty(trial, moment))?;
        let told = follow::account(trial, end, &executed, self.program);
        let mut file = OpenOptions::new().create(true).append(true).open(account)?;
        Ok(file.write_all(told.as_bytes())?)
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

    /// The instructions that a run without a fault executes, in their order, of those that are tried.
    pub(crate) fn trace(&mut self) -> Outcome<Vec<u32>> {
        let (end, executed) = self.logged(&Attempt::Whole)?;
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

    /// How a run ends, and what it executes.
    fn logged(&mut self, attempt: &Attempt<'_>) -> Outcome<(End, Vec<u32>)> {
        let moment = self.moment(attempt).clone();
        self.put_back(&moment, 0)?;
        self.begin_by_hand(attempt, true)?;
        let end = self.go()?;
        self.gdb.monitor("log none")?;
        self.gdb.monitor("singlestep off")?;
        let end = match end {
            Ok(ends::OVER) => self.left(Place(LEFT))?.end,
            Ok(_) => return Err("a run has ended nowhere".into()),
            Err(end) => end,
        };
        Ok((end, self.take_log()?))
    }

    fn start_log(&mut self) -> Outcome<()> {
        self.gdb.monitor("singlestep on")?;
        self.gdb.monitor("log exec,nochain").map(drop)
    }

    /// What was executed since. QEMU writes it out some time after it was told to log no more.
    fn take_log(&mut self) -> Outcome<Vec<u32>> {
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
