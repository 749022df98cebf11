//! The relay of a device behind a link, with a real verifier at the other end of it: what is
//! relayed, in which order, and what is told.

mod done;
mod quay;
mod tenant;

use latch_agent::{LinkedEvent, MANIFEST_PATIENCE_MS, Notice, QUEUE_LEN, STATE_REST_MS};
use latch_verify::{Reason, limits::CHALLENGE_ROTATE_MS, statement::Outcome};
use serde_json::json;

use quay::{DEVICE, Quay};

#[test]
fn a_device_is_served_by_the_name_that_it_tells() {
    let mut quay = Quay::new();
    assert!(!quay.core.has_room(), "nobody knows for whom");
    quay.settle();
    let done = quay.done();
    assert_eq!(done.served(), [DEVICE]);
    let subscribed = done.subscribed();
    for topic in [quay.code_topic(), quay.topics.trust(2)] {
        assert!(subscribed.contains(&topic), "{topic}: {subscribed:?}");
    }
    assert_eq!(done.states(), 0, "there is no connection");
    assert!(quay.core.has_room());

    quay.connect(false);
    assert_eq!(quay.done().states(), 1);
}

#[test]
fn a_code_goes_over_and_its_receipt_comes_back() {
    let mut quay = Quay::connected();
    let code = quay
        .tenant
        .set(DEVICE, quay.now_ms(), &json!({"pump": {"on": true}}));
    quay.send(&code.bytes);
    let done = quay.done();
    let outcome = Outcome::Applied { twin_version: 1 };
    assert_eq!(done.outcomes(), [(code.id, outcome)]);
    assert_eq!(done.states(), 1);
    let answered = |repeated| Notice::Answered {
        statement: code.id,
        outcome,
        repeated,
    };
    assert_eq!(done.notices(), [answered(false)]);

    quay.send(&code.bytes);
    let again = quay.done();
    assert_eq!(again.receipts(), done.receipts(), "the same bytes");
    assert_eq!(again.notices(), [answered(true)]);
    assert_eq!(again.states(), 0, "a replay makes the device sign no state");
    assert_eq!(quay.board.acts(), 1);
}

#[test]
fn a_refusal_is_told_and_a_stranger_is_only_counted() {
    let mut quay = Quay::connected();
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.pass(2 * 3_600_000);
    quay.done();
    quay.send(&code.bytes);
    let [(_, Outcome::Refused { reason, .. })] = quay.done().outcomes()[..] else {
        panic!("it was not refused")
    };
    assert_eq!(reason, Reason::Expired.number());

    let mut forged = quay
        .tenant
        .set(DEVICE, quay.now_ms(), &json!({"a": 1}))
        .bytes;
    *forged.last_mut().unwrap() ^= 1;
    let other = quay.tenant.set("pump-8", quay.now_ms(), &json!({"a": 1}));
    for (bytes, reason) in [
        (forged.as_slice(), Reason::BadSignature),
        (&other.bytes, Reason::OtherDevice),
        (b"junk", Reason::BadLength),
        (&[0; 4000], Reason::BadLength),
    ] {
        quay.send(bytes);
        let done = quay.done();
        assert_eq!(done.receipts().len(), 0);
        let [Notice::Ignored { refusal }] = done.notices()[..] else {
            panic!("{:?}", done.notices())
        };
        assert_eq!(refusal.reason, reason);
    }
}

#[test]
fn codes_wait_in_their_order_and_what_takes_back_goes_before_them() {
    let mut quay = Quay::connected();
    let codes: Vec<_> = (0..3)
        .map(|value| quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value})))
        .collect();
    let slip = quay.tenant.stop(&codes[2]);
    let topic = quay.code_topic();
    let stall = quay.board.stall();
    stall.store(true, std::sync::atomic::Ordering::Relaxed);
    for code in codes.iter().chain([&slip]) {
        quay.message(&topic, &code.bytes);
    }
    let waiting: Vec<Notice> = quay.done().notices();
    assert_eq!(waiting, [Notice::Queued { waiting: 2 }]);
    stall.store(false, std::sync::atomic::Ordering::Relaxed);
    quay.settle();
    let outcomes = quay.done().outcomes();
    let order: Vec<_> = outcomes.iter().map(|(statement, _)| *statement).collect();
    assert_eq!(order, [codes[0].id, slip.id, codes[1].id, codes[2].id]);
    assert!(matches!(outcomes[3].1, Outcome::Refused { .. }));
}

#[test]
fn a_flood_stays_with_the_broker() {
    let mut quay = Quay::connected();
    let stall = quay.board.stall();
    stall.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut taken = 0;
    while quay.core.has_room() {
        let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": taken}));
        quay.send(&code.bytes);
        taken += 1;
    }
    // One is under way.
    assert_eq!(taken, QUEUE_LEN + 1);
    let more = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 99}));
    quay.send(&more.bytes);
    assert_eq!(quay.done().notices().last(), Some(&Notice::QueueFull));
    stall.store(false, std::sync::atomic::Ordering::Relaxed);
    quay.settle();
    assert!(quay.core.has_room());
    assert_eq!(quay.done().outcomes().len(), taken);
}

