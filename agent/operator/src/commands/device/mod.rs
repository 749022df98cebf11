//! `latch device`

mod enroll;
mod list;
mod provision;
mod request;
mod show;

use clap::Subcommand;

use crate::{cli::Globals, failure::Failure, output::Output};

/// Enrol devices, and see which are enrolled
#[derive(Subcommand)]
pub(crate) enum DeviceCommand {
    Request(request::RequestArgs),
    Enroll(enroll::EnrollArgs),
    Provision(provision::ProvisionArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
}

impl DeviceCommand {
    pub(crate) fn run(&self, globals: &Globals, output: Output) -> Result<(), Failure> {
        match self {
            Self::Enroll(args) => enroll::run(globals, output, args),
            Self::Request(args) => request::run(globals, output, args),
            Self::Provision(args) => provision::run(globals, output, args),
            Self::List(args) => list::run(globals, output, args),
            Self::Show(args) => show::run(globals, output, args),
        }
    }
}
