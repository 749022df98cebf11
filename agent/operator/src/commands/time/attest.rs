//! `latch time attest`

use std::path::PathBuf;

use clap::Args;
use latch_issue::{
    DeviceState, Draft, RoleKey, Statement, answer_pulse, broadcast_time, now, verify_time,
};
use latch_operator::{Fields, Link, Record, Route, fetch_state, rfc3339, state_of};
use latch_verify::{statement::TimeAttestation, types::DeviceId, verdict::TrustRoot};

use crate::{
    announcing::keep,
    cli::Globals,
    context::{Context, block_on, read_envelope},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
For one device it answers the pulse in the state that the device last signed: the device
trusts the time for a day, and its open latches count it as a heartbeat. Without a device it
is told to all, and is worth less: they refuse what is surely over, and trust no time by it;
a device that knows nothing of the time passes over it.

Time keys sign: [keys] in root.toml lists them, and thresholds.time says how many must.

Examples:
  latch time attest pump-7
  latch time attest --key keys/time.pem
  latch time attest pump-7 --out time.latch   # for others to sign too
  latch publish time.latch --to pump-7";

/// Attest the time of now, to one device or to all
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct AttestArgs {
    /// The device; without it, all
    device: Option<DeviceId>,
    /// Sign with this time key instead of the project's (repeat for more)
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Write the attestation to a file instead of publishing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Take the device's signed state from a file instead of the broker
    #[arg(long, value_name = "FILE", requires = "device")]
    state: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &AttestArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let trust = context.trust()?;
    let keys = context.project.time_keys(&args.keys)?;
    let record = args
        .device
        .as_ref()
        .map(|device| context.record(device))
        .transpose()?;
    let attesting = Attesting {
        context: &context,
        trust: &trust,
        keys: &keys,
        args,
    };
    block_on(attesting.run(record.as_ref()))
}

/// An attestation on its way.
struct Attesting<'a> {
    context: &'a Context,
    trust: &'a TrustRoot,
    keys: &'a [RoleKey],
    args: &'a AttestArgs,
}

impl Attesting<'_> {
    async fn run(&self, record: Option<&Record>) -> Result<(), Failure> {
        let Some(record) = record else {
            let draft = broadcast_time(self.context.tenant(), now()?)?;
            return self.pass_on(draft, None, None).await;
        };
        if let Some(file) = &self.args.state {
            let state = state_of(read_envelope(file)?, record, self.context.tenant())?;
            return self.answer(&state, None).await;
        }
        let mut link = self.context.connect().await?;
        let topics = self.context.topics()?;
        let (_, state) = fetch_state(&mut link, &topics, record, self.context.tenant()).await?;
        self.answer(&state, Some(link)).await
    }

    async fn answer(&self, state: &DeviceState, link: Option<Link>) -> Result<(), Failure> {
        let draft = answer_pulse(state, now()?)?;
        self.pass_on(draft, Some(&state.device), link).await
    }

    async fn pass_on(
        &self,
        draft: Draft,
        device: Option<&DeviceId>,
        link: Option<Link>,
    ) -> Result<(), Failure> {
        let statement = draft.sign(&self.keys.iter().collect::<Vec<_>>())?;
        let attestation: TimeAttestation = statement.body()?;
        let about = Fields::new()
            .text("statement", statement.id())
            .maybe("device", device.map(ToString::to_string))
            .with("time", rfc3339(attestation.time_ms));
        let missing = verify_time(&statement, self.trust).err();
        if let Some(out) = &self.args.out {
            return keep(self.context, &statement, about, missing, out, device);
        }
        if let Some(refusal) = missing {
            return Err(Failure::not_sent("every device", refusal));
        }
        let link = match link {
            Some(link) => link,
            None => self.context.connect().await?,
        };
        let sent = self.publish(&link, &statement, device, about).await;
        link.close().await;
        sent
    }

    async fn publish(
        &self,
        link: &Link,
        statement: &Statement,
        device: Option<&DeviceId>,
        about: Fields,
    ) -> Result<(), Failure> {
        let topics = self.context.topics()?;
        let route = match device {
            Some(device) => Route::to_device(device.clone()),
            None => Route::of(statement, self.context.tenant())?,
        };
        link.publish(route.publication(&topics, statement, now()?))
            .await?;
        let topic = route.topic(&topics);
        let fields = about.with("topic", topic.as_str()).with("published", true);
        let words = format_args!("{} published on {topic}", statement.id());
        self.context.output.result(&fields, words);
        Ok(())
    }
}
