//! How many cuts of the power a core tries in a second: of the journal alone, of a device that then takes a fresh code,
//! and of a whole firmware update that then goes on to its end.
//!
//! ```sh
//! cargo bench -p latch-tests --bench cuts              # all, five seconds each
//! cargo bench -p latch-tests --bench cuts -- journal   # those with this in their name
//! ```
//!
//! A trial forks the flash as it is when the power goes in an operation, tears that operation, boots on what is left, and
//! checks. What leads up to an operation is run once for all of its tears, since no program can tell them apart.
//!
//! The named baseline is MCUboot's simulator: 776 whole updates a second, each cut at one operation, on one core of the
//! machine on which the figures of DESIGN were measured (Ed25519, swap-move, `perm_with_fails`).

mod board;
mod codes;
mod journal;
mod updates;

// The world of the tests: keys, trust root, images.
#[path = "../../tests/world/mod.rs"]
#[allow(dead_code, reason = "a bench takes what it needs of the world")]
mod world;

use std::{
    env, fs,
    time::{Duration, Instant},
};

/// How long each is measured.
const MEASURED: Duration = Duration::from_secs(5);
/// Trials between two looks at the clock.
const BATCH: u64 = 64;
/// Updates a second that MCUboot's simulator cuts.
const MCUBOOT: f64 = 776.0;

/// What is measured.
struct Course {
    name: &'static str,
    /// Trials a second that are asked for.
    asked: f64,
    /// Carries out trials from this one on, and says how many there are before they come again.
    run: Box<dyn FnMut(u64, u64) -> u64>,
}

/// How long this process has had a core, where the system tells (Linux, proc(5)): what others do beside it does not
/// count.
fn on_core() -> Option<Duration> {
    let told = fs::read_to_string("/proc/self/schedstat").ok()?;
    let on_core_ns = told.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(on_core_ns))
}

fn main() {
    // Cargo says `--bench`.
    let wanted: Vec<String> = env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let courses = [
        Course {
            name: "journal: cut, mounted, compared",
            asked: 100_000.0,
            run: journal::course(),
        },
        Course {
            name: "device: cut, booted, a fresh code accepted",
            asked: 5_000.0,
            run: codes::course(),
        },
        Course {
            name: "update of 40 KiB: cut, booted, finished",
            asked: 2_000.0,
            run: updates::course(),
        },
    ];
    println!(
        "{:<44} {:>10} {:>12} {:>10} {:>7} {:>12}",
        "one core", "trials", "a second", "asked for", "ratio", "x MCUboot's"
    );
    for mut course in courses {
        if !wanted.is_empty() && !wanted.iter().any(|name| course.name.contains(name)) {
            continue;
        }
        // Once through all cuts: each has hit, whatever the clock says.
        let all = (course.run)(0, 1);
        (course.run)(0, all);
        let (begun, from, mut trials) = (Instant::now(), on_core(), 0);
        while begun.elapsed() < MEASURED {
            (course.run)(trials, BATCH);
            trials += BATCH;
        }
        let spent = match (from, on_core()) {
            (Some(from), Some(to)) => to.saturating_sub(from),
            _ => begun.elapsed(),
        };
        let rate = trials as f64 / spent.as_secs_f64();
        println!(
            "{:<44} {trials:>10} {rate:>12.0} {:>10.0} {:>7.2} {:>12.1}   {all} different cuts",
            course.name,
            course.asked,
            rate / course.asked,
            rate / MCUBOOT,
        );
    }
}
