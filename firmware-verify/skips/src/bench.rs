//! A machine on which an input is tried, batch after batch, and what is right on it.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use crate::{
    Outcome,
    campaign::Campaign,
    fault::Trial,
    inputs::{INPUTS, Input, Opens},
    machine::{Attempt, End, Left, Lost, Machine},
    moment::Moment,
    route::Route,
    standing::Standing,
    verdict::{Allowed, Judged, Verdict},
};

/// In what a flash differs from that of the device before: where, and what is there.
type Difference = Vec<(u32, u8)>;

pub(crate) struct Bench<'p> {
    pub(crate) campaign: &'p Campaign<'p>,
    /// Machines that were made anew.
    pub(crate) restarts: usize,
    input: &'static Input,
    number: u32,
    log: PathBuf,
    machine: Machine<'p>,
    /// How far the run without a fault was walked.
    walked: Option<(usize, Moment)>,
    untried: Left,
    control: Left,
    /// What a device is that boots with this flash: nothing else goes into a boot.
    booted: HashMap<Difference, Option<Standing>>,
    allowed: Allowed,
}

/// What has come of a trial, before the device was booted.
#[derive(Clone)]
enum Found {
    Left(Left),
    /// The machine was gone.
    Lost(End),
    /// It could not be made.
    Nothing,
}

/// How a machine has come through some runs.
enum Ran {
    /// It does without a fault what it did first.
    Well(Vec<Left>),
    /// It is gone.
    Lost(Lost),
    /// It does something else.
    Ill,
}

impl<'p> Bench<'p> {
    pub(crate) fn new(campaign: &'p Campaign<'p>, number: usize) -> Outcome<Self> {
        let input = INPUTS.get(number).ok_or("no such input")?;
        let log = campaign.image.with_extension(format!("{number}.log"));
        let number = u32::try_from(number)?;
        let mut machine = start(campaign, number, input, &log)?;
        let (left, None) = machine.run(&[Attempt::Tell, Attempt::Whole])? else {
            return Err("a run without a fault has no end".into());
        };
        let [untried, control] = <[Left; 2]>::try_from(left).map_err(|_| "no runs")?;
        let allowed = Allowed {
            opens: input.opens,
            standing: [untried.standing, control.standing],
            booted: [None, None],
        };
        let mut bench = Self {
            campaign,
            restarts: 0,
            input,
            number,
            log,
            machine,
            walked: None,
            booted: HashMap::new(),
            untried,
            control,
            allowed,
        };
        bench.check_control()?;
        let flash = [bench.untried.flash.clone(), bench.control.flash.clone()];
        bench.boot(flash.iter())?;
        bench.allowed.booted = flash.map(|flash| bench.booted_from(&flash));
        // A device that is off is what it boots as.
        if input.opens == Opens::Booted && bench.allowed.standing[0].is_none() {
            bench.allowed.standing[0] = bench.allowed.booted[0];
        }
        Ok(bench)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.input.name
    }

    /// How many contents of flash were booted from.
    pub(crate) fn booted(&self) -> usize {
        self.booted.len()
    }

    pub(crate) fn trace(&mut self) -> Outcome<Vec<u32>> {
        self.machine.trace()
    }

    pub(crate) fn disassembled(&mut self, address: u32) -> Outcome<String> {
        self.machine.disassembled(address)
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
        self.restarts += 1;
        // Both would have the same desk.
        self.machine.end();
        self.machine = start(self.campaign, self.number, self.input, &self.log)?;
        Ok(())
    }

    /// Tries a batch, and some of it once more by hand.
    pub(crate) fn run_batch(
        &mut self,
        route: &Route,
        trials: &[Trial],
        twice: &[usize],
    ) -> Outcome<Vec<Judged>> {
        let moments = self.walk(route, trials)?;
        let found = self.find(trials, &moments)?;
        for number in twice {
            self.compare(&trials[*number], &moments[*number], &found[*number])?;
        }
        for (trial, moment) in trials.iter().zip(&moments) {
            self.machine.tell_account(trial, moment)?;
        }
        // The next begin where these have ended.
        if let (Some(trial), Some(moment)) = (trials.last(), moments.last()) {
            self.walked = Some((trial.position, self.machine.carry_over(moment)?));
        }
        self.boot(found.iter().filter_map(|found| match found {
            Found::Left(left) if left.end != End::Driven => Some(&left.flash),
            _ => None,
        }))?;
        Ok(found.iter().map(|found| self.judge(found)).collect())
    }

