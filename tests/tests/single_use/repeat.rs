//! The same code again, and others in between.

use latch_verify::{
    Reason, Refusal,
    device::Settlement,
    limits::{CHALLENGE_AGE_MS, MAX_BURNED, MAX_OUTCOMES},
    statement::{Action, Outcome},
    twin::Value,
    types::{LatchId, Sequence},
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    code::{command, leaves, moment, set},
    hardware::START_MS,
    keys::{APPROVER, CREW, OPERATOR, seal},
    root::maintenance,
};

#[test]
fn ten_times_the_same_code_is_one_effect_and_one_receipt() {
    let mut bench = Bench::new();
    let speed = leaves(&[("speed", Value::Int(3))]);
    for (latch, action, outcome) in [
        (
            LatchId::TWIN,
            set(&speed),
            Outcome::Applied { twin_version: 1 },
        ),
        (maintenance(), command("restart"), Outcome::Performed),
    ] {
        let code = bench.sealed(latch, action);
        let effects = bench.effects.len();
        let told = bench.submit(&code).told();
        assert_eq!(told.outcome(), outcome);
        let costs = bench.journal_operations();
        for _ in 0..9 {
            assert_eq!(bench.submit(&code).told().bytes, told.bytes);
        }
        assert_eq!(bench.journal_operations(), costs);
        bench = bench.reboot();
        bench.hardware.clock.advance(10 * CHALLENGE_AGE_MS);
        assert_eq!(bench.submit(&code).told().bytes, told.bytes);
        assert_eq!(
            bench
                .receipt(told.receipt.statement)
                .expect("a receipt")
                .bytes,
            told.bytes
        );
        assert_eq!(bench.effects.len(), effects + 1);
    }
    assert_eq!(bench.device.facts().twin.version, 1);
}

/// Signatures are not part of what a code is: with others, it is still the code that was used.
#[test]
fn a_used_code_with_other_signatures_is_the_same_code() {
    let mut bench = Bench::new();
    let run = bench.code(maintenance(), command("restart"));
    let told = bench.submit(&seal(&run, &CREW)).told();
    for signers in [
        &CREW[..1],
        &[OPERATOR[1]],
        &[OPERATOR[2], APPROVER[1], OPERATOR[0]],
        &[APPROVER[0], OPERATOR[1], OPERATOR[0]],
    ] {
        assert_eq!(bench.submit(&seal(&run, signers)).told(), told);
    }
    assert_eq!(bench.effects.len(), 1);
}

#[test]
fn after_eight_other_outcomes_a_used_code_is_already_used() {
    let mut bench = Bench::new();
    let first = bench.sealed(maintenance(), command("restart"));
    let told = bench.submit(&first).told();
    for number in 0..MAX_OUTCOMES {
        assert_eq!(bench.submit(&first).told(), told, "after {number} others");
        let other = bench.change("speed", 3);
        bench.submit(&other).told();
    }
    let used = bench.refuses(
        &first,
        Refusal::new(Reason::AlreadyUsed, told.receipt.number, 0),
    );
    assert_eq!(used.receipt.sequence, told.receipt.sequence);
    // That answer is kept in turn, and given again without a write.
    let costs = bench.journal_operations();
    assert_eq!(bench.submit(&first).told(), used);
    assert_eq!(bench.journal_operations(), costs);
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&first).told(), used);
    assert_eq!(bench.effects.len(), 1 + MAX_OUTCOMES);
}

/// Nobody pushes the receipt of an effect out by codes that are refused.
#[test]
fn refusals_do_not_push_the_receipt_of_an_effect_out() {
    let mut bench = Bench::new();
    let run = bench.sealed(maintenance(), command("restart"));
    let told = bench.submit(&run).told();
    for _ in 0..3 * MAX_OUTCOMES {
        let refused = bench.sealed(maintenance(), Action::Open { seconds: 1 });
        bench.refuses(&refused, Reason::NeverOpens);
    }
    assert_eq!(bench.submit(&run).told(), told);
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&run).told(), told);
}

#[test]
fn a_refused_code_that_passes_later_is_answered_by_its_last_receipt() {
    let mut bench = Bench::new();
    let mut code = bench.code(maintenance(), command("restart"));
    code.not_before_ms = moment(START_MS + 1);
    let code = seal(&code, &CREW);
    let refused = bench.submit(&code).told();
    assert!(matches!(refused.outcome(), Outcome::Refused { .. }));
    bench.hardware.clock.advance(1);
    let told = bench.submit(&code).told();
    assert_eq!(told.outcome(), Outcome::Performed);
    assert_eq!(bench.submit(&code).told(), told);
    assert_eq!(bench.effects.len(), 1);
}

/// While a code is carried out, what was said of it before it was burned is no longer true.
#[test]
fn a_code_in_hand_is_not_answered_by_a_refusal_from_before() {
    let mut bench = Bench::new();
    let mut code = bench.code(maintenance(), command("restart"));
    code.not_before_ms = moment(START_MS + 1);
    let code = seal(&code, &CREW);
    assert!(matches!(
        bench.submit(&code).outcome(),
        Outcome::Refused { .. }
    ));
    bench.hardware.clock.advance(1);
    let ticket = bench.open(&code);
    assert_eq!(bench.submit(&code), Answer::Ignored(Reason::Busy.into()));
    let told = bench.settle(ticket, Settlement::Done).expect("a receipt");
    assert_eq!(bench.submit(&code).told(), told);
}

