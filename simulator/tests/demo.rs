//! `latch-sim demo` as a user runs it: its report, its exit status, its words when it cannot.

use std::{collections::BTreeSet, fs};

use assert_cmd::Command;
use serde_json::Value;

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latch-sim"));
    command.arg("demo").args(arguments);
    command
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every reason that an attack must be refused for, with how it shows.
const REFUSALS: [&str; 16] = [
    "refused: IssuerDidNotSign (signed receipt)",
    "refused: TooFewOperators (signed receipt)",
    "refused: Expired (signed receipt)",
    "refused: NotYetValid (signed receipt)",
    "refused: BelowSecurityFloor (signed receipt)",
    "refused: NotNewer (signed receipt)",
    "refused: TooFewRelease (signed receipt)",
    "refused: ManifestNotSigned (signed receipt)",
    "refused: AlreadyUsed (signed receipt)",
    "refused: OtherDevice (counted, no answer)",
    "refused: OutsideCohort (counted, no answer)",
    "refused: BadSignature (counted, no answer)",
    "refused: UnknownKey (counted, no answer)",
    "refused: OtherTenant (counted, no answer)",
    "refused: PageHash (counted, no answer)",
    "the first receipt again, no second effect",
];

#[test]
fn five_devices_do_the_job_and_refuse_every_attack() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.json");
    let path = file.to_str().expect("a plain path");
    let done = demo(&[
        "--devices",
        "5",
        "--cohort",
        "20",
        "--image-size",
        "64KiB",
        "--seed",
        "7",
        "--json",
        path,
    ])
    .output()
    .expect("latch-sim runs");
    assert!(
        done.status.success(),
        "{}{}",
        words(&done.stdout),
        words(&done.stderr)
    );
    assert!(words(&done.stdout).ends_with("Everything was as it should be.\n"));
    assert!(
        words(&done.stderr).contains("Installing 1.1.0"),
        "progress as lines"
    );

    let report: Value = serde_json::from_slice(&fs::read(&file).expect("a report")).expect("JSON");
    assert_eq!(report["schema"], "latch-sim-demo/1");
    assert_eq!(
        (&report["passed"], &report["devices"], &report["seed"]),
        (&true.into(), &5.into(), &7.into())
    );
    assert_eq!(report["image"]["pages"], 16);
    assert_eq!(report["problems"], Value::Array(Vec::new()));

    let rows = |group: &str| report[group].as_array().expect("rows").clone();
    for row in ["steps", "attacks", "checks"].into_iter().flat_map(rows) {
        assert!(
            row["devices"].as_u64() > Some(0) && row["devices"] == row["as_expected"],
            "{row}"
        );
    }
    let devices = |tried: &str| {
        let rows = rows("steps");
        let row = rows
            .iter()
            .find(|row| row["tried"] == tried)
            .expect("a step");
        assert!(
            row["latency"]["p50_ms"].as_f64() <= row["latency"]["p99_ms"].as_f64(),
            "{row}"
        );
        assert!(row["latency"]["p50_ms"].as_f64() > Some(0.0), "{row}");
        row["devices"].clone()
    };
    assert_eq!(devices("one twin change for all, one code"), 5);
    assert_eq!(devices("roll 1.1.0 out to a signed cohort"), 1);
    assert_eq!(devices("roll 1.1.0 out to all the others"), 4);

    let expected: BTreeSet<String> = rows("attacks")
        .iter()
        .map(|row| words(row["expected"].as_str().expect("text").as_bytes()))
        .collect();
    for refusal in REFUSALS {
        assert!(expected.contains(refusal), "no attack ends as: {refusal}");
    }
    assert!(report["totals"]["pages_published"].as_u64() >= Some(3 * 16));
}

#[test]
fn an_image_of_ones_own_is_rolled_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = folder.path().join("firmware.bin");
    // Not whole pages, and not whole write units of the flash.
    fs::write(&image, vec![0x5a; 20_001]).expect("an image");
    let path = image.to_str().expect("a plain path");
    let done = demo(&[
        "--devices",
        "3",
        "--cohort",
        "50",
        "--quiet",
        "--image",
        path,
    ])
    .output()
    .expect("latch-sim runs");
    assert!(
        done.status.success(),
        "{}{}",
        words(&done.stdout),
        words(&done.stderr)
    );
    assert!(
        words(&done.stdout).contains("its slot holds its 20001 bytes"),
        "{}",
        words(&done.stdout)
    );
    assert_eq!(words(&done.stderr), "", "quiet is quiet");
}

#[test]
fn a_broker_that_is_not_there_is_a_failure_that_names_it() {
    // Port 1 of the loopback address is nobody's.
    let done = demo(&["--broker", "mqtt://127.0.0.1:1"])
        .output()
        .expect("latch-sim runs");
    assert_eq!(done.status.code(), Some(1));
    assert!(
        words(&done.stderr).contains("the operator cannot reach the broker mqtt://127.0.0.1:1"),
        "{}",
        words(&done.stderr)
    );
}

#[test]
fn what_cannot_be_run_is_a_usage_error_that_says_why() {
    for (arguments, why) in [
        (&["--devices", "1"][..], "1 is not in 2..=1000"),
        (&["--cohort", "100"], "nobody would be left"),
        (&["--cohort", "0"], "not empty"),
        (&["--cohort", "a few"], "no percentage"),
        (
            &["--image", "Cargo.toml"],
            "and the demo rolls out 12288 to",
        ),
        (&["--image-size", "1KiB"], "an image has 12KiB to 64MiB"),
        (
            &["--devices", "1000", "--image-size", "64MiB"],
            "more than 4 GiB of memory",
        ),
        (&["--broker", "http://localhost"], "must begin with mqtt://"),
    ] {
        let done = demo(arguments).output().expect("latch-sim runs");
        assert_eq!(
            done.status.code(),
            Some(2),
            "{arguments:?}: {}",
            words(&done.stderr)
        );
        assert!(
            words(&done.stderr).contains(why),
            "{arguments:?}: {}",
            words(&done.stderr)
        );
    }
}
