//! Closing by a code asks for less than opening, and not for nothing.

use latch_verify::{
    Reason, Refusal,
    device::Settlement,
    statement::{Action, Audience, CloseCause, Code, Outcome},
    types::{LatchId, Posture, Sequence},
};

use crate::world::{
    answer::{Answer, Effect, Told},
    bench::{Bench, FIT},
    code::CODE_LIFE_MS,
    hardware::START_MS,
    keys::{APPROVER, BREAK_GLASS, CREW, OPERATOR, RELEASE, ROOT, STRANGER, Signer, seal},
    openings::{bit, emergency, revocation, slip},
    root::{RootSpec, maintenance, service},
    statements::at_least,
};

/// A device on which `service` is open.
fn opened() -> (Bench, Told) {
    let mut bench = Bench::new();
    let told = bench.opens(600);
    (bench, told)
}

/// Closes `service`, and expects that.
#[track_caller]
fn closes(bench: &mut Bench, code: &[u8]) -> Told {
    let latch = service();
    let told = bench.submit(code).told();
    let cause = CloseCause::Code;
    assert_eq!(told.outcome(), Outcome::Closed { latch, cause });
    assert_eq!(bench.effects.last(), Some(&Effect::Close { latch }));
    assert!(!bench.device.is_open(latch));
    assert_eq!(told.receipt.status.open & bit(latch), 0);
    // It did not close by itself, so nobody has to be told of that.
    assert_eq!(bench.idle(), None);
    assert_eq!(bench.device.facts().open_latch(latch), None);
    told
}

#[test]
fn one_operator_closes_what_two_people_have_opened() {
    let (mut bench, opened) = opened();
    let code = bench.closing(service(), Action::Close);
    let told = closes(&mut bench, &code);
    assert_eq!(told.receipt.number, opened.receipt.number + 1);
    // A boot has nothing to tell of it.
    let number = bench.device.facts().chain.number;
    assert_eq!(bench.reboot().device.facts().chain.number, number);
}

/// Any operator, not only the one who has opened it.
#[test]
fn another_operator_closes_it_too() {
    let (mut bench, _) = opened();
    let mut code = bench.code(service(), Action::Close);
    (code.issuer, code.challenge) = (OPERATOR[2].id(), None);
    closes(&mut bench, &seal(&code, &[OPERATOR[2]]));
}

#[test]
fn it_is_closed_from_the_burn_on() {
    let (mut bench, _) = opened();
    let code = bench.closing(service(), Action::Close);
    let ticket = bench.open(&code);
    assert!(!bench.device.is_open(service()));
    // What should have shut it fails, and it counts as closed all the same.
    let told = bench.settle(ticket, Settlement::Failed { code: 1 });
    let told = told.expect("a receipt");
    assert_eq!(told.outcome(), Outcome::ActuatorFailed { code: 1 });
    assert_eq!(told.receipt.status.open, 0);
    assert_eq!(bench.idle(), None);
}

#[test]
fn it_closes_at_any_posture() {
    let mut root = RootSpec::default();
    root.latch_mut(service()).rule.grace_s = 600;
    for posture in [
        Posture::default(),
        Posture {
            known: u32::MAX,
            value: u32::MAX,
        },
    ] {
        let mut bench = Bench::with_root(&root);
        bench.opens(600);
        bench.device.set_posture(posture);
        bench.idle();
        assert!(bench.device.is_open(service()));
        let code = bench.closing(service(), Action::Close);
        closes(&mut bench, &code);
        bench.device.set_posture(FIT);
    }
}

#[test]
fn it_closes_where_only_a_time_floor_is_known_or_nothing() {
    let (mut bench, _) = opened();
    bench.hardware.clock.trust(None);
    assert_eq!(bench.device.status().time, at_least(START_MS));
    let code = bench.closing(service(), Action::Close);
    closes(&mut bench, &code);

    // A device that has never known the time: what opens answers its challenge.
    let mut bench = Bench::new();
    bench.hardware.clock.trust(None);
    let mut code = bench.code(service(), Action::Open { seconds: 600 });
    code.challenge = Some(bench.device.status().challenge);
    bench.opens_by(&code, &CREW);
    let code = bench.closing(service(), Action::Close);
    closes(&mut bench, &code);
}

#[test]
fn one_break_glass_key_closes_what_two_have_opened() {
    let mut bench = Bench::new();
    for normally in [false, true] {
        if normally {
            bench.opens(300);
        } else {
            let mut code = bench.code(service(), Action::Open { seconds: 300 });
            emergency(&mut code);
            bench.opens_by(&code, &BREAK_GLASS);
        }
        let mut code = bench.code(service(), Action::Close);
        emergency(&mut code);
        code.challenge = None;
        let told = closes(&mut bench, &seal(&code, &BREAK_GLASS[..1]));
        assert!(told.receipt.break_glass);
    }
}

/// A latch that is shut may be shut again: whoever closes does not know how it stands.
#[test]
fn what_is_closed_is_closed_again() {
    let mut bench = Bench::new();
    let code = bench.closing(service(), Action::Close);
    closes(&mut bench, &code);
    // One that opens for no time at all, too.
    let code = bench.closing(maintenance(), Action::Close);
    let told = bench.submit(&code).told();
    assert!(matches!(told.outcome(), Outcome::Closed { .. }));
}

