//! `latch publish`

use std::path::{Path, PathBuf};

use clap::Args;
use latch_issue::{Statement, now};
use latch_operator::{Fields, Link, Route, RouteError};
use latch_verify::{statement::Root, types::DeviceId};

use crate::{
    cli::Globals,
    context::{Context, block_on, read_statement, shown},
    failure::Failure,
    output::Output,
    sending::{WaitArgs, publish_and_wait},
};

const AFTER_HELP: &str = "\
Each statement goes where its kind belongs: codes for one device to the device; codes for many,
release manifests, revocations and stop slips retained for whoever comes later. Nothing is
checked beforehand: that is the device's part (`latch check` foresees its verdict).

Examples:
  latch publish change.code --wait
  latch publish pump-1.1.0.latch install.code
  latch publish time.latch --to pump-7";

/// Send statements that were written to files
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PublishArgs {
    /// The statements, in this order
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Send to this device alone, whatever it is; the broker keeps nothing
    #[arg(long, value_name = "DEVICE", conflicts_with = "wait")]
    to: Option<DeviceId>,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &PublishArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let mut statements = Vec::new();
    for file in &args.files {
        let statement = read_statement(file)?;
        let route = match (&args.to, Route::of(&statement, context.tenant())) {
            (Some(device), Ok(_) | Err(RouteError::UnnamedDevice)) => {
                Route::to_device(device.clone())
            }
            (_, route) => route?,
        };
        refuse_successor(file, &statement)?;
        if args.wait.wait && route.device().is_none() {
            return Err(Failure::usage(format_args!(
                "{}: is not for one device, so there is no one receipt to wait for",
                file.display()
            )));
        }
        statements.push((file, statement, route));
    }
    block_on(async {
        let mut link = context.connect().await?;
        let sent = async {
            for (file, statement, route) in &statements {
                match route.device() {
                    Some(device) if args.wait.wait => {
                        let record = context.record(device)?;
                        publish_and_wait(&context, &mut link, statement, &record, &args.wait)
                            .await?;
                    }
                    _ => publish(&context, &link, file, statement, route).await?,
                }
            }
            Ok(())
        };
        let sent = sent.await;
        link.close().await;
        sent
    })
}

/// A successor of the trust root concerns the project as well.
fn refuse_successor(file: &Path, statement: &Statement) -> Result<(), Failure> {
    match statement.body::<Root<'_>>() {
        Ok(root) if root.version > 1 => Err(Failure::usage(format_args!(
            "{}: is a successor of the trust root, which the project has to go by too",
            file.display()
        ))
        .hint(format_args!(
            "put it in force with `latch root publish {}`",
            file.display()
        ))),
        _ => Ok(()),
    }
}

async fn publish(
    context: &Context,
    link: &Link,
    file: &Path,
    statement: &Statement,
    route: &Route,
) -> Result<(), Failure> {
    let topics = context.topics()?;
    link.publish(route.publication(&topics, statement, now()?))
        .await?;
    let topic = route.topic(&topics);
    let fields = Fields::new()
        .text("statement", statement.id())
        .with("file", shown(file))
        .with("topic", topic.as_str())
        .with("published", true);
    context.output.result(
        &fields,
        format_args!("{} published on {topic}", statement.id()),
    );
    Ok(())
}
