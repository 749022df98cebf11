//! `latch device show`

use clap::Args;
use latch_operator::{describe_components, describe_status, fetch_state};
use latch_verify::types::DeviceId;

use super::list;
use crate::{
    cli::Globals,
    context::{Context, block_on},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
Examples:
  latch device show pump-7
  latch device show pump-7 --state";

/// Show what is recorded of a device, and what it last said of itself
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ShowArgs {
    /// The device
    device: DeviceId,
    /// Also fetch its last state from the broker, checked with the recorded key
    #[arg(long)]
    state: bool,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &ShowArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let record = context.record(&args.device)?;
    let mut fields = list::fields(&record);
    if args.state {
        let state = block_on(async {
            let mut link = context.connect().await?;
            let fetched =
                fetch_state(&mut link, &context.topics()?, &record, context.tenant()).await;
            link.close().await;
            Ok(fetched?.1)
        })?;
        fields.set("receipts", state.receipts);
        fields.set(
            "status",
            describe_status(&state.status, Some(&context.trust()?)),
        );
        if let Some(components) = describe_components(state.components.iter().copied()) {
            fields.set("components", components);
        }
    }
    output.show(&fields);
    Ok(())
}
