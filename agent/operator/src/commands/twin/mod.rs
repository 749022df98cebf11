//! `latch twin`

mod get;
mod set;

use clap::Subcommand;

use crate::{cli::Globals, failure::Failure, output::Output};

/// Change and read a device's twin: its tree of desired values
#[derive(Subcommand)]
pub(crate) enum TwinCommand {
    Set(set::SetArgs),
    Get(get::GetArgs),
}

impl TwinCommand {
    pub(crate) fn run(&self, globals: &Globals, output: Output) -> Result<(), Failure> {
        match self {
            Self::Set(args) => set::run(globals, output, args),
            Self::Get(args) => get::run(globals, output, args),
        }
    }
}
