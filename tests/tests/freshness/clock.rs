//! The product's clock is wrong: set back, thrown forward, or standing still.

use latch_verify::{
    Reason, Refusal,
    limits::CLOCK_LAG_MS,
    statement::{Action, Outcome, TimeStatus},
    types::LatchId,
};

use crate::world::{
    answer::Looked,
    bench::Bench,
    code::moment,
    hardware::START_MS,
    keys::{CREW, ROOT, STRANGER, TIME, seal},
    root::{EPOCH, RootSpec, remarks},
    statements::{DAY_MS, HOUR_MS, answer_to, at_least, trusted},
};

const FAR_MS: u64 = START_MS + 40 * 365 * DAY_MS;

/// A code that is good at this time, and rests on it.
fn timed(bench: &mut Bench, latch: LatchId, time_ms: u64) -> Vec<u8> {
    let mut code = bench.code(latch, Action::Probe);
    (code.not_before_ms, code.not_after_ms) = (moment(time_ms - 1000), moment(time_ms + 60_000));
    code.challenge = None;
    seal(&code, &CREW)
}

/// A code that is good at this time and answers the device's challenge.
fn answered(bench: &mut Bench, time_ms: u64) -> Vec<u8> {
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    (code.not_before_ms, code.not_after_ms) = (moment(time_ms - 1000), moment(time_ms + 60_000));
    code.epoch = bench.root_in_force().1;
    seal(&code, &CREW)
}

#[test]
fn clock_set_back() {
    // Within a boot, whether anything was burned or not.
    let mut bench = Bench::new();
    let old = timed(&mut bench, LatchId::TWIN, START_MS);
    bench.hardware.clock.advance(HOUR_MS);
    let over = Refusal::new(Reason::Expired, START_MS + 60_000, START_MS + HOUR_MS);
    bench.refuses(&old, over);
    bench.hardware.clock.trust(Some(START_MS));
    assert_eq!(bench.time(), TimeStatus::Unknown);
    bench.refuses(&old, Reason::NoTrustedTime);
    // A clock that is right again is trusted again.
    bench.hardware.clock.trust(Some(START_MS + HOUR_MS));
    bench.refuses(&old, over);
    let now = timed(&mut bench, LatchId::TWIN, START_MS + HOUR_MS);
    assert_eq!(bench.submit(&now).outcome(), Outcome::Probed);
    // Across a boot the floor of the last burn stays.
    bench.hardware.clock.trust(Some(START_MS));
    let mut bench = bench.reboot();
    assert_eq!(bench.time(), at_least(START_MS + HOUR_MS));
    let old = timed(&mut bench, LatchId::TWIN, START_MS);
    bench.refuses(&old, over);
    let other = timed(&mut bench, LatchId::TWIN, START_MS + HOUR_MS);
    bench.refuses(&other, Reason::NoTrustedTime);
    // An answer to a challenge needs no clock, and the true time can be attested.
    let answer = answered(&mut bench, START_MS + HOUR_MS);
    assert_eq!(bench.submit(&answer).outcome(), Outcome::Probed);
    bench.attest(START_MS + HOUR_MS + 1000);
    assert_eq!(bench.time(), trusted(START_MS + HOUR_MS + 1000));
    assert_eq!(bench.submit(&other).outcome(), Outcome::Probed);
}

/// A clock may be smeared or put right by a little.
#[test]
fn a_clock_that_is_put_right_by_seconds_stays_trusted() {
    let mut bench = Bench::new();
    bench.ignores(b"not a statement", Reason::BadMagic);
    bench.hardware.clock.trust(Some(START_MS - CLOCK_LAG_MS));
    assert_eq!(bench.time(), trusted(START_MS - CLOCK_LAG_MS));
    bench
        .hardware
        .clock
        .trust(Some(START_MS - CLOCK_LAG_MS - 1));
    assert_eq!(bench.time(), TimeStatus::Unknown);
}

/// The clock shows a time in the far future for a while, and a code is burned meanwhile.
fn burned_far_ahead() -> Bench {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(Some(FAR_MS));
    let far = timed(&mut bench, LatchId::TWIN, FAR_MS);
    assert_eq!(bench.submit(&far).outcome(), Outcome::Probed);
    bench.hardware.clock.trust(Some(START_MS));
    for bench in [&bench, &bench.fork()] {
        assert_eq!(bench.time(), at_least(FAR_MS));
    }
    bench
}

#[test]
fn clock_thrown_far_forward_does_not_lock_the_device_out_for_ever() {
    let mut bench = burned_far_ahead();
    let now = timed(&mut bench, LatchId::TWIN, START_MS);
    let over = Refusal::new(Reason::Expired, START_MS + 60_000, FAR_MS);
    bench.refuses(&now, over);
    // By a code that answers a challenge, in this boot and the next.
    for mut bench in [bench.fork(), bench] {
        let answer = answered(&mut bench, START_MS);
        assert_eq!(bench.submit(&answer).outcome(), Outcome::Probed);
        // By a root of a new epoch, after which the clock is trusted again; not by one of the same.
        let same = RootSpec::default().next();
        bench.succeed(&same, &ROOT);
        assert_eq!(bench.time(), at_least(FAR_MS));
        bench.succeed(&same.next_epoch(), &ROOT);
        assert_eq!(bench.time(), trusted(START_MS));
        let mut code = bench.code(LatchId::TWIN, Action::Probe);
        (code.epoch, code.challenge) = (EPOCH + 1, None);
        assert_eq!(bench.submit(&seal(&code, &CREW)).outcome(), Outcome::Probed);
        let bench = bench.reboot();
        assert_eq!(bench.time(), trusted(START_MS));
    }
}

