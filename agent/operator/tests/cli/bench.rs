//! A project in a folder of its own, and the program run in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use latch_issue::{RoleKey, Statement};
use latch_verify::{
    Reason,
    statement::{Enrolment, KeyKept},
    types::{DeviceId, Digest},
};
use serde_json::Value;
use tempfile::TempDir;

/// A broker's address at which nobody listens: the port is reserved (RFC 6335, section 6).
pub(crate) const NO_BROKER: &str = "mqtt://127.0.0.1:1";

pub(crate) struct Bench {
    folder: TempDir,
}

/// What a run of the program came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let lines: Vec<&str> = self.stdout.lines().collect();
        assert_eq!(
            lines.len(),
            1,
            "one object on stdout: {}\n{}",
            self.stdout,
            self.stderr
        );
        serde_json::from_str(lines[0]).expect("stdout is JSON")
    }

    /// Succeeded; returns the result.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self.json()
    }

    /// Refused for this reason, here or by a device.
    #[track_caller]
    pub(crate) fn refused(&self, reason: Reason) -> Value {
        assert_eq!(self.code, 3, "{}\n{}", self.stdout, self.stderr);
        let found = self.json();
        assert_eq!(
            found["error"]["reason"]["number"],
            reason.number(),
            "{found}"
        );
        assert_eq!(found["error"]["reason"]["name"], reason.name(), "{found}");
        assert_eq!(found["error"]["kind"], "refused");
        found
    }

    /// Failed with this exit code, in these words.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        assert!(
            self.stderr.contains(words),
            "`{words}` is not in: {}",
            self.stderr
        );
    }
}

impl Bench {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A project of the tenant acme.
    pub(crate) fn new() -> Self {
        Self::at(NO_BROKER)
    }

    /// The same, with a broker.
    pub(crate) fn at(broker: &str) -> Self {
        let bench = Self::empty();
        bench
            .run(["init", "--tenant", "acme", "--broker", broker])
            .ok();
        bench
    }

    /// Changes the rules, and builds the root from them.
    pub(crate) fn with_rules(self, change: impl FnOnce(String) -> String) -> Self {
        let rules = fs::read_to_string(self.path("root.toml")).expect("rules");
        fs::write(self.path("root.toml"), change(rules)).expect("rules");
        self.run(["root", "build"]).ok();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `latch` with `--json` in the project's folder.
    pub(crate) fn run<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.run_with(&arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &str) -> Run {
        let output = self
            .command()
            .arg("--json")
            .args(arguments)
            .write_stdin(stdin)
            .output()
            .expect("latch runs");
        Run {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).expect("stdout is text"),
            stderr: String::from_utf8(output.stderr).expect("stderr is text"),
        }
    }

    /// The program, without `--json`, untouched by what surrounds the test.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latch"));
        command
            .current_dir(self.folder())
            .env_remove("LATCH_DIR")
            .env_remove("LATCH_BROKER");
        command
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    pub(crate) fn statement(&self, name: &str) -> Statement {
        Statement::from_bytes(self.read(name)).expect("a statement")
    }

    /// Changes one bit of the last byte: of a signature.
    pub(crate) fn spoil(&self, name: &str) {
        let mut bytes = self.read(name);
        *bytes.last_mut().expect("not empty") ^= 1;
        self.write(name, bytes);
    }

    /// A key that is in no root.
    pub(crate) fn make_key(&self, name: &str) -> RoleKey {
        let key = RoleKey::generate().expect("randomness");
        key.save(&self.path(name)).expect("a new file");
        latch_issue::save_public(&self.path(&name.replace(".pem", ".pub.pem")), &key.public())
            .expect("a new file");
        key
    }

    /// Writes a device's request to be enrolled, as the device would.
    pub(crate) fn request(&self, file: &str, wish: &Wish) {
        let key = RoleKey::from_seed(&wish.seed).expect("a key");
        let enrolment = Enrolment {
            tenant: wish.tenant.parse().expect("a tenant"),
            product: wish.product.parse().expect("a product"),
            device: wish.device.clone(),
            incarnation: wish.incarnation,
            device_key: Digest(*key.public().bytes()),
            key_kept: KeyKept::Software,
        };
        self.write(
            file,
            Statement::seal(&enrolment, &[&key])
                .expect("sealed")
                .bytes(),
        );
    }

    /// Enrols a device as it wishes.
    pub(crate) fn enrol(&self, wish: &Wish) {
        self.request("request", wish);
        self.run(["device", "enroll", "request"]).ok();
    }
}

/// What a device asks for.
#[derive(Clone)]
pub(crate) struct Wish {
    pub(crate) tenant: &'static str,
    pub(crate) product: &'static str,
    pub(crate) device: DeviceId,
    pub(crate) incarnation: u32,
    pub(crate) seed: [u8; 32],
}

impl Wish {
    pub(crate) fn new(device: &str) -> Self {
        Self {
            tenant: "acme",
            product: "pump",
            device: device.parse().expect("a device"),
            incarnation: 1,
            seed: [7; 32],
        }
    }
}
