//! `latch device request`

use std::path::PathBuf;

use clap::Args;
use latch_issue::EnrolmentRequest;
use latch_operator::{Fields, write_new};
use latch_verify::{
    types::{DeviceId, ProductId, TenantId},
    verdict::Identity,
};

use crate::{
    cli::Globals,
    context::{Context, block_on, shown},
    failure::Failure,
    output::Output,
    reaching::LineArgs,
};

const AFTER_HELP: &str = "\
The device makes its key by itself, and never tells it. Whoever holds the line could answer in
the device's place: be sure of the cable, or compare the key id with what the device shows.

Examples:
  latch device request --link /dev/ttyUSB0 --product pump --device pump-7
  latch device request --link unix:pump-7.sock --product pump --device pump-7 --out pump-7.request
and then:
  latch device enroll pump-7.request
  latch device provision --link /dev/ttyUSB0 devices/pump-7.bundle";

/// Have a device behind a link make its request to be enrolled
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    line: LineArgs,
    /// The tenant, where there is no project to say it
    #[arg(long)]
    tenant: Option<TenantId>,
    /// The hardware class
    #[arg(long)]
    product: ProductId,
    /// The device's name, one of a kind in its tenant
    #[arg(long)]
    device: DeviceId,
    /// Raise it whenever a device of this name is enrolled again: older codes are void then
    #[arg(long, default_value_t = 1)]
    incarnation: u32,
    /// Where to write the request [default: NAME.request]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &RequestArgs) -> Result<(), Failure> {
    let tenant = match args.tenant {
        Some(tenant) => tenant,
        None => Context::open(globals, output)
            .map_err(|failure| failure.hint("or name the tenant by --tenant"))?
            .tenant(),
    };
    let name = Identity {
        tenant,
        product: args.product,
        device: args.device.clone(),
        incarnation: args.incarnation,
    };
    let bytes = block_on(async {
        let mut device = args.line.connect().await?;
        Ok(device.request(&name).await?)
    })?;
    let request = EnrolmentRequest::from_bytes(bytes.clone())?;
    let asked = request.enrolment();
    let made = (
        asked.tenant,
        asked.product,
        &asked.device,
        asked.incarnation,
    );
    if made != (name.tenant, name.product, &name.device, name.incarnation) {
        return Err(Failure::failed(format_args!(
            "the device has made a request for another name: {} of the tenant {}",
            asked.device, asked.tenant
        )));
    }
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| format!("{}.request", args.device).into());
    write_new(&out, &bytes)?;
    let fields = Fields::new()
        .text("device", &asked.device)
        .text("tenant", asked.tenant)
        .text("product", asked.product)
        .with("incarnation", asked.incarnation)
        .text("key_id", request.key_id()?)
        .with("file", shown(&out));
    output.show(&fields);
    output.note(format_args!(
        "Next: `latch device enroll {}`, then `latch device provision --link {} BUNDLE`.",
        out.display(),
        args.line.link
    ));
    Ok(())
}
