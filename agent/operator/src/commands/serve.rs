//! `latch serve`

use std::{future::pending, path::PathBuf, time::Duration};

use clap::Args;
use latch_mqtt::PageServer;
use latch_operator::{Fields, Happening, Link, Server, duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep_until},
};

use crate::{
    cli::Globals,
    context::{Context, block_on, read_image, read_statement},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
Any number of devices may download at once. Serving needs no key: devices check each page
against the signed manifest. End it with Ctrl-C.

Examples:
  latch serve --release pump-1.1.0.latch --image pump.bin
  latch serve --release pump-1.1.0.latch --image pump.bin --idle 10m";

/// Answer devices that ask for pages of an image
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ServeArgs {
    /// The release
    #[arg(long, value_name = "FILE")]
    release: PathBuf,
    /// Its image
    #[arg(long, value_name = "FILE")]
    image: PathBuf,
    /// End when nobody has asked for this long
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    idle: Option<u32>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &ServeArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let release = read_statement(&args.release)?;
    let pages = PageServer::new(release.bytes(), read_image(&args.image)?)?;
    let topics = context.topics()?;
    let mut server = Server::new(&pages, &topics);
    block_on(async {
        let mut link = context.connect().await?;
        link.subscribe(topics.page_server_filters()).await?;
        output.note(format_args!(
            "serving {} pages of {} on {}",
            pages.pages(),
            pages.manifest(),
            link.broker()
        ));
        let idle = args.idle.map(|seconds| Duration::from_secs(seconds.into()));
        let served = serve(&mut link, &mut server, idle, output).await;
        link.close().await;
        served
    })?;
    let devices: Vec<Fields> = server
        .sent()
        .iter()
        .map(|(device, pages)| {
            Fields::new()
                .with("device", device.as_str())
                .with("pages", *pages)
        })
        .collect();
    let sum: u64 = server.sent().values().sum();
    let words = format_args!("{sum} pages sent to {} devices", devices.len()).to_string();
    let fields = Fields::new()
        .text("manifest", pages.manifest())
        .with("pages_sent", sum)
        .with("devices", devices);
    output.result(&fields, words);
    Ok(())
}

/// Serves until interrupted, or until nobody has asked for long enough.
async fn serve(
    link: &mut Link,
    server: &mut Server<'_>,
    idle: Option<Duration>,
    output: Output,
) -> Result<(), Failure> {
    let no_signals =
        |error| Failure::failed(format_args!("the program cannot wait for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
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
                let served = server.answer(&message, link.publisher()).await;
                if let Some(served) = served.map_err(latch_operator::LinkError::from)? {
                    last = Instant::now();
                    let to = served.first + served.sent;
                    output.note(format_args!(
                        "{}: pages {} to {to} of {}",
                        served.device, served.first, served.of
                    ));
                }
            }
            Happening::Lost { reason } => output.note(format_args!(
                "the connection broke ({reason}); trying again"
            )),
            Happening::Back => output.note("the connection is back"),
            Happening::Overflowed { dropped } => {
                output.note(format_args!(
                    "{dropped} messages were too many; devices ask again"
                ));
            }
        }
    }
}
