//! Compares what the verifier costs with what it did when it was last recorded, and with its hard limits.
//!
//! `latch-budget check|record FOLDER TARGET=PROGRAMS...`, where FOLDER holds budget.toml and README.md, and PROGRAMS
//! the linked programs of a target with `walk.log`, what the program `walk` has told. `tests/budget` calls it.

mod compare;
mod file;
mod lines;
mod programs;
mod table;
mod walk;

use std::{
    error::Error,
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use file::Budget;
use lines::Lines;

type Outcome<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: latch-budget check|record FOLDER TARGET=PROGRAMS...";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("latch-budget: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome<bool> {
    let [action, folder, targets @ ..] = arguments else {
        return Err(USAGE.into());
    };
    let folder = Path::new(folder);
    let measured = measure(targets)?;
    let file = folder.join("budget.toml");
    let budget = Budget::parse(&fs::read_to_string(&file)?)?;
    let readme = folder.join("README.md");
    let text = fs::read_to_string(&readme)?;
    match action.as_str() {
        "check" => {
            print!("{}", table::render(&measured, &budget.limits));
            let recorded = table::render(&budget.recorded, &budget.limits);
            let mut findings = compare::findings(&measured, &budget);
            if table::replace(&text, &recorded)? != text {
                findings.push("README.md shows another table than budget.toml: record both".into());
            }
            let mut notes = compare::notes(&measured, &budget);
            let compiler = compiler()?;
            if compiler != budget.compiler {
                notes.push(format!(
                    "this is {compiler}, and the record was made by {}",
                    budget.compiler
                ));
            }
            Ok(report(&findings, &notes))
        }
        "record" => {
            let recorded = budget.record(measured, &compiler()?)?;
            let shown = table::render(&recorded.recorded, &recorded.limits);
            print!("{shown}");
            fs::write(&readme, table::replace(&text, &shown)?)?;
            fs::write(&file, recorded.render())?;
            Ok(true)
        }
        _ => Err(USAGE.into()),
    }
}

/// Everything that was measured, for each target.
fn measure(targets: &[String]) -> Outcome<Lines> {
    let mut measured = Lines::default();
    for target in targets {
        let (target, folder) = target.split_once('=').ok_or(USAGE)?;
        let folder = Path::new(folder);
        programs::measure(target, folder, &mut measured)?;
        let log = fs::read_to_string(folder.join("walk.log"))?;
        walk::read(target, &log, &mut measured)?;
        walk::derive(target, &mut measured)?;
    }
    Ok(measured)
}

/// The compiler's version: another one makes other code.
fn compiler() -> Outcome<String> {
    let told = Command::new("rustc").arg("--version").output()?;
    Ok(String::from_utf8(told.stdout)?.trim().to_owned())
}

fn report(findings: &[String], notes: &[String]) -> bool {
    for note in notes {
        println!("note: {note}");
    }
    for finding in findings {
        println!("over budget: {finding}");
    }
    findings.is_empty()
}
