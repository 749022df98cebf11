//! `latch unlock`

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
The latch `trust` stands before it, with all that its rule asks for. What the lockdown had
closed stays closed.

Examples:
  latch unlock pump-7 --wait
  latch unlock pump-7 --out unlock.code   # for others to sign too";

/// Lift the lockdown of a device
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct UnlockArgs {
    /// The device
    device: DeviceId,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &UnlockArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let wanted = Wanted {
        device: &args.device,
        change: Change::Unlock,
        latch: None,
        twin_version: None,
    };
    send(&context, wanted, &args.signing, &args.wait)
}
