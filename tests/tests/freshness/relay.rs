//! Whoever stands between sends again, sends late, or has something signed ahead.

use latch_verify::{
    Reason, Refusal,
    limits::{MAX_BURNED, PULSE_AGE_MS},
    statement::{Action, Outcome},
    twin::Value,
    types::{Challenge, LatchId},
};

use crate::world::{
    answer::{Answer, Told},
    bench::Bench,
    code::{command, leaves, moment, set},
    hardware::START_MS,
    keys::{APPROVER, CREW, OPERATOR, ROOT, STRANGER, seal},
    root::{EPOCH, LIFE_S, OTHER_TENANT, RootSpec, TENANT, limits, maintenance, remarks, service},
    statements::{DAY_MS, HOUR_MS, NEXT_ROOT, answer_to, at_least, attested, broadcast, trusted},
};

/// A code that was used, again: the first answer, or a refusal, and never a second effect.
#[test]
fn replay() {
    let speed = leaves(&[("speed", Value::Int(2))]);
    let actions = [
        (maintenance(), command("restart"), true),
        (maintenance(), command("restart"), false),
        (LatchId::TWIN, set(&speed), false),
        (service(), Action::Open { seconds: 60 }, true),
        (LatchId::TRUST, Action::Lockdown, true),
    ];
    for (latch, action, answered) in actions {
        let mut bench = Bench::new();
        let mut code = bench.code(latch, action);
        code.challenge = code.challenge.filter(|_| answered);
        let statement = seal(&code, &CREW);
        let told = bench.submit(&statement).told();
        assert!(!matches!(told.outcome(), Outcome::Refused { .. }));
        let effects = bench.effects.clone();
        assert_eq!(effects.len(), 1);
        let first = |bench: &mut Bench, statement: &[u8]| {
            assert_eq!(bench.submit(statement).told(), told);
            assert_eq!(bench.effects, effects);
        };
        // At once, and by other signatures over the same code.
        first(&mut bench, &statement);
        first(&mut bench, &seal(&code, &[CREW[2], CREW[0], CREW[1]]));
        let more = [CREW.as_slice(), &[OPERATOR[2], APPROVER[1]]].concat();
        first(&mut bench, &seal(&code, &more));
        // After its end, after a boot, and when the clock stands in its life again.
        bench.hardware.clock.advance(HOUR_MS);
        first(&mut bench, &statement);
        bench = bench.reboot();
        if let Ok(closed) = bench.receipt(told.receipt.statement)
            && closed != told
        {
            // A latch that was open has closed since: that is the last word about it.
            assert_eq!(bench.submit(&statement), Answer::Told(closed));
            continue;
        }
        first(&mut bench, &statement);
        bench.hardware.clock.trust(Some(START_MS));
        first(&mut bench, &statement);
    }
}

/// Also when the device no longer has the receipt, and when it no longer knows the code.
#[test]
fn replay_of_what_is_hardly_remembered() {
    let mut bench = Bench::new();
    let mut code = bench.code(maintenance(), command("restart"));
    code.challenge = None;
    let statement = seal(&code, &CREW);
    let Told { receipt, .. } = bench.submit(&statement).told();
    let mut used = 0;
    while bench.receipt(receipt.statement).is_ok() {
        let probe = bench.sealed(LatchId::TWIN, Action::Probe);
        bench.submit(&probe).told();
        used += 1;
    }
    let expected = Refusal::new(Reason::AlreadyUsed, receipt.number, 0);
    bench.refuses(&statement, expected);
    while used < MAX_BURNED {
        let probe = bench.sealed(LatchId::TWIN, Action::Probe);
        bench.submit(&probe).told();
        used += 1;
    }
    let own = code.sequence.0;
    let told = bench.refuses(&statement, Refusal::new(Reason::BelowFloor, own, own));
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&statement), Answer::Told(told));
    assert_eq!(bench.effects.len(), 1);
}

