//! `latch root`

mod build;
mod next;
mod publish;

use clap::Subcommand;

use crate::{cli::Globals, failure::Failure, output::Output};

/// Make the trust root, and its successors
#[derive(Subcommand)]
pub(crate) enum RootCommand {
    Build(build::BuildArgs),
    Next(next::NextArgs),
    Publish(publish::PublishArgs),
}

impl RootCommand {
    pub(crate) fn run(&self, globals: &Globals, output: Output) -> Result<(), Failure> {
        match self {
            Self::Build(args) => build::run(globals, output, args),
            Self::Next(args) => next::run(globals, output, args),
            Self::Publish(args) => publish::run(globals, output, args),
        }
    }
}
