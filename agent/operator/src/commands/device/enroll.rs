//! `latch device enroll`

use std::path::PathBuf;

use clap::Args;
use latch_operator::{Fields, enrol, key_kept_name};
use latch_verify::types::KeyId;

use crate::{
    cli::Globals,
    context::{Context, read_envelope, shown},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
The request proves that the device holds its key, and nothing about who it is: compare the
key id with the one that `latch-agent new` showed on the device, or name it by --key-id.
The bundle holds the trust root and the countersigned enrolment, nothing secret.

Examples:
  latch device enroll pump-7.request
  latch device enroll pump-7.request --key-id 3c0fa1b2d4e5f607 --out pump-7.bundle";

/// Agree to a device's request, record its key, and write its bundle
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct EnrollArgs {
    /// The request that the device has made
    request: PathBuf,
    /// Where to write the bundle [default: devices/NAME.bundle in the project]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The key id that the device has shown; another one is refused
    #[arg(long, value_name = "ID")]
    key_id: Option<KeyId>,
    /// Countersign with this operator key instead of the project's
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &EnrollArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let request = read_envelope(&args.request)?;
    if let Some(expected) = args.key_id {
        compare(&request, expected)?;
    }
    let named: Vec<PathBuf> = args.key.iter().cloned().collect();
    let keys = context.project.operator_keys(&named)?;
    let operator = keys
        .first()
        .ok_or_else(|| Failure::failed("there is no operator key"))?;
    let enrolled = enrol(&context.project, request, operator, args.out.clone())?;
    let record = &enrolled.record;
    let fields = Fields::new()
        .text("device", &record.device)
        .text("product", record.product)
        .with("incarnation", record.incarnation)
        .text("key_id", enrolled.key_id)
        .with("key_kept", key_kept_name(record.key_kept))
        .with("enrolled_at", record.enrolled_at.as_str())
        .with("again", enrolled.again)
        .with("bundle", shown(&enrolled.bundle));
    output.show(&fields);
    if args.key_id.is_none() {
        output.note(format_args!(
            "Compare the key id {} with the one that the device showed; if it differs, this is another device.",
            enrolled.key_id
        ));
    }
    output.note(format_args!(
        "Next: carry {} to the device, then `latch-agent provision BUNDLE --config agent.toml` there, or `latch device provision --link LINK BUNDLE` at the host of one behind a link.",
        enrolled.bundle.display()
    ));
    Ok(())
}

fn compare(request: &[u8], expected: KeyId) -> Result<(), Failure> {
    let found = latch_issue::EnrolmentRequest::from_bytes(request.to_vec())?.key_id()?;
    if found == expected {
        return Ok(());
    }
    let message =
        format_args!("the request is signed by key {found}, and the device showed {expected}");
    Err(Failure::refused(
        message,
        latch_verify::Reason::NotDeviceKey.into(),
    ))
}
