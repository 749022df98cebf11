//! 506, 507 and 918: attestations of the time that are not believed. They are counted, and cost nothing.

use latch_verify::{
    Reason, Refusal,
    limits::{CLOCK_LAG_MS, PULSE_AGE_MS},
    statement::{Action, TimeStatus},
    types::{Challenge, LatchId},
    wire::{Kind, Role},
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    hardware::START_MS,
    keys::{APPROVER, OPERATOR, ROOT, STRANGER, Signer, TIME, encoded, seal_bytes},
    root::{OTHER_TENANT, RootSpec, TENANT},
    statements::{HOUR_MS, SECOND_TIME, answer_to, at_least, attested, broadcast, trusted},
};

/// A device without a clock, which knows that it is [`START_MS`] at least.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let probe = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&probe).told();
    bench.hardware.clock.trust(None);
    let bench = bench.reboot();
    assert_eq!(bench.time(), at_least(START_MS));
    bench
}

#[test]
fn pulse_stale() {
    let mut bench = bench();
    bench.ignores(&answer_to(Challenge([9; 16]), START_MS), Reason::PulseStale);
    // The challenge is another nonce.
    let challenge = bench.device.status().challenge;
    bench.ignores(&answer_to(challenge, START_MS), Reason::PulseStale);
    // Answered once.
    let answer = answer_to(bench.pulse(), START_MS);
    assert_eq!(bench.submit_reserved(&answer), Answer::Noted);
    bench.ignores(&answer, Reason::PulseStale);
    // Too old to be answered.
    let mut late = self::bench();
    let pulse = late.pulse();
    late.hardware.clock.advance(PULSE_AGE_MS);
    // Whether a state has told another one since or not.
    let answer = answer_to(pulse, START_MS + HOUR_MS);
    let stale = Answer::Ignored(Reason::PulseStale.into());
    assert_eq!(late.submit_reserved(&answer), stale);
    late.ignores(&answer, Reason::PulseStale);
    // Of the boot before.
    let mut booted = self::bench();
    let pulse = booted.pulse();
    let mut booted = booted.reboot();
    booted.ignores(&answer_to(pulse, START_MS), Reason::PulseStale);
}

#[test]
fn time_behind() {
    let expected = |found| Refusal::new(Reason::TimeBehind, START_MS, found);
    let mut bench = bench();
    // Two good clocks may differ by some seconds.
    for time_ms in [START_MS - CLOCK_LAG_MS - 1, 0] {
        let pulse = {
            bench = bench.reboot();
            bench.pulse()
        };
        bench.ignores(&answer_to(pulse, time_ms), expected(time_ms));
    }
    // A broadcast says something only where it is later.
    for time_ms in [START_MS, START_MS - 1, 0] {
        bench.ignores(&broadcast(time_ms), expected(time_ms));
    }
    assert_eq!(
        bench.submit_reserved(&broadcast(START_MS + 1)),
        Answer::Noted
    );
    assert_eq!(bench.time(), at_least(START_MS + 1));
}

/// Where no time is known, a broadcast cannot be measured by anything.
#[test]
fn no_trusted_time_to_measure_a_broadcast_by() {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(None);
    bench.ignores(&broadcast(START_MS), Reason::NoTrustedTime);
    assert_eq!(bench.time(), TimeStatus::Unknown);
}

#[test]
fn too_few_time() {
    let mut root = RootSpec::default();
    root.list(Role::Time, SECOND_TIME);
    root.thresholds.time = 2;
    let mut bench = Bench::with_root(&root);
    bench.hardware.clock.trust(None);
    let pulse = bench.pulse();
    let by = |signers: &[Signer]| attested(TENANT, START_MS, Some(pulse), signers);
    let expected = |found| Refusal::new(Reason::TooFewTime, 2, found);
    bench.ignores(&by(&[TIME]), expected(1));
    bench.ignores(&by(&[SECOND_TIME, OPERATOR[0], APPROVER[0]]), expected(1));
    bench.ignores(&by(&ROOT), expected(0));
    // None of them has used the pulse up.
    let answer = bench.submit_reserved(&by(&[SECOND_TIME, TIME]));
    assert!(matches!(answer, Answer::Told(_)), "{answer:?}");
    assert_eq!(bench.time(), trusted(START_MS));
}

