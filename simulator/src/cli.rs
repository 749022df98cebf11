//! What can be asked of `latch-sim`, and how it answers.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use latch_sim::{DemoError, DemoOptions, Report, run_demo};

/// Something was not as it should be.
const FAILURE: u8 = 1;
/// The command line cannot be followed; clap uses the same number.
const USAGE: u8 = 2;

/// Fleets of virtual devices around the production verifier and agent.
#[derive(Debug, Parser)]
#[command(name = "latch-sim", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the product's main job on a fleet of virtual devices, and attack it.
    ///
    /// Starts an MQTT broker, makes a tenant, enrols the devices, changes their twins with one
    /// signed code, rolls an image out to a signed cohort and then to all others, and lets a
    /// hostile relay try what must not be possible. Everything is checked on the devices
    /// themselves and by receipts that they sign.
    #[command(after_help = EXAMPLES)]
    Demo(Demo),
}

const EXAMPLES: &str = "\
Exit status: 0 when everything was as it should be, 1 when something was not (it is named), 2 for wrong usage.

Examples:
  latch-sim demo
  latch-sim demo --devices 200 --cohort 2.5 --json report.json
  latch-sim demo --broker mqtt://localhost:1883 --image firmware.bin";

#[derive(Debug, Args)]
struct Demo {
    #[command(flatten)]
    options: DemoOptions,

    /// Write the report as JSON too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Does what was asked.
pub(crate) async fn run(cli: Cli) -> ExitCode {
    let Command::Demo(Demo { options, json }) = cli.command;
    let report = match run_demo(&options).await {
        Ok(report) => report,
        Err(error) => return fail(&error),
    };
    // A reader that has seen enough, such as `head`, does not change the verdict.
    let _read = write!(io::stdout(), "{report}");
    match json.map(|path| write(&path, &report)) {
        Some(Err(error)) => fail(&error),
        _ if report.passed => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILURE),
    }
}

fn fail(error: &DemoError) -> ExitCode {
    eprintln!("latch-sim: {error}");
    ExitCode::from(if error.is_usage() { USAGE } else { FAILURE })
}

fn write(path: &Path, report: &Report) -> Result<(), DemoError> {
    let failed = |cause| DemoError::File {
        path: path.to_owned(),
        cause,
    };
    let mut text = serde_json::to_string_pretty(report).map_err(|cause| failed(cause.into()))?;
    text.push('\n');
    fs::write(path, text).map_err(failed)
}
