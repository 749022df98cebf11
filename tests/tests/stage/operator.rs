//! `latch`, run as a pipeline would: with `--json`.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use latch_tests::program;
use latch_verify::{types::StatementId, wire::PublicKey};
use serde_json::Value;
use tempfile::TempDir;

use super::{Broker, Log, Process, TENANT, until};

/// A project of operators.
pub(crate) struct Operator {
    runs: Cell<u32>,
    dir: TempDir,
}

impl Operator {
    /// A new project, for this broker.
    pub(crate) fn new(broker: &Broker) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the project");
        let operator = Self {
            runs: Cell::new(0),
            dir,
        };
        operator
            .run(["init", "--tenant", TENANT, "--broker", &broker.url()])
            .ok();
        operator
    }

    /// A file in the project's folder, in which every command runs.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command to its end.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Done {
        self.begin(arguments).end()
    }

    /// Begins a command.
    pub(crate) fn begin<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Errand {
        let run = self.runs.get();
        self.runs.set(run + 1);
        let arguments: Vec<&str> = arguments.into_iter().collect();
        let stdout = Log::new(self.path(format!("run-{run}.stdout")));
        let stderr = Log::new(self.path(format!("run-{run}.stderr")));
        let mut command = Command::new(program("latch"));
        command
            .current_dir(self.dir.path())
            .env_remove("LATCH_DIR")
            .env_remove("LATCH_BROKER")
            .arg("--json")
            .args(&arguments)
            .stdin(Stdio::null())
            .stdout(stdout.writer())
            .stderr(stderr.writer());
        Errand {
            process: Process::start(&mut command),
            stdout,
            stderr,
            words: arguments.join(" "),
        }
    }

    /// Signs a code and keeps it in a file.
    pub(crate) fn sign<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
        file: &'a str,
    ) -> Code {
        let arguments = arguments.into_iter().chain(["--out", file]);
        let signed = self.run(arguments).ok();
        let id = signed["statement"].as_str().expect("an id");
        Code {
            id: id.parse().expect("an id"),
            file: self.path(file),
        }
    }

    /// Waits until the state that a device leaves with the broker holds this twin. It follows the receipt, so that whoever
    /// has just got that may be too early.
    pub(crate) fn sees_twin(&self, device: &str, version: u64, twin: &Value) {
        let seen = || {
            let state = self.run(["twin", "get", device]).ok();
            (state["twin_version"] == version && state["twin"] == *twin).then_some(())
        };
        until(&format!("the twin of {device}: {twin}"), seen);
    }

    /// Waits until the state that a device leaves with the broker names this firmware.
    pub(crate) fn sees_firmware(&self, device: &str, version: &str) {
        let seen = || {
            let state = self.run(["device", "show", device, "--state"]).ok();
            (state["status"]["firmware"]["version"] == version).then_some(())
        };
        until(&format!("firmware {version} on {device}"), seen);
    }

    /// The key that is recorded of a device.
    pub(crate) fn key_of(&self, device: &str) -> PublicKey {
        let shown = self.run(["device", "show", device]).ok();
        let hex = shown["key"].as_str().expect("a key");
        let mut key = [0; 32];
        for (place, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).expect("hexadecimal");
        }
        PublicKey::new(key).expect("a public key")
    }

    /// Writes a file into the project's folder.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a file of the project is written");
        path
    }
}

/// A code that was signed, and not sent.
pub(crate) struct Code {
    pub(crate) id: StatementId,
    pub(crate) file: PathBuf,
}

/// A command that runs.
pub(crate) struct Errand {
    process: Process,
    stdout: Log,
    stderr: Log,
    words: String,
}

impl Errand {
    /// Waits for its end.
    pub(crate) fn end(mut self) -> Done {
        let code = self.process.end().code().expect("no signal ended it");
        Done {
            code,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            words: self.words,
        }
    }
}

/// A command that has ended.
#[must_use = "say what is expected of it"]
pub(crate) struct Done {
    code: i32,
    stdout: String,
    stderr: String,
    words: String,
}

impl Done {
    /// It went well; its result.
    pub(crate) fn ok(self) -> Value {
        self.ends_with(0)
    }

    /// It ended with this exit code; its result.
    pub(crate) fn ends_with(self, code: i32) -> Value {
        let Self {
            stdout,
            stderr,
            words,
            ..
        } = &self;
        assert_eq!(self.code, code, "latch {words}\n{stdout}\n{stderr}");
        let result = stdout.lines().last().unwrap_or_default();
        serde_json::from_str(result)
            .unwrap_or_else(|cause| panic!("latch {words}: {cause}\n{stdout}\n{stderr}"))
    }

    /// It was refused, for the reason of this name; its result.
    pub(crate) fn refused(self, reason: &str) -> Value {
        let result = self.ends_with(3);
        assert_eq!(result["error"]["reason"]["name"], reason, "{result:#}");
        result
    }

    /// It is not how the command was meant, and nothing but words for people says so.
    pub(crate) fn wrong_usage(self) {
        assert_eq!(self.code, 2, "latch {}\n{}", self.words, self.stderr);
        assert!(!self.stderr.is_empty(), "latch {} says nothing", self.words);
    }
}
