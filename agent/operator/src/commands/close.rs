//! `latch close`

use clap::Args;
use latch_issue::Change;
use latch_verify::types::DeviceId;

use crate::{
    cli::Globals,
    context::Context,
    failure::Failure,
    output::Output,
    sending::{WaitArgs, Wanted, send},
    signing::SigningArgs,
};

const AFTER_HELP: &str = "\
Closing asks for less than opening: one operator signs, whatever the rule asks for otherwise,
and no challenge is answered. A latch that is closed already is closed again.

Examples:
  latch close pump-7 maintenance --wait
  latch close pump-7 maintenance --life 15m --out close.code   # to have it at hand";

/// Close a latch of a device
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CloseArgs {
    /// The device
    device: DeviceId,
    /// The latch, by its name in root.toml
    latch: String,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &CloseArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let wanted = Wanted {
        device: &args.device,
        change: Change::Close,
        latch: Some(&args.latch),
        twin_version: None,
    };
    send(&context, wanted, &args.signing, &args.wait)
}