#[test]
fn another_code_during_an_effect_is_refused_as_busy_and_not_burned() {
    let mut bench = Bench::new();
    let (first, second) = (
        bench.sealed(maintenance(), command("restart")),
        bench.change("speed", 4),
    );
    let ticket = bench.open(&first);
    let busy = bench.refuses(&second, Reason::Busy);
    assert_eq!(bench.device.facts().replay.burned().count(), 1);
    assert_eq!(bench.submit(&second).told(), busy);
    assert_eq!(bench.submit(&first), Answer::Ignored(Reason::Busy.into()));
    let told = bench.settle(ticket, Settlement::Done).expect("a receipt");
    assert_eq!(told.outcome(), Outcome::Performed);
    assert_eq!(
        bench.submit(&second).outcome(),
        Outcome::Applied { twin_version: 1 }
    );
    assert_eq!(bench.effects.len(), 2);
}

/// What was let through, and whose outcome nobody recorded: a command is never let through again, a change once more
/// after a boot.
#[test]
fn a_ticket_that_is_dropped_opens_no_command_again() {
    let mut bench = Bench::new();
    let run = bench.sealed(maintenance(), command("restart"));
    drop(bench.open(&run));
    assert_eq!(bench.submit(&run), Answer::Ignored(Reason::Busy.into()));
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&run).outcome(), Outcome::Interrupted);
    let change = bench.change("speed", 5);
    drop(bench.open(&change));
    let mut bench = bench.reboot();
    bench.resume().expect("a change").expect("a receipt");
    assert!(bench.resume().is_none());
    assert_eq!(
        bench.submit(&change).outcome(),
        Outcome::Applied { twin_version: 1 }
    );
    assert_eq!(bench.submit(&run).outcome(), Outcome::Interrupted);
    assert_eq!(bench.effects.len(), 3);
}

#[test]
fn codes_beyond_the_table_raise_the_floor_for_good() {
    let mut bench = Bench::new();
    let mut codes = Vec::new();
    for _ in 0..2 * MAX_BURNED {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        code.challenge = None;
        codes.push((code.sequence, seal(&code, &CREW)));
    }
    for (_, code) in &codes {
        assert_eq!(bench.submit(code).outcome(), Outcome::Probed);
    }
    let highest_forgotten = codes[MAX_BURNED - 1].0;
    for _ in 0..2 {
        let replay = &bench.device.facts().replay;
        assert_eq!(replay.floor(CREW[0].id()).replay, highest_forgotten);
        assert_eq!(replay.burned().count(), MAX_BURNED);
        for (place, (_, code)) in codes.iter().enumerate() {
            let expected = if place < MAX_BURNED {
                Reason::BelowFloor
            } else {
                Reason::AlreadyUsed
            };
            match bench.submit(code) {
                Answer::Told(told) => match told.outcome() {
                    Outcome::Refused { reason, .. } => assert_eq!(reason, expected.number()),
                    outcome => {
                        assert!(place >= codes.len() - MAX_OUTCOMES && outcome == Outcome::Probed);
                    }
                },
                other => assert_eq!(other, Answer::Ignored(expected.into())),
            }
            bench.hardware.clock.advance(1000);
        }
        bench.hardware.clock.trust(Some(START_MS + 200_000));
        bench = bench.reboot();
    }
    // Another issuer's codes have their own floor.
    let mut other = bench.code(LatchId::TWIN, Action::Probe);
    (other.issuer, other.sequence) = (OPERATOR[1].id(), Sequence(codes[0].0.0));
    assert_eq!(
        bench.submit(&seal(&other, &CREW)).outcome(),
        Outcome::Probed
    );
}

#[test]
fn an_older_change_of_an_issuer_never_follows_a_newer_one() {
    let mut bench = Bench::new();
    let unused = bench.next_sequence();
    let new = bench.change("speed", 4);
    assert_eq!(
        bench.submit(&new).outcome(),
        Outcome::Applied { twin_version: 1 }
    );
    let mut bench = bench.reboot();
    let slow = leaves(&[("speed", Value::Int(3))]);
    let mut old = bench.code(LatchId::TWIN, set(&slow));
    old.sequence = unused;
    let expected = Refusal::new(Reason::OutOfOrder, unused.0 + 1, unused.0);
    bench.refuses(&seal(&old, &CREW), expected);
    // A command of that age is in nobody's way, nor is a change by another issuer.
    let mut run = bench.code(maintenance(), command("restart"));
    run.sequence = unused;
    assert_eq!(
        bench.submit(&seal(&run, &CREW)).outcome(),
        Outcome::Performed
    );
    let mut old = bench.code(LatchId::TWIN, set(&slow));
    (old.issuer, old.sequence) = (OPERATOR[1].id(), unused);
    assert_eq!(
        bench.submit(&seal(&old, &CREW)).outcome(),
        Outcome::Applied { twin_version: 2 }
    );
}
