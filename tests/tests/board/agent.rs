//! `latch-agent`, for a device at the other end of a line.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use latch_tests::program;
use tempfile::TempDir;

use super::tenant::DEVICE;
use crate::stage::{Log, Process};

/// An agent that runs until it is dropped.
pub(crate) struct Agent {
    _process: Process,
    _log: Log,
    _dir: TempDir,
}

impl Agent {
    /// Serves the device on this line, which it provisions with the bundle if it is new.
    pub(crate) fn start(broker: &str, line: &Path, bundle: &Path) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the agent");
        let config = dir.path().join("agent.toml");
        let text = format!(
            "broker = \"{broker}\"\n[[device]]\nlink = \"unix:{}\"\nname = \"{DEVICE}\"\nbundle = \"{}\"\n",
            line.display(),
            bundle.display()
        );
        fs::write(&config, text).expect("the configuration is written");
        let log = Log::new(dir.path().join("agent.log"));
        let mut command = Command::new(program("latch-agent"));
        command
            .arg("run")
            .arg("--config")
            .arg(&config)
            .env("RUST_LOG", "info,latch_agent=debug")
            .stdin(Stdio::null())
            .stdout(log.writer())
            .stderr(log.writer());
        Self {
            _process: Process::start(&mut command),
            _log: log,
            _dir: dir,
        }
    }
}
