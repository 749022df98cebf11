//! Cuts while a code is judged, burned, carried out and answered.

use latch_verify::{
    Reason,
    statement::{Action, Outcome},
    twin::Value,
    types::{LatchId, StatementId},
    verdict::Recall,
    wire::{Envelope, Kind},
};

use super::sweep::{Past, Scene, crowded, journal, seasoned, start};
use crate::world::{
    bench::Bench,
    code::{command, leaves, set},
    hardware::Hardware,
    keys::{CREW, seal},
    root::{EPOCH, limits, maintenance},
};

/// A code that rests on the clock: it is as good after a boot as before it.
pub(crate) fn lasting(bench: &mut Bench, latch: LatchId, action: Action<'_>) -> Vec<u8> {
    let mut code = bench.code(latch, action);
    code.challenge = None;
    seal(&code, &CREW)
}

pub(crate) fn id(code: &[u8]) -> StatementId {
    Envelope::parse(Kind::Code, code).expect("a code").id()
}

/// Whether the device knows that it has used a code.
fn burned(bench: &Bench, code: &[u8]) -> bool {
    let used = bench
        .device
        .facts()
        .replay
        .burned()
        .find(|used| used.is(id(code)));
    used.is_some_and(|used| {
        let recall = bench
            .device
            .facts()
            .replay
            .recall(used.issuer, used.sequence, used.statement);
        matches!(recall, Recall::Used { .. })
    })
}

/// What holds after a cut for every code: its state, its receipt and its repetition agree, and the device goes on.
/// Returns the outcome.
#[track_caller]
pub(crate) fn consistent(bench: &mut Bench, past: &mut Past, code: &[u8]) -> Outcome {
    let was_burned = burned(bench, code);
    assert!(
        past.effects.is_empty() || was_burned,
        "an effect without a burned code"
    );
    if let Some(resumed) = bench.resume() {
        assert!(was_burned, "an effect without a burned code");
        past.keep(&resumed.expect("a receipt"));
    }
    if let Some(told) = past.last(id(code)).cloned() {
        assert_eq!(
            bench.submit(code).told(),
            told,
            "a receipt that has left is not told again"
        );
    }
    let first = bench.submit(code).told();
    past.keep(&first);
    assert!(burned(bench, code));
    let again = bench.submit(code).told();
    assert_eq!(first, again);
    past.effects.append(&mut bench.effects);
    goes_on(bench, past);
    first.outcome()
}

/// New codes are taken: one that answers a challenge, and one that rests on the clock.
#[track_caller]
pub(crate) fn goes_on(bench: &mut Bench, past: &mut Past) {
    let limit = leaves(&[("limits/max", Value::Int(99))]);
    let before = bench.device.facts().twin.version;
    let code = bench.sealed(limits(), set(&limit));
    let told = bench.submit(&code).told();
    past.keep(&told);
    assert_eq!(
        told.outcome(),
        Outcome::Applied {
            twin_version: before + 1
        }
    );
    let run = lasting(bench, maintenance(), command("restart"));
    let told = bench.submit(&run).told();
    past.keep(&told);
    assert_eq!(told.outcome(), Outcome::Performed);
    bench.effects.clear();
}

/// A device, and a code for it.
struct Case {
    bench: Bench,
    code: Vec<u8>,
}

/// Sweeps a code on a journal with room, and on one where it begins a new sector.
fn sweep(name: &'static str, make: fn(&mut Bench) -> Vec<u8>, check: fn(&Case, Bench, Past)) {
    let case = |mut bench: Bench| {
        let code = make(&mut bench);
        Case { bench, code }
    };
    let act = |case: &Case, hardware: &Hardware, past: &mut Past| {
        let Some(mut bench) = start(hardware) else {
            return;
        };
        past.hear(&bench.submit(&case.code));
        past.effects.append(&mut bench.effects);
    };
    let roomy = case(seasoned());
    let crowded = crowded(case, |case| &case.bench.hardware, act);
    for case in [roomy, crowded] {
        Scene {
            name,
            start: &case.bench.hardware,
            chip: journal,
            act: &|hardware, past| act(&case, hardware, past),
            check: &|bench, past| check(&case, bench, past),
        }
        .sweep();
    }
}

