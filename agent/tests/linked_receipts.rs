//! Receipts of a device behind a link that were made while nobody listened: what the device still
//! holds is fetched, and what it does not is told.

mod done;
mod quay;
mod tenant;

use std::collections::BTreeSet;

use latch_agent::{LinkedEvent, Notice};
use latch_issue::SignedReceipt;
use latch_link::timing::SILENT_MS;
use latch_verify::{limits::MAX_OUTCOMES, statement::Outcome};
use serde_json::json;

use quay::{DEVICE, Done, Quay, device_key};
use tenant::Code;

/// Long enough for both ends to see that a line is dead, and to say hello on it again.
const LONG_MS: u64 = 2 * SILENT_MS;
/// A device looks at no more than some signatures a minute.
const REST_MS: u64 = 60_000;

fn codes(quay: &mut Quay, count: u32) -> Vec<Code> {
    let code = |value| quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value}));
    (0..count).map(code).collect()
}

fn apply(quay: &mut Quay, count: u32) {
    for _ in 0..count {
        let code = codes(quay, 1).remove(0);
        quay.send(&code.bytes);
        quay.pass(REST_MS);
    }
}

/// Codes that come too late: each is refused by a receipt.
fn be_refused(quay: &mut Quay, count: u32) {
    let late = codes(quay, count);
    quay.pass(2 * 3_600_000);
    for code in late {
        quay.send(&code.bytes);
        quay.pass(REST_MS);
    }
}

fn numbers<E: quay::Shared>(done: &Done<E>) -> Vec<u64> {
    let key = device_key();
    let number = |bytes| SignedReceipt::verify(bytes, &key).unwrap().receipt().number;
    done.receipts().into_iter().map(number).collect()
}

fn state_topic(quay: &Quay) -> String {
    quay.topics.device_state(&DEVICE.parse().unwrap())
}

/// The last state that was published, which is what the broker retains.
fn retained(quay: &mut Quay) -> Vec<u8> {
    quay.event(LinkedEvent::Disconnected);
    quay.connect(true);
    quay.done().state_bytes().pop().unwrap()
}

/// The agent starts again, the broker takes it in, and gives what it retains.
fn come_back(quay: &mut Quay, retained: Option<&[u8]>) -> Done<latch_agent::LinkedEffect> {
    quay.restart_agent();
    quay.pass(LONG_MS);
    quay.connect(true);
    if let Some(state) = retained {
        quay.message(&state_topic(quay), state);
    }
    quay.pass(LONG_MS);
    quay.done()
}

fn lost(notices: &[Notice]) -> Vec<(u64, bool)> {
    let lost = |notice: &Notice| match notice {
        Notice::ReceiptsLost { count } => Some((*count, true)),
        Notice::ReceiptsUnknown { count } => Some((*count, false)),
        _ => None,
    };
    notices.iter().filter_map(lost).collect()
}

#[test]
fn effects_before_a_flood_of_refusals_are_fetched() {
    let mut quay = Quay::connected();
    apply(&mut quay, 3);
    be_refused(&mut quay, 12);
    // The device keeps these three above refusals that came later.
    let done = come_back(&mut quay, None);
    let numbers = numbers(&done);
    let here: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(here.len(), numbers.len(), "each once: {numbers:?}");
    assert_eq!(
        here,
        [1, 2, 3].into_iter().chain(11..=15).collect(),
        "all that the device keeps"
    );
}

#[test]
fn what_the_device_no_longer_keeps_is_told_by_its_number() {
    let mut quay = Quay::connected();
    apply(&mut quay, 2);
    let before = retained(&mut quay);
    apply(&mut quay, 12);
    let done = come_back(&mut quay, Some(&before));
    assert_eq!(numbers(&done), Vec::from_iter(7..=14));
    // 3 to 6.
    assert_eq!(lost(&done.notices()), [(4, true)]);
    assert!(done.unsubscribed().contains(&state_topic(&quay)));
}

#[test]
fn nothing_is_lost_that_was_published_before() {
    let mut quay = Quay::connected();
    apply(&mut quay, 12);
    let before = retained(&mut quay);
    let done = come_back(&mut quay, Some(&before));
    assert_eq!(numbers(&done), Vec::from_iter(5..=12));
    assert_eq!(lost(&done.notices()), []);
}

#[test]
fn a_broker_that_retains_no_state_leaves_it_open_what_was_published() {
    let mut quay = Quay::connected();
    apply(&mut quay, 12);
    let done = come_back(&mut quay, None);
    assert_eq!(lost(&done.notices()), [(4, false)]);
    // It is told once.
    quay.event(LinkedEvent::Disconnected);
    quay.connect(true);
    quay.pass(LONG_MS);
    assert_eq!(lost(&quay.done().notices()), []);
}

#[test]
fn what_the_device_has_published_itself_says_nothing_of_what_was_before() {
    let mut quay = Quay::connected();
    apply(&mut quay, 12);
    quay.restart_agent();
    quay.pass(LONG_MS);
    quay.connect(true);
    // There was none, and this is the echo of the first.
    let state = quay.done().state_bytes().pop().unwrap();
    quay.message(&state_topic(&quay), &state);
    quay.pass(LONG_MS);
    assert_eq!(lost(&quay.done().notices()), [(4, false)]);
}

#[test]
fn receipts_wait_for_a_broker_that_is_away() {
    let mut quay = Quay::connected();
    let count = 3 * u32::try_from(MAX_OUTCOMES).unwrap();
    quay.event(LinkedEvent::Disconnected);
    apply(&mut quay, count);
    assert_eq!(quay.done().receipts().len(), 0);
    quay.connect(true);
    assert_eq!(
        numbers(&quay.done()),
        Vec::from_iter(1..=u64::from(count)),
        "more than the device itself keeps"
    );
}

#[test]
fn more_than_may_wait_are_lost_and_told() {
    let mut quay = Quay::connected();
    quay.event(LinkedEvent::Disconnected);
    apply(&mut quay, 70);
    let notices = quay.done().notices();
    let lost: u64 = lost(&notices).iter().map(|(count, _)| count).sum();
    assert_eq!(lost, 6);
    quay.connect(true);
    assert_eq!(numbers(&quay.done()), Vec::from_iter(7..=70));
}

#[test]
fn receipts_made_while_the_line_was_down_are_published_once() {
    let mut quay = Quay::connected();
    let code = codes(&mut quay, 1).remove(0);
    quay.lose_from_device = true;
    quay.send(&code.bytes);
    quay.pass(100);
    quay.restart_agent();
    quay.board.reset();
    quay.lose_from_device = false;
    // The broker answers before the device has been asked for anything.
    while quay.core.identity().is_none() {
        quay.exchange();
        quay.pass(100);
    }
    quay.connect(true);
    quay.pass(LONG_MS);
    let done = quay.done();
    let outcome = Outcome::Applied { twin_version: 1 };
    assert_eq!(done.outcomes(), [(code.id, outcome)]);
    assert_eq!(lost(&done.notices()), []);
}
