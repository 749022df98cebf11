//! `latch device list`

use clap::Args;
use latch_operator::{Fields, Record, key_kept_name};

use crate::{cli::Globals, context::Context, failure::Failure, output::Output};

/// List the enrolled devices
#[derive(Args)]
#[command(
    after_help = "Examples:\n  latch device list\n  latch device list --json | jq -r .device"
)]
pub(crate) struct ListArgs {}

pub(crate) fn run(globals: &Globals, output: Output, _: &ListArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let records = context.project.registry().all()?;
    for record in &records {
        let words = format_args!(
            "{:32}  {:16}  incarnation {}  key {}",
            record.device.as_str(),
            record.product.to_string(),
            record.incarnation,
            record.key.id()
        )
        .to_string();
        output.result(&fields(record), words);
    }
    if records.is_empty() {
        output.note("no device is enrolled yet: see `latch device enroll --help`");
    }
    Ok(())
}

/// A record for programs.
pub(super) fn fields(record: &Record) -> Fields {
    Fields::new()
        .text("device", &record.device)
        .text("product", record.product)
        .with("incarnation", record.incarnation)
        .text("key_id", record.key.id())
        .text("key", latch_verify::types::Digest(*record.key.bytes()))
        .with("key_kept", key_kept_name(record.key_kept))
        .with("enrolled_at", record.enrolled_at.as_str())
}
