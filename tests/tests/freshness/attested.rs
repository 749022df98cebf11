//! Answers to the device's pulse: each once, by enough keys, for this device, and worth what is sure of their age.

use latch_verify::{
    Reason, Refusal,
    limits::ATTESTED_AGE_MS,
    statement::{Action, CloseCause, Outcome, TimeStatus},
    types::LatchId,
    wire::Role,
};

use crate::world::{
    answer::{Answer, Looked},
    bench::Bench,
    hardware::START_MS,
    keys::{CREW, TIME, seal},
    root::{RootSpec, SERVICE_HEARTBEAT_S, TENANT, service},
    statements::{DAY_MS, SECOND_TIME, answer_to, at_least, attested, broadcast, trusted},
};

const HEARTBEAT_MS: u64 = SERVICE_HEARTBEAT_S as u64 * 1000;

/// A device whose service latch has just been opened for long.
fn opened(root: &RootSpec) -> Bench {
    let mut bench = Bench::with_root(root);
    let probe = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&probe).told();
    // From what the boot knows, broadcasts are measured.
    let mut bench = bench.reboot();
    let open = bench.sealed(service(), Action::Open { seconds: 1800 });
    let outcome = bench.submit(&open).outcome();
    assert_eq!(outcome, Outcome::Opened { seconds: 1800 });
    bench
}

/// It closes for silence at this moment, and not a millisecond before.
#[track_caller]
fn falls_silent_in(bench: &mut Bench, ms: u64) {
    assert_eq!(bench.poll(), Looked::Idle(Some(ms)));
    bench.hardware.clock.advance(ms - 1);
    assert!(bench.device.is_open(service()));
    bench.hardware.clock.advance(1);
    assert!(!bench.device.is_open(service()));
    let looked = bench.poll();
    let silence = CloseCause::Silence;
    assert!(
        matches!(looked, Looked::Closed { cause, .. } if cause == silence),
        "{looked:?}"
    );
}

/// Takes an answer as a heartbeat, whether it is worth writing down or not.
#[track_caller]
fn hears(bench: &mut Bench, answer: &[u8]) {
    let answer = bench.submit_reserved(answer);
    let raised = match &answer {
        Answer::Noted => true,
        Answer::Told(told) => matches!(told.outcome(), Outcome::TimeRaised { .. }),
        _ => false,
    };
    assert!(raised, "{answer:?}");
}

#[test]
fn old_attestation_replayed_as_a_heartbeat() {
    let mut bench = opened(&RootSpec::default());
    let clock = bench.hardware.clock.clone();
    clock.advance(200_000);
    let pulse = bench.pulse();
    let answer = answer_to(pulse, bench.now_ms());
    clock.advance(50_000);
    hears(&mut bench, &answer);
    // It counts from when its pulse was made.
    assert_eq!(bench.poll(), Looked::Idle(Some(HEARTBEAT_MS - 50_000)));
    clock.advance(200_000);
    bench.ignores(&answer, Reason::PulseStale);
    // Signed anew, for a pulse that was answered.
    let again = answer_to(pulse, bench.now_ms());
    bench.ignores(&again, Reason::PulseStale);
    falls_silent_in(&mut bench, HEARTBEAT_MS - 250_000);
}

#[test]
fn an_attestation_held_back_is_no_later_heartbeat() {
    let mut bench = opened(&RootSpec::default());
    let clock = bench.hardware.clock.clone();
    clock.advance(100_000);
    let first = answer_to(bench.pulse(), bench.now_ms());
    clock.advance(60_000);
    let second = answer_to(bench.pulse(), bench.now_ms());
    clock.advance(139_000);
    hears(&mut bench, &second);
    let left = HEARTBEAT_MS - 139_000;
    assert_eq!(bench.poll(), Looked::Idle(Some(left)));
    // Nor does an older one count behind it.
    bench.ignores(&first, Reason::PulseStale);
    falls_silent_in(&mut bench, left);
}

#[test]
fn answers_keep_a_latch_open_to_its_time_and_broadcasts_do_not() {
    let mut bench = opened(&RootSpec::default());
    let clock = bench.hardware.clock.clone();
    for beat in 1..7 {
        clock.advance(HEARTBEAT_MS - 50_000);
        let answer = answer_to(bench.pulse(), bench.now_ms());
        hears(&mut bench, &answer);
        assert!(bench.device.is_open(service()), "beat {beat}");
    }
    let mut bench = opened(&RootSpec::default());
    bench.hardware.clock.advance(100_000);
    let now_ms = bench.now_ms();
    hears(&mut bench, &broadcast(now_ms + 1));
    falls_silent_in(&mut bench, HEARTBEAT_MS - 100_000);
}

