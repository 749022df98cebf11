//! What a run found: rows for people, and the same as data.
//!
//! The data is one JSON object:
//!
//! ```json
//! {
//!   "schema": "latch-sim-demo/1",
//!   "passed": true,
//!   "seed": 1, "devices": 50, "broker": "mqtt://127.0.0.1:40123", "tenant": "demo-0a1b2c3d",
//!   "image": { "bytes": 262144, "pages": 64 },
//!   "steps":   [ ROW, ... ],
//!   "attacks": [ ROW, ... ],
//!   "checks":  [ ROW, ... ],
//!   "totals": { "elapsed_ms": 2900, "published": 0, "published_bytes": 0,
//!               "delivered": 0, "delivered_bytes": 0, "pages_published": 0 },
//!   "problems": [ "a sentence for each thing that must never happen, and did" ]
//! }
//! ```
//! where a ROW is
//! ```json
//! { "tried": "...", "expected": "...", "happened": "...", "devices": 50, "as_expected": 50,
//!   "latency": { "p50_ms": 4.1, "p99_ms": 9.8, "max_ms": 9.9 },
//!   "exceptions": [ { "device": "gateway-0001", "happened": "..." } ] }
//! ```
//! `latency` is null where nothing was timed, and `exceptions` names at most ten devices.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::{latency::Latency, traffic::TrafficTotals};

/// Devices that a row names at most.
pub(crate) const EXCEPTIONS_AT_MOST: usize = 10;

/// One thing that was tried, on all devices that it concerned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was tried.
    pub tried: String,
    /// What should happen.
    pub expected: String,
    /// What happened.
    pub happened: String,
    /// Devices that it concerned.
    pub devices: usize,
    /// Devices on which it went as it should.
    pub as_expected: usize,
    /// How long it took, where that was measured.
    pub latency: Option<Latency>,
    /// Devices on which it did not, ten at most.
    pub exceptions: Vec<Exception>,
}

/// A device on which something went otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// The device's name.
    pub device: String,
    /// What happened there.
    pub happened: String,
}

impl Row {
    /// A row from what happened on each device: `None` where it went as it should.
    pub(crate) fn new(
        tried: impl Into<String>,
        expected: impl Into<String>,
        outcomes: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> Self {
        let (mut devices, mut exceptions) = (0, Vec::new());
        for (device, otherwise) in outcomes {
            devices += 1;
            exceptions.extend(otherwise.map(|happened| Exception { device, happened }));
        }
        let as_expected = devices - exceptions.len();
        let happened = match exceptions.first() {
            _ if devices == 0 => "nothing: no device was concerned".to_owned(),
            None => "as it should".to_owned(),
            Some(first) => format!(
                "{} otherwise, as {}: {}",
                exceptions.len(),
                first.device,
                first.happened
            ),
        };
        exceptions.truncate(EXCEPTIONS_AT_MOST);
        Self {
            tried: tried.into(),
            expected: expected.into(),
            happened,
            devices,
            as_expected,
            latency: None,
            exceptions,
        }
    }

    /// The same row with times.
    pub(crate) fn timed(mut self, latency: Option<Latency>) -> Self {
        self.latency = latency;
        self
    }

    /// Whether it went as it should on every device, and there was one.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.devices > 0 && self.as_expected == self.devices
    }
}

/// The image that was rolled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ImageSize {
    /// Its length.
    pub bytes: u32,
    /// Its pages.
    pub pages: u32,
}

/// Sums over the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// From the start of the broker to the last check, in milliseconds.
    pub elapsed_ms: u64,
    /// What went over the broker.
    #[serde(flatten)]
    pub traffic: TrafficTotals,
}

/// What a run found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name and version of this shape.
    pub schema: &'static str,
    /// Whether everything was as it should be.
    pub passed: bool,
    /// The seed.
    pub seed: u64,
    /// How many devices there were.
    pub devices: usize,
    /// The broker's address.
    pub broker: String,
    /// The tenant's name, a new one in each run.
    pub tenant: String,
    /// The image that was rolled out.
    pub image: ImageSize,
    /// What operators did.
    pub steps: Vec<Row>,
    /// What a hostile relay tried.
    pub attacks: Vec<Row>,
    /// What was checked in the end.
    pub checks: Vec<Row>,
    /// Sums.
    pub totals: Totals,
    /// What must never happen, and did.
    pub problems: Vec<String>,
}

impl Report {
    /// The shape that is documented above.
    pub const SCHEMA: &'static str = "latch-sim-demo/1";

    /// Every row.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.steps.iter().chain(&self.attacks).chain(&self.checks)
    }

    /// One sentence for each thing that was not as it should be.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let rows = self.rows().filter(|row| !row.holds());
        let rows = rows.map(|row| {
            format!(
                "{}: expected {}; happened: {}",
                row.tried, row.expected, row.happened
            )
        });
        rows.chain(self.problems.iter().cloned()).collect()
    }

    /// The same, with its verdict.
    pub(crate) fn judged(mut self) -> Self {
        self.passed = self.failures().is_empty();
        self
    }
}

/// Four columns for people; times only where some were measured.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = [
            self.rows()
                .map(|row| row.tried.len())
                .max()
                .unwrap_or_default(),
            self.rows()
                .map(|row| row.expected.len())
                .max()
                .unwrap_or_default(),
        ];
        for (title, rows) in [
            ("WHAT OPERATORS DID", &self.steps),
            ("WHAT A HOSTILE RELAY TRIED", &self.attacks),
            ("WHAT WAS CHECKED IN THE END", &self.checks),
        ] {
            let [tried, expected] = widths;
            writeln!(
                f,
                "{title:tried$}  {:expected$}  WHAT HAPPENED",
                "WHAT SHOULD HAPPEN"
            )?;
            rows.iter().try_for_each(|row| write_row(f, row, widths))?;
            writeln!(f)?;
        }
        let Totals {
            elapsed_ms,
            traffic,
        } = self.totals;
        writeln!(
            f,
            "Times run from publishing a code to its verified receipt."
        )?;
        writeln!(
            f,
            "{} messages published ({}), {} delivered ({}) in {}.{} s; {} of the published were image pages.",
            traffic.published,
            size(traffic.published_bytes),
            traffic.delivered,
            size(traffic.delivered_bytes),
            elapsed_ms / 1000,
            elapsed_ms % 1000 / 100,
            traffic.pages_published,
        )?;
        if self.passed {
            return writeln!(f, "Everything was as it should be.");
        }
        writeln!(f, "NOT as it should be:")?;
        self.failures()
            .iter()
            .try_for_each(|failure| writeln!(f, "- {failure}"))
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, row: &Row, [tried, expected]: [usize; 2]) -> fmt::Result {
    let mut found = format!("so on {} of {} devices", row.as_expected, row.devices);
    if let Some(latency) = row.latency {
        write!(
            found,
            ", p50 {} ms, p99 {} ms",
            latency.p50_ms, latency.p99_ms
        )?;
    }
    if !row.holds() {
        write!(found, ": {}", row.happened)?;
    }
    writeln!(
        f,
        "{:tried$}  {:expected$}  {found}",
        row.tried, row.expected
    )
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..1_048_576 => format!("{} KiB", bytes / KIB),
        _ => format!("{} MiB", bytes / KIB / KIB),
    }
}

#[cfg(test)]
mod tests;
