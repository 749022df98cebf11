//! A device: its folder, its agent, and hooks that write down what they are told.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use latch_tests::program;
use serde_json::Value;
use tempfile::TempDir;

use super::{Log, Operator, PRODUCT, Process, TENANT, signal_group, until};

/// Keeps the image that the last call named, under the number of the call: the agent removes those that have had their day.
const KEEP_IMAGE: &str = r#"image=$(sed -n '$s/.*"path":"\([^"]*\)".*/\1/p' activate.calls)
[ -z "$image" ] || cp "$image" "image-$(($(wc -l < activate.calls)))" || exit 98
"#;

/// What differs between devices.
pub(crate) struct Settings {
    /// Whether its clock is vouched for.
    pub(crate) clock_trusted: bool,
    /// How long a hook may take, in seconds.
    pub(crate) hook_timeout_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock_trusted: false,
            hook_timeout_s: 60,
        }
    }
}

/// What a hook does after it has written down what it was told.
pub(crate) enum Hooks {
    /// Ends well.
    Quick,
    /// Runs until it is killed, or its folder is gone.
    Held,
    /// Ends with this number.
    Failing(u8),
}

/// A device whose agent can be started, killed and started again.
pub(crate) struct DeviceHost {
    agent: Option<Process>,
    log: Log,
    name: String,
    dir: TempDir,
}

impl DeviceHost {
    /// A new device, enrolled by the operator. Its hooks are quick.
    pub(crate) fn new(operator: &Operator, broker: &str, name: &str, settings: &Settings) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the device");
        let host = Self {
            agent: None,
            log: Log::new(dir.path().join("agent.log")),
            name: name.to_owned(),
            dir,
        };
        let (state, bundle) = (host.path("state"), host.path("bundle"));
        let made = Command::new(program("latch-agent"))
            .args(["new", "--tenant", TENANT, "--product", PRODUCT, "--device"])
            .arg(name)
            .arg("--dir")
            .arg(&state)
            .stdout(host.log.writer())
            .stderr(host.log.writer())
            .status()
            .expect("latch-agent starts");
        assert!(made.success(), "latch-agent new failed");
        let request = state.join("request.latch");
        operator
            .run(["device", "enroll", text(&request), "--out", text(&bundle)])
            .ok();
        let clock = if settings.clock_trusted {
            "trusted"
        } else {
            "untrusted"
        };
        let config = format!(
            "broker = \"{broker}\"\nstate-dir = \"state\"\nbundle = \"bundle\"\nfirmware-version = \"1.0.0\"\n\
             slot-size = \"256KiB\"\nclock = \"{clock}\"\n\
             [hooks]\ntwin = [\"twin\"]\ncommand = [\"command\"]\nactivate = [\"activate\"]\nhealth = [\"health\"]\n\
             timeout-s = {}\n",
            settings.hook_timeout_s
        );
        fs::write(host.path("agent.toml"), config).expect("the configuration is written");
        for kind in ["twin", "command", "activate", "health"] {
            host.hook(kind, &Hooks::Quick);
        }
        host
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Says what the hook of this kind does from now on.
    pub(crate) fn hook(&self, kind: &str, does: &Hooks) {
        let rest = match does {
            Hooks::Quick => "exit 0".to_owned(),
            // Renamed, so that who sees the file can read it.
            Hooks::Held => "echo $$ > held.new; mv held.new held\nwhile [ -e \"$0\" ] && [ ! -e release ]; do sleep 0.05; done\nrm -f held release".to_owned(),
            Hooks::Failing(code) => format!("exit {code}"),
        };
        let keep = if kind == "activate" { KEEP_IMAGE } else { "" };
        let script = format!(
            "#!/bin/sh\ncd \"$(dirname \"$0\")\" || exit 99\ncat >> {kind}.calls; echo >> {kind}.calls\n{keep}{rest}\n"
        );
        let path = self.path(kind);
        // A new file each time: one that runs is not written over.
        let _ = fs::remove_file(&path);
        fs::write(&path, script).expect("a hook is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a hook can be run");
    }

