//! A real Mosquitto on a free loopback port, that keeps sessions and retained messages over a kill.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{Log, Process, path_of, until};

/// Between choosing a free port and Mosquitto taking it another process may be faster.
const START_ATTEMPTS: u32 = 5;

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

    /// SIGKILL, as in a crash.
    pub(crate) fn kill(&mut self) {
        self.process.take().expect("Mosquitto runs").kill();
    }

    /// Starts it again, on the same port.
    pub(crate) fn start(&mut self) {
        assert!(self.process.is_none(), "Mosquitto runs already");
        assert!(self.try_start(), "Mosquitto does not start again");
    }

    /// One of Mosquitto's own clients, told where this broker is.
    pub(crate) fn client(&self, name: &str) -> Command {
        let mut client = Command::new(path_of(name));
        client
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
        // Started as root it would become another user, who cannot write here. Everything that changes is written at once:
        // a broker that is killed has forgotten nothing that it acknowledged.
        let text = format!(
            "listener {port} 127.0.0.1\nuser root\nallow_anonymous true\n\
             persistence true\npersistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n"
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
