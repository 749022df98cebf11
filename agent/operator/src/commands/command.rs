//! `latch command`

use clap::Args;
use latch_issue::{Arguments, Change};
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
A command runs at most once. The trust root says which commands there are, and behind which
latch: [commands] in root.toml.

Examples:
  latch command pump-7 identify seconds=10 --wait
  latch command pump-7 restart --wait --timeout 2m";

/// Run a command on a device by a signed code
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CommandArgs {
    /// The device
    device: DeviceId,
    /// The command
    name: String,
    /// Its arguments: name=value
    #[arg(value_name = "NAME=VALUE")]
    arguments: Vec<String>,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &CommandArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let arguments = Arguments::from_assignments(&args.arguments)?;
    let change = Change::Command {
        name: args.name.clone(),
        arguments,
    };
    let wanted = Wanted {
        device: &args.device,
        change,
        latch: None,
        twin_version: None,
    };
    send(&context, wanted, &args.signing, &args.wait)
}