    /// What the hook of this kind was told, once a call.
    pub(crate) fn calls(&self, kind: &str) -> Vec<Value> {
        let calls = fs::read_to_string(self.path(&format!("{kind}.calls"))).unwrap_or_default();
        calls
            .lines()
            .map(|call| {
                serde_json::from_str(call).unwrap_or_else(|cause| panic!("{call}: {cause}"))
            })
            .collect()
    }

    /// Starts the agent, and waits until it listens for codes.
    pub(crate) fn start(&mut self) {
        self.start_unheard();
        self.listens();
    }

    /// Starts the agent.
    pub(crate) fn start_unheard(&mut self) {
        assert!(self.agent.is_none(), "the agent runs already");
        self.log.skip();
        let mut command = Command::new(program("latch-agent"));
        command
            .arg("run")
            .arg("--config")
            .arg(self.path("agent.toml"))
            .env("RUST_LOG", "info,latch_agent=debug")
            .stdin(Stdio::null())
            .stdout(self.log.writer())
            .stderr(self.log.writer());
        self.agent = Some(Process::start(&mut command));
    }

    /// Waits until the agent is connected and listens for codes.
    pub(crate) fn listens(&mut self) {
        self.log.next(&["connected session_present="]);
        self.log.next(&[" subscribed ", "/code"]);
    }

    /// Waits until the agent, which was cut off, is connected and listens again.
    pub(crate) fn listens_again(&mut self) {
        let connected = self.log.next(&["connected session_present="]);
        // Where the broker has kept the session, it has kept what the agent listens to.
        if connected.contains("session_present=false") {
            self.log.next(&[" subscribed ", "/code"]);
        }
    }

    /// Waits for a line of the agent's log that holds all these words.
    pub(crate) fn says(&mut self, words: &[&str]) -> String {
        self.log.next(words)
    }

    /// Lines of the agent's log, of all its lives, that hold all these words.
    pub(crate) fn said(&self, words: &[&str]) -> Vec<String> {
        self.log.lines_with(words)
    }

    /// SIGKILL for the agent.
    pub(crate) fn kill(&mut self) {
        self.agent.take().expect("the agent runs").kill();
    }

    /// Waits until a hook is held.
    pub(crate) fn held(&self) -> u32 {
        let file = self.path("held");
        until("a hook is held", || fs::read_to_string(&file).ok())
            .trim()
            .parse()
            .expect("a process id")
    }

    /// Lets the hook of this kind, that is held, end well; the next one is quick.
    pub(crate) fn release_held_hook(&self, kind: &str) {
        self.hook(kind, &Hooks::Quick);
        fs::write(self.path("release"), "").expect("the mark is written");
    }

    /// SIGKILL for the agent, then for the hook that is held, with all that it has started.
    pub(crate) fn kill_with_held_hook(&mut self) {
        let hook = self.held();
        self.kill();
        // It still runs: nobody else ends it. Each hook leads a group of its own.
        signal_group("KILL", hook);
        self.forget_held_hook();
    }

    /// Removes the mark of a hook that was held, once it has ended.
    pub(crate) fn forget_held_hook(&self) {
        fs::remove_file(self.path("held")).expect("the mark is removed");
    }

    /// The images that were to run, in order: their versions, and what lay at the path that the hook was told. The image
    /// from the factory has no path.
    pub(crate) fn activated(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let calls = self.calls("activate").into_iter().zip(1..);
        let image = |(call, number): (Value, u32)| {
            let version = call["version"].as_str().expect("a version").to_owned();
            let path = self.path(&format!("image-{number}"));
            let image = call["path"]
                .is_string()
                .then(|| fs::read(path).expect("the hook kept it"));
            (version, image)
        };
        calls.map(image).collect()
    }

    /// The name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A path of ours as text: temporary folders have plain names.
fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}
