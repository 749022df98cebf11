//! An open latch closes when it hears nothing: only a renewal that was burned, or an attestation of a current pulse,
//! keeps it open.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, CloseCause, TimeAttestation},
    types::{Challenge, LatchId},
    wire::Kind,
};

use crate::world::{
    answer::{Answer, Told},
    bench::Bench,
    code::moment,
    keys::{BREAK_GLASS, CREW, OPERATOR, TIME, seal, seal_bytes},
    openings::{emergency, refused, service_rule},
    root::{RootSpec, SERVICE_HEARTBEAT_S, TENANT, service},
    statements::{answer_to, attested, broadcast},
};

const HEARTBEAT_MS: u64 = SERVICE_HEARTBEAT_S as u64 * 1000;

/// A device on which `service` is open for longer than it may be silent.
fn opened() -> (Bench, Told) {
    let mut bench = Bench::new();
    let told = bench.opens(1800);
    (bench, told)
}

#[test]
fn silence_closes_it_to_the_millisecond() {
    let (mut bench, opened) = opened();
    assert_eq!(bench.idle(), Some(HEARTBEAT_MS));
    bench.closes_after(HEARTBEAT_MS, &opened, service(), CloseCause::Silence);
}

/// A state that leaves as often as the device asks has a new pulse, and one of its answers may be lost.
#[test]
fn a_short_heartbeat_is_kept_by_as_many_pulses() {
    for (heartbeat_s, every_ms) in [(3, 1000), (30, 10_000), (179, 59_666), (600, 60_000)] {
        let mut bench = Bench::with_root(&service_rule(|rule| rule.heartbeat_s = heartbeat_s));
        assert_eq!(bench.device.pulse_every_ms(), None);
        bench.attest(bench.now_ms());
        bench.pass(every_ms);
        let opened = bench.opens(1800);
        assert_eq!(bench.device.pulse_every_ms(), Some(every_ms));
        // The pulse may be older than the latch, and is asked for at once.
        for beat in 0..9 {
            let pulse = bench.pulse();
            if beat % 2 == 0 {
                assert_eq!(
                    bench.submit_reserved(&answer_to(pulse, bench.now_ms())),
                    Answer::Noted
                );
            }
            bench.stays_open(every_ms, service());
        }
        let left_ms = u64::from(heartbeat_s) * 1000 - every_ms;
        bench.closes_after(left_ms, &opened, service(), CloseCause::Silence);
        assert_eq!(bench.device.pulse_every_ms(), None);
    }
}

#[test]
fn a_latch_without_a_heartbeat_needs_none() {
    let mut bench = Bench::with_root(&service_rule(|rule| rule.heartbeat_s = 0));
    let opened = bench.opens(1800);
    assert_eq!(bench.idle(), Some(1_800_000));
    bench.closes_after(1_800_000, &opened, service(), CloseCause::Time);
}

#[test]
fn a_renewal_is_a_heartbeat() {
    let (mut bench, opened) = opened();
    bench.stays_open(200_000, service());
    bench.renews(1600);
    bench.closes_after(HEARTBEAT_MS, &opened, service(), CloseCause::Silence);
}

/// What was sent after the pulse was made says that somebody was there then, and no more.
#[test]
fn an_attestation_counts_from_when_its_pulse_was_made() {
    let (mut bench, opened) = opened();
    bench.stays_open(100_000, service());
    let pulse = bench.pulse();
    bench.stays_open(150_000, service());
    let now = bench.now_ms();
    assert_eq!(bench.submit(&answer_to(pulse, now)), Answer::Noted);
    assert_eq!(bench.idle(), Some(HEARTBEAT_MS - 150_000));
    let closed = CloseCause::Silence;
    bench.closes_after(HEARTBEAT_MS - 150_000, &opened, service(), closed);
}

#[test]
fn attestations_keep_it_open_up_to_its_time_and_cost_no_write() {
    let (mut bench, opened) = opened();
    let before = (
        bench.journal_operations(),
        bench.device.facts().chain.number,
    );
    for _ in 0..8 {
        bench.stays_open(200_000, service());
        assert_eq!(bench.attest(bench.now_ms()), Answer::Noted);
    }
    assert_eq!(
        (
            bench.journal_operations(),
            bench.device.facts().chain.number
        ),
        before
    );
    bench.closes_after(200_000, &opened, service(), CloseCause::Time);
}

/// The pulse of the device's last boot, and one that was answered already.
#[test]
fn an_old_pulse_is_no_heartbeat() {
    let mut bench = Bench::new();
    let early = bench.pulse();
    bench.pass(100_000);
    let opened = bench.opens(1800);
    bench.stays_open(100_000, service());
    // Made before the latch was opened.
    let now = bench.now_ms();
    assert_eq!(bench.submit(&answer_to(early, now)), Answer::Noted);
    assert_eq!(bench.idle(), Some(HEARTBEAT_MS - 100_000));
    // Answered already, by the same statement and by another.
    let pulse = bench.pulse();
    let answer = answer_to(pulse, bench.now_ms());
    assert_eq!(bench.submit(&answer), Answer::Noted);
    assert_eq!(bench.idle(), Some(HEARTBEAT_MS));
    bench.stays_open(100_000, service());
    bench.ignores(&answer, Reason::PulseStale);
    bench.ignores(&answer_to(pulse, bench.now_ms()), Reason::PulseStale);
    // Older than the last one that was answered.
    bench.ignores(&answer_to(early, bench.now_ms()), Reason::PulseStale);
    bench.ignores(
        &answer_to(Challenge([7; 16]), bench.now_ms()),
        Reason::PulseStale,
    );
    let left = HEARTBEAT_MS - 100_000;
    bench.closes_after(left, &opened, service(), CloseCause::Silence);
}

