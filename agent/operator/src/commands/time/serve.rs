//! `latch time serve`

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use latch_issue::{RoleKey, answer_pulse, now, verify_time};
use latch_mqtt::{DeviceTopic, Message, Topic, Topics};
use latch_operator::{Fields, Link, LinkError, Record, Route, state_of};
use latch_verify::{
    types::{Challenge, DeviceId},
    verdict::TrustRoot,
};

use crate::{
    attending::{IdleArgs, attend},
    cli::Globals,
    context::{Context, block_on},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
Each pulse in the signed state of an enrolled device is answered once, with the time of this
machine: keep its clock right. A device leaves a new pulse every minute while a latch is open,
and three to each heartbeat that the latch's rule asks for: the answers are that heartbeat. End
it with Ctrl-C.

Examples:
  latch time serve
  latch time serve --key keys/time.pem --idle 1h";

/// Attest the time to every enrolled device as it asks
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ServeArgs {
    /// Sign with this time key instead of the project's (repeat for more)
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    idle: IdleArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &ServeArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let records = context.project.registry().all()?;
    let mut clock = Clock {
        context: &context,
        topics: context.topics()?,
        trust: context.trust()?,
        keys: context.project.time_keys(&args.keys)?,
        devices: records
            .into_iter()
            .map(|record| (record.device.clone(), record))
            .collect(),
        answered: BTreeMap::new(),
        answers: 0,
    };
    block_on(async {
        let mut link = context.connect().await?;
        link.subscribe(clock.topics.operator_filters(None)).await?;
        output.note(format_args!(
            "attesting the time to {} devices on {}",
            clock.devices.len(),
            link.broker()
        ));
        let served = attend(&mut link, &args.idle, output, async |link, message| {
            clock.answer(link, message).await
        })
        .await;
        link.close().await;
        served
    })?;
    let fields = Fields::new()
        .with("answers", clock.answers)
        .with("devices", clock.answered.len());
    let words = format_args!(
        "{} pulses of {} devices answered",
        clock.answers,
        clock.answered.len()
    );
    output.result(&fields, words);
    Ok(())
}

/// Whoever tells the time.
struct Clock<'a> {
    context: &'a Context,
    topics: Topics,
    trust: TrustRoot,
    keys: Vec<RoleKey>,
    devices: BTreeMap<DeviceId, Record>,
    /// The last pulse of each device that was answered.
    answered: BTreeMap<DeviceId, Challenge>,
    answers: u64,
}

impl Clock<'_> {
    /// Answers the pulse in a state, if it is a new one.
    async fn answer(&mut self, link: &Link, message: Message) -> Result<bool, Failure> {
        let Some(Topic::Device(device, DeviceTopic::State)) = self.topics.parse(&message.topic)
        else {
            return Ok(false);
        };
        let Some(record) = self.devices.get(&device) else {
            return Ok(false);
        };
        let output = self.context.output;
        let state = match state_of(message.payload, record, self.context.tenant()) {
            Ok(state) => state,
            Err(error) => {
                output.note(format_args!("passed over: {error}"));
                return Ok(false);
            }
        };
        let pulse = state.status.pulse;
        if self.answered.get(&device) == Some(&pulse) {
            return Ok(false);
        }
        let draft = match answer_pulse(&state, now()?) {
            Ok(draft) => draft,
            Err(error) => {
                output.note(format_args!("passed over: {error}"));
                return Ok(false);
            }
        };
        let attestation = draft.sign(&self.keys.iter().collect::<Vec<_>>())?;
        verify_time(&attestation, &self.trust)
            .map_err(|refusal| Failure::not_sent("every device", refusal))?;
        let publication =
            Route::to_device(device.clone()).publication(&self.topics, &attestation, now()?);
        // A device that misses it has a new pulse in its next state.
        match link.publish(publication).await {
            Ok(_) | Err(LinkError::Silent { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        output.note(format_args!("{device}: told the time"));
        self.answered.insert(device, pulse);
        self.answers = self.answers.saturating_add(1);
        Ok(true)
    }
}
