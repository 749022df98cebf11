//! One of Mosquitto's own clients, that writes down what a device publishes.

use std::process::Stdio;

use latch_issue::SignedReceipt;
use latch_verify::{statement::Receipt, types::StatementId, wire::PublicKey};
use tempfile::TempDir;

use super::{Broker, Log, Process, topic, until};

/// Begins the lines that hold a message; others are what the client says of itself.
const MARK: &str = "MESSAGE ";

/// Listens to one topic until it is dropped.
pub(crate) struct Listener {
    _client: Process,
    log: Log,
    _dir: TempDir,
}

impl Listener {
    /// Listens to a device, from when this returns.
    pub(crate) fn new(broker: &Broker, device: &str, level: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the listener");
        let mut log = Log::new(dir.path().join(format!("{device}.{level}.log")));
        let mut command = broker.client("mosquitto_sub");
        command
            .args(["-d", "-q", "1", "-F", &format!("{MARK}%x"), "-t"])
            .arg(topic(device, level))
            .stdin(Stdio::null())
            .stdout(log.writer())
            .stderr(log.writer());
        let client = Process::start(&mut command);
        log.next(&["Subscribed"]);
        Self {
            _client: client,
            log,
            _dir: dir,
        }
    }

    /// The messages so far.
    pub(crate) fn messages(&self) -> Vec<Vec<u8>> {
        let lines = self.log.lines_with(&[MARK]);
        let hex = lines.iter().filter_map(|line| line.strip_prefix(MARK));
        hex.map(bytes).collect()
    }

    /// Waits for the first message.
    pub(crate) fn first(&self) -> Vec<u8> {
        until("the first message", || self.messages().into_iter().next())
    }

    /// The receipts for a statement so far, as they came; each is signed by this key.
    pub(crate) fn receipts(&self, of: StatementId, key: &PublicKey) -> Vec<Told> {
        let told = self.messages().into_iter().map(|bytes| {
            let signed = SignedReceipt::verify(bytes.clone(), key).expect("signed by the device");
            Told {
                receipt: signed.receipt().clone(),
                bytes,
            }
        });
        told.filter(|told| told.receipt.statement == of).collect()
    }

    /// Waits until there are so many receipts for a statement.
    pub(crate) fn told(&self, of: StatementId, times: usize, key: &PublicKey) -> Vec<Told> {
        until(&format!("{times} receipts for {of}"), || {
            Some(self.receipts(of, key)).filter(|told| told.len() >= times)
        })
    }
}

/// A receipt as it came.
pub(crate) struct Told {
    pub(crate) receipt: Receipt,
    pub(crate) bytes: Vec<u8>,
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|two| {
            let two = std::str::from_utf8(two).expect("ASCII");
            u8::from_str_radix(two, 16).expect("hexadecimal")
        })
        .collect()
}
