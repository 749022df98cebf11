//! Devices that take what they are asked, and never answer.

mod done;
mod quay;
mod tenant;

use std::sync::atomic::Ordering;

use latch_agent::{ANSWER_MS, FAULT_REST_MS, LinkedCore, LinkedEffect, LinkedEvent, Notice};
use latch_link::{FromDevice, Life, Program, Standing, Why, timing::SILENT_MS};
use latch_verify::{statement::Outcome, types::Version, verdict::Identity};
use serde_json::json;

use quay::{DEVICE, Done, Quay, options};

/// Long enough for both ends to see that a line is dead, and to say hello on it again.
const LONG_MS: u64 = 2 * SILENT_MS;

fn hung_up(done: &Done<LinkedEffect>) -> usize {
    let hang_ups = done.effects.iter();
    hang_ups
        .filter(|effect| **effect == LinkedEffect::HangUp)
        .count()
}

fn unanswered(done: &Done<LinkedEffect>) -> Vec<(&'static str, bool)> {
    let unanswered = |notice: &Notice| match notice {
        Notice::Unanswered { what, dropped } => Some((*what, *dropped)),
        _ => None,
    };
    done.notices().iter().filter_map(unanswered).collect()
}

#[test]
fn an_answer_that_does_not_come_is_waited_for_within_a_bound() {
    let mut quay = Quay::connected();
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.board.mute().store(true, Ordering::Relaxed);
    quay.send(&code.bytes);
    quay.pass(ANSWER_MS - 1_000);
    assert!(quay.core.is_waiting());
    let done = quay.done();
    assert_eq!((hung_up(&done), unanswered(&done)), (0, vec![]));
    quay.board.mute().store(false, Ordering::Relaxed);
    quay.pass(LONG_MS);
    let done = quay.done();
    assert_eq!(unanswered(&done), [("statement", false)]);
    assert_eq!(hung_up(&done), 1);
    // It is met anew, and has the code.
    let outcome = Outcome::Applied { twin_version: 1 };
    assert_eq!(done.outcomes(), [(code.id, outcome)]);
    assert_eq!(quay.board.acts(), 1);
}

#[test]
fn what_is_not_answered_twice_is_given_up_and_the_next_has_its_turn() {
    let mut quay = Quay::connected();
    let [first, second] =
        [1, 2].map(|value| quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value})));
    let hangs = quay.board.hang_at_statements();
    hangs.store(true, Ordering::Relaxed);
    quay.send(&first.bytes);
    quay.send(&second.bytes);
    quay.pass(2 * ANSWER_MS + LONG_MS);
    let done = quay.done();
    assert_eq!(
        unanswered(&done),
        [("statement", false), ("statement", true)]
    );
    assert_eq!(hung_up(&done), 2);
    // By now it hangs at the second.
    hangs.store(false, Ordering::Relaxed);
    quay.pass(ANSWER_MS + LONG_MS);
    let done = quay.done();
    assert_eq!(unanswered(&done), [("statement", false)]);
    let answered: Vec<_> = done
        .outcomes()
        .iter()
        .map(|(statement, _)| *statement)
        .collect();
    assert_eq!(answered, [second.id]);
}

#[test]
fn what_the_broker_retains_is_never_given_up() {
    let mut quay = Quay::connected();
    let root = quay.tenant.successor(2, 1);
    let hangs = quay.board.hang_at_statements();
    hangs.store(true, Ordering::Relaxed);
    quay.message(&quay.topics.trust(2), &root.bytes);
    quay.pass(2 * ANSWER_MS + LONG_MS);
    let done = quay.done();
    assert_eq!(
        unanswered(&done),
        [("statement", false), ("statement", true)]
    );
    // It does not come again by itself: it is kept, and tried when the device has rested.
    hangs.store(false, Ordering::Relaxed);
    quay.pass(FAULT_REST_MS);
    let accepted = Outcome::RootAccepted {
        version: 2,
        epoch: 1,
    };
    assert_eq!(quay.done().outcomes(), [(root.id, accepted)]);
}

#[test]
fn a_device_that_never_says_what_it_is_is_met_anew() {
    let mut quay = Quay::new();
    quay.board.mute().store(true, Ordering::Relaxed);
    quay.pass(2 * (ANSWER_MS + LONG_MS));
    let done = quay.done();
    assert_eq!(unanswered(&done), [("standing", false), ("standing", true)]);
    assert_eq!(hung_up(&done), 2);
    quay.board.mute().store(false, Ordering::Relaxed);
    quay.pass(ANSWER_MS + LONG_MS);
    assert!(quay.core.has_room(), "it is served");
}

#[test]
fn told_to_end_it_waits_no_longer_than_the_bound() {
    let mut quay = Quay::connected();
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.board.mute().store(true, Ordering::Relaxed);
    quay.send(&code.bytes);
    quay.core.wind_down();
    assert!(quay.core.is_waiting());
    quay.pass(ANSWER_MS + LONG_MS);
    assert!(!quay.core.is_waiting());
}

#[test]
fn a_device_that_tells_only_half_of_what_it_is_is_met_anew() {
    let mut core = LinkedCore::new(options());
    let effects = core.handle(0, LinkedEvent::Up);
    let [LinkedEffect::Say(request)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let tag = request.message().tag();
    let identity = Identity {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        device: DEVICE.parse().unwrap(),
        incarnation: 1,
    };
    let standing = Standing {
        program: Program::Application,
        life: Life::Provisioned(identity),
        version: Version::default(),
        boot: 1,
        why: Why::Unknown,
    };
    core.handle(1, LinkedEvent::Said(FromDevice::Standing(standing)));
    // No word of its receipts, by which it could be served.
    let result = Ok(());
    core.handle(2, LinkedEvent::Said(FromDevice::Done { tag, result }));
    assert_eq!(core.wake_at_ms(), Some(ANSWER_MS));
    assert_eq!(core.handle(ANSWER_MS - 1, LinkedEvent::Tick), []);
    let effects = core.handle(ANSWER_MS, LinkedEvent::Tick);
    assert!(effects.contains(&LinkedEffect::HangUp), "{effects:?}");
}
