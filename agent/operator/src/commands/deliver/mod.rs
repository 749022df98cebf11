//! `latch deliver`

mod installing;
mod receipts;

use std::path::{Path, PathBuf};

use clap::Args;
use latch_issue::Statement;
use latch_line::Address;
use latch_link::Handled;
use latch_mqtt::PageServer;
use latch_operator::{Answer, Direct, Fields, Record};
use latch_verify::{
    Reason,
    device::Release,
    statement::Outcome,
    types::StatementId,
    verdict::{Identity, TrustRoot},
    wire::Kind,
};

use self::receipts::Receipts;
use crate::{
    cli::Globals,
    context::{Context, block_on, read_pages, read_statement, shown},
    failure::Failure,
    output::Output,
    reaching::{IN_RECOVERY, Tuning},
    sending::ANSWER_S,
    verdicts,
};

/// How long an image may take, unless told otherwise, in seconds.
const IMAGE_S: u32 = 600;

const AFTER_HELP: &str = "\
For a device that the broker does not reach: codes, trust roots, revocations and stop slips go
over its own line, and its receipts come back. The device judges them as ever. An agent that
serves the line has to be stopped first.

Examples:
  latch deliver --link /dev/ttyUSB0 change.code
  latch deliver --link unix:pump-7.sock root-2.latch change.code --out receipts
  latch deliver --link /dev/ttyUSB0 install.code --release pump-1.1.0.latch --image pump.bin
  latch deliver --link /dev/ttyUSB0 --release pump-1.1.0.latch --image pump.bin";

/// Bring statements to a device over its line, and take its receipts
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DeliverArgs {
    /// The statements, in this order; none to go on with an installation that has begun
    #[arg(required_unless_present = "image")]
    files: Vec<PathBuf>,
    /// Reach the device here: unix:PATH, tcp:HOST:PORT, or a serial port such as /dev/ttyUSB0
    #[arg(long, value_name = "LINK")]
    link: Address,
    #[command(flatten)]
    tuning: Tuning,
    /// The release that a code installs
    #[arg(long, value_name = "FILE")]
    release: Option<PathBuf>,
    /// Its image: give the device the pages that it asks for
    #[arg(long, value_name = "FILE", requires = "release")]
    image: Option<PathBuf>,
    /// Write the receipts into this folder, a file each: NAME-NUMBER.latch
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &DeliverArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let statements: Vec<(&Path, Statement)> = args
        .files
        .iter()
        .map(|file| Ok((file.as_path(), readable(file)?)))
        .collect::<Result<_, Failure>>()?;
    let release = args.release.as_deref().map(read_statement).transpose()?;
    let pages = match (&release, &args.image) {
        (Some(release), Some(image)) => Some(read_pages(release, image)?),
        _ => None,
    };
    let trust = context.trust()?;
    let usual_s = if pages.is_some() { IMAGE_S } else { ANSWER_S };
    block_on(async {
        let mut device = args.tuning.connect(&args.link, usual_s).await?;
        let identity = identity_of(&device)?;
        let record = context.record(&identity.device)?;
        let mut delivery = Delivery {
            receipts: Receipts::new(&context, &record, args.out.as_deref())?,
            context: &context,
            trust: &trust,
            record: &record,
            release: release.as_ref(),
            pages: pages.as_ref(),
        };
        for (file, statement) in &statements {
            delivery.deliver(&mut device, file, statement).await?;
        }
        match &pages {
            Some(pages) if statements.is_empty() => {
                delivery.go_on(&mut device, pages).await?;
            }
            _ => {}
        }
        Ok(())
    })
}

/// Reads a statement that a device takes.
fn readable(file: &Path) -> Result<Statement, Failure> {
    let statement = read_statement(file)?;
    match statement.kind() {
        Kind::Code | Kind::Root | Kind::Revocation | Kind::StopSlip | Kind::Time => Ok(statement),
        Kind::Manifest => Err(Failure::usage(format_args!(
            "{}: is a release, which a device asks for when a code names it",
            file.display()
        ))
        .hint(format_args!(
            "give the code, and --release {}",
            file.display()
        ))),
        _ => Err(Failure::usage(format_args!(
            "{}: is nothing that a device takes",
            file.display()
        ))),
    }
}

/// Who is at the other end, if it is somebody's device.
fn identity_of(device: &Direct) -> Result<Identity, Failure> {
    device.identity().cloned().ok_or_else(|| {
        let told = latch_operator::describe_standing(device.standing());
        Failure::failed("the device takes no statements: it is not provisioned, or stays shut")
            .hint("a new one is taken in by `latch device request --link LINK`")
            .found(told)
    })
}

