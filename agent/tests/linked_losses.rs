//! What a device behind a link, its relay and its broker may lose, and what is lost by it: nothing.

mod done;
mod quay;
mod tenant;

use std::sync::atomic::Ordering;

use latch_agent::{LinkedEvent, LinkedOptions, Notice};
use latch_board::{Board, Clock};
use latch_link::{Life, Refused, timing::SILENT_MS};
use latch_verify::{Reason, statement::Outcome};
use serde_json::json;

use quay::{BEGIN_MS, DEVICE, Quay, SEED, bundle, options};
use tenant::Tenant;

/// Long enough for both ends to see that a line is dead, and to say hello on it again.
const LONG_MS: u64 = 2 * SILENT_MS;

#[test]
fn a_code_whose_answer_was_lost_is_asked_again_and_acts_once() {
    let mut quay = Quay::connected();
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    // It arrives, is carried out, and the power is cut before a word of it leaves.
    quay.lose_from_device = true;
    quay.send(&code.bytes);
    quay.pass(100);
    assert_eq!((quay.board.acts(), quay.done().receipts().len()), (1, 0));
    quay.board.reset();
    quay.lose_from_device = false;
    quay.pass(LONG_MS);
    let outcome = Outcome::Applied { twin_version: 1 };
    let outcomes = quay.done().outcomes();
    assert!(!outcomes.is_empty() && outcomes.iter().all(|answer| *answer == (code.id, outcome)));
    assert_eq!(quay.board.acts(), 1);
}

#[test]
fn a_pulled_cable_loses_nothing_that_waits() {
    let mut quay = Quay::connected();
    let codes: Vec<_> = (0..3)
        .map(|value| quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value})))
        .collect();
    quay.cable = false;
    for code in &codes {
        quay.send(&code.bytes);
    }
    quay.pass(LONG_MS);
    assert!(
        !quay.core.has_room(),
        "what comes now is kept by the broker"
    );
    assert_eq!(quay.done().outcomes(), []);
    quay.cable = true;
    quay.pass(LONG_MS);
    let outcomes = quay.done().outcomes();
    let order: Vec<_> = outcomes.iter().map(|(statement, _)| *statement).collect();
    assert_eq!(order, codes.iter().map(|code| code.id).collect::<Vec<_>>());
    assert!(quay.core.has_room());
}

#[test]
fn a_reset_between_two_codes_is_noticed_and_goes_on() {
    let mut quay = Quay::connected();
    quay.board.reset();
    quay.pass(LONG_MS);
    let done = quay.done();
    let boots = |notice: &Notice| match notice {
        Notice::Standing(standing) => Some(standing.boot),
        _ => None,
    };
    let boots: Vec<u32> = done.notices().iter().filter_map(boots).collect();
    assert_eq!(boots, [2]);
    assert_eq!(done.served(), [] as [&str; 0], "it is the same device");
    assert_eq!(done.states(), 1, "its challenge is another one");
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.send(&code.bytes);
    assert_eq!(quay.done().outcomes().len(), 1);
}

#[test]
fn a_device_that_is_at_work_for_long_is_waited_for() {
    let mut quay = Quay::connected();
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.board.stall().store(true, Ordering::Relaxed);
    quay.send(&code.bytes);
    quay.pass(30_000);
    assert!(quay.core.is_waiting());
    quay.board.stall().store(false, Ordering::Relaxed);
    quay.pass(5_000);
    let outcome = Outcome::Applied { twin_version: 1 };
    assert_eq!(quay.done().outcomes(), [(code.id, outcome)]);
}

#[test]
fn every_connect_tells_all_that_may_have_been_missed() {
    let mut quay = Quay::connected();
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.event(LinkedEvent::Disconnected);
    quay.send(&code.bytes);
    assert_eq!(quay.done().receipts().len(), 0);
    for _ in 0..2 {
        quay.connect(true);
        let done = quay.done();
        assert_eq!((done.states(), done.receipts().len()), (1, 1));
    }
}

