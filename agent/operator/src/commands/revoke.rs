//! `latch revoke`

use std::path::{Path, PathBuf};

use clap::Args;
use latch_issue::{Extent, load_public, now, revoke, verify_revocation};
use latch_operator::{Field, Fields, moment, role_of};
use latch_verify::{
    statement::Revocation,
    types::{KeyId, Sequence},
};

use crate::{
    announcing::{Announcement, WaitForArgs, keep},
    cli::Globals,
    context::{Context, block_on},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
Every device of the tenant takes it, and keeps it; the broker keeps it for those that come
later. What devices have begun under such codes ends: open latches close, downloads stop.
The key itself signs if the project has it, or else as many root keys as the root asks for.

`all` voids whatever the key has signed or ever signs: right for a stolen key, and the end of
any other. `now` voids what says that it was signed up to this moment; whoever holds the key
writes any moment. Leave the key out of the next trust root: `latch root next`.

Examples:
  latch revoke 3c0fa1b2d4e5f607
  latch revoke keys/operator.pub.pem --through now --wait pump-7
  latch revoke 3c0fa1b2d4e5f607 --key offline/root-a.pem --out revocation.latch";

/// Void what a key has signed
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RevokeArgs {
    /// The key: its id, or the file of the public key
    #[arg(value_parser = key_id)]
    key: KeyId,
    /// How much: all, now, a moment (RFC 3339), or the sequence of the last code that is void
    #[arg(long, value_name = "EXTENT", default_value = "all", value_parser = through)]
    through: Through,
    /// Sign with this key instead of the project's (repeat for more)
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Write the revocation to a file instead of publishing it
    #[arg(long, value_name = "FILE", conflicts_with = "wait")]
    out: Option<PathBuf>,
    #[command(flatten)]
    wait: WaitForArgs,
}

/// An extent as it is written.
#[derive(Clone, Copy)]
enum Through {
    Now,
    Extent(Extent),
}

fn key_id(text: &str) -> Result<KeyId, String> {
    text.parse().or_else(|_| {
        load_public(Path::new(text))
            .map(|key| key.id())
            .map_err(|error| format!("{error}; a key id is 16 hexadecimal digits"))
    })
}

fn through(text: &str) -> Result<Through, String> {
    match text {
        "all" => Ok(Through::Extent(Extent::Everything)),
        "now" => Ok(Through::Now),
        _ => {
            let sequence = text.parse().map(|number| Extent::Through(Sequence(number)));
            sequence
                .or_else(|_| moment(text).map(Extent::Until))
                .map(Through::Extent)
                .map_err(|_| "write all, now, a moment or a sequence".to_owned())
        }
    }
}

pub(crate) fn run(globals: &Globals, output: Output, args: &RevokeArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let trust = context.trust()?;
    let extent = match args.through {
        Through::Now => Extent::Until(now()?),
        Through::Extent(extent) => extent,
    };
    let keys = context.project.revoking_keys(args.key, &args.keys)?;
    let draft = revoke(context.tenant(), args.key, extent)?;
    let Revocation { through, .. } = draft.body()?;
    let statement = draft.sign(&keys.iter().collect::<Vec<_>>())?;
    let about = Fields::new()
        .text("statement", statement.id())
        .text("key", args.key)
        .with("role", Field::from(role_of(&trust, args.key)))
        .with("everything", extent == Extent::Everything)
        // As text: not every JSON reader keeps 64 bits.
        .text("through", through.0);
    let missing = verify_revocation(&statement, &trust).err();
    if let Some(out) = &args.out {
        return keep(&context, &statement, about, missing, out, None);
    }
    if let Some(refusal) = missing {
        return Err(Failure::not_sent("every device", refusal));
    }
    let announcement = Announcement {
        statement: &statement,
        trust: &trust,
        about,
    };
    block_on(announcement.send(&context, &args.wait))?;
    if extent == Extent::Everything && role_of(&trust, args.key).is_some() {
        output.note(format_args!(
            "Next: leave the key {} out of root.toml, then `latch root next`.",
            args.key
        ));
    }
    Ok(())
}