/// What is brought to one device.
struct Delivery<'a> {
    context: &'a Context,
    trust: &'a TrustRoot,
    record: &'a Record,
    release: Option<&'a Statement>,
    pages: Option<&'a PageServer>,
    receipts: Receipts<'a>,
}

impl Delivery<'_> {
    /// Brings a statement, and shows what the device makes of it.
    async fn deliver(
        &mut self,
        device: &mut Direct,
        file: &Path,
        statement: &Statement,
    ) -> Result<(), Failure> {
        let sent = Fields::new()
            .text("statement", statement.id())
            .with("file", shown(file))
            .text("device", &self.record.device);
        let handled = self.submit(device, statement).await?;
        self.receipts.take(device)?;
        match handled {
            Handled::Answered => {}
            Handled::Noted => {
                let words = format_args!(
                    "{}: knows that already, or has taken it in; it signs no receipt for it",
                    self.record.device
                );
                let fields = sent.with("answered", false);
                self.context.output.result(&fields, words);
                return Ok(());
            }
            Handled::Ignored(refused) if device.is_in_recovery() => {
                return Err(ignored(&refused).hint(IN_RECOVERY).found(sent));
            }
            Handled::Ignored(refused) => return Err(ignored(&refused).found(sent)),
            Handled::Untold(refused) => {
                return Err(Failure::failed(format_args!(
                    "the device has used the code up, and could not record what came of it: {refused}"
                ))
                .found(sent));
            }
            Handled::ManifestWanted(_) => {
                return Err(
                    Failure::failed("the device asks for a release that it was given").found(sent),
                );
            }
        }
        let started = |answer: &Answer| {
            let outcome = answer
                .receipt
                .as_ref()
                .map(|signed| signed.receipt().outcome);
            outcome == Some(Outcome::InstallStarted)
        };
        let answer = self.receipts.answer_to(statement.id());
        match self.pages {
            Some(pages) if started(&answer) => {
                self.bring_pages(device, pages).await?;
                let answer = self.last_word(device, statement.id()).await?;
                self.conclude(sent, &answer)
            }
            None if started(&answer) => {
                self.show(sent, &answer);
                self.context
                    .output
                    .note("it waits for the pages: bring them by --release and --image");
                Ok(())
            }
            _ => self.conclude(sent, &answer),
        }
    }

    /// Puts a statement in, with its release if the device asks for that.
    async fn submit(&self, device: &mut Direct, statement: &Statement) -> Result<Handled, Failure> {
        let bytes = statement.bytes();
        match device.submit(bytes, Release::NotAsked).await? {
            Handled::ManifestWanted(manifest) => {
                let release = self.release_with(manifest)?;
                Ok(device.submit(bytes, Release::Found(release)).await?)
            }
            handled => Ok(handled),
        }
    }

    fn release_with(&self, wanted: StatementId) -> Result<&[u8], Failure> {
        match self.release {
            Some(release) if release.id() == wanted => Ok(release.bytes()),
            Some(release) => Err(Failure::usage(format_args!(
                "the code installs the release {wanted}, and --release names {}",
                release.id()
            ))),
            None => Err(
                Failure::usage(format_args!("the code installs the release {wanted}"))
                    .hint("give it by --release FILE, and its image by --image FILE"),
            ),
        }
    }

    /// Shows an answer; what is not as wanted is the command's failure.
    fn conclude(&self, sent: Fields, answer: &Answer) -> Result<(), Failure> {
        match verdicts::failure(answer, self.trust) {
            Some(failure) => {
                let mut fields = sent;
                fields.append(verdicts::fields(answer, self.trust));
                Err(failure.found(fields))
            }
            None => {
                self.show(sent, answer);
                Ok(())
            }
        }
    }

    fn show(&self, sent: Fields, answer: &Answer) {
        let mut fields = sent;
        fields.append(verdicts::fields(answer, self.trust));
        let words = answer.receipt.as_ref().map_or_else(
            || "no receipt".to_owned(),
            |signed| verdicts::in_words(signed.receipt(), self.trust),
        );
        self.context
            .output
            .result(&fields, format_args!("{}: {words}", answer.record.device));
    }
}

/// The device has not answered: it does not know who signed this, or had no leave to look.
fn ignored(refused: &latch_link::Refused) -> Failure {
    match refused.refusal() {
        Some(refusal) => {
            let failure = Failure::refused(
                format_args!("the device passes it over, without a receipt: {refused}"),
                refusal,
            );
            if refusal.reason == Reason::Throttled {
                failure.hint("wait a minute, then try again")
            } else {
                failure
            }
        }
        None => Failure::new(
            crate::failure::Kind::Refused,
            format_args!("the device passes it over: {refused}"),
        ),
    }
}