/// Signed today, by whoever holds the keys for a moment, to be used tomorrow.
#[test]
fn precomputed_future_code() {
    let tomorrow = START_MS + DAY_MS;
    let ahead = |bench: &mut Bench, latch, challenge| {
        let mut code = bench.code(latch, Action::Probe);
        code.not_before_ms = moment(tomorrow);
        code.not_after_ms = moment(tomorrow + u64::from(LIFE_S) * 1000);
        code.challenge = challenge;
        seal(&code, &CREW)
    };
    let mut bench = Bench::new();
    let today = bench.device.status().challenge;
    let codes = [
        (ahead(&mut bench, limits(), None), Reason::ChallengeMissing),
        (
            ahead(&mut bench, limits(), Some(today)),
            Reason::ChallengeStale,
        ),
        (
            ahead(&mut bench, limits(), Some(Challenge([7; 16]))),
            Reason::ChallengeStale,
        ),
    ];
    let timed = ahead(&mut bench, LatchId::TWIN, None);
    let floor = ahead(&mut bench, remarks(), None);
    let early = Refusal::new(Reason::NotYetValid, tomorrow, START_MS);
    for code in [&timed, &floor] {
        bench.refuses(code, early);
    }
    // It cannot be valid from today on: it would live for too long.
    let mut long = bench.code(LatchId::TWIN, Action::Probe);
    long.not_after_ms = moment(tomorrow);
    let found = tomorrow - long.not_before_ms.get();
    let expected = Refusal::new(Reason::LivesTooLong, u64::from(LIFE_S) * 1000, found);
    bench.refuses(&seal(&long, &CREW), expected);
    // When its time has come, the answer to a challenge of today is none.
    bench.hardware.clock.advance(DAY_MS);
    for (code, expected) in &codes {
        bench.refuses(code, *expected);
    }
    // Where the rule asks for the time alone, it opens in its time, which is short.
    let mut late = bench.fork();
    assert_eq!(bench.submit(&timed).outcome(), Outcome::Probed);
    late.hardware.clock.advance(u64::from(LIFE_S) * 1000);
    let over = tomorrow + u64::from(LIFE_S) * 1000;
    late.refuses(&timed, Refusal::new(Reason::Expired, over, over));
}

/// Without a time the device refuses it where the rule asks for one; a floor alone cannot tell that it is too early.
#[test]
fn precomputed_future_code_for_a_device_without_a_clock() {
    let mut bench = Bench::new();
    let probe = bench.sealed(LatchId::TWIN, Action::Probe);
    bench.submit(&probe).told();
    bench.hardware.clock.trust(None);
    let mut bench = bench.reboot();
    assert_eq!(bench.time(), at_least(START_MS));
    for (latch, refused) in [
        (LatchId::TWIN, Some(Reason::NoTrustedTime)),
        (limits(), Some(Reason::ChallengeMissing)),
        (remarks(), None),
    ] {
        let mut code = bench.code(latch, Action::Probe);
        code.not_before_ms = moment(START_MS + DAY_MS);
        code.not_after_ms = moment(START_MS + DAY_MS + 1000);
        code.challenge = None;
        let code = seal(&code, &CREW);
        match refused {
            Some(reason) => drop(bench.refuses(&code, reason)),
            None => assert_eq!(bench.submit(&code).outcome(), Outcome::Probed),
        }
    }
    // Nor does it make the device believe that it is tomorrow.
    assert_eq!(bench.time(), at_least(START_MS));
}

