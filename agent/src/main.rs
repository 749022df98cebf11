//! `latch-agent`: the daemon on a device, and the two steps before it first runs.

mod config;
mod flash;
mod hooks;
mod host;
mod images;
mod key;
mod notices;
mod orders;
mod posture;
mod provision;
mod request;
mod run;
mod state_dir;

use std::{
    error::Error,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use latch_verify::{
    types::{DeviceId, ProductId, TenantId},
    verdict::Identity,
};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, ConfigError},
    host::HostClock,
    state_dir::StateDir,
};

/// Serves devices: relays latch codes from an MQTT broker to their verifiers, carries out
/// what the one in this process unlatches, and publishes their signed receipts.
#[derive(Parser)]
#[command(
    name = "latch-agent",
    version,
    after_help = "\
A device's life begins with three steps:
  latch-agent new --tenant acme --product pump --device pump-7 --dir state
  latch device enroll state/request.latch        (an operator, elsewhere)
  latch-agent provision pump-7.bundle --config agent.toml
and then it runs:
  latch-agent run --config agent.toml

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(New),
    Provision(Provision),
    Run(Run),
}

/// Make a new device: its key, and its request to be enrolled.
///
/// The key never leaves the folder. Give the request to an operator, who compares the key's id
/// with the one that is shown here.
#[derive(Args)]
#[command(after_help = "\
Example:
  latch-agent new --tenant acme --product pump --device pump-7 --dir state")]
struct New {
    /// The tenant: 1 to 16 of A-Z a-z 0-9 . _ -
    #[arg(long)]
    tenant: TenantId,
    /// The hardware class: as a tenant.
    #[arg(long)]
    product: ProductId,
    /// The device's name, one of a kind in its tenant: 1 to 32 of A-Z a-z 0-9 . _ -
    #[arg(long)]
    device: DeviceId,
    /// Raise it whenever a device of this name is enrolled again: older codes are void then.
    #[arg(long, default_value_t = 1)]
    incarnation: u32,
    /// The folder in which the device is to live; made if it is not there.
    #[arg(long)]
    dir: PathBuf,
}

/// Give a new device what it is to trust.
///
/// Happens once. `run` does it by itself when the configuration names the bundle.
#[derive(Args)]
#[command(after_help = "\
Example:
  latch-agent provision pump-7.bundle --config agent.toml")]
struct Provision {
    /// The bundle that `latch device enroll` has written.
    bundle: PathBuf,
    /// The configuration.
    #[arg(long, default_value = "agent.toml")]
    config: PathBuf,
}

/// Serve the devices of the configuration until SIGTERM or SIGINT.
#[derive(Args)]
#[command(after_help = "\
Examples:
  latch-agent run --config agent.toml
  RUST_LOG=debug latch-agent run --config agent.toml --log-format json

The configuration: a broker, and a device in this process, or others behind links, or both.
  broker           = \"mqtts://broker.example:8883\"
  state-dir        = \"state\"           # where `latch-agent new` made the device
  firmware-version = \"1.0.0\"           # of the image from the factory
  # component-versions = { 1 = \"2.0.0\" }  # of the other components, where there are any
  # bundle         = \"pump-7.bundle\"   # provisions the device on its first start
  # topic-prefix   = \"latch/v1/{tenant}\"
  # username       = \"pump-7\"
  # password-file  = \"password\"
  # ca-file        = \"ca.pem\"          # in place of the system's authorities
  # client-certificate = \"pump-7.pem\"
  # client-key     = \"pump-7.key\"
  # slot-size      = \"4MiB\"            # largest image; fixed once the device was provisioned
  # clock          = \"untrusted\"       # \"trusted\" only where a battery keeps the system's clock
  #                                    # and nothing but authenticated time (NTS, GNSS) sets it
  [hooks]                              # programs, not shell lines; told by JSON on their input
  # twin      = [\"/usr/lib/pump/set\"]
  # command   = [\"/usr/lib/pump/command\"]
  # latch     = [\"/usr/lib/pump/latch\"]      # opens and shuts; without it no latch opens
  # activate  = [\"/usr/lib/pump/activate\"]
  # health    = [\"/usr/lib/pump/health\"]
  # timeout-s = 60
  # [posture.idle]                     # a fact about the device that rules may ask for
  # bit       = 1                      # its number in the trust root's [facts]
  # command   = [\"/usr/lib/pump/is-idle\"]    # exit code 0: true, 1: false, else unknown
  # every-s   = 30
  # max-age-s = 90
  # [[device]]                         # a device behind a link; there may be many
  # link      = \"/dev/ttyUSB0\"       # or \"unix:PATH\", \"tcp:HOST:PORT\"
  # baud      = 115200
  # name      = \"pump-8\"             # only this device is served there
  # bundle    = \"pump-8.bundle\"      # provisions the device if it is new; looked at every 2 s
With [[device]] tables state-dir and what is about the device in it may be left out.")]
struct Run {
    /// The configuration.
    #[arg(long, default_value = "agent.toml")]
    config: PathBuf,
    /// How the log on stderr looks. What is in it is chosen by RUST_LOG (default: info).
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// How it ends when it does not end well.
enum Failure {
    /// What was asked for cannot be done.
    Failed(Box<dyn Error>),
    /// It was asked for in the wrong way.
    Usage(Box<dyn Error>),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.into())
    }
}

fn failed(error: impl Error + 'static) -> Failure {
    Failure::Failed(error.into())
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::New(arguments) => new(arguments),
        Command::Provision(arguments) => provision_device(&arguments.bundle, &arguments.config),
        Command::Run(arguments) => run_device(&arguments),
    };
    let (error, code) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => (error, 1),
        Err(Failure::Usage(error)) => (error, 2),
    };
    eprintln!("latch-agent: {error}");
    ExitCode::from(code)
}

fn new(arguments: New) -> Result<(), Failure> {
    let New {
        tenant,
        product,
        device,
        incarnation,
        dir,
    } = arguments;
    let name = Identity {
        tenant,
        product,
        device,
        incarnation,
    };
    let request = request::new(&dir, &name).map_err(failed)?;
    let path = request.path.display();
    println!("device key id  {}", request.key);
    println!("request        {path}");
    println!("next: give the request to an operator, who runs `latch device enroll {path}`");
    Ok(())
}

fn provision_device(bundle: &Path, config: &Path) -> Result<(), Failure> {
    let config = Config::load(config)?;
    let own = config.own.ok_or_else(|| {
        Failure::Usage(
            format!(
                "{}: there is no device in this process to be provisioned: for one behind a link name the bundle in its [[device]] table, or run `latch device provision --link LINK BUNDLE`",
                config.file.display()
            )
            .into(),
        )
    })?;
    let dir = StateDir::open(&own.state_dir).map_err(failed)?;
    let clock = HostClock::new(own.clock);
    let device = provision::first(&own, &dir, clock, bundle).map_err(failed)?;
    let identity = device.identity();
    println!(
        "provisioned    {} of tenant {}",
        identity.device, identity.tenant
    );
    println!("next: `latch-agent run --config {}`", config.file.display());
    Ok(())
}

fn run_device(arguments: &Run) -> Result<(), Failure> {
    let config = Config::load(&arguments.config)?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match arguments.log_format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    runtime.block_on(run::run(config)).map_err(failed)
}
