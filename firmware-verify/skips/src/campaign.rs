//! One input after the other: every fault that was planned, and what has come of it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::{
    Outcome,
    fault::{Fault, Trial},
    inputs::{INPUTS, Input, Opens},
    machine::{Attempt, End, Left, Machine},
    moment::Moment,
    plan::{Dice, Extent, plan},
    program::Program,
    route::Route,
    standing::{self, Standing},
};

/// Trials after which the machine is looked at: whether it still does without a fault what it did first, and whether the
/// program in it is whole. If not, what came since is tried again.
const BATCH: usize = 64;
/// Trials after which is told how far it has come.
const TOLD: usize = 500;

/// What has come of a trial.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Verdict {
    Refused,
    Crashed,
    /// The fault was not reached, on any machine.
    Untried,
    Hung,
    /// The device does not boot from what it has in flash.
    Dead,
    /// The device is neither what it was nor what the input asks for.
    Garbled,
    /// What must not be, and by what it is known.
    Accepted(String),
}

/// A fault that has opened something.
pub(crate) struct Wrong {
    pub(crate) fault: Fault,
    pub(crate) execution: usize,
    pub(crate) place: String,
    pub(crate) instruction: String,
    pub(crate) evidence: String,
    pub(crate) answer: u32,
}

/// What has come of one input.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) instructions: usize,
    pub(crate) executions: usize,
    pub(crate) skips: usize,
    pub(crate) flips: usize,
    pub(crate) refused: usize,
    pub(crate) crashed: usize,
    pub(crate) hung: usize,
    pub(crate) dead: usize,
    pub(crate) garbled: usize,
    pub(crate) untried: usize,
    pub(crate) wrong: Vec<Wrong>,
}

/// What is the same for all inputs.
pub(crate) struct Campaign<'p> {
    pub(crate) program: &'p Program,
    pub(crate) image: &'p Path,
    pub(crate) extent: Extent,
    pub(crate) seed: u64,
    /// What the names of functions have in them whose instructions are tried.
    pub(crate) within: &'p str,
    /// The one instruction that is tried.
    pub(crate) at: Option<u32>,
    /// Where it is written where each trial went after its fault.
    pub(crate) follow: Option<&'p Path>,
}

/// A machine, and what is right on it.
struct Bench<'p> {
    campaign: &'p Campaign<'p>,
    input: &'static Input,
    number: u32,
    log: PathBuf,
    machine: Machine<'p>,
    /// How far the run without a fault was walked.
    walked: Option<(usize, Moment)>,
    untried: Left,
    control: Left,
    /// What a device is that boots with this flash.
    booted: HashMap<Vec<Vec<u8>>, Option<Standing>>,
    /// What it may be after such a boot.
    allowed: [Option<Standing>; 2],
}

impl<'p> Campaign<'p> {
    /// Tries one input.
    pub(crate) fn run(&'p self, number: usize) -> Outcome<Row> {
        let mut bench = Bench::new(self, number)?;
        let route = Route::new(bench.machine.trace()?);
        let mut dice = Dice::new(self.seed.wrapping_mul(0x100).wrapping_add(number as u64));
        let len = |at| {
            let wanted = self.program.is_within(at, self.within)
                && self.at.is_none_or(|wanted| wanted == at);
            match self.program.instruction(at) {
                Ok([_, _]) if wanted => 2,
                Ok(_) if wanted => 4,
                _ => 0,
            }
        };
        let trials = plan(&route, self.extent, &mut dice, len);
        let mut row = Row {
            instructions: route.places().count(),
            executions: route.trace().len(),
            ..Row::default()
        };
        for (batch, part) in trials.chunks(BATCH).enumerate() {
            for (trial, (verdict, answer)) in part.iter().zip(bench.run_batch(&route, part)?) {
                bench.count(&mut row, trial, verdict, answer)?;
            }
            if (batch * BATCH) % TOLD > (batch * BATCH + part.len()) % TOLD {
                let done = batch * BATCH + part.len();
                eprintln!("{}: {done} of {}", bench.input.name, trials.len());
            }
        }
        eprintln!(
            "{}: {} tried, {} refused, {} accepted",
            bench.input.name,
            trials.len(),
            row.refused,
            row.wrong.len()
        );
        Ok(row)
    }

