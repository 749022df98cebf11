//! A lockdown is lifted by the rule of the trust latch, and by nothing less.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Freshness, Outcome},
    types::{LatchId, Sequence},
};

use crate::world::{
    bench::Bench,
    keys::{BREAK_GLASS, CREW, OPERATOR, ROOT, seal},
    openings::{emergency, revocation, slip},
    root::{RootSpec, service},
};

/// A code that lifts a lockdown.
fn unlock(bench: &mut Bench) -> Vec<u8> {
    bench.sealed(LatchId::TRUST, Action::Unlock)
}

#[test]
fn lifting_it_takes_the_rule_of_the_trust_latch() {
    let mut bench = Bench::new();
    bench.locks_down();
    let unlock = bench.code(LatchId::TRUST, Action::Unlock);
    for (signers, expected) in [
        (&CREW[..1], Refusal::new(Reason::TooFewOperators, 2, 1)),
        (&CREW[..2], Refusal::new(Reason::TooFewApprovers, 1, 0)),
        (&CREW[1..], Reason::IssuerDidNotSign.into()),
        (
            &[CREW[0], CREW[2]],
            Refusal::new(Reason::TooFewOperators, 2, 1),
        ),
    ] {
        bench.refuses(&seal(&unlock, signers), expected);
    }
    let mut without = bench.code(LatchId::TRUST, Action::Unlock);
    without.challenge = None;
    bench.refuses(&seal(&without, &CREW), Reason::ChallengeMissing);
    let mut elsewhere = bench.code(service(), Action::Unlock);
    bench.refuses(&seal(&elsewhere, &CREW), Reason::WrongLatch);
    emergency(&mut elsewhere);
    bench.refuses(&seal(&elsewhere, &BREAK_GLASS), Reason::WrongLatch);
    let mut glass = bench.code(LatchId::TRUST, Action::Unlock);
    emergency(&mut glass);
    bench.refuses(&seal(&glass, &BREAK_GLASS), Reason::NoBreakGlass);
    assert!(bench.device.status().locked_down);

    let told = bench.submit(&seal(&unlock, &CREW)).told();
    assert_eq!(told.outcome(), Outcome::Unlocked);
    assert!(!told.receipt.status.locked_down);
    assert!(!bench.device.status().locked_down);
}

/// Whatever the rule of the trust latch asks of other codes: one that lifts a lockdown was signed after it.
#[test]
fn lifting_it_takes_a_challenge_under_any_rule() {
    let mut root = RootSpec::default();
    root.latch_mut(LatchId::TRUST).rule.freshness = Freshness::TrustedTime;
    let mut bench = Bench::with_root(&root);
    bench.locks_down();
    let mut without = bench.code(LatchId::TRUST, Action::Unlock);
    without.challenge = None;
    bench.refuses(&seal(&without, &CREW), Reason::ChallengeMissing);
    let code = unlock(&mut bench);
    assert_eq!(bench.submit(&code).outcome(), Outcome::Unlocked);
}

/// What was signed before a lockdown was not signed to lift it, whichever of the device's challenges it answers.
#[test]
fn what_was_signed_before_it_does_not_lift_it() {
    let mut bench = Bench::new();
    let older = unlock(&mut bench);
    // The challenge is replaced, and stays good as the one before.
    let probe = bench.sealed(LatchId::TRUST, Action::Probe);
    assert_eq!(bench.submit(&probe).outcome(), Outcome::Probed);
    let newer = unlock(&mut bench);
    bench.locks_down();
    for early in [older, newer] {
        bench.refuses(&early, Reason::ChallengeStale);
    }
    let code = unlock(&mut bench);
    assert_eq!(bench.submit(&code).outcome(), Outcome::Unlocked);
}

#[test]
fn what_it_had_closed_stays_closed() {
    let mut bench = Bench::new();
    let open = bench.sealed(service(), Action::Open { seconds: 250 });
    bench.submit(&open).told();
    bench.locks_down();
    let code = unlock(&mut bench);
    let effects = bench.effects.len();
    bench.submit(&code).told();
    assert_eq!(bench.device.open_latches(), 0);
    assert_eq!(bench.idle(), None);
    bench.submit(&open);
    assert!(!bench.device.is_open(service()));
    assert_eq!(bench.effects.len(), effects);
    bench.opens(250);
}

/// Neither serves a second time.
#[test]
fn used_codes_neither_lock_nor_unlock_again() {
    let mut bench = Bench::new();
    let lock = bench.closing(LatchId::TRUST, Action::Lockdown);
    let locked = bench.submit(&lock).told();
    let release = unlock(&mut bench);
    let unlocked = bench.submit(&release).told();
    assert_eq!(bench.submit(&lock).told(), locked);
    assert!(!bench.device.status().locked_down);
    bench.locks_down();
    assert_eq!(bench.submit(&release).told(), unlocked);
    assert!(bench.device.status().locked_down);
}

/// A lockdown stays in force when the code for it is taken back: that is not what lifts it.
#[test]
fn taking_its_code_back_does_not_lift_it() {
    let mut bench = Bench::new();
    let lock = bench.closing(LatchId::TRUST, Action::Lockdown);
    bench.submit(&lock).told();
    bench.submit(&slip(&lock, &OPERATOR[..1])).told();
    let revoke = revocation(OPERATOR[0], Sequence(u64::MAX), &ROOT);
    bench.submit(&revoke).told();
    assert!(bench.device.status().locked_down);
    assert!(bench.reboot().device.status().locked_down);
}
