//! Programs that run beside a test, and end with it.

use std::{
    env,
    path::PathBuf,
    process::{Child, Command, ExitStatus},
};

use super::until;

/// Where Debian and others keep what only root's PATH leads to.
const MORE_FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// A program of somebody else, that tests need.
///
/// # Panics
///
/// When it is not installed: what was not tried has not passed.
pub(crate) fn path_of(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(MORE_FOLDERS.map(PathBuf::from));
    let found = folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "`{name}` is missing, and this test needs it: install it (Debian: mosquitto, mosquitto-clients)"
        )
    })
}

/// Sends a signal to a process group that this test has started, and whose leader was not waited for yet.
pub(crate) fn signal_group(signal: &str, leader: u32) {
    send(signal, &format!("-{leader}"));
}

fn send(signal: &str, to: &str) {
    let script = format!("kill -s {signal} -- {to}");
    let sent = Command::new("sh")
        .args(["-c", &script])
        .status()
        .expect("sh starts");
    assert!(sent.success(), "`{script}` failed");
}

/// A running program; killed when dropped.
pub(crate) struct Process {
    child: Child,
    name: String,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .spawn()
            .unwrap_or_else(|cause| panic!("`{name}` cannot be started: {cause}"));
        Self { child, name }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        send(signal, &self.id().to_string());
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        until(&format!("the end of {}", self.name), || {
            self.child.try_wait().expect("a child can be waited for")
        })
    }

    /// SIGKILL: no goodbye, no flush.
    pub(crate) fn kill(mut self) {
        self.child
            .kill()
            .expect("a child that was not waited for can be killed");
        self.child.wait().expect("a child can be waited for");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
