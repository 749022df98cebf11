//! One input: every fault that was planned, and what has come of it.

use std::path::Path;

use crate::{
    Outcome,
    bench::Bench,
    fault::{Fault, Trial},
    machine::BATCH,
    plan::{Dice, Extent, plan},
    program::Program,
    record::Record,
    route::Route,
    verdict::Verdict,
};

/// Trials after which is told how far it has come.
const TOLD: usize = 2_000;

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
    pub(crate) monitor: &'p Program,
    pub(crate) image: &'p Path,
    pub(crate) extent: Extent,
    pub(crate) seed: u64,
    /// What the names of functions have in them whose instructions are tried.
    pub(crate) within: &'p str,
    /// The one instruction that is tried.
    pub(crate) at: Option<u32>,
    /// Where it is written where each trial went after its fault.
    pub(crate) follow: Option<&'p Path>,
    /// Trials of each input that are made by the debugger alone, too.
    pub(crate) twice: usize,
    /// Where it is kept what has come of each input so far.
    pub(crate) keep: Option<&'p Path>,
}

impl Campaign<'_> {
    /// Tries one input.
    pub(crate) fn run(&self, number: usize) -> Outcome<Row> {
        let mut bench = Bench::new(self, number)?;
        let route = Route::new(bench.trace()?);
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
        let twice: Vec<usize> = match trials.len() {
            0 => Vec::new(),
            len => (0..self.twice).map(|_| dice.below(len)).collect(),
        };
        let name = bench.name();
        let mut row = Row {
            instructions: route.places().count(),
            executions: route.trace().len(),
            ..Row::default()
        };
        let programs = [&*self.program.code, &*self.monitor.code];
        let mut record = match self.keep {
            Some(folder) => {
                let path = folder.join(name.replace(' ', "-").replace(',', ""));
                Some(Record::open(&path, programs, &trials)?)
            }
            None => None,
        };
        for (batch, part) in trials.chunks(BATCH).enumerate() {
            let before = batch * BATCH;
            if let Some(known) = record.as_ref().and_then(|record| record.known(batch)) {
                for (trial, verdict) in part.iter().zip(known) {
                    row.count(trial, verdict);
                }
                continue;
            }
            let twice: Vec<usize> = twice
                .iter()
                .filter_map(|number| number.checked_sub(before).filter(|at| *at < part.len()))
                .collect();
            let judged = bench.run_batch(&route, part, &twice)?;
            for (trial, judged) in part.iter().zip(&judged) {
                row.count(trial, &judged.verdict);
                if let Verdict::Accepted(evidence) = &judged.verdict {
                    let wrong = Wrong {
                        fault: trial.fault,
                        execution: trial.execution,
                        place: self.program.place(trial.at),
                        instruction: bench.disassembled(trial.at)?,
                        evidence: evidence.clone(),
                        answer: judged.answer,
                    };
                    eprintln!("{name}: {}", wrong.told());
                    row.wrong.push(wrong);
                }
            }
            if let Some(record) = &mut record {
                let verdicts: Vec<Verdict> = judged.into_iter().map(|it| it.verdict).collect();
                record.keep(batch, &verdicts)?;
            }
            let done = before + part.len();
            if before % TOLD > done % TOLD {
                eprintln!("{name}: {done} of {}", trials.len());
            }
        }
        eprintln!(
            "{name}: {} tried, {} refused, {} accepted; {} contents of flash were booted, {} new machines",
            trials.len(),
            row.refused,
            row.wrong.len(),
            bench.booted(),
            bench.restarts
        );
        Ok(row)
    }
}

impl Row {
    /// Counts what has come of a trial, unless it has opened something.
    fn count(&mut self, trial: &Trial, verdict: &Verdict) {
        match trial.fault {
            Fault::Skip => self.skips += 1,
            Fault::Flip(_) => self.flips += 1,
        }
        match verdict {
            Verdict::Refused => self.refused += 1,
            Verdict::Crashed => self.crashed += 1,
            Verdict::Untried => self.untried += 1,
            Verdict::Hung => self.hung += 1,
            Verdict::Dead => self.dead += 1,
            Verdict::Garbled => self.garbled += 1,
            Verdict::Accepted(_) => {}
        }
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
