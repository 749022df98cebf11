//! 7xx: what the action says, or asks of the device.

use latch_verify::{
    Reason, Refusal,
    device::Settlement,
    limits::{MAX_ENTRIES, MAX_PATCH},
    statement::{Action, Audience, Outcome},
    twin::{Entries, Value},
    types::{LatchId, StatementId, VersionRange},
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    code::{command, leaves, set},
    keys::{CREW, seal},
    release::version,
    root::maintenance,
};

/// A signed patch that no issuer would sign.
#[track_caller]
fn ignored_patch(entries: &[(&str, Value<'_>)], expected: impl Into<Refusal>) {
    let mut bench = Bench::new();
    let leaves = leaves(entries);
    let code = bench.sealed(LatchId::TWIN, set(&leaves));
    bench.ignores(&code, expected);
}

#[test]
fn bad_path() {
    let long = "k".repeat(33);
    for path in [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        "a/b/c/d/e",
        "a b",
        "a\0",
        "\u{e9}",
        long.as_str(),
    ] {
        ignored_patch(&[(path, Value::Int(1))], Reason::BadPath);
    }
}

#[test]
fn path_order() {
    let one = Value::Int(1);
    for (first, second) in [
        ("b", "a"),
        ("a", "a"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("a-b", "a/b"),
    ] {
        ignored_patch(&[(first, one), (second, one)], Reason::PathOrder);
    }
}

#[test]
fn bad_value() {
    let mut bench = Bench::new();
    let nothing = leaves(&[("force", Value::Null)]);
    let arguments = Entries::from_bytes(&nothing);
    let code = bench.sealed(
        maintenance(),
        Action::Command {
            name: "restart",
            arguments,
        },
    );
    bench.ignores(&code, Reason::BadValue);

    for (from, below) in [(5, 5), (6, 5), (0, 10_001)] {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        (code.audience, code.challenge) = (
            Audience::Cohort {
                salt: StatementId([0; 16]),
                from,
                below,
            },
            None,
        );
        bench.ignores(&seal(&code, &CREW), Reason::BadValue);
    }

    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.context.firmware = Some(VersionRange {
        least: version(2),
        most: version(1),
    });
    bench.ignores(&seal(&code, &CREW), Reason::BadValue);
}

#[test]
fn patch_too_large() {
    let text = "x".repeat(MAX_PATCH);
    let around = leaves(&[("a", Value::Text(&text))]).len() - MAX_PATCH;
    let fits = &text[around..];
    ignored_patch(
        &[("a", Value::Text(&text[around - 1..]))],
        Refusal::new(Reason::PatchTooLarge, 1024, 1025),
    );
    let mut bench = Bench::new();
    let leaves = leaves(&[("a", Value::Text(fits))]);
    let code = bench.sealed(LatchId::TWIN, set(&leaves));
    assert_eq!(
        bench.submit(&code).outcome(),
        Outcome::Applied { twin_version: 1 }
    );
}

#[test]
fn twin_too_large() {
    let mut bench = Bench::new();
    let text = "x".repeat(1000);
    for path in ["a", "b"] {
        let leaves = leaves(&[(path, Value::Text(&text))]);
        let code = bench.sealed(LatchId::TWIN, set(&leaves));
        bench.submit(&code).told();
    }
    let leaves = leaves(&[("c", Value::Text(&text[..100]))]);
    let code = bench.sealed(LatchId::TWIN, set(&leaves));
    bench.refuses(&code, Reason::TwinTooLarge);
}

/// More leaves than a twin may have are refused too: a journal with such a twin would not be read again.
#[test]
fn a_twin_of_too_many_leaves_is_refused_and_does_not_stop_the_next_boot() {
    let mut bench = Bench::new();
    let names: Vec<String> = (0..MAX_ENTRIES + 1)
        .map(|number| format!("k{number:03}"))
        .collect();
    let mut outcome = None;
    for part in names.chunks(100) {
        let entries: Vec<(&str, Value<'_>)> = part
            .iter()
            .map(|name| (name.as_str(), Value::Empty))
            .collect();
        let leaves = leaves(&entries);
        let code = bench.sealed(LatchId::TWIN, set(&leaves));
        outcome = Some(bench.submit(&code).outcome());
    }
    assert!(
        matches!(outcome, Some(Outcome::Refused { .. })),
        "{outcome:?}"
    );
    // Enough refusals for a snapshot, which holds the whole twin.
    for _ in 0..60 {
        let code = bench.sealed(LatchId::TWIN, command("restart"));
        bench.submit(&code).told();
    }
    assert_eq!(bench.reboot().device.facts().twin.version, 2);
}

#[test]
fn busy() {
    let mut bench = Bench::new();
    let (first, second) = (bench.change("speed", 3), bench.change("speed", 4));
    let ticket = bench.open(&first);
    bench.refuses(&second, Reason::Busy);
    // The code in hand is answered when it is settled.
    assert_eq!(bench.submit(&first), Answer::Ignored(Reason::Busy.into()));
    bench.settle(ticket, Settlement::Done).expect("a receipt");
    assert_eq!(
        bench.submit(&second).outcome(),
        Outcome::Applied { twin_version: 2 }
    );
}

#[test]
fn bad_name() {
    let long = "k".repeat(33);
    for name in ["", "re start", "restart/now", long.as_str()] {
        let mut bench = Bench::new();
        let code = bench.sealed(maintenance(), command(name));
        bench.ignores(&code, Reason::BadName);
    }
}
