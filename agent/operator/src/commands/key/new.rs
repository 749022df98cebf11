//! `latch key new`

use std::path::PathBuf;

use clap::Args;
use latch_issue::{RoleKey, save_public};
use latch_operator::{Fields, FileError};

use crate::{cli::Globals, context::shown, failure::Failure, output::Output};

const AFTER_HELP: &str = "\
The private key is a PKCS#8 file that only its owner may read; the public one lies beside it,
with .pub.pem at its end. What the key may sign, the trust root says: name the public key under
[keys] in root.toml.

Examples:
  latch key new keys/ben.pem
  latch key new offline/root-b.pem";

/// Make a key of one's own, for any role
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct NewArgs {
    /// Where to write the private key
    file: PathBuf,
}

pub(crate) fn run(_: &Globals, output: Output, args: &NewArgs) -> Result<(), Failure> {
    let public = args.file.with_extension("pub.pem");
    if public.symlink_metadata().is_ok() {
        return Err(FileError::Exists { path: public }.into());
    }
    let key = RoleKey::generate()?;
    key.save(&args.file)?;
    save_public(&public, &key.public())?;
    let fields = Fields::new()
        .text("key", key.id())
        .with("file", shown(&args.file))
        .with("public", shown(&public));
    output.show(&fields);
    output.note(format_args!(
        "Next: name {} under [keys] in root.toml, then `latch root build` before the first device is enrolled, or `latch root next`.",
        public.display()
    ));
    Ok(())
}
