//! An open latch closes when the device's posture no longer satisfies its rule, after the rule's grace.

use latch_verify::{
    statement::{Action, CloseCause},
    types::{Posture, PostureRule},
};

use crate::world::{
    answer::Told,
    bench::Bench,
    keys::BREAK_GLASS,
    openings::{emergency, service_rule},
    root::{IDLE, SERVICE_GRACE_S, TAMPERED, service},
};

const GRACE_MS: u64 = SERVICE_GRACE_S as u64 * 1000;
const CALM: Posture = Posture {
    known: TAMPERED,
    value: 0,
};

/// A device on which `service` is open, while nobody tampers.
fn opened() -> (Bench, Told) {
    let mut bench = Bench::new();
    let told = bench.opens(250);
    (bench, told)
}

#[test]
fn it_closes_after_the_grace_to_the_millisecond() {
    let (mut bench, opened) = opened();
    bench.pass(10_000);
    bench.tampered(Some(true));
    assert_eq!(bench.idle(), Some(GRACE_MS));
    bench.closes_after(GRACE_MS, &opened, service(), CloseCause::Posture);
}

/// What is not known does not satisfy a rule.
#[test]
fn unknown_is_as_bad_as_tampered() {
    let (mut bench, opened) = opened();
    bench.tampered(None);
    assert_eq!(bench.idle(), Some(GRACE_MS));
    bench.closes_after(GRACE_MS, &opened, service(), CloseCause::Posture);
}

#[test]
fn a_fact_that_must_hold_and_is_unknown_does_not() {
    let root = service_rule(|rule| {
        rule.posture = PostureRule {
            must_hold: IDLE,
            must_not_hold: 0,
        };
    });
    for posture in [
        Posture {
            known: 0,
            value: IDLE,
        },
        Posture {
            known: IDLE,
            value: 0,
        },
    ] {
        let mut bench = Bench::with_root(&root);
        let opened = bench.opens(250);
        bench.sees(IDLE, posture, u64::MAX);
        bench.closes_after(GRACE_MS, &opened, service(), CloseCause::Posture);
    }
}

#[test]
fn it_recovers_within_the_grace() {
    let (mut bench, opened) = opened();
    for tampered in [Some(true), None] {
        bench.tampered(tampered);
        bench.stays_open(GRACE_MS - 1, service());
        bench.tampered(Some(false));
        assert!(bench.idle() > Some(GRACE_MS));
        bench.stays_open(GRACE_MS, service());
    }
    // The next time it is amiss, the whole grace is there again.
    bench.tampered(Some(true));
    bench.closes_after(GRACE_MS, &opened, service(), CloseCause::Posture);
}

/// To be amiss in another way is no recovery.
#[test]
fn the_grace_runs_on_through_what_is_amiss() {
    let (mut bench, opened) = opened();
    bench.tampered(Some(true));
    bench.stays_open(GRACE_MS - 5_000, service());
    bench.tampered(None);
    bench.closes_after(5_000, &opened, service(), CloseCause::Posture);
}

#[test]
fn without_a_grace_it_closes_at_once() {
    let mut bench = Bench::with_root(&service_rule(|rule| rule.grace_s = 0));
    let opened = bench.opens(250);
    bench.tampered(Some(true));
    bench.closes(&opened, service(), CloseCause::Posture);
}

/// Told or not: who looks only when asked to does not keep the latch open by looking late.
#[test]
fn a_late_look_finds_it_shut() {
    let (mut bench, opened) = opened();
    bench.tampered(Some(true));
    bench.idle();
    bench.pass(GRACE_MS + 7_000);
    bench.closes(&opened, service(), CloseCause::Posture);
}

/// The grace runs from the observation, whether somebody looks after it or not.
#[test]
fn it_is_shut_after_the_grace_though_nobody_has_looked() {
    let (mut bench, _) = opened();
    bench.tampered(Some(true));
    bench.pass(GRACE_MS);
    assert!(
        !bench.device.is_open(service()),
        "open {GRACE_MS} ms after somebody has tampered, because nobody has looked"
    );
}

/// The grace runs from when the observation is too old, whether somebody looks then or not.
#[test]
fn it_is_shut_when_an_observation_is_long_too_old_though_nobody_has_looked() {
    let (mut bench, _) = opened();
    bench.sees(TAMPERED, CALM, 30_000);
    bench.idle();
    bench.pass(30_000 + GRACE_MS);
    assert!(
        !bench.device.is_open(service()),
        "open {GRACE_MS} ms after the observation was too old, because nobody has looked"
    );
}

#[test]
fn an_observation_grows_too_old() {
    let (mut bench, opened) = opened();
    bench.sees(TAMPERED, CALM, 30_000);
    // Asks to be looked at when it is, and again when the grace is over.
    assert_eq!(bench.idle(), Some(30_000));
    bench.pass(29_999);
    assert_eq!(bench.idle(), Some(1));
    bench.pass(1);
    assert_eq!(bench.idle(), Some(GRACE_MS));
    bench.closes_after(GRACE_MS, &opened, service(), CloseCause::Posture);
}

#[test]
fn an_observation_that_is_made_again_in_time_keeps_it_open() {
    let (mut bench, _) = opened();
    for _ in 0..7 {
        bench.sees(TAMPERED, CALM, 30_000);
        bench.stays_open(29_999, service());
    }
}

/// A fact that no rule asks for, and that nobody knows any more.
#[test]
fn other_facts_do_not_matter() {
    let (mut bench, opened) = opened();
    let nothing = Posture::default();
    bench.sees(!TAMPERED, nothing, u64::MAX);
    bench.sees(1 << 31, nothing, 1);
    bench.closes_after(250_000, &opened, service(), CloseCause::Time);
}

/// A renewal asks for the posture now, and no renewal gives a grace anew.
#[test]
fn a_renewal_needs_the_posture_and_does_not_mend_it() {
    let (mut bench, opened) = opened();
    bench.tampered(Some(true));
    bench.stays_open(GRACE_MS - 5_000, service());
    let code = bench.sealed(service(), Action::Renew { seconds: 200 });
    let reason = latch_verify::Reason::Posture;
    let unmet = latch_verify::Refusal::new(reason, 0, TAMPERED.into());
    bench.refuses(&code, unmet);
    bench.closes_after(5_000, &opened, service(), CloseCause::Posture);
}

#[test]
fn what_break_glass_has_opened_asks_for_the_posture_of_its_own_rule() {
    let mut bench = Bench::new();
    let mut code = bench.code(service(), Action::Open { seconds: 200 });
    emergency(&mut code);
    let opened = bench.opens_by(&code, &BREAK_GLASS);
    bench.tampered(Some(true));
    bench.closes_after(200_000, &opened, service(), CloseCause::Time);
}

/// Time and silence do not wait for a grace.
#[test]
fn a_grace_lengthens_nothing_else() {
    let mut bench = Bench::new();
    let opened = bench.opens(30);
    bench.pass(15_000);
    bench.tampered(Some(true));
    assert_eq!(bench.idle(), Some(15_000));
    bench.closes_after(15_000, &opened, service(), CloseCause::Time);
}
