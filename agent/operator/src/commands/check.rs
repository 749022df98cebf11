//! `latch check`

use std::path::PathBuf;

use clap::Args;
use latch_issue::now;
use latch_operator::{
    Field, Fields, Question, Verdict, describe_refusal, fetch_state, moment, rfc3339, state_of,
};
use latch_verify::{
    statement::TimeStatus,
    types::{DeviceId, StatementId, TimeMs},
};

use crate::{
    cli::Globals,
    context::{Context, block_on, read_envelope},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
The checks are the device's own, run here on what it last signed of itself. Nothing is sent,
and nothing is used up. What only the device can know is said with the verdict.

Exit code 3 when it would be refused, with the reason's number and name.

Examples:
  latch check change.code --device pump-7
  latch check change.code --device pump-7 --at 2026-01-31T08:00:00Z --state pump-7.state
  latch check install.code --device pump-7 --release pump-1.1.0.latch";

/// Foresee whether a device would accept a statement, and if not, why
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CheckArgs {
    /// The code, release manifest, trust root, revocation or attestation
    statement: PathBuf,
    /// The device
    #[arg(long)]
    device: DeviceId,
    /// Take the device's signed state from a file instead of the broker
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The moment of the verdict (RFC 3339) [default: now]
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<TimeMs>,
    /// The manifest of the release that the code asks to install
    #[arg(long, value_name = "FILE")]
    release: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &CheckArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let record = context.record(&args.device)?;
    let trust = context.trust()?;
    let statement = read_envelope(&args.statement)?;
    let release = args.release.as_deref().map(read_envelope).transpose()?;
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
    let at = match args.at {
        Some(at) => at,
        None => now()?,
    };
    let question = Question {
        statement: &statement,
        trust: &trust,
        state: &state,
        device_key: record.key.id(),
        at,
        release: release.as_deref(),
    };
    let verdict = question.answer()?;
    let fields = fields(&verdict, &args.device, at);
    for unknown in &verdict.unknown {
        output.note(format_args!("not known here: {unknown}"));
    }
    match verdict.refusal {
        None => {
            output.result(&fields, format_args!("{} would accept it", args.device));
            Ok(())
        }
        Some(refusal) => {
            let sentence = Failure::from(refusal).message().to_owned();
            let message = format_args!("{} would refuse it: {sentence}", args.device);
            Err(Failure::refused(message, refusal).found(fields))
        }
    }
}

fn fields(verdict: &Verdict, device: &DeviceId, at: TimeMs) -> Fields {
    let time = match verdict.time {
        TimeStatus::Unknown => "unknown",
        TimeStatus::Floor(_) => "floor",
        TimeStatus::Trusted(_) => "trusted",
    };
    let statement =
        (verdict.statement != StatementId::default()).then(|| verdict.statement.to_string());
    let unknown: Vec<String> = verdict.unknown.iter().map(ToString::to_string).collect();
    Fields::new()
        .text("device", device)
        .with("statement", Field::from(statement))
        .with("at", rfc3339(at))
        .with("device_time", time)
        .with("accepted", verdict.refusal.is_none())
        .maybe("reason", verdict.refusal.as_ref().map(describe_refusal))
        .maybe(
            "trial_would_refuse",
            verdict.trial.map(|reason| describe_refusal(&reason.into())),
        )
        .with("not_known", unknown)
}