#[test]
fn attestation_of_too_few_time_keys() {
    let mut root = RootSpec::default();
    root.list(Role::Time, SECOND_TIME);
    root.thresholds.time = 2;
    let mut bench = opened(&root);
    bench.hardware.clock.advance(100_000);
    bench.hardware.clock.trust(None);
    let before = bench.time();
    let (pulse, now_ms) = (bench.pulse(), START_MS + 100_000);
    for alone in [TIME, SECOND_TIME] {
        for pulse in [Some(pulse), None] {
            let single = attested(TENANT, now_ms + DAY_MS, pulse, &[alone]);
            bench.ignores(&single, Refusal::new(Reason::TooFewTime, 2, 1));
        }
    }
    assert_eq!(bench.time(), before);
    let mut silent = opened(&root);
    silent.hardware.clock.advance(100_000);
    let single = attested(TENANT, now_ms, Some(silent.pulse()), &[TIME]);
    silent.ignores(&single, Refusal::new(Reason::TooFewTime, 2, 1));
    falls_silent_in(&mut silent, HEARTBEAT_MS - 100_000);
    // The pulse still waits for an answer by both.
    let both = attested(TENANT, now_ms, Some(pulse), &[SECOND_TIME, TIME]);
    hears(&mut bench, &both);
    assert_eq!(bench.time(), trusted(now_ms));
    falls_silent_in(&mut bench, HEARTBEAT_MS);
}

#[test]
fn attestation_for_another_devices_pulse() {
    let mut bench = opened(&RootSpec::default());
    // Its twin in every way, which has booted once more.
    let mut other = bench.fork();
    bench.hardware.clock.advance(100_000);
    other.hardware.clock.advance(100_000);
    let now_ms = bench.now_ms();
    bench.hardware.clock.trust(None);
    let before = bench.time();
    let pulse = other.pulse();
    assert_ne!(pulse, bench.pulse());
    let answer = answer_to(pulse, now_ms + DAY_MS);
    bench.ignores(&answer, Reason::PulseStale);
    assert_eq!(bench.time(), before);
    falls_silent_in(&mut bench, HEARTBEAT_MS - 100_000);
    hears(&mut other, &answer);
    assert_eq!(other.time(), trusted(now_ms + DAY_MS));
}

/// A boot makes new pulses, and trusts no time of before.
#[test]
fn an_attestation_of_the_boot_before_is_worth_nothing() {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(None);
    let early = answer_to(bench.pulse(), START_MS);
    let mut bench = bench.reboot();
    bench.ignores(&early, Reason::PulseStale);
    assert_eq!(bench.time(), TimeStatus::Unknown);
    let answer = answer_to(bench.pulse(), START_MS);
    hears(&mut bench, &answer);
    assert_eq!(bench.time(), trusted(START_MS));
    let mut bench = bench.reboot();
    bench.ignores(&answer, Reason::PulseStale);
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.challenge = None;
    bench.refuses(&seal(&code, &CREW), Reason::NoTrustedTime);
}

#[test]
fn an_attested_time_is_trusted_for_a_day() {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(None);
    let answer = answer_to(bench.pulse(), START_MS);
    hears(&mut bench, &answer);
    bench.hardware.clock.advance(ATTESTED_AGE_MS - 1);
    let passed = |ms: u64| START_MS + ms - ms / 256;
    assert_eq!(bench.time(), trusted(passed(ATTESTED_AGE_MS - 1)));
    bench.hardware.clock.advance(1);
    assert_eq!(bench.time(), at_least(passed(ATTESTED_AGE_MS)));
}

/// A heartbeat says that somebody is there. Two good clocks differ by seconds, and the floor may come from the other one.
#[test]
fn an_answer_by_a_clock_that_is_seconds_behind_is_a_heartbeat_all_the_same() {
    let mut bench = opened(&RootSpec::default());
    for beat in 1..4 {
        bench.hardware.clock.advance(HEARTBEAT_MS - 60_000);
        let behind_ms = bench.now_ms() - 2_000;
        let answer = answer_to(bench.pulse(), behind_ms);
        let floor = bench.device.facts().time_floor_ms;
        bench.submit_reserved(&answer);
        assert!(bench.device.facts().time_floor_ms >= floor);
        bench.hardware.clock.advance(50_000);
        assert!(bench.device.is_open(service()), "beat {beat}");
    }
}
