//! `latch open`

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
The latch closes by itself when its time is over, at a boot, and when what its rule asks for
no longer holds. max-open in root.toml says for how long it may stay open in all; a latch
without it never opens for a time.

Examples:
  latch open pump-7 maintenance --for 10m --wait
  latch open pump-7 maintenance --for 10m --out open.code   # for others to sign too";

/// Open a latch of a device for a time
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct OpenArgs {
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

pub(crate) fn run(globals: &Globals, output: Output, args: &OpenArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let wanted = Wanted {
        device: &args.device,
        change: Change::Open {
            seconds: args.seconds,
        },
        latch: Some(&args.latch),
        twin_version: None,
    };
    send(&context, wanted, &args.signing, &args.wait)
}
