//! Attestations for nobody in particular: they raise the time floor, by no more than a bound, and say nothing else.

use latch_verify::{
    Reason, Refusal,
    limits::{BROADCAST_LEAP_MS, FLOOR_STEP_MS},
    statement::{Action, Outcome},
    types::LatchId,
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    code::moment,
    hardware::START_MS,
    keys::{CREW, seal},
    root::remarks,
    statements::{DAY_MS, HOUR_MS, at_least, broadcast, trusted},
};

const FAR_MS: u64 = START_MS + 1000 * DAY_MS;

/// A device that knows that it is [`START_MS`] at least, and has no clock.
fn without_clock() -> Bench {
    let mut bench = Bench::new();
    let probe = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&probe).told();
    bench.hardware.clock.trust(None);
    bench.reboot()
}

#[test]
fn broadcast_beyond_the_bound() {
    let mut bench = without_clock();
    let furthest = START_MS + BROADCAST_LEAP_MS;
    let told = bench.submit_reserved(&broadcast(FAR_MS)).told();
    let floor_ms = moment(furthest);
    assert_eq!(told.outcome(), Outcome::TimeRaised { floor_ms });
    assert_eq!(bench.time(), at_least(furthest));
    // However many come.
    for more in 0..10 {
        let later = FAR_MS + more;
        bench.ignores(
            &broadcast(later),
            Refusal::new(Reason::TimeBehind, furthest, later),
        );
    }
    // Ticks add what has passed, and what they may be off by.
    bench.hardware.clock.advance(256 * HOUR_MS);
    bench.submit_reserved(&broadcast(FAR_MS)).told();
    assert_eq!(bench.time(), at_least(furthest + 257 * HOUR_MS));
}

/// The bound counts from what the boot knew: without a clock or an answer, that is all there is.
#[test]
fn each_boot_has_a_bound_of_its_own() {
    let mut bench = without_clock();
    for boot in 1..5 {
        bench.submit_reserved(&broadcast(FAR_MS)).told();
        let floor = at_least(START_MS + boot * BROADCAST_LEAP_MS);
        assert_eq!(bench.time(), floor);
        bench = bench.reboot();
        assert_eq!(bench.time(), floor);
    }
    // An answer to the pulse is one too, and may lie as far ahead as the keys say.
    bench.attest(FAR_MS);
    assert_eq!(bench.time(), trusted(FAR_MS));
    bench
        .submit_reserved(&broadcast(FAR_MS + 9 * DAY_MS))
        .told();
    assert_eq!(bench.time(), at_least(FAR_MS + BROADCAST_LEAP_MS));
}

/// It is no trusted time, however it was signed.
#[test]
fn a_broadcast_is_no_trusted_time() {
    let mut bench = without_clock();
    assert_eq!(
        bench.submit_reserved(&broadcast(START_MS + 1)),
        Answer::Noted
    );
    assert_eq!(bench.time(), at_least(START_MS + 1));
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.challenge = None;
    bench.refuses(&seal(&code, &CREW), Reason::NoTrustedTime);
    // But it lets codes expire under the weakest rule.
    let mut code = bench.code(remarks(), Action::Probe);
    (code.challenge, code.not_after_ms) = (None, moment(START_MS + 1));
    let expected = Refusal::new(Reason::Expired, START_MS + 1, START_MS + 1);
    bench.refuses(&seal(&code, &CREW), expected);
}

/// It is written down where it raises the floor by a step, so that most cost no flash.
#[test]
fn a_broadcast_is_written_down_by_the_hour() {
    let mut bench = without_clock();
    let operations = bench.journal_operations();
    let near = START_MS + FLOOR_STEP_MS - 1;
    assert_eq!(bench.submit_reserved(&broadcast(near)), Answer::Noted);
    assert_eq!(bench.journal_operations(), operations);
    assert_eq!(bench.fork().time(), at_least(START_MS));
    let told = bench.submit_reserved(&broadcast(near + 1)).told();
    let floor_ms = moment(near + 1);
    assert_eq!(told.outcome(), Outcome::TimeRaised { floor_ms });
    assert_eq!(bench.fork().time(), at_least(near + 1));
}

/// As the bound promises: whoever holds the time keys, or has them sign a wrong time, takes a good clock's word from a
/// device for a day and no longer.
#[test]
fn a_wrong_broadcast_outweighs_a_good_clock_for_a_day_at_most() {
    let mut bench = Bench::new();
    let probe = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&probe).told();
    let mut bench = bench.reboot();
    bench.submit_reserved(&broadcast(FAR_MS)).told();
    assert_eq!(bench.time(), at_least(START_MS + BROADCAST_LEAP_MS));
    bench.hardware.clock.advance(BROADCAST_LEAP_MS + 10_000);
    let now_ms = START_MS + BROADCAST_LEAP_MS + 10_000;
    assert_eq!(bench.fork().time(), trusted(now_ms), "after a boot");
    assert_eq!(bench.time(), trusted(now_ms));
}
