//! A real Mosquitto on a free loopback port, for as long as a test needs it.
//!
//! Needs the standard library and `tempfile` only. When `mosquitto` is not
//! installed the test fails and says so: a broker that was not tried has not passed.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Far longer than Mosquitto takes to start (some 10 ms); only bounds a hang.
const START_LIMIT: Duration = Duration::from_secs(20);

/// Between choosing a free port and Mosquitto taking it another process may be faster.
const START_ATTEMPTS: u32 = 5;

/// A broker that runs until it is dropped. Its port stays the same when it is
/// stopped and started again; its state is lost, as after a crash without storage.
pub(crate) struct Broker {
    dir: TempDir,
    port: u16,
    settings: String,
    child: Option<Child>,
}

impl Broker {
    /// Lets everybody in, without TLS.
    pub(crate) fn open() -> Self {
        Self::configured(|_| "allow_anonymous true\n".to_owned())
    }

    /// Lets in this user with this password only.
    pub(crate) fn with_password(user: &str, password: &str) -> Self {
        Self::configured(|dir| {
            let file = dir.join("passwords");
            run(
                "mosquitto_passwd",
                ["-b", "-c", path(&file), user, password],
            );
            format!("allow_anonymous false\npassword_file {}\n", path(&file))
        })
    }

    /// Lets everybody in who speaks TLS; proves itself with these files, and
    /// with `client_authority` asks for a client certificate that it signed.
    pub(crate) fn with_tls(
        certificate: &Path,
        key: &Path,
        client_authority: Option<&Path>,
    ) -> Self {
        let clients = client_authority
            .map(|authority| format!("cafile {}\nrequire_certificate true\n", path(authority)));
        let settings = format!(
            "allow_anonymous true\ncertfile {}\nkeyfile {}\n{}",
            path(certificate),
            path(key),
            clients.unwrap_or_default()
        );
        Self::configured(|_| settings)
    }

    /// Any other settings of one listener; `settings` may put files into the directory it is given.
    pub(crate) fn configured(settings: impl FnOnce(&Path) -> String) -> Self {
        let dir = tempfile::tempdir().expect("cannot make a directory for Mosquitto");
        let settings = settings(dir.path());
        let mut broker = Self {
            dir,
            port: 0,
            settings,
            child: None,
        };
        let mut log = String::new();
        for _ in 0..START_ATTEMPTS {
            broker.port = free_port();
            match broker.try_start() {
                Ok(()) => return broker,
                Err(words) => log = words,
            }
        }
        panic!("Mosquitto did not start:\n{log}");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where clients without TLS find it.
    pub(crate) fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Kills it at once (SIGKILL), as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("cannot kill Mosquitto");
            child.wait().expect("cannot wait for Mosquitto");
        }
    }

    /// Stops its work (SIGSTOP), so that what is sent to it stays unanswered. Ends with a kill.
    pub(crate) fn freeze(&mut self) {
        let child = self.child.as_ref().expect("Mosquitto does not run");
        run("kill", ["-STOP", &child.id().to_string()]);
    }

    /// Starts it again on the same port.
    pub(crate) fn start(&mut self) {
        assert!(self.child.is_none(), "Mosquitto runs already");
        if let Err(log) = self.try_start() {
            panic!("Mosquitto did not start again:\n{log}");
        }
    }

    fn try_start(&mut self) -> Result<(), String> {
        let config = self.dir.path().join("mosquitto.conf");
        // Started as root it would become another user, who cannot read our files.
        let text = format!(
            "listener {} 127.0.0.1\nuser root\npersistence false\nlog_dest stderr\n{}",
            self.port, self.settings
        );
        fs::write(&config, text).expect("cannot write Mosquitto's configuration");
        let mut child = Command::new(mosquitto())
            .args(["-c", path(&config)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| missing("mosquitto", &error));
        let log = child.stderr.take().expect("its stderr is piped");
        match until_running(log) {
            Ok(()) => {
                self.child = Some(child);
                Ok(())
            }
            Err(log) => {
                // It has ended by itself, or hangs.
                let _ = child.kill();
                let _ = child.wait();
                Err(log)
            }
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Reads the log until the broker says that it runs, and goes on reading so that
/// it never waits for us. The error is the log of a broker that did not start.
fn until_running(stderr: ChildStderr) -> Result<(), String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut log = String::new();
    while let Ok(line) = lines.recv_timeout(START_LIMIT) {
        if line.ends_with(" running") {
            return Ok(());
        }
        log = log + &line + "\n";
    }
    Err(log)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("no loopback port is free");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

/// Debian puts it where only root's PATH leads.
fn mosquitto() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/mosquitto");
    if debian.exists() {
        debian
    } else {
        PathBuf::from("mosquitto")
    }
}

/// Runs a tool to its end and panics with its words if it fails.
pub(crate) fn run<'a>(tool: &str, arguments: impl IntoIterator<Item = &'a str>) {
    let output = Command::new(tool)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| missing(tool, &error));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} failed: {words}");
}

fn missing(tool: &str, error: &std::io::Error) -> ! {
    panic!(
        "`{tool}` cannot be run ({error}): these tests need it, install it (Debian: mosquitto, openssl)"
    );
}

/// A path of ours as text: temporary directories have plain names.
pub(crate) fn path(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}