/// A root of the same epoch that drops a time key takes away what that key may have thrown forward, in this boot and the
/// next; what used codes were burned at is not forgotten.
#[test]
fn a_floor_goes_with_the_time_key_that_may_have_thrown_it_forward() {
    let mut bench = burned_far_ahead();
    let mut root = RootSpec::default().next();
    root.exchange(TIME, STRANGER);
    bench.succeed(&root, &ROOT);
    assert_eq!(bench.time(), trusted(START_MS));
    let now = timed(&mut bench, LatchId::TWIN, START_MS);
    assert_eq!(bench.submit(&now).outcome(), Outcome::Probed);
    let bench = bench.reboot();
    assert_eq!(bench.time(), trusted(START_MS));
}

/// While the clock is wrong, an attestation goes before it; nothing that is refused meanwhile raises the floor.
#[test]
fn clock_thrown_far_forward_is_put_right_by_an_attestation() {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(Some(FAR_MS));
    let now = timed(&mut bench, LatchId::TWIN, START_MS);
    let over = Refusal::new(Reason::Expired, START_MS + 60_000, FAR_MS);
    bench.refuses(&now, over);
    // The clock is believed, so that an answer to a challenge has expired too.
    let answer = answered(&mut bench, START_MS);
    bench.refuses(&answer, over);
    assert_eq!(bench.device.facts().time_floor_ms.get(), 0);
    bench.attest(START_MS);
    assert_eq!(bench.time(), trusted(START_MS));
    for code in [now, answer] {
        assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
    }
    assert_eq!(bench.device.facts().time_floor_ms, moment(START_MS));
    // A clock that is right by then is trusted after the next boot.
    bench.hardware.clock.trust(Some(START_MS));
    let bench = bench.reboot();
    assert_eq!(bench.time(), trusted(START_MS));
}

/// What was once burned into the floor no attestation lowers, until a new epoch has taken it away.
#[test]
fn a_floor_that_was_burned_is_lowered_by_no_attestation() {
    let mut bench = burned_far_ahead();
    let expected = Refusal::new(Reason::TimeBehind, FAR_MS, START_MS);
    let answer = answer_to(bench.pulse(), START_MS);
    bench.ignores(&answer, expected);
    bench.succeed(&RootSpec::default().next_epoch(), &ROOT);
    // The clock is wrong again: the attestation is believed before it.
    bench.hardware.clock.trust(Some(FAR_MS));
    bench.hardware.clock.advance(60_000);
    bench.attest(START_MS);
    assert_eq!(bench.time(), trusted(START_MS));
}

#[test]
fn frozen_time() {
    // The clock stands still, and the ticks go on.
    let mut bench = Bench::new();
    let freeze = |bench: &Bench, ms: u64| {
        bench.hardware.clock.advance(ms);
        bench.hardware.clock.trust(Some(START_MS));
    };
    assert_eq!(bench.poll(), Looked::Idle(None));
    // Beyond what ticks may be off by, one part in 256.
    let lag_ms = CLOCK_LAG_MS + CLOCK_LAG_MS / 256;
    freeze(&bench, lag_ms);
    assert_eq!(bench.time(), trusted(START_MS));
    freeze(&bench, 1);
    assert_eq!(bench.time(), TimeStatus::Unknown);
    let code = timed(&mut bench, LatchId::TWIN, START_MS);
    bench.refuses(&code, Reason::NoTrustedTime);
    // Where a floor is known, it goes on without the clock.
    let mut bench = Bench::new();
    let first = timed(&mut bench, LatchId::TWIN, START_MS);
    assert_eq!(bench.submit(&first).outcome(), Outcome::Probed);
    freeze(&bench, 256);
    assert_eq!(bench.time(), at_least(START_MS + 255));
    let code = timed(&mut bench, LatchId::TWIN, START_MS);
    bench.refuses(&code, Reason::NoTrustedTime);
    freeze(&bench, 64_000);
    let (end, floor) = (START_MS + 60_000, START_MS + 64_256 - 251);
    bench.refuses(&code, Refusal::new(Reason::Expired, end, floor));
}

/// No time comes at all: the floor runs with the ticks, so that codes expire under the weakest rule too.
#[test]
fn frozen_time_where_every_source_is_withheld() {
    let mut bench = Bench::new();
    let probe = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&probe).told();
    bench.hardware.clock.trust(None);
    let mut bench = bench.reboot();
    let code = timed(&mut bench, remarks(), START_MS);
    // 60 s and the drift of the ticks, which may run fast.
    bench.hardware.clock.advance(60_234);
    let floor = START_MS + 60_234 - 60_234 / 256;
    assert_eq!(floor, START_MS + 59_999);
    let mut still = timed(&mut bench, remarks(), START_MS);
    assert_eq!(bench.submit(&still).outcome(), Outcome::Probed);
    bench.hardware.clock.advance(1);
    let over = Refusal::new(Reason::Expired, START_MS + 60_000, START_MS + 60_000);
    bench.refuses(&code, over);
    // A boot knows what was written down: a cut of the power takes back what only ran.
    still = timed(&mut bench, remarks(), START_MS);
    let mut bench = bench.reboot();
    assert_eq!(bench.time(), at_least(START_MS));
    assert_eq!(bench.submit(&still).outcome(), Outcome::Probed);
}