    fn machine(&'p self, number: u32, log: &Path) -> Outcome<Machine<'p>> {
        let input = INPUTS.get(number as usize).ok_or("no such input")?;
        Machine::start(self.program, self.image, (number, input), log, self.follow)
    }
}

impl<'p> Bench<'p> {
    fn new(campaign: &'p Campaign<'p>, number: usize) -> Outcome<Self> {
        let input = INPUTS.get(number).ok_or("no such input")?;
        let log = campaign.image.with_extension(format!("{number}.log"));
        let number = u32::try_from(number)?;
        let mut machine = campaign.machine(number, &log)?;
        let untried = machine.untried()?;
        let control = machine.control()?;
        let mut bench = Self {
            campaign,
            input,
            number,
            log,
            machine,
            walked: None,
            allowed: [None, None],
            booted: HashMap::new(),
            untried,
            control,
        };
        bench.check_control()?;
        let flash = [bench.untried.flash.clone(), bench.control.flash.clone()];
        for (allowed, flash) in [0, 1].into_iter().zip(flash) {
            bench.allowed[allowed] = bench.boot(&flash)?;
        }
        Ok(bench)
    }

    /// Without a fault the input is refused, for its reason, and nothing has moved.
    fn check_control(&self) -> Outcome<()> {
        let Left {
            end,
            answer,
            standing,
            ..
        } = &self.control;
        if *end == End::Done && *answer == self.input.answer && standing.is_some() {
            return Ok(());
        }
        let told = format!("{end:?}, {answer:#x} instead of {:#x}", self.input.answer);
        Err(format!("{} is not refused as it should be: {told}", self.input.name).into())
    }

    /// Makes the machine anew. That takes some hundred trials' time, so it is told why.
    fn restart(&mut self, why: &str) -> Outcome<()> {
        eprintln!("{}: a new machine, {why}", self.input.name);
        self.machine = self.campaign.machine(self.number, &self.log)?;
        Ok(())
    }

    /// Tries a batch; again, one by one on machines of their own, where the machine has suffered by it.
    fn run_batch(&mut self, route: &Route, trials: &[Trial]) -> Outcome<Vec<(Verdict, u32)>> {
        let moments = self.walk(route, trials)?;
        let mut verdicts = Vec::new();
        for (trial, moment) in trials.iter().zip(&moments) {
            verdicts.push(self.run_one(trial, moment)?);
        }
        // The next begin where these have ended.
        if self.is_sound() {
            self.walked = trials
                .last()
                .map(|trial| trial.position)
                .zip(moments.into_iter().last());
            return Ok(verdicts);
        }
        self.restart("since a batch has changed it")?;
        verdicts.clear();
        for (trial, moment) in trials.iter().zip(&moments) {
            verdicts.push(self.run_one(trial, moment)?);
            if !self.is_sound() {
                self.restart("since a trial has changed it")?;
            }
        }
        Ok(verdicts)
    }

    /// The moments right before the instructions that are to be tried.
    fn walk(&mut self, route: &Route, trials: &[Trial]) -> Outcome<Vec<Moment>> {
        let from = self.walked.take();
        let mut position = from.as_ref().map_or(0, |(position, _)| *position);
        let mut ways = Vec::new();
        for trial in trials {
            ways.push(route.way(position, trial.position));
            position = trial.position;
        }
        let from = from.map(|(_, moment)| moment);
        let walked = self.machine.walk(from.as_ref(), &ways);
        if let Err(error) = &walked {
            self.restart(&error.to_string())?;
            return self.machine.walk(from.as_ref(), &ways);
        }
        walked
    }

    fn is_sound(&mut self) -> bool {
        let same = self
            .machine
            .control()
            .is_ok_and(|left| left == self.control);
        same && self.machine.is_whole().unwrap_or(false)
    }

