//! `latch twin get`

use std::path::PathBuf;

use clap::Args;
use latch_operator::{Fields, fetch_state, state_of, twin_tree};
use latch_verify::types::DeviceId;

use crate::{
    cli::Globals,
    context::{Context, block_on, read_envelope},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
The state was left with the broker by the device itself, signed with its key. The broker
can withhold a newer one, and cannot alter it.

Examples:
  latch twin get pump-7
  latch twin get pump-7 --json | jq .twin.pump.limit";

/// Read a device's twin from its signed state
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct GetArgs {
    /// The device
    device: DeviceId,
    /// Take the signed state from a file instead of the broker
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &GetArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let record = context.record(&args.device)?;
    let state = match &args.state {
        Some(file) => state_of(read_envelope(file)?, &record, context.tenant())?,
        None => block_on(async {
            let mut link = context.connect().await?;
            let fetched =
                fetch_state(&mut link, &context.topics()?, &record, context.tenant()).await;
            link.close().await;
            Ok(fetched?.1)
        })?,
    };
    let fields = Fields::new()
        .text("device", &state.device)
        .with("twin_version", state.status.twin_version)
        .with("receipts", state.receipts)
        .with("twin", twin_tree(state.twin.entries()));
    output.show(&fields);
    Ok(())
}
