//! `latch renew`

use clap::Args;
use latch_issue::Change;
use latch_operator::duration;
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
The time counts from when the device takes the code; max-open in root.toml, from when the latch
was opened. Renewing is the heartbeat that some rules ask for.

Examples:
  latch renew pump-7 maintenance --for 10m --wait";

/// Keep an open latch of a device open for longer
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RenewArgs {
    /// The device
    device: DeviceId,
    /// The latch, by its name in root.toml
    latch: String,
    /// For how long, from when the device takes the code
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    seconds: u32,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &RenewArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let wanted = Wanted {
        device: &args.device,
        change: Change::Renew {
            seconds: args.seconds,
        },
        latch: Some(&args.latch),
        twin_version: None,
    };
    send(&context, wanted, &args.signing, &args.wait)
}
