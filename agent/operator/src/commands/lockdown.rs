//! `latch lockdown`

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
Every open latch closes, and the device takes nothing any more but codes that close, new trust
roots, revocations, the time, and `latch unlock`. A download under way ends. It asks for little: one
operator signs, and no challenge is answered.

Examples:
  latch lockdown pump-7 --wait
  latch lockdown pump-7 --life 1h --out lockdown.code   # to have it at hand";

/// Shut everything on a device, until it is unlocked
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct LockdownArgs {
    /// The device
    device: DeviceId,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &LockdownArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let wanted = Wanted {
        device: &args.device,
        change: Change::Lockdown,
        latch: None,
        twin_version: None,
    };
    send(&context, wanted, &args.signing, &args.wait)
}