    fn judge(&self, found: &Found) -> Judged {
        let (verdict, answer) = match found {
            Found::Left(left) => {
                let booted = self.booted_from(&left.flash);
                (self.allowed.judge(left, booted), left.answer)
            }
            Found::Lost(End::Hung) => (Verdict::Hung, 0),
            Found::Lost(_) => (Verdict::Crashed, 0),
            Found::Nothing => (Verdict::Untried, 0),
        };
        Judged { verdict, answer }
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

    /// Runs a batch, on a machine that does after it without a fault what it did first; one by one where it does not.
    fn find(&mut self, trials: &[Trial], moments: &[Moment]) -> Outcome<Vec<Found>> {
        let mut found = vec![None; trials.len()];
        loop {
            let todo: Vec<usize> = (0..trials.len())
                .filter(|at| found[*at].is_none())
                .collect();
            let attempts: Vec<Attempt<'_>> = todo
                .iter()
                .map(|at| Attempt::Faulty(&trials[*at], &moments[*at]))
                .collect();
            match self.run(&attempts) {
                Ran::Well(left) => {
                    for (at, left) in todo.into_iter().zip(left) {
                        found[at] = Some(Found::Left(left));
                    }
                    return Ok(found.into_iter().flatten().collect());
                }
                Ran::Lost(lost) if lost.at < todo.len() => {
                    found[todo[lost.at]] = Some(Found::Lost(lost.end));
                    self.restart("since a trial has ended the one before")?;
                }
                Ran::Lost(_) | Ran::Ill => break,
            }
        }
        self.restart("since a batch has changed it")?;
        for at in 0..trials.len() {
            let found = &mut found[at];
            if found.is_none() {
                *found = Some(self.find_one(&Attempt::Faulty(&trials[at], &moments[at]))?);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// Runs; what does not come to an end, on a new machine once more.
    fn find_one(&mut self, attempt: &Attempt<'_>) -> Outcome<Found> {
        for _ in 0..2 {
            match self.machine.run(&[*attempt]) {
                Ok((mut left, None)) => {
                    if !self.is_sound() {
                        self.restart("since a trial has changed it")?;
                    }
                    return Ok(left.pop().map_or(Found::Nothing, Found::Left));
                }
                Ok((_, Some(lost))) => {
                    self.restart("since a trial has ended the one before")?;
                    return Ok(Found::Lost(lost.end));
                }
                Err(error) => self.restart(&error.to_string())?,
            }
        }
        eprintln!("{}: a trial is not to be made", self.input.name);
        Ok(Found::Nothing)
    }

    /// Runs, and then without a fault: then the machine has to do what it did first, with its program whole.
    fn run(&mut self, attempts: &[Attempt<'_>]) -> Ran {
        let mut all = attempts.to_vec();
        all.push(Attempt::Whole);
        match self.machine.run(&all) {
            Ok((mut left, None)) => {
                let same = left.pop().as_ref() == Some(&self.control);
                if same && self.machine.is_whole().unwrap_or(false) {
                    Ran::Well(left)
                } else {
                    Ran::Ill
                }
            }
            Ok((_, Some(lost))) => Ran::Lost(lost),
            Err(_) => Ran::Ill,
        }
    }

    fn is_sound(&mut self) -> bool {
        matches!(self.run(&[]), Ran::Well(_))
    }

    /// The debugger alone has to come to the same.
    fn compare(&mut self, trial: &Trial, moment: &Moment, found: &Found) -> Outcome<()> {
        let by_hand = self.machine.run_by_hand(&Attempt::Faulty(trial, moment))?;
        let same = match (&by_hand, found) {
            (Ok(by_hand), Found::Left(found)) => by_hand == found,
            (Err(by_hand), Found::Lost(found)) => by_hand == found,
            _ => false,
        };
        if by_hand.is_err() || !self.is_sound() {
            self.restart("since a trial by hand has changed it")?;
        }
        if same {
            return Ok(());
        }
        Err(format!(
            "{}: by hand it comes to something else: {trial:?}",
            self.input.name
        )
        .into())
    }

    fn difference(&self, flash: &[u8]) -> Difference {
        let bytes = (0..).zip(self.untried.flash.iter().zip(flash));
        let differing = bytes.filter(|(_, (before, after))| before != after);
        differing.map(|(at, (_, after))| (at, *after)).collect()
    }

    fn booted_from(&self, flash: &[u8]) -> Option<Standing> {
        self.booted.get(&self.difference(flash)).copied().flatten()
    }

    /// Boots from what was not booted from before.
    fn boot<'f>(&mut self, flash: impl Iterator<Item = &'f Vec<u8>>) -> Outcome<()> {
        let mut seen = HashSet::new();
        let mut unknown = Vec::new();
        for flash in flash {
            let difference = self.difference(flash);
            if !self.booted.contains_key(&difference) && seen.insert(difference.clone()) {
                unknown.push((difference, flash));
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let boots = unknown.iter().map(|(_, flash)| Attempt::Boot(flash));
        let boots: Vec<Attempt<'_>> = boots.collect();
        let found = match self.run(&boots) {
            Ran::Well(left) => left.into_iter().map(Found::Left).collect(),
            Ran::Lost(_) | Ran::Ill => {
                self.restart("since a boot has changed it")?;
                let found = boots.iter().map(|boot| self.find_one(boot));
                found.collect::<Outcome<Vec<Found>>>()?
            }
        };
        for ((difference, _), found) in unknown.into_iter().zip(found) {
            let standing = match found {
                Found::Left(left) if left.end == End::Driven => {
                    return Err("a boot drives nothing".into());
                }
                Found::Left(left) => left.standing,
                Found::Lost(_) | Found::Nothing => None,
            };
            self.booted.insert(difference, standing);
        }
        Ok(())
    }
}

fn start<'p>(
    campaign: &'p Campaign<'p>,
    number: u32,
    input: &Input,
    log: &std::path::Path,
) -> Outcome<Machine<'p>> {
    let programs = (campaign.program, campaign.monitor);
    Machine::start(
        programs,
        campaign.image,
        (number, input),
        log,
        campaign.follow,
    )
}
