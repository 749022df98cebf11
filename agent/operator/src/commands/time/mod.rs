//! `latch time`

mod attest;
mod serve;

use clap::Subcommand;

use crate::{cli::Globals, failure::Failure, output::Output};

/// Tell devices what time it is
#[derive(Subcommand)]
pub(crate) enum TimeCommand {
    Attest(attest::AttestArgs),
    Serve(serve::ServeArgs),
}

impl TimeCommand {
    pub(crate) fn run(&self, globals: &Globals, output: Output) -> Result<(), Failure> {
        match self {
            Self::Attest(args) => attest::run(globals, output, args),
            Self::Serve(args) => serve::run(globals, output, args),
        }
    }
}