#[test]
fn what_is_no_answer_to_the_pulse_is_no_heartbeat() {
    let mut bench = Bench::new();
    // After a boot the floor is there by which broadcasts are measured.
    let probe = bench.sealed(service(), Action::Probe);
    bench.submit(&probe).told();
    let mut bench = bench.reboot();
    let opened = bench.opens(1800);
    bench.stays_open(200_000, service());
    let (pulse, now) = (bench.pulse(), bench.now_ms());
    // A broadcast says what time it is, and not that the device is heard.
    assert_eq!(bench.submit(&broadcast(now)), Answer::Noted);
    // By somebody who is no time key, of another tenant, or altered.
    let too_few = Refusal::new(Reason::TooFewTime, 1, 0);
    let by_operator = attested(TENANT, now, Some(pulse), &[OPERATOR[0]]);
    bench.ignores(&by_operator, too_few);
    let elsewhere = attested(crate::world::root::OTHER_TENANT, now, Some(pulse), &[TIME]);
    bench.ignores(&elsewhere, Reason::OtherTenant);
    let mut altered = answer_to(pulse, now);
    *altered.last_mut().expect("a signature") ^= 1;
    bench.ignores(&altered, Reason::BadSignature);
    let attestation = TimeAttestation {
        tenant: TENANT,
        time_ms: moment(now),
        pulse: Some(pulse),
    };
    let mut padded = crate::world::keys::encoded(&attestation);
    padded.push(0);
    bench.ignores(
        &seal_bytes(Kind::Time, &padded, &[TIME]),
        Reason::TrailingBytes,
    );
    bench.closes_after(100_000, &opened, service(), CloseCause::Silence);
}

#[test]
fn what_renews_nothing_is_no_heartbeat() {
    let (mut bench, opened) = opened();
    bench.stays_open(100_000, service());
    let renewal = bench.sealed(service(), Action::Renew { seconds: 1700 });
    let first = bench.submit(&renewal).told();
    bench.stays_open(100_000, service());
    // The same one again, one that is refused, one that is not settled, and codes that do something else.
    assert_eq!(bench.submit(&renewal).told(), first);
    let mut code = bench.code(service(), Action::Renew { seconds: 100 });
    code.epoch += 1;
    let answer = bench.submit(&seal(&code, &CREW));
    assert_eq!(refused(&answer), Some(Reason::OtherEpoch));
    let probe = bench.sealed(service(), Action::Probe);
    bench.submit(&probe).told();
    let change = bench.change("speed", 3);
    bench.submit(&change).told();
    let probe = bench.sealed(LatchId::TRUST, Action::Probe);
    bench.submit(&probe).told();
    bench.state().expect("a state");
    let left = HEARTBEAT_MS - 100_000;
    bench.closes_after(left, &opened, service(), CloseCause::Silence);
}

#[test]
fn a_renewal_that_is_not_settled_is_no_heartbeat_yet() {
    let (mut bench, opened) = opened();
    bench.stays_open(200_000, service());
    let renewal = bench.sealed(service(), Action::Renew { seconds: 1000 });
    let _ticket = bench.open(&renewal);
    bench.closes_after(100_000, &opened, service(), CloseCause::Silence);
}

/// Break-glass has no heartbeat in this root, whatever the normal rule asks for.
#[test]
fn each_rule_has_a_heartbeat_of_its_own() {
    let mut root = RootSpec::default();
    root.latch_mut(service()).rule.heartbeat_s = 10;
    let mut bench = Bench::with_root(&root);
    let mut code = bench.code(service(), Action::Open { seconds: 300 });
    emergency(&mut code);
    let opened = bench.opens_by(&code, &BREAK_GLASS);
    bench.closes_after(300_000, &opened, service(), CloseCause::Time);
}

/// One attestation serves every open latch.
#[test]
fn a_heartbeat_is_heard_by_every_latch() {
    let mut root = RootSpec::default();
    let other = crate::world::root::maintenance();
    let rule = &mut root.latch_mut(other).rule;
    (rule.max_open_s, rule.heartbeat_s) = (600, 100);
    let mut bench = Bench::with_root(&root);
    let first = bench.opens(1800);
    let code = bench.code(other, Action::Open { seconds: 600 });
    let second = bench.opens_by(&code, &CREW);
    bench.stays_open(90_000, other);
    assert_eq!(bench.attest(bench.now_ms()), Answer::Noted);
    bench.closes_after(100_000, &second, other, CloseCause::Silence);
    bench.closes_after(
        HEARTBEAT_MS - 100_000,
        &first,
        service(),
        CloseCause::Silence,
    );
}
