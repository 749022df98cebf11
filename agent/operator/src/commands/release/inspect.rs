//! `latch release inspect`

use std::{fs::File, path::PathBuf};

use clap::Args;
use latch_operator::{Field, FileError, describe, describe_refusal, genuine_release};
use latch_verify::statement::Manifest;

use crate::{
    cli::Globals,
    context::{Context, read_statement},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
With a project, the signatures are checked against its trust root: a manifest that devices
would not take for genuine is refused (exit code 3). With --image, the image is compared
with the manifest, hash and Merkle root.

Examples:
  latch release inspect pump-1.1.0.latch
  latch release inspect pump-1.1.0.latch --image pump.bin --json";

/// Show what a release says, and whether it is genuine
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct InspectArgs {
    /// The manifest
    release: PathBuf,
    /// Compare it with this image
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &InspectArgs) -> Result<(), Failure> {
    let context = Context::open_if_there(globals, output)?;
    let trust = context.as_ref().map(Context::trust).transpose()?;
    let statement = read_statement(&args.release)?;
    let manifest: Manifest<'_> = statement.body()?;
    let mut fields = describe(&statement, trust.as_ref(), &|_| None)?;
    let refusal = trust
        .as_ref()
        .and_then(|trust| genuine_release(statement.bytes(), trust).err());
    fields.set(
        "genuine",
        Field::from(trust.as_ref().map(|_| refusal.is_none())),
    );
    if let Some(refusal) = &refusal {
        fields.set("refused", describe_refusal(refusal));
    }
    if let Some(path) = &args.image {
        let image = File::open(path).map_err(|cause| FileError::Read {
            path: path.clone(),
            cause,
        })?;
        if let Err(error) = latch_issue::inspect(&manifest, image) {
            fields.set("image_fits", false);
            return Err(Failure::from(error).found(fields));
        }
        fields.set("image_fits", true);
    }
    match refusal {
        Some(refusal) => Err(Failure::from(refusal).found(fields)),
        None => {
            output.show(&fields);
            if trust.is_none() {
                output.note("no project here, so nothing says whose signatures count");
            }
            Ok(())
        }
    }
}
