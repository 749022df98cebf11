//! A code for one device on its way: published, and waited for.

use std::time::Duration;

use clap::Args;
use latch_issue::{Change, DEFAULT_LIFE_S, Statement, now};
use latch_operator::{
    Answer, Fields, Link, Order, Progress, Record, Route, Target, Wait, duration, outcomes,
};
use latch_verify::{types::DeviceId, verdict::TrustRoot};
use tokio::time::Instant;

use crate::{
    context::{Context, block_on},
    failure::Failure,
    output::Output,
    signing::{SigningArgs, about, sign, write_out},
    verdicts,
};

/// How long a device may take to answer, unless told otherwise, in seconds.
pub(crate) const ANSWER_S: u32 = 30;

/// Whether and how long to wait for the receipt.
#[derive(Args)]
pub(crate) struct WaitArgs {
    /// Wait for the receipt, and check the device's signature on it
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    timeout: Timeout,
}

impl WaitArgs {
    /// When to stop waiting, if waiting begins now.
    pub(crate) fn until(&self, usual_s: u32) -> Instant {
        self.timeout.until(usual_s)
    }
}

/// How long to wait.
#[derive(Args)]
pub(crate) struct Timeout {
    /// How long to wait [default: 30s, for an installation 10m]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "wait")]
    timeout: Option<u32>,
}

impl Timeout {
    /// When to stop waiting, if waiting begins now.
    pub(crate) fn until(&self, usual_s: u32) -> Instant {
        Instant::now() + Duration::from_secs(self.timeout.unwrap_or(usual_s).into())
    }
}

/// What is wanted of one device.
pub(crate) struct Wanted<'a> {
    pub(crate) device: &'a DeviceId,
    pub(crate) change: Change,
    /// The latch, where the change does not say so itself.
    pub(crate) latch: Option<&'a str>,
    /// The twin's version that it was decided on.
    pub(crate) twin_version: Option<u64>,
}

/// Composes a code for one device, and writes or publishes it.
pub(crate) fn send(
    context: &Context,
    wanted: Wanted<'_>,
    signing: &SigningArgs,
    wait: &WaitArgs,
) -> Result<(), Failure> {
    let record = context.record(wanted.device)?;
    let trust = context.trust()?;
    let order = Order {
        target: Target::Device(&record),
        change: wanted.change,
        latch: wanted.latch,
        life_s: signing.life,
        usual_life_s: DEFAULT_LIFE_S,
        twin_version: wanted.twin_version,
    };
    block_on(async {
        let (statement, link) = sign(context, &trust, &order, &record, signing, None).await?;
        if let Some(out) = &signing.out {
            return write_out(context, &trust, &statement, out);
        }
        let mut link = match link {
            Some(link) => link,
            None => context.connect().await?,
        };
        let sent = publish_and_wait(context, &mut link, &statement, &record, wait).await;
        link.close().await;
        sent
    })
}

/// Publishes a code for one device; waits for its receipt if asked to.
pub(crate) async fn publish_and_wait(
    context: &Context,
    link: &mut Link,
    statement: &Statement,
    record: &Record,
    wait: &WaitArgs,
) -> Result<(), Failure> {
    let topics = context.topics()?;
    let route = Route::of(statement, context.tenant())?;
    // Who asks too late misses the answer.
    if wait.wait {
        link.subscribe([topics.device_receipt(&record.device)])
            .await?;
    }
    let publication = route.publication(&topics, statement, now()?);
    let acknowledged = link.publish(publication.clone()).await?;
    let sent = about(statement)?
        .text("device", &record.device)
        .with("published", true);
    if !wait.wait {
        if acknowledged.no_subscribers {
            context.output.note(format_args!(
                "the broker says that nobody listens for {} now",
                record.device
            ));
        }
        context.output.result(
            &sent,
            format_args!("{} published for {}", statement.id(), record.device),
        );
        return Ok(());
    }
    if acknowledged.no_subscribers {
        context.output.note(format_args!(
            "{} is not connected now; trying again until it answers",
            record.device
        ));
    }
    let waited = Wait {
        statement: statement.id(),
        devices: std::slice::from_ref(record),
        tenant: context.tenant(),
        topics: &topics,
        again: Some(publication),
        until: wait.until(ANSWER_S),
    };
    let output = context.output;
    let answers = outcomes(link, &waited, None, &mut |progress| tell(output, &progress)).await?;
    let answer = answers
        .first()
        .ok_or_else(|| Failure::failed("nobody was waited for"))?;
    conclude(context, &context.trust()?, sent, answer)
}

/// Shows what a device has answered; what is not as wanted is the command's failure.
pub(crate) fn conclude(
    context: &Context,
    trust: &TrustRoot,
    sent: Fields,
    answer: &Answer,
) -> Result<(), Failure> {
    let mut fields = sent;
    fields.append(verdicts::fields(answer, trust));
    match (verdicts::failure(answer, trust), &answer.receipt) {
        (Some(failure), _) => Err(failure.found(fields)),
        (None, Some(signed)) => {
            let words = verdicts::in_words(signed.receipt(), trust);
            context
                .output
                .result(&fields, format_args!("{}: {words}", answer.record.device));
            Ok(())
        }
        (None, None) => Err(Failure::failed("no receipt").found(fields)),
    }
}

/// What people should know while they wait.
pub(crate) fn tell(output: Output, progress: &Progress<'_>) {
    match progress {
        Progress::Forged(error) => output.note(format_args!("passed over: {error}")),
        Progress::Lost { reason } => output.note(format_args!(
            "the connection broke ({reason}); trying again"
        )),
        Progress::Back => output.note("the connection is back"),
        Progress::Receipt(_) | Progress::Pages(_) => {}
    }
}