    /// Tries; what does not come to an end, on a new machine once more.
    fn run_one(&mut self, trial: &Trial, moment: &Moment) -> Outcome<(Verdict, u32)> {
        for _ in 0..2 {
            let left = self.machine.attempt(&Attempt::Faulty(trial, moment));
            let judged = left.and_then(|left| Ok((self.judge(&left)?, left.answer)));
            match (judged, self.machine.lost) {
                (Ok(judged), _) => {
                    self.machine.tell_account(trial, moment)?;
                    return Ok(judged);
                }
                (Err(error), None) => self.restart(&error.to_string())?,
                (Err(_), Some(end)) => {
                    self.restart("since a trial has ended the one before")?;
                    let verdict = if end == End::Hung {
                        Verdict::Hung
                    } else {
                        Verdict::Crashed
                    };
                    return Ok((verdict, 0));
                }
            }
        }
        eprintln!("{}: not to be made: {trial:?}", self.input.name);
        Ok((Verdict::Untried, 0))
    }

    fn judge(&mut self, left: &Left) -> Outcome<Verdict> {
        if left.end == End::Driven {
            return Ok(Verdict::Accepted("the actuator was driven".to_owned()));
        }
        let booted = self.boot(&left.flash)?;
        let [before, _] = &self.allowed;
        // Flash is RAM here, so that a fault that writes anywhere can spoil it, as it cannot spoil flash.
        let mut garbled = booted.is_some() && !self.allowed.contains(&booted);
        let changes = self.input.opens == Opens::Change;
        if let (Some(found), Some(before)) = (&booted, before)
            && changes
            && standing::is_accept(before, found)
        {
            return Ok(Verdict::Accepted(format!(
                "in flash, {}",
                standing::differs(before, found)
            )));
        }
        if let (Some(found), Some(before)) = (&left.standing, &self.untried.standing) {
            if changes && standing::is_accept(before, found) {
                return Ok(Verdict::Accepted(format!(
                    "in RAM, {}",
                    standing::differs(before, found)
                )));
            }
            garbled |= ![&self.untried.standing, &self.control.standing].contains(&&left.standing);
        }
        Ok(match left.end {
            _ if booted.is_none() => Verdict::Dead,
            End::Done if garbled => Verdict::Garbled,
            End::Done if left.standing.is_some() => Verdict::Refused,
            End::Done | End::Driven | End::Crashed => Verdict::Crashed,
            End::Hung => Verdict::Hung,
        })
    }

    /// What a device is that boots with this flash.
    fn boot(&mut self, flash: &[Vec<u8>]) -> Outcome<Option<Standing>> {
        if let Some(known) = self.booted.get(flash) {
            return Ok(*known);
        }
        let found = self.machine.inspect(flash)?;
        self.booted.insert(flash.to_vec(), found);
        Ok(found)
    }

    fn count(
        &mut self,
        row: &mut Row,
        trial: &Trial,
        verdict: Verdict,
        answer: u32,
    ) -> Outcome<()> {
        match trial.fault {
            Fault::Skip => row.skips += 1,
            Fault::Flip(_) => row.flips += 1,
        }
        match verdict {
            Verdict::Refused => row.refused += 1,
            Verdict::Crashed => row.crashed += 1,
            Verdict::Untried => row.untried += 1,
            Verdict::Hung => row.hung += 1,
            Verdict::Dead => row.dead += 1,
            Verdict::Garbled => row.garbled += 1,
            Verdict::Accepted(evidence) => {
                let wrong = Wrong {
                    fault: trial.fault,
                    execution: trial.execution,
                    place: self.campaign.program.place(trial.at),
                    instruction: self.machine.disassembled(trial.at)?,
                    evidence,
                    answer,
                };
                eprintln!("{}: {}", self.input.name, wrong.told());
                row.wrong.push(wrong);
            }
        }
        Ok(())
    }
}

impl Wrong {
    /// A line for people.
    pub(crate) fn told(&self) -> String {
        let Self {
            execution,
            place,
            instruction,
            evidence,
            answer,
            ..
        } = self;
        let fault = match self.fault {
            Fault::Skip => "skipped".to_owned(),
            Fault::Flip(bit) => format!("bit {bit} flipped"),
        };
        format!("{evidence} ({answer:#x}): `{instruction}` {fault}, execution {execution}, {place}")
    }
}
