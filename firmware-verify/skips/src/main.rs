#![forbid(unsafe_code)]
//! Skips instructions of a device while it judges what it must refuse, one execution of one instruction at a time, and
//! fails if anything opens.
//!
//! `latch-skips PROGRAM MONITOR [--sample N] [--executions N] [--flips N] [--seed N] [--within NAME] [--at ADDRESS] [--follow FILE]
//! [--twice N] [--keep FOLDER] [--jobs N] [INPUT]...`, where PROGRAM is the linked `latch-skips-device`, and MONITOR `latch-skips-monitor`.
//! `tests/skips` calls it.

mod bench;
mod campaign;
mod desk;
mod ends;
mod fault;
mod follow;
mod gdb;
mod inputs;
mod launch;
mod machine;
mod moment;
mod plan;
mod program;
mod record;
mod route;
mod standing;
mod table;
mod trace;
mod verdict;

use std::{
    error::Error,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use campaign::{Campaign, Row};
use inputs::INPUTS;
use plan::Extent;
use program::Program;

type Outcome<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: latch-skips PROGRAM MONITOR [--sample N] [--executions N] [--flips N] [--seed N] [--within NAME] \
    [--at ADDRESS] [--follow FILE] [--twice N] [--keep FOLDER] [--jobs N] [INPUT]...";

/// What is asked for.
struct Asked {
    image: PathBuf,
    monitor: PathBuf,
    extent: Extent,
    seed: u64,
    within: String,
    at: Option<u32>,
    follow: Option<PathBuf>,
    twice: usize,
    keep: Option<PathBuf>,
    jobs: usize,
    inputs: Vec<usize>,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| run(&asked)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("latch-skips: {error}");
            ExitCode::from(2)
        }
    }
}

fn asked() -> Outcome<Asked> {
    let mut arguments = std::env::args().skip(1);
    let mut asked = Asked {
        image: arguments.next().ok_or(USAGE)?.into(),
        monitor: arguments.next().ok_or(USAGE)?.into(),
        extent: Extent {
            executions: 6,
            skips: None,
            flips: 0,
        },
        seed: 1,
        within: String::new(),
        at: None,
        follow: None,
        twice: 3,
        keep: None,
        jobs: thread::available_parallelism().map_or(1, usize::from),
        inputs: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        let mut text = || arguments.next().ok_or(USAGE);
        match argument.as_str() {
            "--within" => {
                asked.within = text()?;
                continue;
            }
            "--at" => {
                let digits = text()?;
                asked.at = Some(u32::from_str_radix(digits.trim_start_matches("0x"), 16)?);
                continue;
            }
            "--keep" => {
                asked.keep = Some(text()?.into());
                continue;
            }
            "--follow" => {
                asked.follow = Some(text()?.into());
                continue;
            }
            _ => {}
        }
        let mut number = || -> Outcome<usize> { Ok(text()?.parse()?) };
        match argument.as_str() {
            "--sample" => asked.extent.skips = Some(number()?),
            "--executions" => asked.extent.executions = number()?,
            "--flips" => asked.extent.flips = number()?,
            "--seed" => asked.seed = u64::try_from(number()?)?,
            "--twice" => asked.twice = number()?,
            "--jobs" => asked.jobs = number()?.max(1),
            name => {
                let found = INPUTS.iter().position(|input| input.name == name);
                asked
                    .inputs
                    .push(found.ok_or_else(|| format!("no input '{name}': {}", names()))?);
            }
        }
    }
    if asked.inputs.is_empty() {
        asked.inputs = (0..INPUTS.len()).collect();
    }
    Ok(asked)
}

fn names() -> String {
    let names: Vec<&str> = INPUTS.iter().map(|input| input.name).collect();
    format!("the inputs are {}", names.join(", "))
}

/// Tries every input, and says whether nothing has opened.
fn run(asked: &Asked) -> Outcome<bool> {
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<(usize, Result<Row, String>)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..asked.jobs.min(asked.inputs.len()) {
            scope.spawn(|| {
                while let Some(input) = asked.inputs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let monitor = Program::load(&asked.monitor);
                    let programs = Program::load(&asked.image).and_then(|it| Ok((it, monitor?)));
                    let row = programs.and_then(|(program, monitor)| {
                        let campaign = Campaign {
                            program: &program,
                            monitor: &monitor,
                            image: &asked.image,
                            extent: asked.extent,
                            seed: asked.seed,
                            within: &asked.within,
                            at: asked.at,
                            follow: asked.follow.as_deref(),
                            twice: asked.twice,
                            keep: asked.keep.as_deref(),
                        };
                        campaign.run(*input)
                    });
                    let row = row.map_err(|error| format!("{}: {error}", INPUTS[*input].name));
                    rows.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((*input, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|(input, _)| *input);
    let rows: Vec<(usize, Row)> = rows
        .into_iter()
        .map(|(input, row)| Ok((input, row?)))
        .collect::<Outcome<_>>()?;
    let program = Program::load(&asked.image)?;
    print!("{}", table::render(&rows, &program.excluded()));
    Ok(rows.iter().all(|(_, row)| row.wrong.is_empty()))
}
