//! `latch serve`

use std::path::PathBuf;

use clap::Args;
use latch_operator::{Fields, LinkError, Server};

use crate::{
    attending::{IdleArgs, attend},
    cli::Globals,
    context::{Context, block_on, read_pages, read_statement},
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
    #[command(flatten)]
    idle: IdleArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &ServeArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let release = read_statement(&args.release)?;
    let pages = read_pages(&release, &args.image)?;
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
        let served = attend(&mut link, &args.idle, output, async |link, message| {
            let served = server.answer(&message, link.publisher()).await;
            let Some(served) = served.map_err(LinkError::from)? else {
                return Ok(false);
            };
            let to = served.first + served.sent;
            output.note(format_args!(
                "{}: pages {} to {to} of {}",
                served.device, served.first, served.of
            ));
            Ok(true)
        })
        .await;
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
