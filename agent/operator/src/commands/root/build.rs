//! `latch root build`

use std::path::PathBuf;

use clap::Args;
use latch_issue::{Rules, review_root};
use latch_operator::{describe, write_over};

use crate::{cli::Globals, context::Context, failure::Failure, output::Output};

const AFTER_HELP: &str = "\
Builds root.latch from root.toml and signs it with the root key. Devices that are enrolled
hold the root that was in force then, so this is refused once there are some: from then on,
`latch root next` makes its successor.

Examples:
  latch root build
  latch root build --key offline/root-a.pem --key offline/root-b.pem";

/// Build and sign root.latch from root.toml, before the first device is enrolled
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BuildArgs {
    /// Sign with this root key instead of the project's (repeat for more)
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &BuildArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let enrolled = context.project.registry().all()?.len();
    if enrolled > 0 {
        return Err(Failure::conflict(format_args!(
            "{enrolled} devices are enrolled under the present trust root, and would know nothing of another one"
        ))
        .hint("make its successor, which they take: `latch root next`"));
    }
    let rules = Rules::load(&context.project.rules_file())?;
    if rules.tenant() != context.tenant() {
        return Err(Failure::conflict(format_args!(
            "root.toml names the tenant {}, and latch.toml {}",
            rules.tenant(),
            context.tenant()
        )));
    }
    if rules.version() != 1 {
        return Err(Failure::conflict(format_args!(
            "root.toml has version {}, and the first trust root has version 1",
            rules.version()
        )));
    }
    let keys = context.project.root_keys(&args.keys)?;
    let keys: Vec<_> = keys.iter().collect();
    let draft = rules.draft()?;
    for consequence in review_root(&draft)? {
        output.note(consequence);
    }
    let statement = draft.sign(&keys)?;
    let trust = latch_verify::verdict::TrustRoot::first(statement.bytes())?;
    write_over(&context.project.root_file(), statement.bytes())?;
    output.show(&describe(&statement, Some(&trust), &|_| None)?);
    Ok(())
}
