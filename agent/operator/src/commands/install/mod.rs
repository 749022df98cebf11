//! `latch install`

mod audience;
mod watch;

use std::path::PathBuf;

use clap::Args;
use latch_issue::{Change, Statement, now};
use latch_mqtt::{PageServer, Topics};
use latch_operator::{Link, Order, Record, Route, compose, foresee, genuine_release};
use latch_verify::{statement::Manifest, verdict::TrustRoot};

use self::audience::{Audience, AudienceArgs};
use crate::{
    cli::Globals,
    context::{Context, block_on, read_pages, read_statement},
    failure::Failure,
    output::Output,
    sending::WaitArgs,
    signing::{SigningArgs, about, sign, waits_for_signatures, write_out},
};

/// How long a code to install lives, where its rule allows it and nothing else is asked for,
/// in seconds. The download must end within it: an hour is 64 MiB at 150 kbit/s.
const INSTALL_LIFE_S: u32 = 3600;

/// How long an installation may take, unless told otherwise, in seconds.
const INSTALL_S: u32 = 600;

const AFTER_HELP: &str = "\
The release says that the image is genuine; the code that this command signs says that the
devices may install it now. One without the other opens nothing.

With --wait, the pages are served from here, and the command ends when every device has
confirmed its boot of the new image, or has said why not. Without it nothing is served: run
`latch serve` somewhere.

Examples:
  latch install --device pump-7 --release pump-1.1.0.latch --image pump.bin --wait
  latch install --cohort 10 --release pump-1.1.0.latch --image pump.bin --wait --timeout 1h
  latch install --cohort 10..100 --salt SALT --release pump-1.1.0.latch --image pump.bin
  latch install --all --release pump-1.1.0.latch --image pump.bin --out install.code";

/// Install a release on a device, on part of the fleet, or on all
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    audience: AudienceArgs,
    /// The release: its signed manifest
    #[arg(long, value_name = "FILE")]
    release: PathBuf,
    /// Its image
    #[arg(long, value_name = "FILE")]
    image: PathBuf,
    /// Allow an older version than the one that runs, never below the security floor
    #[arg(long)]
    downgrade: bool,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &InstallArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let trust = context.trust()?;
    let release = read_statement(&args.release)?;
    genuine_release(release.bytes(), &trust)?;
    let pages = read_pages(&release, &args.image)?;
    let manifest: Manifest<'_> = release.body()?;
    let audience = args.audience.resolve(&context, &manifest)?;
    if args.wait.wait && audience.devices().is_empty() {
        return Err(Failure::conflict(format_args!(
            "no enrolled {} lies in this audience, so there is nobody to wait for",
            manifest.product
        )));
    }
    let named = release.id();
    let change = if args.downgrade {
        Change::Downgrade { manifest: named }
    } else {
        Change::Install { manifest: named }
    };
    let order = Order {
        target: audience.target(manifest.product),
        change,
        latch: None,
        life_s: args.signing.life,
        usual_life_s: INSTALL_LIFE_S,
        twin_version: None,
    };
    let installation = Installation {
        context: &context,
        trust: &trust,
        release: &release,
        pages: &pages,
    };
    block_on(installation.run(&audience, &order, args))
}

/// A release on its way to devices.
struct Installation<'a> {
    context: &'a Context,
    trust: &'a TrustRoot,
    release: &'a Statement,
    pages: &'a PageServer,
}

impl Installation<'_> {
    async fn run(
        &self,
        audience: &Audience,
        order: &Order<'_>,
        args: &InstallArgs,
    ) -> Result<(), Failure> {
        let (code, link) = self.sign(audience, order, &args.signing).await?;
        if let Some(out) = &args.signing.out {
            return write_out(self.context, self.trust, &code, out);
        }
        let mut link = match link {
            Some(link) => link,
            None => self.context.connect().await?,
        };
        let sent = self.send(&mut link, audience, &code, args).await;
        link.close().await;
        sent
    }

    async fn sign(
        &self,
        audience: &Audience,
        order: &Order<'_>,
        signing: &SigningArgs,
    ) -> Result<(Statement, Option<Link>), Failure> {
        if let Audience::Device(record) = audience {
            return sign(
                self.context,
                self.trust,
                order,
                record,
                signing,
                Some(self.release.bytes()),
            )
            .await;
        }
        let keys = self.context.project.operator_keys(&signing.keys)?;
        let now = now()?;
        let code = compose(self.trust, order, None, &keys, now)?;
        match foresee(self.trust, &code, now) {
            Err(refusal) if signing.out.is_none() || !waits_for_signatures(&refusal) => {
                Err(Failure::not_sent("every device", refusal))
            }
            _ => Ok((code, None)),
        }
    }

    async fn send(
        &self,
        link: &mut Link,
        audience: &Audience,
        code: &Statement,
        args: &InstallArgs,
    ) -> Result<(), Failure> {
        let topics = self.context.topics()?;
        if args.wait.wait {
            link.subscribe(filters(&topics, audience.devices())).await?;
        }
        // The manifest first: a device that has the code asks for it at once.
        let publication = |statement| {
            let route = Route::of(statement, self.context.tenant())?;
            Ok::<_, Failure>(route.publication(&topics, statement, now()?))
        };
        link.publish(publication(self.release)?).await?;
        let code_message = publication(code)?;
        link.publish(code_message.clone()).await?;
        let sent = about(code)?
            .text("manifest", self.release.id())
            .maybe("audience", audience.fields());
        if args.wait.wait {
            return self
                .watch(
                    link,
                    audience,
                    (code, code_message),
                    sent,
                    args.wait.until(INSTALL_S),
                )
                .await;
        }
        let sent = sent.with("published", true).with("served", false);
        self.context
            .output
            .result(&sent, format_args!("{} published", code.id()));
        self.context.output.note(format_args!(
            "nothing is served from here: run `latch serve --release {} --image {}`",
            args.release.display(),
            args.image.display()
        ));
        Ok(())
    }
}

/// Receipts and wants: of one device, or of all.
fn filters(topics: &Topics, devices: &[Record]) -> Vec<String> {
    match devices {
        [only] => vec![
            topics.device_receipt(&only.device),
            topics.device_want(&only.device),
        ],
        _ => {
            let mut filters = topics.operator_filters(None);
            filters.extend(topics.page_server_filters());
            filters
        }
    }
}
