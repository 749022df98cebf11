//! A device on a real broker, as an agent would put it there, and the program beside it.

use std::{process::Stdio, time::Duration};

use latch_mqtt::{
    Endpoint, Event, EventReceiver, Message, Options, Publication, Publisher, Session, Topics, Want,
};
use latch_verify::{
    device::{Armed, Paged, Release, Submitted},
    limits::MAX_RECEIPT_ENVELOPE,
    types::{DeviceId, StatementId},
};
use tokio::{process::Command, time::timeout};

use crate::{
    bench::{Bench, Run},
    broker::Broker,
    fleet::Member,
};

/// Only bounds a hang: everything here takes milliseconds.
const HANG: Duration = Duration::from_secs(60);
/// Silence after which the device asks again for what it wants.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// Pages that the device asks for at once.
const WINDOW: u32 = 4;

/// The topics of the bench's tenant.
pub(crate) fn topics() -> Topics {
    Topics::new(latch_mqtt::DEFAULT_PREFIX, "acme").expect("topics")
}

/// A connection of its own to the broker.
pub(crate) struct Line {
    pub(crate) publisher: Publisher,
    events: EventReceiver,
}

impl Line {
    /// Connects and listens.
    pub(crate) async fn listening(broker: &Broker, name: &str, filters: Vec<String>) -> Self {
        let endpoint = Endpoint::parse(&broker.url()).expect("an address");
        let (publisher, events) = Session::start(Options::new(endpoint, name)).expect("a session");
        let mut line = Self { publisher, events };
        if !filters.is_empty() {
            line.publisher.subscribe(filters).expect("filters");
            while !matches!(line.event().await, Event::Subscribed { .. }) {}
        }
        line
    }

    async fn event(&mut self) -> Event {
        timeout(HANG, self.events.recv())
            .await
            .expect("something happens")
            .expect("the session goes on")
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Message {
        loop {
            if let Event::Message(message) = self.event().await {
                return message;
            }
        }
    }

    pub(crate) async fn publish(&self, publication: Publication) {
        timeout(HANG, self.publisher.publish(publication))
            .await
            .expect("in time")
            .expect("acknowledged");
    }
}

/// Runs the program with `--json` to its end, while `beside` goes on.
pub(crate) async fn run_beside(
    bench: &Bench,
    arguments: &[&str],
    beside: impl Future<Output = ()>,
) -> Run {
    let child = Command::new(env!("CARGO_BIN_EXE_latch"))
        .current_dir(bench.folder())
        .env_remove("LATCH_DIR")
        .env_remove("LATCH_BROKER")
        .arg("--json")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("latch runs");
    let ended = async {
        timeout(HANG, child.wait_with_output())
            .await
            .expect("latch ends")
            .expect("its output")
    };
    let mut ended = std::pin::pin!(ended);
    let output = tokio::select! {
        output = &mut ended => output,
        // What goes on beside it may be over first.
        () = beside => ended.await,
    };
    Run {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).expect("stdout is text"),
        stderr: String::from_utf8(output.stderr).expect("stderr is text"),
    }
}

/// A device and its agent, in a few lines.
pub(crate) struct Online {
    pub(crate) member: Member,
    name: DeviceId,
    line: Line,
    topics: Topics,
    /// A code that waits for its manifest.
    code: Vec<u8>,
}

impl Online {
    /// Connects, and leaves the state with the broker.
    pub(crate) async fn new(broker: &Broker, mut member: Member) -> Self {
        let topics = topics();
        let name = member.device().identity().device.clone();
        let filters = topics.agent_filters(&name);
        let line = Line::listening(broker, name.as_str(), filters).await;
        let mut online = Self {
            member,
            name,
            line,
            topics,
            code: Vec::new(),
        };
        online.leave_state().await;
        online
    }

    /// Leaves the state with the broker.
    pub(crate) async fn leave_state(&mut self) {
        let state = Publication::new(self.topics.device_state(&self.name), self.member.state());
        self.line.publish(state.retain(true)).await;
    }

    /// Answers until it is dropped.
    pub(crate) async fn serve(&mut self) {
        loop {
            let message = tokio::select! {
                message = self.line.message() => message,
                // Whoever serves pages may have come too late for the last want.
                () = tokio::time::sleep(ASK_AGAIN) => {
                    self.want().await;
                    continue;
                }
            };
            if message.topic == self.topics.device_page(&self.name) {
                self.page(&message.payload).await;
            } else if message.topic.contains("/t/release/") {
                if !self.code.is_empty() {
                    let code = std::mem::take(&mut self.code);
                    let receipt = self.member.take(&code, Release::Found(&message.payload));
                    self.say(receipt.expect("an answer")).await;
                    self.want().await;
                }
            } else {
                self.code(message.payload).await;
            }
        }
    }

    async fn code(&mut self, code: Vec<u8>) {
        let wanted = self.manifest_wanted(&code);
        if let Some(manifest) = wanted {
            self.code = code;
            // Retained: it comes at once.
            self.line
                .publisher
                .subscribe([self.topics.release(manifest)])
                .expect("a filter");
        } else if let Some(receipt) = self.member.take(&code, Release::NotAsked) {
            self.say(receipt).await;
        }
    }

    fn manifest_wanted(&mut self, code: &[u8]) -> Option<StatementId> {
        let kind =
            latch_verify::wire::Envelope::parse(latch_verify::wire::Kind::Code, code).ok()?;
        let body: latch_verify::statement::Code<'_> = kind.read().ok()?;
        if !matches!(body.action, latch_verify::statement::Action::Install { .. }) {
            return None;
        }
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        match self
            .member
            .device()
            .submit(code, Release::NotAsked, &mut out)
        {
            Submitted::ManifestWanted(manifest) => Some(manifest),
            _ => None,
        }
    }

    async fn say(&self, receipt: Vec<u8>) {
        self.line
            .publish(Publication::new(
                self.topics.device_receipt(&self.name),
                receipt,
            ))
            .await;
    }

    async fn want(&mut self) {
        if let Some(wanted) = self.member.device().wanted() {
            let want = Want::Pages {
                manifest: wanted.manifest,
                first: wanted.next,
                count: WINDOW,
            };
            self.line
                .publish(Publication::new(
                    self.topics.device_want(&self.name),
                    want.to_bytes(),
                ))
                .await;
        }
    }

    async fn page(&mut self, page: &[u8]) {
        match self.member.device().page(page) {
            Ok(Paged::Kept(wanted)) if wanted.next % WINDOW == 0 => self.want().await,
            Ok(Paged::Complete) => {
                let mut out = [0; MAX_RECEIPT_ENVELOPE];
                assert!(matches!(
                    self.member.device().arm(&mut out),
                    Ok(Armed::Ready)
                ));
                self.member.reboot();
                let receipt = self
                    .member
                    .device()
                    .confirm(&mut out)
                    .expect("healthy")
                    .to_vec();
                self.say(receipt).await;
            }
            _ => {}
        }
    }
}
