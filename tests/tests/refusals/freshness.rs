//! 5xx: not meant for now, or nobody can tell.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Audience},
    types::{Challenge, LatchId},
};

use crate::world::{
    bench::Bench,
    code::moment,
    hardware::START_MS,
    keys::{CREW, seal},
    root::{limits, remarks},
};

#[test]
fn challenge_missing() {
    let mut bench = Bench::new();
    let mut code = bench.code(limits(), Action::Probe);
    code.challenge = None;
    bench.refuses(&seal(&code, &CREW), Reason::ChallengeMissing);
    // A trusted clock does not stand in for an answer, nor does an audience of many.
    code.audience = Audience::Tenant;
    bench.refuses(&seal(&code, &CREW), Reason::ChallengeMissing);
}

#[test]
fn challenge_stale() {
    let mut bench = Bench::new();
    let mut code = bench.code(limits(), Action::Probe);
    code.challenge = Some(Challenge([9; 16]));
    bench.refuses(&seal(&code, &CREW), Reason::ChallengeStale);
    // Wrong also where none is asked for.
    code.latch = remarks();
    bench.refuses(&seal(&code, &CREW), Reason::ChallengeStale);
}

#[test]
fn no_trusted_time() {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(None);
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.challenge = None;
    bench.refuses(&seal(&code, &CREW), Reason::NoTrustedTime);
    // An answer to a challenge needs no clock.
    let answered = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&answered).told();
}

/// A clock that lies before a time which was once known is not trusted.
#[test]
fn a_clock_that_was_set_back_is_no_trusted_time() {
    let mut bench = Bench::new();
    let code = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&code).told();
    bench.hardware.clock.trust(Some(START_MS - 1));
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.challenge = None;
    bench.refuses(&seal(&code, &CREW), Reason::NoTrustedTime);
}

#[test]
fn not_yet_valid() {
    let mut bench = Bench::new();
    for challenge in [None, Some(bench.device.status().challenge)] {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        (code.not_before_ms, code.challenge) = (moment(START_MS + 1), challenge);
        let expected = Refusal::new(Reason::NotYetValid, START_MS + 1, START_MS);
        bench.refuses(&seal(&code, &CREW), expected);
        bench.hardware.clock.advance(1);
        bench.submit(&seal(&code, &CREW)).told();
        bench.hardware.clock.trust(Some(START_MS));
        bench = Bench::new();
    }
}

#[test]
fn expired() {
    let mut bench = Bench::new();
    for answered in [false, true] {
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        code.not_after_ms = moment(START_MS);
        code.challenge = code.challenge.filter(|_| answered);
        let expected = Refusal::new(Reason::Expired, START_MS, START_MS);
        bench.refuses(&seal(&code, &CREW), expected);
    }
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.not_after_ms = moment(START_MS + 1);
    bench.submit(&seal(&code, &CREW)).told();
}

/// Without a clock, what ended before a time that was once known has surely expired; an answer outweighs that.
#[test]
fn expired_below_the_time_floor() {
    let mut bench = Bench::new();
    let code = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&code).told();
    assert_eq!(bench.device.facts().time_floor_ms, moment(START_MS));
    let mut bench = bench.reboot();
    bench.hardware.clock.trust(None);
    let mut code = bench.code(remarks(), Action::Probe);
    (code.not_after_ms, code.challenge) = (moment(START_MS), None);
    bench.refuses(
        &seal(&code, &CREW),
        Refusal::new(Reason::Expired, START_MS, START_MS),
    );
    code.challenge = Some(bench.device.status().challenge);
    bench.submit(&seal(&code, &CREW)).told();
    let mut later = bench.code(remarks(), Action::Probe);
    (later.not_after_ms, later.challenge) = (moment(START_MS + 1), None);
    bench.submit(&seal(&later, &CREW)).told();
}
