//! `latch stop`

use std::path::PathBuf;

use clap::Args;
use latch_issue::{stop_slip, verify_revocation};
use latch_operator::Fields;
use latch_verify::statement::StopSlip;

use crate::{
    announcing::{Announcement, WaitForArgs, keep},
    cli::Globals,
    context::{Context, block_on, read_statement},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
The code's issuer signs the slip if the project has its key, or else as many root keys as the
root asks for. A device that has the slip refuses the code; where the code was used before,
the latch that it had opened closes, and the download that it had begun ends. What is done
is done. The broker keeps the slip for devices that come later.

Examples:
  latch stop install.code
  latch stop install.code --out install.stop   # beforehand: whoever has it can stop the code
  latch publish install.stop                   # then, with no key";

/// Void one code by a stop slip
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct StopArgs {
    /// The code
    #[arg(value_name = "CODE-FILE")]
    code: PathBuf,
    /// Sign with this key instead of the project's (repeat for more)
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Write the slip to a file instead of publishing it
    #[arg(long, value_name = "FILE", conflicts_with = "wait")]
    out: Option<PathBuf>,
    #[command(flatten)]
    wait: WaitForArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &StopArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let trust = context.trust()?;
    let code = read_statement(&args.code)?;
    let draft = stop_slip(&code)?;
    let slip: StopSlip = draft.body()?;
    let keys = context.project.revoking_keys(slip.issuer, &args.keys)?;
    let about = Fields::new()
        .text("statement", draft.id())
        .text("code", slip.statement)
        .text("issuer", slip.issuer);
    let statement = draft.sign(&keys.iter().collect::<Vec<_>>())?;
    let missing = verify_revocation(&statement, &trust).err();
    if let Some(out) = &args.out {
        return keep(&context, &statement, about, missing, out, None);
    }
    if let Some(refusal) = missing {
        return Err(Failure::not_sent("every device", refusal));
    }
    let announcement = Announcement {
        statement: &statement,
        trust: &trust,
        about,
    };
    block_on(announcement.send(&context, &args.wait))
}
