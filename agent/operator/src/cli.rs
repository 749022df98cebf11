//! The command line as a whole: what every command takes, and which commands there are.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{commands, failure::Failure, output::Output};

const AFTER_HELP: &str = "\
Begin with `latch init`; it says what to do next. Every command has examples in its --help.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by verification, 4 timed out,
5 rollout aborted, 6 conflict with what is there.";

/// Signs what devices obey, and shows what they made of it.
#[derive(Parser)]
#[command(name = "latch", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Verb,
}

/// What every command takes.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Globals {
    /// The project's folder; otherwise the nearest one upwards that holds latch.toml
    #[arg(long, global = true, env = "LATCH_DIR", value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// One JSON object (lists: one a line) on stdout; text for people on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The broker, instead of the project's: mqtt://HOST or mqtts://HOST
    #[arg(
        long,
        global = true,
        env = "LATCH_BROKER",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) broker: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    Init(commands::init::InitArgs),
    #[command(subcommand)]
    Device(commands::device::DeviceCommand),
    #[command(subcommand)]
    Twin(commands::twin::TwinCommand),
    Command(commands::command::CommandArgs),
    Open(commands::open::OpenArgs),
    Renew(commands::renew::RenewArgs),
    Close(commands::close::CloseArgs),
    Lockdown(commands::lockdown::LockdownArgs),
    Unlock(commands::unlock::UnlockArgs),
    Probe(commands::probe::ProbeArgs),
    #[command(subcommand)]
    Release(commands::release::ReleaseCommand),
    Install(commands::install::InstallArgs),
    Serve(commands::serve::ServeArgs),
    Sign(commands::sign::SignArgs),
    Publish(commands::publish::PublishArgs),
    Deliver(commands::deliver::DeliverArgs),
    Stop(commands::stop::StopArgs),
    Revoke(commands::revoke::RevokeArgs),
    Check(commands::check::CheckArgs),
    Inspect(commands::inspect::InspectArgs),
    #[command(subcommand)]
    Receipts(commands::receipts::ReceiptsCommand),
    #[command(subcommand)]
    Key(commands::key::KeyCommand),
    #[command(subcommand)]
    Root(commands::root::RootCommand),
    #[command(subcommand)]
    Time(commands::time::TimeCommand),
}

impl Verb {
    pub(crate) fn run(&self, globals: &Globals, output: Output) -> Result<(), Failure> {
        match self {
            Self::Init(args) => commands::init::run(globals, output, args),
            Self::Device(command) => command.run(globals, output),
            Self::Twin(command) => command.run(globals, output),
            Self::Command(args) => commands::command::run(globals, output, args),
            Self::Release(command) => command.run(globals, output),
            Self::Install(args) => commands::install::run(globals, output, args),
            Self::Serve(args) => commands::serve::run(globals, output, args),
            Self::Sign(args) => commands::sign::run(globals, output, args),
            Self::Publish(args) => commands::publish::run(globals, output, args),
            Self::Deliver(args) => commands::deliver::run(globals, output, args),
            Self::Open(args) => commands::open::run(globals, output, args),
            Self::Renew(args) => commands::renew::run(globals, output, args),
            Self::Close(args) => commands::close::run(globals, output, args),
            Self::Lockdown(args) => commands::lockdown::run(globals, output, args),
            Self::Unlock(args) => commands::unlock::run(globals, output, args),
            Self::Probe(args) => commands::probe::run(globals, output, args),
            Self::Stop(args) => commands::stop::run(globals, output, args),
            Self::Revoke(args) => commands::revoke::run(globals, output, args),
            Self::Time(command) => command.run(globals, output),
            Self::Check(args) => commands::check::run(globals, output, args),
            Self::Inspect(args) => commands::inspect::run(globals, output, args),
            Self::Receipts(command) => command.run(globals, output),
            Self::Key(command) => command.run(globals, output),
            Self::Root(command) => command.run(globals, output),
        }
    }
}
