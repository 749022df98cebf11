//! `latch device provision`

use std::path::PathBuf;

use clap::Args;
use latch_issue::ProvisionBundle;
use latch_operator::{Fields, read_bounded};
use latch_verify::limits::MAX_ENVELOPE;

use crate::{
    cli::Globals, context::block_on, failure::Failure, output::Output, reaching::LineArgs,
};

/// Longest bundle that is read: a root and an enrolment, each no longer than any envelope.
const MAX_BUNDLE: u64 = 2 * MAX_ENVELOPE as u64 + 2;

const AFTER_HELP: &str = "\
Happens once in a device's life: it learns who it is and whose codes it obeys. An agent whose
configuration names the bundle does the same.

Examples:
  latch device provision --link /dev/ttyUSB0 devices/pump-7.bundle
  latch device provision --link tcp:127.0.0.1:4321 pump-7.bundle";

/// Give a new device behind a link what it is to trust
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ProvisionArgs {
    #[command(flatten)]
    line: LineArgs,
    /// The bundle that `latch device enroll` has written
    bundle: PathBuf,
}

pub(crate) fn run(_: &Globals, output: Output, args: &ProvisionArgs) -> Result<(), Failure> {
    let bundle = ProvisionBundle::from_bytes(&read_bounded(&args.bundle, MAX_BUNDLE)?)?;
    let identity = block_on(async {
        let mut device = args.line.connect().await?;
        device
            .provision(bundle.root().bytes(), bundle.enrolment().bytes())
            .await?;
        let identity = device.identity().cloned();
        identity.ok_or_else(|| {
            Failure::failed("the device took the bundle, and does not say that it is provisioned")
        })
    })?;
    let fields = Fields::new()
        .text("device", &identity.device)
        .text("tenant", identity.tenant)
        .text("product", identity.product)
        .with("incarnation", identity.incarnation)
        .with("provisioned", true);
    output.result(
        &fields,
        format_args!(
            "{} of the tenant {} is provisioned",
            identity.device, identity.tenant
        ),
    );
    Ok(())
}