#[test]
fn too_few_time_where_the_root_takes_no_attestation() {
    let mut root = RootSpec::default();
    root.thresholds.time = 0;
    let mut bench = Bench::with_root(&root);
    let answer = answer_to(bench.pulse(), START_MS);
    bench.ignores(&answer, Refusal::new(Reason::TooFewTime, 0, 1));
    // Not even keys that it does not list.
    root.drop_key(TIME);
    let mut bench = Bench::with_root(&root);
    let answer = answer_to(bench.pulse(), START_MS);
    bench.ignores(&answer, Reason::UnknownKey);
}

#[test]
fn an_attestation_of_another_tenant_is_ignored() {
    let mut bench = bench();
    let pulse = bench.pulse();
    for pulse in [Some(pulse), None] {
        let other = attested(OTHER_TENANT, START_MS + 1, pulse, &[TIME]);
        bench.ignores(&other, Reason::OtherTenant);
    }
    assert_eq!(
        bench.submit_reserved(&answer_to(pulse, START_MS)),
        Answer::Noted
    );
}

/// An answer that would be believed, with all that can be wrong about it.
struct Attempt {
    tenant: latch_verify::types::TenantId,
    time_ms: u64,
    pulse: Challenge,
    trailing: bool,
    signers: Vec<Signer>,
    bytes: Vec<fn(&mut Vec<u8>)>,
}

type Make = fn(&mut Attempt);

/// In the order in which they must be found. Each changes something of its own.
const FAULTS: &[(Reason, Make)] = &[
    (Reason::LengthMismatch, |attempt| {
        attempt.bytes.push(|bytes| bytes.push(0));
    }),
    (Reason::DuplicateKey, |attempt| {
        attempt.signers.push(attempt.signers[0]);
    }),
    (Reason::UnknownKey, |attempt| attempt.signers.push(STRANGER)),
    (Reason::BadSignature, |attempt| {
        attempt.bytes.push(|bytes| {
            let body = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
            bytes[12 + body + 1 + 70] ^= 1;
        });
    }),
    (Reason::TrailingBytes, |attempt| attempt.trailing = true),
    (Reason::OtherTenant, |attempt| attempt.tenant = OTHER_TENANT),
    (Reason::TooFewTime, |attempt| {
        attempt.signers.retain(|signer| *signer != TIME);
    }),
    (Reason::PulseStale, |attempt| {
        attempt.pulse = Challenge([9; 16]);
    }),
    (Reason::TimeBehind, |attempt| {
        attempt.time_ms -= CLOCK_LAG_MS + 1;
    }),
];

#[test]
fn of_two_faults_of_an_attestation_the_earlier_is_told() {
    let start = bench();
    let attempt = |faults: &[&(Reason, Make)]| {
        let mut bench = start.fork();
        let mut attempt = Attempt {
            tenant: TENANT,
            time_ms: START_MS,
            pulse: bench.device.status().pulse,
            trailing: false,
            signers: vec![OPERATOR[0], TIME],
            bytes: Vec::new(),
        };
        for (_, make) in faults {
            make(&mut attempt);
        }
        let body = latch_verify::statement::TimeAttestation {
            tenant: attempt.tenant,
            time_ms: crate::world::code::moment(attempt.time_ms),
            pulse: Some(attempt.pulse),
        };
        let mut body = encoded(&body);
        if attempt.trailing {
            body.push(0);
        }
        let mut envelope = seal_bytes(Kind::Time, &body, &attempt.signers);
        for change in attempt.bytes {
            change(&mut envelope);
        }
        bench.submit(&envelope)
    };
    assert_eq!(attempt(&[]), Answer::Noted);
    let found = |answer: Answer| match answer {
        Answer::Ignored(refusal) => refusal.reason,
        other => panic!("{other:?}"),
    };
    for (place, first) in FAULTS.iter().enumerate() {
        assert_eq!(found(attempt(&[first])), first.0);
        for second in &FAULTS[place + 1..] {
            for pair in [[first, second], [second, first]] {
                assert_eq!(found(attempt(&pair)), first.0, "and {:?}", second.0);
            }
        }
    }
}
