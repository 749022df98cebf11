//! What is known of each device, and waiting for more: receipts that its key has signed, and
//! what it counted and carried out.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use latch_issue::DeviceState;
use latch_verify::{
    Reason, Refusal,
    statement::{Outcome, Receipt},
    types::StatementId,
};
use tokio::{sync::watch, time::timeout_at};

use crate::{error::DemoError, progress::Bar};

/// Devices that an error names at most; more say nothing new.
const NAMED_AT_MOST: usize = 5;

/// A receipt that was verified with its device's key.
pub(crate) struct Seen {
    /// When it arrived.
    pub(crate) at: Instant,
    /// Its envelope, as it arrived.
    pub(crate) bytes: Vec<u8>,
    /// What it says.
    pub(crate) receipt: Receipt,
}

/// What is known of one device.
#[derive(Default)]
pub(crate) struct DeviceRecord {
    /// Its subscriptions are in place.
    pub(crate) listens: bool,
    /// Its receipts, in order of arrival; repeated ones with them.
    pub(crate) receipts: Vec<Seen>,
    /// Its last state message.
    pub(crate) state: Option<DeviceState>,
    /// What its verifier counted and did not answer, since it was made.
    pub(crate) refusals: Vec<Refusal>,
    /// The codes whose twin change was carried out; one that acts twice stands here twice.
    pub(crate) effects: Vec<StatementId>,
    /// Pages that it kept, over all downloads.
    pub(crate) pages: u64,
}

impl DeviceRecord {
    /// The receipts about a statement.
    pub(crate) fn about(&self, statement: StatementId) -> impl Iterator<Item = &Seen> {
        self.receipts
            .iter()
            .filter(move |seen| seen.receipt.statement == statement)
    }

    /// The first receipt about a statement with this outcome.
    pub(crate) fn with_outcome(
        &self,
        statement: StatementId,
        is: impl Fn(&Outcome) -> bool,
    ) -> Option<&Seen> {
        self.about(statement).find(|seen| is(&seen.receipt.outcome))
    }
}

/// An outcome in words, with reasons by their names.
pub(crate) fn in_words(outcome: &Outcome) -> String {
    let name = |number: u16| match Reason::from_number(number) {
        Some(reason) => reason.name().to_owned(),
        None => format!("unknown reason {number}"),
    };
    match *outcome {
        Outcome::Refused { reason, .. } => format!("refused: {}", name(reason)),
        Outcome::InstallReverted { reason } => format!("reverted: {}", name(reason)),
        Outcome::InstallFailed { reason } => format!("not installed: {}", name(reason)),
        other => format!("{other:?}"),
    }
}

/// All devices' records.
pub(crate) struct Evidence {
    names: Vec<String>,
    records: Mutex<Records>,
    changes: watch::Sender<u64>,
}

/// The records, by the devices' numbers.
pub(crate) struct Records {
    pub(crate) devices: Vec<DeviceRecord>,
    /// What must never happen, and did: sentences for people.
    pub(crate) problems: Vec<String>,
}

/// What is waited for, and how long at most.
#[derive(Clone, Copy)]
pub(crate) struct Wait {
    /// A phrase for people: "connecting", "the twin change".
    pub(crate) what: &'static str,
    /// How long at most.
    pub(crate) limit: Duration,
}

impl Evidence {
    /// Empty records of devices with these names.
    pub(crate) fn new(names: Vec<String>) -> Self {
        let devices = names.iter().map(|_| DeviceRecord::default()).collect();
        let records = Records {
            devices,
            problems: Vec::new(),
        };
        Self {
            names,
            records: Mutex::new(records),
            changes: watch::Sender::new(0),
        }
    }

    /// A device's name.
    pub(crate) fn name(&self, device: usize) -> &str {
        self.names
            .get(device)
            .map_or("a device that is none", String::as_str)
    }

    /// Looks at the records.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Records) -> T) -> T {
        read(&self.lock())
    }

    /// Adds to a device's record.
    pub(crate) fn record(&self, device: usize, write: impl FnOnce(&mut DeviceRecord)) {
        if let Some(record) = self.lock().devices.get_mut(device) {
            write(record);
        }
        self.changed();
    }

    /// Notes something that must never happen.
    pub(crate) fn problem(&self, problem: String) {
        self.lock().problems.push(problem);
        self.changed();
    }

    /// Waits until each of these devices is done, and returns those that are not in time.
    pub(crate) async fn wait(
        &self,
        limit: Duration,
        devices: &[usize],
        bar: &Bar,
        done: impl Fn(usize, &DeviceRecord) -> bool,
    ) -> Vec<usize> {
        self.wait_unless(limit, devices, bar, done, |_| false).await
    }

    /// Waits until each of these devices is done.
    ///
    /// # Errors
    /// [`DemoError::Late`]; [`DemoError::Problem`] as soon as there is one, since who is waited
    /// for may then never be done.
    pub(crate) async fn each(
        &self,
        wait: Wait,
        devices: &[usize],
        bar: &Bar,
        done: impl Fn(usize, &DeviceRecord) -> bool,
    ) -> Result<(), DemoError> {
        let Wait { what, limit } = wait;
        let is_lost = |records: &Records| !records.problems.is_empty();
        let late = self.wait_unless(limit, devices, bar, done, is_lost).await;
        if late.is_empty() {
            return Ok(());
        }
        let problems = self.read(|records| records.problems.join("; "));
        if !problems.is_empty() {
            return Err(DemoError::Problem { what, problems });
        }
        let names = late
            .iter()
            .take(NAMED_AT_MOST)
            .map(|&device| self.name(device));
        let named = names.collect::<Vec<_>>().join(", ");
        let detail = format!(
            "{} of {} devices are missing, such as {named}",
            late.len(),
            devices.len()
        );
        Err(DemoError::Late {
            what,
            limit,
            detail,
        })
    }

    async fn wait_unless(
        &self,
        limit: Duration,
        devices: &[usize],
        bar: &Bar,
        done: impl Fn(usize, &DeviceRecord) -> bool,
        is_lost: impl Fn(&Records) -> bool,
    ) -> Vec<usize> {
        let end = tokio::time::Instant::now() + limit;
        let mut changes = self.changes.subscribe();
        let mut left = devices.to_vec();
        loop {
            // Marked as seen before looking, so that nothing is missed in between.
            changes.borrow_and_update();
            let lost = self.read(|records| {
                left.retain(|&device| {
                    let record = records.devices.get(device);
                    !record.is_some_and(|record| done(device, record))
                });
                is_lost(records)
            });
            bar.at(devices.len() - left.len());
            if left.is_empty() || lost || timeout_at(end, changes.changed()).await.is_err() {
                return left;
            }
        }
    }

    fn changed(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        // Records are only ever added to: what a panicking holder left is whole.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