#[test]
fn junk_takes_one_place_and_the_last() {
    let mut quay = Quay::connected();
    let stall = quay.board.stall();
    stall.store(true, std::sync::atomic::Ordering::Relaxed);
    let [first, second] =
        [1, 2].map(|value| quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value})));
    quay.send(&first.bytes);
    for number in 0..9 {
        quay.send(format!("junk {number}").as_bytes());
    }
    quay.send(&second.bytes);
    let dropped = |notice: &&Notice| **notice == Notice::QueueFull;
    assert_eq!(quay.done().notices().iter().filter(dropped).count(), 8);
    stall.store(false, std::sync::atomic::Ordering::Relaxed);
    quay.settle();
    let done = quay.done();
    assert_eq!(done.outcomes().len(), 2);
    let ignored = |notice: &&Notice| matches!(notice, Notice::Ignored { .. });
    let notices = done.notices();
    assert_eq!(notices.iter().filter(ignored).count(), 1);
    assert!(matches!(notices.last(), Some(Notice::Ignored { .. })));
}

#[test]
fn trust_roots_go_in_their_order() {
    let mut quay = Quay::connected();
    let third = quay.tenant.successor(3, 1);
    quay.message(&quay.topics.trust(3), &third.bytes);
    let done = quay.done();
    assert_eq!(
        done.notices(),
        [Notice::RootWaits {
            version: 3,
            next: 2
        }]
    );
    let forged = quay.tenant.false_successor(2);
    quay.message(&quay.topics.trust(2), &forged.bytes);
    assert_eq!(quay.done().outcomes(), []);
    let second = quay.tenant.successor(2, 1);
    quay.message(&quay.topics.trust(2), &second.bytes);
    let done = quay.done();
    let accepted = |version| Outcome::RootAccepted { version, epoch: 1 };
    assert_eq!(
        done.outcomes(),
        [(second.id, accepted(2)), (third.id, accepted(3))]
    );
    assert_eq!(done.subscribed().last(), Some(&quay.topics.trust(4)));
    // What is in force is not sent over again.
    quay.message(&quay.topics.trust(3), &third.bytes);
    assert_eq!(quay.done().effects, []);
}

#[test]
fn what_the_device_has_no_leave_for_is_asked_for_again() {
    let mut quay = Quay::connected();
    let revocation = {
        quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
        quay.tenant.revoke()
    };
    let mut forged = revocation.bytes.clone();
    *forged.last_mut().unwrap() ^= 1;
    let mut flood = 0;
    let throttled = |notices: &[Notice]| {
        notices.iter().any(
            |notice| matches!(notice, Notice::Ignored { refusal } if refusal.reason == Reason::Throttled),
        )
    };
    while !throttled(&quay.done().notices()) {
        flood += 1;
        assert!(flood < 1000, "there is no end to its leave");
        forged[40] ^= flood as u8;
        quay.send(&forged);
    }
    quay.pass(latch_agent::ASK_AGAIN_MS);
    let subscribed = quay.done().subscribed();
    assert!(subscribed.contains(&quay.code_topic()), "{subscribed:?}");
}

#[test]
fn the_state_is_published_again_for_junk_and_for_an_old_challenge() {
    let mut quay = Quay::new();
    quay.settle();
    quay.connect(false);
    let challenge = quay.done().challenge();
    quay.send(b"junk");
    assert_eq!(quay.done().states(), 0);
    quay.pass(STATE_REST_MS - 100);
    assert_eq!(quay.done().states(), 0);
    quay.pass(100);
    let done = quay.done();
    assert_eq!((done.states(), done.challenge()), (1, challenge));
    quay.pass(CHALLENGE_ROTATE_MS);
    let done = quay.done();
    assert_eq!(done.states(), 1);
    assert_ne!(done.challenge(), challenge);
}

#[test]
fn told_to_end_it_asks_nothing_more() {
    let mut quay = Quay::connected();
    let [first, second] =
        [1, 2].map(|value| quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value})));
    let topic = quay.code_topic();
    for code in [&first, &second] {
        quay.tell(LinkedEvent::Message {
            topic: &topic,
            payload: &code.bytes,
        });
    }
    assert!(quay.core.is_waiting());
    quay.core.wind_down();
    quay.settle();
    assert!(!quay.core.is_waiting());
    let outcome = Outcome::Applied { twin_version: 1 };
    assert_eq!(quay.done().outcomes(), [(first.id, outcome)]);
    quay.pass(MANIFEST_PATIENCE_MS);
    assert_eq!(quay.board.acts(), 1);
}
