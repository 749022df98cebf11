//! `latch inspect`

use std::path::PathBuf;

use clap::Args;
use latch_operator::{Record, describe};

use crate::{
    cli::Globals,
    context::{Context, read_statement},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
With a project, each signature is checked with the key of the trust root, or of the device,
that made it: `good` says how that went, and a dash that the key is not known here.

Examples:
  latch inspect change.code
  latch inspect root.latch --json | jq .latches";

/// Show what any statement says, and who has signed it
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct InspectArgs {
    /// The statement: code, trust root, manifest, enrolment, receipt or state
    file: PathBuf,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &InspectArgs) -> Result<(), Failure> {
    let context = Context::open_if_there(globals, output)?;
    let trust = context.as_ref().map(Context::trust).transpose()?;
    let records: Vec<Record> = match &context {
        Some(context) => context.project.registry().all()?,
        None => Vec::new(),
    };
    let statement = read_statement(&args.file)?;
    let fields = describe(&statement, trust.as_ref(), &|device| {
        records
            .iter()
            .find(|record| record.device == *device)
            .map(|record| record.key)
    })?;
    output.show(&fields);
    Ok(())
}
