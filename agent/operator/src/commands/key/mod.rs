//! `latch key`

mod new;

use clap::Subcommand;

use crate::{cli::Globals, failure::Failure, output::Output};

/// Make keys
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    New(new::NewArgs),
}

impl KeyCommand {
    pub(crate) fn run(&self, globals: &Globals, output: Output) -> Result<(), Failure> {
        match self {
            Self::New(args) => new::run(globals, output, args),
        }
    }
}
