//! `latch probe`

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
A drill: the code is checked like any other and used up, and nothing is done. It shows whether
these keys, this clock and this device would open the latch now.

Examples:
  latch probe pump-7 maintenance --wait
  latch probe pump-7 firmware --key keys/ana.pem --key keys/ben.pem --wait";

/// Have a device check a code behind a latch, and do nothing
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ProbeArgs {
    /// The device
    device: DeviceId,
    /// The latch, by its name in root.toml
    latch: String,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &ProbeArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let wanted = Wanted {
        device: &args.device,
        change: Change::Probe,
        latch: Some(&args.latch),
        twin_version: None,
    };
    send(&context, wanted, &args.signing, &args.wait)
}
