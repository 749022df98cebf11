//! Staying on the line: messages are answered until somebody ends it, or nobody asks any more.

use std::{future::pending, time::Duration};

use clap::Args;
use latch_mqtt::Message;
use latch_operator::{Happening, Link, duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep_until},
};

use crate::{failure::Failure, output::Output};

/// When to leave.
#[derive(Args)]
pub(crate) struct IdleArgs {
    /// End when nobody has asked for this long
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    idle: Option<u32>,
}

/// Answers messages until interrupted, or until none was worth an answer for long enough:
/// `answer` says which were.
pub(crate) async fn attend(
    link: &mut Link,
    idle: &IdleArgs,
    output: Output,
    mut answer: impl AsyncFnMut(&Link, Message) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let no_signals =
        |error| Failure::failed(format_args!("the program cannot wait for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let idle = idle.idle.map(|seconds| Duration::from_secs(seconds.into()));
    let mut last = Instant::now();
    loop {
        let bored = async {
            match idle {
                Some(idle) => sleep_until(last + idle).await,
                None => pending().await,
            }
        };
        let happening = tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            () = bored => return Ok(()),
            happening = link.next() => happening?,
        };
        match happening {
            Happening::Message(message) => {
                if answer(link, message).await? {
                    last = Instant::now();
                }
            }
            Happening::Lost { reason } => output.note(format_args!(
                "the connection broke ({reason}); trying again"
            )),
            Happening::Back => output.note("the connection is back"),
            Happening::Overflowed { dropped } => output.note(format_args!(
                "{dropped} messages were too many; devices ask again"
            )),
        }
    }
}
