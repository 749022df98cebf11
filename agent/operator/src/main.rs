//! `latch`: the command line of operators and pipelines.

mod announcing;
mod attending;
mod cli;
mod commands;
mod context;
mod failure;
mod output;
mod reaching;
mod sending;
mod signing;
mod verdicts;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{cli::Cli, output::Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.globals.json);
    match cli.command.run(&cli.globals, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.fail(&failure);
            failure.exit_code()
        }
    }
}
