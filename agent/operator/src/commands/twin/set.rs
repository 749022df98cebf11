//! `latch twin set`

use std::path::PathBuf;

use clap::Args;
use latch_issue::{Change, Patch};
use latch_verify::types::DeviceId;

use crate::{
    cli::Globals,
    context::{Context, read_text},
    failure::Failure,
    output::Output,
    sending::{WaitArgs, Wanted, send},
    signing::SigningArgs,
};

const AFTER_HELP: &str = "\
A value is true, false, null (which deletes), a whole number, JSON text in quotes, or else
the text itself. All changes of one command are one code: they are made together or not at
all, and belong behind one latch.

Examples:
  latch twin set pump-7 pump/limit=5 name=\"north side\" --wait
  latch twin set pump-7 --patch change.json --expect-version 12 --wait --timeout 1m
  echo '{\"pump\": {\"limit\": null}}' | latch twin set pump-7 --patch -
  latch twin set pump-7 safety/limit=9 --out change.code   # for others to sign too";

/// Change desired values by a signed code
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SetArgs {
    /// The device
    device: DeviceId,
    /// What to set: path=value
    #[arg(
        value_name = "PATH=VALUE",
        required_unless_present = "patch",
        conflicts_with = "patch"
    )]
    assignments: Vec<String>,
    /// Take a JSON merge patch (RFC 7396) from a file, or from stdin (-)
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,
    /// Only if the twin has this version still
    #[arg(long, value_name = "N")]
    expect_version: Option<u64>,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &SetArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let patch = match &args.patch {
        Some(file) => Patch::from_text(&read_text(file)?)?,
        None => Patch::from_assignments(&args.assignments)?,
    };
    if patch.entries().is_empty() {
        return Err(Failure::usage(
            "the patch changes nothing: name at least one value",
        ));
    }
    let wanted = Wanted {
        device: &args.device,
        change: Change::SetTwin(patch),
        latch: None,
        twin_version: args.expect_version,
    };
    send(&context, wanted, &args.signing, &args.wait)
}