/// What is under way for long says only that it was this late when its pulse was made, or later.
#[test]
fn held_back_attestation() {
    let mut bench = Bench::new();
    bench.hardware.clock.trust(None);
    let answer = answer_to(bench.pulse(), START_MS);
    bench.hardware.clock.advance(300_000);
    bench.submit_reserved(&answer).told();
    assert_eq!(bench.time(), trusted(START_MS));
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.challenge = None;
    let mut ending = |bench: &mut Bench, begin: u64, end: u64| {
        code.sequence = bench.next_sequence();
        (code.not_before_ms, code.not_after_ms) = (moment(begin), moment(end));
        seal(&code, &CREW)
    };
    // It may have expired: five minutes later than was attested, or by now.
    let begin = START_MS - 1000;
    let over = START_MS + 300_000;
    let doubtful = ending(&mut bench, begin, over);
    bench.refuses(&doubtful, Refusal::new(Reason::Expired, over, over));
    // It may not have begun.
    let early = ending(&mut bench, START_MS + 1, over + 1);
    let expected = Refusal::new(Reason::NotYetValid, START_MS + 1, START_MS);
    bench.refuses(&early, expected);
    let sure = ending(&mut bench, begin, over + 1);
    assert_eq!(bench.submit(&sure).outcome(), Outcome::Probed);
    // The doubt grows with the ticks, which may be wrong by one part in 256 either way.
    bench.hardware.clock.advance(256_000);
    assert_eq!(bench.time(), trusted(START_MS + 255_000));
    let latest = START_MS + 300_000 + 257_000;
    let doubtful = ending(&mut bench, begin, latest);
    bench.refuses(&doubtful, Refusal::new(Reason::Expired, latest, latest));
    let sure = ending(&mut bench, begin, latest + 1);
    assert_eq!(bench.submit(&sure).outcome(), Outcome::Probed);
    // And in the end it says nothing.
    let answer = answer_to(bench.pulse(), START_MS + DAY_MS);
    bench.hardware.clock.advance(PULSE_AGE_MS);
    bench.ignores(&answer, Reason::PulseStale);
}

/// Nobody but who signs makes a challenge old before its time.
#[test]
fn challenge_voided_by_junk() {
    let mut bench = Bench::new();
    let challenge = bench.device.status().challenge;
    let code = bench.sealed(limits(), Action::Probe);
    let mut outdated = bench.code(limits(), Action::Probe);
    outdated.epoch = EPOCH + 1;
    let mut elsewhere = bench.code(limits(), Action::Probe);
    elsewhere.tenant = OTHER_TENANT;
    let mut stale = bench.code(limits(), Action::Probe);
    stale.challenge = Some(Challenge([9; 16]));
    let root = RootSpec::default();
    let mut other = root.next();
    other.exchange_root(ROOT, NEXT_ROOT);
    let junk = [
        Vec::new(),
        b"latch-v1".to_vec(),
        vec![0; 4000],
        code[..code.len() - 1].to_vec(),
        seal(&outdated, &CREW),
        seal(&outdated, &[STRANGER]),
        seal(&elsewhere, &CREW),
        seal(&stale, &CREW),
        root.sealed(&ROOT),
        root.next().next().sealed(&ROOT),
        other.sealed(&ROOT),
        other.sealed(&NEXT_ROOT),
        broadcast(START_MS),
        attested(TENANT, START_MS, Some(challenge), &ROOT),
        answer_to(Challenge([9; 16]), START_MS),
        bench.state().expect("a state"),
    ];
    for _ in 0..30 {
        for statement in &junk {
            let answer = bench.submit_once(statement, latch_verify::device::Release::NotAsked);
            if let Answer::Told(told) = &answer {
                let refused = matches!(told.outcome(), Outcome::Refused { .. });
                assert!(refused, "{answer:?}");
            }
            assert_eq!(bench.device.status().challenge, challenge, "{answer:?}");
        }
        bench.hardware.clock.advance(5_000);
    }
    let mut bench = bench;
    assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
    // What the device takes without burning a code leaves the challenge too.
    let challenge = bench.device.status().challenge;
    bench.hardware.clock.trust(None);
    let now_ms = START_MS + HOUR_MS;
    bench.attest(now_ms);
    bench.submit_reserved(&broadcast(now_ms + HOUR_MS));
    assert_eq!(bench.device.status().challenge, challenge);
}