#[test]
fn it_closes_no_other_latch() {
    let mut root = RootSpec::default();
    root.latch_mut(maintenance()).rule.max_open_s = 600;
    let mut bench = Bench::with_root(&root);
    bench.opens(600);
    let code = bench.code(maintenance(), Action::Open { seconds: 600 });
    bench.opens_by(&code, &CREW);
    let code = bench.closing(maintenance(), Action::Close);
    let told = bench.submit(&code).told();
    assert_eq!(told.receipt.status.open, bit(service()));
    assert_eq!(bench.device.open_latches(), bit(service()));
}

/// Puts in a changed code, which must be refused with a receipt and leave the latch open.
#[track_caller]
fn refused(change: impl FnOnce(&mut Code<'_>), signers: &[Signer], expected: impl Into<Refusal>) {
    let (mut bench, _) = opened();
    let mut code = bench.code(service(), Action::Close);
    code.challenge = None;
    change(&mut code);
    bench.refuses(&seal(&code, signers), expected);
    assert!(bench.device.is_open(service()));
}

#[test]
fn nobody_else_closes_it() {
    // Neither an approver nor a root, release or time key issues anything.
    for signer in [APPROVER[0], ROOT[0], RELEASE[0], BREAK_GLASS[0]] {
        refused(
            |code| code.issuer = signer.id(),
            &[signer],
            Reason::IssuerRole,
        );
    }
    // In the name of an operator who has not signed.
    refused(|_| {}, &[APPROVER[0]], Reason::IssuerDidNotSign);
    refused(|_| {}, &[OPERATOR[1]], Reason::IssuerDidNotSign);
    // By break-glass, without a break-glass key.
    refused(
        |code| {
            emergency(code);
            code.issuer = OPERATOR[0].id();
        },
        &CREW,
        Reason::IssuerRole,
    );
}

#[test]
fn a_stranger_is_not_even_answered() {
    let (mut bench, _) = opened();
    let mut code = bench.code(service(), Action::Close);
    code.issuer = STRANGER.id();
    bench.ignores(&seal(&code, &[STRANGER]), Reason::UnknownKey);
    // For another device, by whoever may close this one.
    let mut code = bench.code(service(), Action::Close);
    code.audience = Audience::Device("pump-0043".parse().expect("a device's name"));
    bench.ignores(&seal(&code, &CREW), Reason::OtherDevice);
    assert!(bench.device.is_open(service()));
}

#[test]
fn a_code_of_another_time_or_place_does_not_close_it() {
    refused(
        |code| code.epoch -= 1,
        &CREW,
        Refusal::new(Reason::OtherEpoch, 4, 3),
    );
    let incarnation = Refusal::new(Reason::OtherIncarnation, 2, 1);
    refused(|code| code.incarnation = Some(1), &CREW, incarnation);
    refused(
        |code| code.challenge = Some(latch_verify::types::Challenge([9; 16])),
        &CREW,
        Reason::ChallengeStale,
    );
    refused(
        |code| code.context.boot = Some(77),
        &CREW,
        Refusal::new(Reason::OtherBoot, 1, 77),
    );
}

#[test]
fn an_expired_code_does_not_close_it() {
    for knows_the_time in [true, false] {
        let (mut bench, _) = opened();
        let code = bench.closing(service(), Action::Close);
        bench.stays_open(CODE_LIFE_MS, service());
        // The last receipt has raised the floor, and the ticks run it on, a little slower than they may be.
        let now = bench.now_ms();
        if !knows_the_time {
            bench.hardware.clock.trust(None);
            bench.pass(2_000);
        }
        match bench.submit(&code).outcome() {
            Outcome::Refused {
                reason, expected, ..
            } => {
                assert_eq!(reason, Reason::Expired.number());
                assert!(expected <= now);
            }
            other => panic!("{other:?}"),
        }
        assert!(bench.device.is_open(service()));
    }
}

/// The latch was closed and opened again: the code that has closed it is used up.
#[test]
fn a_used_code_does_not_close_it_again() {
    let (mut bench, _) = opened();
    let code = bench.closing(service(), Action::Close);
    let told = closes(&mut bench, &code);
    bench.opens(600);
    assert_eq!(bench.submit(&code), Answer::Told(told));
    assert!(bench.device.is_open(service()));
}

#[test]
fn a_revoked_or_stopped_code_does_not_close_it() {
    let mut bench = Bench::new();
    let mut code = bench.code(service(), Action::Close);
    (code.issuer, code.challenge) = (OPERATOR[1].id(), None);
    let Sequence(number) = code.sequence;
    let close = seal(&code, &[OPERATOR[1]]);
    bench.opens(600);
    let stop = slip(&close, &[OPERATOR[1]]);
    let mut stopped = bench.fork();
    stopped.opens(600);
    stopped.submit(&stop).told();
    stopped.refuses(&close, Reason::Stopped);
    assert!(stopped.device.is_open(service()));

    let revoke = revocation(OPERATOR[1], code.sequence, &[OPERATOR[1]]);
    bench.submit(&revoke).told();
    let expected = Refusal::new(Reason::Revoked, number, number);
    bench.refuses(&close, expected);
    assert!(bench.device.is_open(service()));
}

#[test]
fn a_latch_that_is_not_listed_is_not_closed() {
    let (mut bench, _) = opened();
    let nowhere = LatchId::new(9).expect("a latch's number");
    let code = bench.closing(nowhere, Action::Close);
    bench.refuses(&code, Reason::NoSuchLatch);
}
