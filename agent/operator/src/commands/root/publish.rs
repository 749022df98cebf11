//! `latch root publish`

use std::path::PathBuf;

use clap::Args;
use latch_issue::{Statement, now, verify_succession};
use latch_operator::{Fields, Link, Route};
use latch_verify::statement::Root;

use crate::{
    announcing::{Announcement, WaitForArgs},
    cli::Globals,
    context::{Context, block_on, read_statement},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
The broker keeps every successor, so that a device that was away takes one after the other.
Once a new one is published, the project goes by it too: it is kept under roots/.

Without a file, what the project has is published again: for a new broker.

Examples:
  latch root publish root-2.latch
  latch root publish root-2.latch --wait pump-7
  latch root publish";

/// Put a successor of the trust root in force
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PublishArgs {
    /// The successor, with all its signatures
    file: Option<PathBuf>,
    #[command(flatten)]
    wait: WaitForArgs,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &PublishArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    match &args.file {
        Some(file) => {
            let successor = read_statement(file)?;
            block_on(put_in_force(&context, &successor, &args.wait))
        }
        None if args.wait.wait.is_some() => Err(Failure::usage(
            "devices say nothing to roots that they have: name the file of a new one",
        )),
        None => block_on(publish_again(&context)),
    }
}

async fn put_in_force(
    context: &Context,
    successor: &Statement,
    wait: &WaitForArgs,
) -> Result<(), Failure> {
    let current = context.trust()?;
    let root: Root<'_> = successor.body()?;
    let kept = context.project.successors()?;
    // Of what is in force, the project's own copy is known to be good.
    let kept = kept.iter().find(|kept| kept.id() == successor.id());
    let devices = context.project.device_keys()?;
    let next = match kept {
        Some(_) => None,
        None => Some(verify_succession(&current, successor, &devices)?),
    };
    let announcement = Announcement {
        statement: kept.unwrap_or(successor),
        trust: next.as_ref().unwrap_or(&current),
        about: about(&root, successor),
    };
    let taken = || match kept {
        Some(_) => Ok(()),
        None => Ok(context.project.succeed(root.version, successor)?),
    };
    announcement.send_and(context, wait, taken).await
}

async fn publish_again(context: &Context) -> Result<(), Failure> {
    let successors = context.project.successors()?;
    if successors.is_empty() {
        return Err(Failure::failed(
            "the first trust root has no successor, and devices were provisioned with the first",
        )
        .hint("make one with `latch root next`"));
    }
    let link: Link = context.connect().await?;
    let sent = async {
        for successor in &successors {
            link.publish(publication(context, successor)?).await?;
            let fields = about(&successor.body()?, successor).with("published", true);
            let words = format_args!("{} published", successor.id());
            context.output.result(&fields, words);
        }
        Ok(())
    };
    let sent = sent.await;
    link.close().await;
    sent
}

fn publication(
    context: &Context,
    successor: &Statement,
) -> Result<latch_mqtt::Publication, Failure> {
    let route = Route::of(successor, context.tenant())?;
    Ok(route.publication(&context.topics()?, successor, now()?))
}

fn about(root: &Root<'_>, successor: &Statement) -> Fields {
    Fields::new()
        .text("statement", successor.id())
        .with("version", root.version)
        .with("epoch", root.epoch)
}
