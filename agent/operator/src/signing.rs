//! A code for one device, as it is signed: composed, foreseen, and written where that is
//! asked for.

use std::path::{Path, PathBuf};

use clap::Args;
use latch_issue::{DeviceState, Statement, now};
use latch_operator::{
    Fields, Link, Order, Question, Record, compose, duration, fetch_state, foresee, life_s,
    needs_state, rfc3339, state_of,
};
use latch_verify::{
    Reason, Refusal,
    statement::Code,
    types::{KeyId, TimeMs},
    verdict::TrustRoot,
};

use crate::{
    announcing::keep,
    context::{Context, read_envelope},
    failure::Failure,
};

/// How a code is signed.
#[derive(Args)]
pub(crate) struct SigningArgs {
    /// Sign with this key instead of the project's (repeat for more; the first is the issuer)
    #[arg(long = "key", value_name = "FILE")]
    pub(crate) keys: Vec<PathBuf>,
    /// How long the code lives, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) life: Option<u32>,
    /// Write the code to a file instead of publishing it
    #[arg(long, value_name = "FILE", conflicts_with = "wait")]
    pub(crate) out: Option<PathBuf>,
    /// Take the device's signed state from a file instead of the broker
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

/// Signs a code for one device; also returns the link on which its state was fetched.
pub(crate) async fn sign(
    context: &Context,
    trust: &TrustRoot,
    order: &Order<'_>,
    record: &Record,
    signing: &SigningArgs,
    release: Option<&[u8]>,
) -> Result<(Statement, Option<Link>), Failure> {
    // First whatever can fail without the network.
    let keys = context.project.operator_keys(&signing.keys)?;
    life_s(trust, order)?;
    let (state, link) = match &signing.state {
        Some(file) => (
            Some(state_of(read_envelope(file)?, record, context.tenant())?),
            None,
        ),
        None if needs_state(trust, order)? => {
            let mut link = context.connect().await?;
            let (_, state) =
                fetch_state(&mut link, &context.topics()?, record, context.tenant()).await?;
            (Some(state), Some(link))
        }
        None => (None, None),
    };
    let now = now()?;
    let statement = compose(trust, order, state.as_ref(), &keys, now)?;
    let known = (state.as_ref(), record.key.id());
    match foreseen(trust, &statement, known, now, release) {
        Ok(()) => {}
        Err(refusal) if signing.out.is_some() && waits_for_signatures(&refusal) => {}
        Err(refusal) => return Err(Failure::not_sent(&record.device, refusal)),
    }
    Ok((statement, link))
}

fn foreseen(
    trust: &TrustRoot,
    statement: &Statement,
    (state, device_key): (Option<&DeviceState>, KeyId),
    at: TimeMs,
    release: Option<&[u8]>,
) -> Result<(), Refusal> {
    foresee(trust, statement, at)?;
    let Some(state) = state else {
        return Ok(());
    };
    let question = Question {
        statement: statement.bytes(),
        trust,
        state,
        device_key,
        at,
        release,
    };
    match question.answer() {
        Ok(verdict) => verdict.refusal.map_or(Ok(()), Err),
        Err(_) => Err(Reason::WrongKind.into()),
    }
}

/// Whether all that is missing is for others to sign.
pub(crate) fn waits_for_signatures(refusal: &Refusal) -> bool {
    matches!(
        refusal.reason,
        Reason::TooFewOperators | Reason::TooFewApprovers
    )
}

/// Writes a code to a new file.
pub(crate) fn write_out(
    context: &Context,
    trust: &TrustRoot,
    statement: &Statement,
    out: &Path,
) -> Result<(), Failure> {
    let missing = foresee(trust, statement, now()?).err();
    keep(context, statement, about(statement)?, missing, out, None)
}

/// The statement's id and end, as every result of sending begins.
pub(crate) fn about(statement: &Statement) -> Result<Fields, Failure> {
    let code: Code<'_> = statement.body()?;
    Ok(Fields::new()
        .text("statement", statement.id())
        .with("not_after", rfc3339(code.not_after_ms)))
}
