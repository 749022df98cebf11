//! `latch release`

mod build;
mod inspect;

use clap::Subcommand;

use crate::{cli::Globals, failure::Failure, output::Output};

/// Build releases, and see what they say
#[derive(Subcommand)]
pub(crate) enum ReleaseCommand {
    Build(build::BuildArgs),
    Inspect(inspect::InspectArgs),
}

impl ReleaseCommand {
    pub(crate) fn run(&self, globals: &Globals, output: Output) -> Result<(), Failure> {
        match self {
            Self::Build(args) => build::run(globals, output, args),
            Self::Inspect(args) => inspect::run(globals, output, args),
        }
    }
}