#[test]
fn an_agent_that_starts_again_asks_for_the_receipts_that_it_lacks() {
    let mut quay = Quay::connected();
    let codes: Vec<_> = (0..10)
        .map(|value| quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": value})))
        .collect();
    codes.iter().for_each(|code| quay.send(&code.bytes));
    quay.done();
    quay.restart_agent();
    quay.pass(LONG_MS);
    let done = quay.done();
    assert_eq!(done.served(), [DEVICE]);
    let news = |notice: &Notice| matches!(notice, Notice::Answered { .. });
    assert!(!done.notices().iter().any(news), "none of it is news");
    quay.connect(true);
    let outcomes = quay.done().outcomes();
    let told: Vec<_> = outcomes.iter().map(|(statement, _)| *statement).collect();
    let kept: Vec<_> = codes[2..].iter().map(|code| code.id).collect();
    assert_eq!(told, kept, "those that the device keeps, in their order");
}

#[test]
fn receipts_that_were_made_while_nobody_listened_are_asked_for() {
    let mut quay = Quay::connected();
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.lose_from_device = true;
    quay.send(&code.bytes);
    quay.pass(100);
    quay.board.reset();
    // The code is gone with the agent.
    quay.restart_agent();
    quay.lose_from_device = false;
    quay.pass(LONG_MS);
    quay.connect(false);
    let outcome = Outcome::Applied { twin_version: 1 };
    assert_eq!(quay.done().outcomes(), [(code.id, outcome)]);
}

#[test]
fn a_new_device_is_provisioned_with_its_bundle() {
    let tenant = Tenant::new();
    let board = Board::new(SEED, Clock::trusted(BEGIN_MS));
    let options = LinkedOptions {
        bundle: Some(bundle(&tenant)),
        ..options()
    };
    let mut quay = Quay::of(tenant, board, options);
    quay.settle();
    let done = quay.done();
    assert_eq!(done.served(), [DEVICE]);
    quay.connect(false);
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.send(&code.bytes);
    assert_eq!(quay.done().outcomes().len(), 1);
}

#[test]
fn a_new_device_without_a_bundle_or_with_a_strangers_waits() {
    let board = || Board::new(SEED, Clock::trusted(BEGIN_MS));
    let mut quay = Quay::of(Tenant::new(), board(), options());
    quay.pass(LONG_MS);
    let notices = quay.done().notices();
    let waits = matches!(notices[..], [Notice::Standing(_), Notice::Unprovisioned]);
    assert!(waits, "{notices:?}");

    let tenant = Tenant::new();
    let mut strange = bundle(&tenant);
    strange.enrolment = tenant.enrol(DEVICE, &[99; 32]);
    let options = LinkedOptions {
        bundle: Some(strange),
        ..options()
    };
    let mut quay = Quay::of(tenant, board(), options);
    quay.pass(LONG_MS);
    let notices = quay.done().notices();
    let [Notice::Standing(_), Notice::NotProvisioned { refused }] = notices[..] else {
        panic!("{notices:?}")
    };
    assert_eq!(refused.reason, Reason::KeyFault.number());
    assert!(!quay.core.has_room());
}

#[test]
fn a_bundle_that_comes_later_is_tried() {
    let tenant = Tenant::new();
    let board = Board::new(SEED, Clock::trusted(BEGIN_MS));
    let mut quay = Quay::of(tenant, board, options());
    quay.pass(LONG_MS);
    assert_eq!(quay.done().notices().last(), Some(&Notice::Unprovisioned));
    let right = bundle(&quay.tenant);
    let mut strange = right.clone();
    strange.enrolment = quay.tenant.enrol(DEVICE, &[99; 32]);
    quay.event(LinkedEvent::Bundle(Some(strange)));
    let notices = quay.done().notices();
    let [Notice::NotProvisioned { refused }] = notices[..] else {
        panic!("{notices:?}")
    };
    assert_eq!(refused.reason, Reason::KeyFault.number());
    quay.event(LinkedEvent::Bundle(Some(right)));
    assert_eq!(quay.done().served(), [DEVICE]);
}

#[test]
fn another_device_than_the_one_expected_is_not_served() {
    let tenant = Tenant::new();
    let enrolment = tenant.enrol(DEVICE, &SEED);
    let board = Board::provisioned(SEED, Clock::trusted(BEGIN_MS), tenant.root(), &enrolment);
    let options = LinkedOptions {
        name: Some("pump-8".parse().unwrap()),
        ..options()
    };
    let mut quay = Quay::of(tenant, board, options);
    quay.pass(LONG_MS);
    let done = quay.done();
    assert_eq!(done.served(), [] as [&str; 0]);
    let named = Notice::OtherDevice {
        expected: "pump-8".parse().unwrap(),
        found: DEVICE.parse().unwrap(),
    };
    assert_eq!(done.notices().last(), Some(&named));
    assert!(!quay.core.has_room() && quay.core.wake_at_ms().is_none());
}

#[test]
fn another_device_on_the_same_line_is_served_as_itself() {
    let mut quay = Quay::connected();
    let code = quay.tenant.set(DEVICE, quay.now_ms(), &json!({"a": 1}));
    quay.cable = false;
    quay.send(&code.bytes);
    let enrolment = quay.tenant.enrol("pump-8", &[5; 32]);
    let clock = Clock::trusted(BEGIN_MS);
    quay.board = Board::provisioned([5; 32], clock, quay.tenant.root(), &enrolment);
    quay.cable = true;
    quay.pass(LONG_MS);
    let done = quay.done();
    assert_eq!(done.served(), ["pump-8"]);
    assert_eq!(
        done.notices().len(),
        1,
        "what was for the other is not for it"
    );
}

#[test]
fn a_device_that_stays_shut_is_left_alone() {
    let mut quay = Quay::connected();
    quay.board.shut(Reason::LatchedShut);
    quay.pass(LONG_MS);
    let notices = quay.done().notices();
    let [Notice::Standing(standing)] = &notices[..] else {
        panic!("{notices:?}")
    };
    assert_eq!(
        standing.life,
        Life::Shut(Refused::from(Reason::LatchedShut))
    );
    assert!(!quay.core.has_room());
}