#[test]
fn a_twin_change_is_made_wholly_or_not_at_all() {
    let make = |bench: &mut Bench| {
        let speed = leaves(&[("speed", Value::Int(2))]);
        lasting(bench, LatchId::TWIN, set(&speed))
    };
    sweep(
        "twin change",
        make,
        |Case { code, .. }, mut bench, mut past| {
            let version = bench.device.facts().twin.version;
            assert_eq!(version, if burned(&bench, code) { 2 } else { 1 });
            let wanted = leaves(&[("speed", Value::Int(2))]);
            assert_eq!(bench.device.twin().bytes() == wanted, version == 2);
            let outcome = consistent(&mut bench, &mut past, code);
            assert_eq!(outcome, Outcome::Applied { twin_version: 2 });
            // Made once at least, and each time the same.
            assert!(!past.effects.is_empty());
            assert!(past.effects.iter().all(|effect| *effect == past.effects[0]));
        },
    );
}

#[test]
fn a_command_runs_once_at_most_and_the_receipt_says_what_is_known() {
    let make = |bench: &mut Bench| lasting(bench, maintenance(), command("restart"));
    sweep("command", make, |Case { code, .. }, mut bench, mut past| {
        let ran_before = past.effects.len();
        let was_burned = burned(&bench, code);
        match consistent(&mut bench, &mut past, code) {
            Outcome::Performed => assert_eq!(past.effects.len(), 1),
            Outcome::Interrupted => assert!(past.cuts > 0 && past.effects.len() <= 1),
            outcome => panic!("{outcome:?}"),
        }
        assert!(
            !was_burned || past.effects.len() == ran_before,
            "a second effect"
        );
    });
}

#[test]
fn a_probe_is_burned_and_told() {
    let make = |bench: &mut Bench| lasting(bench, LatchId::TWIN, Action::Probe);
    sweep("probe", make, |Case { code, .. }, mut bench, mut past| {
        assert_eq!(consistent(&mut bench, &mut past, code), Outcome::Probed);
        assert!(past.effects.is_empty());
    });
}

#[test]
fn a_refusal_opens_nothing_and_is_told_again() {
    let make = |bench: &mut Bench| {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        (code.epoch, code.challenge) = (EPOCH + 1, None);
        seal(&code, &CREW)
    };
    sweep("refusal", make, |Case { code, .. }, mut bench, mut past| {
        assert!(past.effects.is_empty() && !burned(&bench, code));
        let first = bench.submit(code).told();
        past.keep(&first);
        let reason = Reason::OtherEpoch.number();
        assert!(
            matches!(first.outcome(), Outcome::Refused { reason: found, .. } if found == reason)
        );
        assert_eq!(bench.submit(code).told(), first);
        goes_on(&mut bench, &mut past);
    });
}

/// The power goes between the burn and the outcome, and again while the device comes up.
#[test]
fn what_was_let_through_before_the_power_went_is_not_forgotten() {
    let speed = leaves(&[("speed", Value::Int(2))]);
    for (latch, action, expected) in [
        (maintenance(), command("restart"), Outcome::Interrupted),
        (
            LatchId::TWIN,
            set(&speed),
            Outcome::Applied { twin_version: 2 },
        ),
    ] {
        let case = |mut bench: Bench| {
            let code = lasting(&mut bench, latch, action);
            drop(bench.open(&code));
            bench.effects.clear();
            Case { bench, code }
        };
        let boot = |_: &Case, hardware: &Hardware, _: &mut Past| drop(start(hardware));
        let crowded = crowded(case, |case| &case.bench.hardware, boot);
        for case in [case(seasoned()), crowded] {
            Scene {
                name: "let through, and off",
                start: &case.bench.hardware,
                chip: journal,
                act: &|hardware, past| boot(&case, hardware, past),
                check: &|mut bench, mut past| {
                    assert!(burned(&bench, &case.code), "a burned code is forgotten");
                    let outcome = consistent(&mut bench, &mut past, &case.code);
                    assert_eq!(outcome, expected);
                },
            }
            .sweep();
        }
    }
}
