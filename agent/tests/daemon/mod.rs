//! The program `latch-agent` on a real broker, and an operator's end of the same broker.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use latch_issue::{DeviceState, SignedReceipt};
use latch_mqtt::{
    DEFAULT_PREFIX, Event, EventReceiver, Options, Publication, Publisher, Session, Topics,
};
use latch_verify::{types::DeviceId, wire::PublicKey};
use tempfile::TempDir;
use tokio::{sync::mpsc, time::timeout};

use crate::tenant::Tenant;

pub(crate) const DEVICE: &str = "pump-7";

/// Far longer than anything here takes; only bounds a hang.
const LIMIT: Duration = Duration::from_secs(60);

/// A device's folder on disk, with its configuration and hooks.
pub(crate) struct Home {
    pub(crate) dir: TempDir,
    pub(crate) key: PublicKey,
}

impl Home {
    /// A new device with its bundle, enrolled by the tenant. `settings` is added to the
    /// configuration.
    pub(crate) fn new(tenant: &Tenant, broker: &str, settings: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let names = [
            "--tenant",
            "acme",
            "--product",
            "pump",
            "--device",
            DEVICE,
            "--dir",
        ];
        let made = program()
            .arg("new")
            .args(names)
            .arg(&state)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", words(&made));
        let request = fs::read(state.join("request.latch")).unwrap();
        let enrolment = latch_issue::EnrolmentRequest::from_bytes(request.clone()).unwrap();
        let key = enrolment.enrolment().key().unwrap();
        assert!(
            words(&made).contains(&key.id().to_string()),
            "the key's id is not shown"
        );
        fs::write(dir.path().join("pump-7.bundle"), tenant.bundle(request)).unwrap();
        let config = format!(
            "broker = \"{broker}\"\nstate-dir = \"state\"\nbundle = \"pump-7.bundle\"\nfirmware-version = \"1.0.0\"\n\
             slot-size = \"64KiB\"\n{settings}"
        );
        fs::write(dir.path().join("agent.toml"), config).unwrap();
        Self { dir, key }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A folder with a configuration of devices behind links, and the bundle of one whose key has
    /// this seed.
    pub(crate) fn linked(tenant: &Tenant, broker: &str, tables: &str, seed: &[u8; 32]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = format!("broker = \"{broker}\"\n{tables}");
        fs::write(dir.path().join("agent.toml"), config).unwrap();
        let bundle = tenant.bundle_for(DEVICE, seed);
        fs::write(dir.path().join("pump-7.bundle"), bundle).unwrap();
        let key = latch_issue::RoleKey::from_seed(seed).unwrap().public();
        Self { dir, key }
    }

    /// Writes a program that `settings` named as a hook.
    pub(crate) fn script(&self, name: &str, lines: &str) {
        let path = self.path(name);
        fs::write(
            &path,
            format!("#!/bin/sh\ncd \"$(dirname \"$0\")\" || exit 99\n{lines}\n"),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn start(&self) -> Agent {
        let mut child = program()
            .arg("run")
            .arg("--config")
            .arg(self.path("agent.toml"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // Seen when a test fails.
                println!("{line}");
                let _ = sender.send(line);
            }
        });
        Agent { child, lines }
    }
}

/// A running daemon; killed when dropped.
pub(crate) struct Agent {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Agent {
    /// Waits for a line of the log.
    pub(crate) async fn says(&mut self, words: &str) -> String {
        let found = timeout(LIMIT, async {
            while let Some(line) = self.lines.recv().await {
                if line.contains(words) {
                    return Some(line);
                }
            }
            None
        });
        found
            .await
            .ok()
            .flatten()
            .unwrap_or_else(|| panic!("the agent never said {words:?}"))
    }

    /// Waits for lines of the log that come in any order.
    pub(crate) async fn says_each(&mut self, words: &[&str]) {
        let mut left = words.to_vec();
        while !left.is_empty() {
            let line = self.says("").await;
            left.retain(|words| !line.contains(words));
        }
    }

    /// SIGKILL: no goodbye, no flush.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn tell_to_end(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    }

    /// How it ended, and what is left of its log.
    pub(crate) async fn end(mut self) -> (ExitStatus, Vec<String>) {
        let mut left = Vec::new();
        while let Some(line) = timeout(LIMIT, self.lines.recv())
            .await
            .expect("the agent does not end")
        {
            left.push(line);
        }
        (self.child.wait().unwrap(), left)
    }

    /// SIGTERM, and how it ended.
    pub(crate) async fn terminate(self) -> ExitStatus {
        self.tell_to_end();
        self.end().await.0
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An operator's end of the broker.
pub(crate) struct Operator {
    pub(crate) topics: Topics,
    pub(crate) publisher: Publisher,
    events: EventReceiver,
    key: PublicKey,
    answer: Option<Vec<u8>>,
}

impl Operator {
    /// Connected, and listening to the device.
    pub(crate) async fn new(broker: &str, home: &Home) -> Self {
        let topics = Topics::new(DEFAULT_PREFIX, "acme").unwrap();
        let endpoint = latch_mqtt::Endpoint::parse(broker).unwrap();
        let (publisher, events) = Session::start(Options::new(endpoint, "operator")).unwrap();
        let mut filters = topics.operator_filters(Some(&device()));
        filters.extend(topics.page_server_filters());
        publisher.subscribe(filters).unwrap();
        let mut operator = Self {
            topics,
            publisher,
            events,
            key: home.key,
            answer: None,
        };
        operator
            .next(|event| matches!(event, Event::Subscribed { .. }))
            .await;
        operator
    }

    pub(crate) async fn send(&self, code: &[u8]) {
        let topic = self.topics.device_code(&device());
        self.publisher
            .publish(Publication::new(topic, code))
            .await
            .unwrap();
    }

    pub(crate) async fn next(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let found = timeout(LIMIT, async {
            loop {
                match self.events.recv().await {
                    Some(event) if wanted(&event) => return event,
                    Some(_) => {}
                    None => panic!("the operator's session ended"),
                }
            }
        });
        found.await.expect("what was waited for never came")
    }

    /// The next message on a topic.
    pub(crate) async fn message(&mut self, topic: &str) -> Vec<u8> {
        let here =
            |event: &Event| matches!(event, Event::Message(message) if message.topic == topic);
        match self.next(here).await {
            Event::Message(message) => message.payload,
            other => panic!("{other:?}"),
        }
    }

    /// Waits for a want or a receipt, and says whether it was the former. Of the latter,
    /// [`last_receipt`](Self::last_receipt) tells more.
    pub(crate) async fn wants_or_answers(&mut self, wants: &str) -> bool {
        let receipts = self.topics.device_receipt(&device());
        let either = |event: &Event| match event {
            Event::Message(message) => message.topic == wants || message.topic == receipts,
            _ => false,
        };
        match self.next(either).await {
            Event::Message(message) if message.topic == wants => true,
            Event::Message(message) => {
                self.answer = Some(message.payload);
                false
            }
            other => panic!("{other:?}"),
        }
    }

    /// The receipt that came last instead of a want, verified with the device's key.
    pub(crate) fn last_receipt(&mut self) -> SignedReceipt {
        let bytes = self.answer.take().expect("a receipt has come");
        SignedReceipt::verify(bytes, &self.key).unwrap()
    }

    /// The next receipt, verified with the device's key.
    pub(crate) async fn receipt(&mut self) -> SignedReceipt {
        let topic = self.topics.device_receipt(&device());
        let bytes = self.message(&topic).await;
        SignedReceipt::verify(bytes, &self.key).unwrap()
    }

    /// The next state, verified with the device's key.
    pub(crate) async fn state(&mut self) -> DeviceState {
        let topic = self.topics.device_state(&device());
        let bytes = self.message(&topic).await;
        DeviceState::verify(bytes, &self.key).unwrap()
    }
}

pub(crate) fn device() -> DeviceId {
    DEVICE.parse().unwrap()
}

pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_latch-agent"))
}

/// Everything that a program has said.
pub(crate) fn words(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// Waits for a file that another process makes.
pub(crate) async fn appears(path: &Path) {
    let there = timeout(LIMIT, async {
        while !path.exists() {
            tokio::task::yield_now().await;
        }
    });
    there
        .await
        .unwrap_or_else(|_| panic!("{} never appeared", path.display()));
}
