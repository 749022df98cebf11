//! `latch device show`

use std::path::PathBuf;

use clap::Args;
use latch_issue::DeviceState;
use latch_line::Address;
use latch_operator::{
    DirectError, Fields, describe_components, describe_standing, describe_status, fetch_state,
    state_of, write_over,
};
use latch_verify::{Reason, types::DeviceId, verdict::TrustRoot};

use super::list;
use crate::{
    cli::Globals,
    context::{Context, block_on},
    failure::Failure,
    output::Output,
    reaching::IN_RECOVERY,
    reaching::Tuning,
    sending::ANSWER_S,
};

const AFTER_HELP: &str = "\
Examples:
  latch device show pump-7
  latch device show pump-7 --state
  latch device show --link /dev/ttyUSB0
  latch device show --link /dev/ttyUSB0 --out pump-7.state   (for --state of what signs codes)";

/// Show what is recorded of a device, and what it last said of itself
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ShowArgs {
    /// The device
    #[arg(required_unless_present = "link")]
    device: Option<DeviceId>,
    /// Also fetch its last state from the broker, checked with the recorded key
    #[arg(long)]
    state: bool,
    /// Ask the device itself, here: unix:PATH, tcp:HOST:PORT, or a serial port such as /dev/ttyUSB0
    #[arg(long, value_name = "LINK", conflicts_with = "state")]
    link: Option<Address>,
    /// Write the signed state here, over what is there: commands that sign take it by --state
    #[arg(long, value_name = "FILE", requires = "link")]
    out: Option<PathBuf>,
    #[command(flatten)]
    tuning: Tuning,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &ShowArgs) -> Result<(), Failure> {
    if let Some(link) = &args.link {
        return show_linked(globals, output, link, args);
    }
    let device = args.device.as_ref();
    let device = device.ok_or_else(|| Failure::usage("name a device, or its link"))?;
    let context = Context::open(globals, output)?;
    let record = context.record(device)?;
    let mut fields = list::fields(&record);
    if args.state {
        let state = block_on(async {
            let mut link = context.connect().await?;
            let fetched =
                fetch_state(&mut link, &context.topics()?, &record, context.tenant()).await;
            link.close().await;
            Ok(fetched?.1)
        })?;
        append_state(&mut fields, &state, &context.trust()?);
    }
    output.show(&fields);
    Ok(())
}

/// What the device at the other end of a line says of itself, and its state if it is enrolled
/// here.
fn show_linked(
    globals: &Globals,
    output: Output,
    link: &Address,
    args: &ShowArgs,
) -> Result<(), Failure> {
    block_on(async {
        let mut device = args.tuning.connect(link, ANSWER_S).await?;
        let told = describe_standing(device.standing());
        let Some(identity) = device.identity().cloned() else {
            output.show(&told);
            return Ok(());
        };
        if let Some(expected) = args
            .device
            .as_ref()
            .filter(|name| **name != identity.device)
        {
            let found = &identity.device;
            let message = format_args!("this is {found}, and not {expected}");
            return Err(Failure::refused(message, Reason::OtherDevice.into()).found(told));
        }
        let context = Context::open(globals, output)?;
        let record = context.record(&identity.device)?;
        let bytes = match device.state().await {
            Err(DirectError::Refused(_)) if device.is_in_recovery() && args.out.is_none() => {
                let mut fields = list::fields(&record);
                fields.append(told);
                output.show(&fields);
                output.note(IN_RECOVERY);
                return Ok(());
            }
            bytes => bytes?,
        };
        let state = state_of(bytes.clone(), &record, context.tenant())?;
        if let Some(out) = &args.out {
            write_over(out, &bytes)?;
        }
        let mut fields = list::fields(&record);
        fields.append(told);
        append_state(&mut fields, &state, &context.trust()?);
        output.show(&fields);
        Ok(())
    })
}

fn append_state(fields: &mut Fields, state: &DeviceState, trust: &TrustRoot) {
    fields.set("receipts", state.receipts);
    fields.set("status", describe_status(&state.status, Some(trust)));
    if let Some(components) = describe_components(state.components.iter().copied()) {
        fields.set("components", components);
    }
}
