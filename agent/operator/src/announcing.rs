//! A statement for every device on its way: published, and waited for on one device.

use std::path::Path;

use clap::Args;
use latch_issue::{Statement, now};
use latch_operator::{Field, Fields, Link, Route, Wait, describe_refusal, outcomes, write_new};
use latch_verify::{Refusal, types::DeviceId, verdict::TrustRoot};

use crate::{
    context::{Context, shown},
    failure::Failure,
    sending::{ANSWER_S, Timeout, conclude, tell},
};

/// Whether and how long to wait for one device's receipt.
#[derive(Args)]
pub(crate) struct WaitForArgs {
    /// Wait for the receipt of this device, and check its signature; a device says nothing to
    /// what it has taken in already
    #[arg(long, value_name = "DEVICE")]
    pub(crate) wait: Option<DeviceId>,
    #[command(flatten)]
    timeout: Timeout,
}

/// A statement for every device, and what stands before its answer in the result.
pub(crate) struct Announcement<'a> {
    pub(crate) statement: &'a Statement,
    pub(crate) trust: &'a TrustRoot,
    pub(crate) about: Fields,
}

impl Announcement<'_> {
    /// Publishes it on a connection of its own; waits for one device's receipt if asked to.
    pub(crate) async fn send(self, context: &Context, wait: &WaitForArgs) -> Result<(), Failure> {
        self.send_and(context, wait, || Ok(())).await
    }

    /// The same; once the broker has it, `taken` is called.
    pub(crate) async fn send_and(
        self,
        context: &Context,
        wait: &WaitForArgs,
        taken: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut link = context.connect().await?;
        let sent = announce(context, &mut link, self, wait, taken).await;
        link.close().await;
        sent
    }
}

async fn announce(
    context: &Context,
    link: &mut Link,
    announcement: Announcement<'_>,
    wait: &WaitForArgs,
    taken: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Announcement {
        statement,
        trust,
        about,
    } = announcement;
    let topics = context.topics()?;
    let route = Route::of(statement, context.tenant())?;
    let record = wait
        .wait
        .as_ref()
        .map(|device| context.record(device))
        .transpose()?;
    // Who asks too late misses the answer.
    if let Some(record) = &record {
        link.subscribe([topics.device_receipt(&record.device)])
            .await?;
    }
    link.publish(route.publication(&topics, statement, now()?))
        .await?;
    taken()?;
    let topic = route.topic(&topics);
    let sent = about.with("topic", topic.as_str()).with("published", true);
    let Some(record) = record else {
        let words = format_args!("{} published on {topic}", statement.id());
        context.output.result(&sent, words);
        return Ok(());
    };
    let waited = Wait {
        statement: statement.id(),
        devices: std::slice::from_ref(&record),
        tenant: context.tenant(),
        topics: &topics,
        // The broker keeps it.
        again: None,
        until: wait.timeout.until(ANSWER_S),
    };
    let output = context.output;
    let answers = outcomes(link, &waited, None, &mut |progress| tell(output, &progress)).await?;
    let answer = answers
        .first()
        .ok_or_else(|| Failure::failed("nobody was waited for"))?;
    conclude(context, trust, sent, answer)
}

/// Writes a statement to a new file, and says what devices would still refuse about it. `to`
/// is the device that it is for, where the statement does not say so.
pub(crate) fn keep(
    context: &Context,
    statement: &Statement,
    about: Fields,
    missing: Option<Refusal>,
    out: &Path,
    to: Option<&DeviceId>,
) -> Result<(), Failure> {
    write_new(out, statement.bytes())?;
    let fields = about
        .with("file", shown(out))
        .with("published", false)
        .with(
            "missing",
            Field::from(missing.as_ref().map(describe_refusal)),
        );
    context.output.result(
        &fields,
        format_args!("{} written to {}", statement.id(), out.display()),
    );
    match missing {
        Some(refusal) => context.output.note(format_args!(
            "not complete yet: {}. Let others add theirs with `latch sign {} --key KEY`",
            Failure::from(refusal).message(),
            out.display()
        )),
        None => {
            let to = to.map_or_else(String::new, |device| format!(" --to {device}"));
            let out = out.display();
            context
                .output
                .note(format_args!("send it with `latch publish {out}{to}`, or over a line with `latch deliver --link LINK {out}`"));
        }
    }
    Ok(())
}
