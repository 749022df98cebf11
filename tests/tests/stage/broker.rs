//! A real Mosquitto on a free loopback port, that keeps sessions and retained messages over a kill.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{Log, Process, path_of, until};

/// Between choosing a free port and Mosquitto taking it another process may be faster.
const START_ATTEMPTS: u32 = 5;

/// The file in which Mosquitto keeps what it is to remember.
const STORE: &str = "mosquitto.db";

/// A broker that runs until it is dropped.
pub(crate) struct Broker {
    process: Option<Process>,
    log: Log,
    port: u16,
    dir: TempDir,
}

impl Broker {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder for Mosquitto");
        let mut broker = Self {
            process: None,
            log: Log::new(dir.path().join("broker.log")),
            port: 0,
            dir,
        };
        for _ in 0..START_ATTEMPTS {
            broker.port = free_port();
            if broker.try_start() {
                return broker;
            }
        }
        panic!("Mosquitto does not start");
    }

    pub(crate) fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// SIGKILL, as in a crash, of a broker that has on its disk whatever it has acknowledged.
    pub(crate) fn kill(&mut self) {
        let process = self.process.take().expect("Mosquitto runs");
        // Mosquitto acknowledges first; on this signal it writes a new file, then puts it in the place of the old one.
        let before = self.stored();
        process.signal("USR1");
        until("Mosquitto has written its store", || {
            (self.stored() != before).then_some(())
        });
        process.kill();
    }

    /// Which file its store is.
    fn stored(&self) -> Option<u64> {
        let store = fs::metadata(self.dir.path().join(STORE)).ok()?;
        Some(store.ino())
    }

    /// Starts it again, on the same port.
    pub(crate) fn start(&mut self) {
        assert!(self.process.is_none(), "Mosquitto runs already");
        assert!(self.try_start(), "Mosquitto does not start again");
    }

    /// Starts it again, on the same port, without anything that it has kept: as after a crash without storage.
    pub(crate) fn start_empty(&mut self) {
        fs::remove_file(self.dir.path().join(STORE)).expect("Mosquitto has kept something");
        self.start();
    }

    /// One of Mosquitto's own clients, told where this broker is.
    pub(crate) fn client(&self, name: &str) -> Command {
        // Line by line, also into a file.
        let mut client = Command::new(path_of("stdbuf"));
        client
            .arg("-oL")
            .arg(path_of(name))
            .args(["-V", "mqttv5", "-h", "127.0.0.1", "-p"])
            .arg(self.port.to_string());
        client
    }

    /// Publishes what is in a file, and waits until the broker has it.
    pub(crate) fn publish_file(&self, topic: &str, file: &Path) {
        let mut client = self.client("mosquitto_pub");
        let sent = client.args(["-q", "1", "-t", topic, "-f"]).arg(file);
        let sent = sent.status().expect("mosquitto_pub starts");
        assert!(sent.success(), "mosquitto_pub failed on {topic}");
    }

    fn try_start(&mut self) -> bool {
        let (port, folder) = (self.port, self.dir.path().display());
        let config = self.dir.path().join("mosquitto.conf");
        // Started as root it would become another user, who cannot write here.
        let text = format!(
            "listener {port} 127.0.0.1\nuser root\nallow_anonymous true\n\
             persistence true\npersistence_location {folder}/\n"
        );
        fs::write(&config, text).expect("Mosquitto's configuration is written");
        let mut command = Command::new(path_of("mosquitto"));
        command
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.log.writer());
        let mut process = Process::start(&mut command);
        let runs = until("Mosquitto listens", || {
            if process.ended().is_some() {
                return Some(false);
            }
            TcpStream::connect(("127.0.0.1", port)).ok().map(|_| true)
        });
        self.process = runs.then_some(process);
        runs
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}
