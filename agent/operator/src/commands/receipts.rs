//! `latch receipts`

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand};
use latch_issue::{ReceiptChain, SignedReceipt};
use latch_operator::{Fields, describe_receipt, receipt_of};
use latch_verify::{statement::Receipt, types::DeviceId};

use crate::{
    cli::Globals,
    context::{Context, read_statement},
    failure::{Failure, Kind},
    output::Output,
};

/// Check what devices have signed
#[derive(Subcommand)]
pub(crate) enum ReceiptsCommand {
    Verify(VerifyArgs),
}

const AFTER_HELP: &str = "\
Each receipt names the one before it by its hash. The files are put in order by themselves;
the first one of each device is where its chain begins here.

Examples:
  latch receipts verify receipts/*.latch";

/// Check receipts of enrolled devices: each signature, and that none is missing or altered
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct VerifyArgs {
    /// The receipts
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl ReceiptsCommand {
    pub(crate) fn run(&self, globals: &Globals, output: Output) -> Result<(), Failure> {
        let Self::Verify(args) = self;
        verify(globals, output, args)
    }
}

fn verify(globals: &Globals, output: Output, args: &VerifyArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let trust = context.trust()?;
    let mut by_device: BTreeMap<DeviceId, Vec<SignedReceipt>> = BTreeMap::new();
    for file in &args.files {
        let statement = read_statement(file)?;
        let device = statement.body::<Receipt>()?.device;
        let record = context.record(&device)?;
        let signed = receipt_of(statement.into_bytes(), &record, context.tenant())?;
        by_device.entry(device).or_default().push(signed);
    }
    for (device, mut receipts) in by_device {
        receipts.sort_by_key(|signed| signed.receipt().number);
        let Some(first) = receipts.first().map(SignedReceipt::receipt) else {
            continue;
        };
        let mut chain = ReceiptChain::after(
            context.tenant(),
            device.clone(),
            first.number.saturating_sub(1),
            first.previous,
        );
        let from = first.number;
        for signed in &receipts {
            chain.push(signed).map_err(|broken| {
                let found = Fields::new()
                    .text("device", &device)
                    .with("receipt", describe_receipt(signed.receipt(), Some(&trust)));
                Failure::new(Kind::Refused, broken).found(found)
            })?;
        }
        let (to, head) = chain.head();
        let fields = Fields::new()
            .text("device", &device)
            .with("from", from)
            .with("to", to)
            .text("head", head);
        output.result(
            &fields,
            format_args!("{device}: receipts {from} to {to} are whole and signed by it"),
        );
    }
    Ok(())
}
