//! Latches that stay open, through the relay: what opens and shuts what stands behind them, and
//! when.

mod done;
mod rig;
mod tenant;

use latch_agent::{Event, FAULT_REST_MS, Hook, LatchEvent, Notice, SHUT_REST_MS, SHUT_TRIES};
use latch_issue::Change;
use latch_mqtt::RevokedId;
use latch_verify::{
    device::Observation,
    limits::PULSE_ROTATE_MS,
    statement::{CloseCause, Outcome},
    types::{LatchId, Posture, StatementId},
};
use serde_json::json;

use rig::{DEVICE, Rig};
use tenant::{Code, GRACE_MS, HEARTBEAT_MS, door, valve};

/// How long the door is opened, in seconds.
const OPEN_S: u32 = 600;

/// A rig whose door is open, and the code that has opened it.
fn door_is_open() -> (Rig, Code) {
    let mut rig = Rig::connected();
    let code = open(&mut rig, door());
    (rig, code)
}

fn open(rig: &mut Rig, latch: LatchId) -> Code {
    let code = rig.tenant.open(DEVICE, rig.now_ms(), latch, OPEN_S);
    rig.send(&code.bytes);
    rig.end(Ok(()));
    assert!(rig.device().is_open(latch));
    assert_eq!(
        rig.done().outcomes(),
        [(code.id, Outcome::Opened { seconds: OPEN_S })]
    );
    code
}

/// Sends a code that does something to the door.
fn at_door(rig: &mut Rig, change: Change) -> Code {
    let code = rig.tenant.latch(DEVICE, rig.now_ms(), door(), change);
    rig.send(&code.bytes);
    code
}

fn shut(statement: StatementId, cause: CloseCause) -> Hook {
    Hook::Latch {
        statement: Some(statement),
        latch: Some(door()),
        event: LatchEvent::Close { cause: Some(cause) },
    }
}

fn closed(statement: StatementId, cause: CloseCause) -> (StatementId, Outcome) {
    let latch = door();
    (statement, Outcome::Closed { latch, cause })
}

fn observe(rig: &mut Rig, holds: Option<bool>, max_age_ms: u64) {
    rig.event(Event::Observed(Observation {
        facts: 1,
        posture: Posture {
            known: holds.is_some().into(),
            value: (holds == Some(true)).into(),
        },
        max_age_ms,
    }));
}

#[test]
fn a_latch_is_open_once_its_hook_has_opened_it() {
    let mut rig = Rig::connected();
    let code = rig.tenant.open(DEVICE, rig.now_ms(), door(), OPEN_S);
    rig.send(&code.bytes);
    let done = rig.done();
    let event = LatchEvent::Open { seconds: OPEN_S };
    let hook = Hook::Latch {
        statement: Some(code.id),
        latch: Some(door()),
        event,
    };
    assert_eq!(done.hooks(), [hook]);
    assert!(!rig.device().is_open(door()));
    rig.end(Ok(()));
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [(code.id, Outcome::Opened { seconds: OPEN_S })]
    );
    assert_eq!(done.status().open, 1 << 4);
}

#[test]
fn what_could_not_be_opened_is_not_open_and_is_shut() {
    let mut rig = Rig::connected();
    let code = rig.tenant.open(DEVICE, rig.now_ms(), door(), OPEN_S);
    rig.send(&code.bytes);
    rig.end(Err(127));
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [(code.id, Outcome::ActuatorFailed { code: 127 })]
    );
    assert!(!rig.device().is_open(door()));
    let half_open = Hook::Latch {
        statement: Some(code.id),
        latch: Some(door()),
        event: LatchEvent::Close { cause: None },
    };
    assert_eq!(done.shuts(), [half_open]);
}

#[test]
fn a_latch_closes_at_its_time_though_a_hook_runs() {
    let (mut rig, code) = door_is_open();
    let twin = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.send(&twin.bytes);
    assert_eq!(rig.done().hooks().len(), 1);
    rig.pass(u64::from(OPEN_S) * 1000 - 1);
    assert_eq!(rig.done().shuts(), []);
    assert_eq!(rig.core.wake_at_ms(), Some(u64::from(OPEN_S) * 1000));
    rig.wake();
    let done = rig.done();
    assert_eq!(done.shuts(), [shut(code.id, CloseCause::Time)]);
    assert_eq!(done.outcomes(), [closed(code.id, CloseCause::Time)]);
    let (latch, cause) = (door(), CloseCause::Time);
    assert!(done.notices().contains(&Notice::Closed { latch, cause }));
    assert_eq!(done.status().open, 0);
}

#[test]
fn a_latch_that_is_renewed_stays_open() {
    let (mut rig, first) = door_is_open();
    rig.pass(u64::from(OPEN_S) * 1000 / 2);
    let renew = at_door(&mut rig, Change::Renew { seconds: OPEN_S });
    rig.pass(u64::from(OPEN_S) * 1000 / 2 - 1);
    rig.end(Ok(()));
    assert_eq!(
        rig.done().outcomes(),
        [(renew.id, Outcome::Renewed { seconds: OPEN_S })]
    );
    rig.pass(u64::from(OPEN_S) * 1000 / 2);
    assert_eq!(rig.done().shuts(), []);
    rig.wake();
    let done = rig.done();
    assert_eq!(done.outcomes(), [closed(first.id, CloseCause::Time)]);
}

#[test]
fn a_renewal_that_ends_too_late_is_shut_behind() {
    let (mut rig, first) = door_is_open();
    let renew = at_door(&mut rig, Change::Renew { seconds: OPEN_S });
    rig.done();
    rig.pass(u64::from(OPEN_S) * 1000);
    // What shuts it may not be overtaken by what leaves it open.
    assert_eq!(rig.done().shuts(), []);
    rig.end(Ok(()));
    let done = rig.done();
    assert_eq!(done.shuts(), [shut(first.id, CloseCause::Time)]);
    let outcomes = done.outcomes();
    assert!(
        matches!(outcomes[0], (id, Outcome::Refused { .. }) if id == renew.id),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1..], [closed(first.id, CloseCause::Time)]);
}

#[test]
fn a_revocation_closes_what_its_issuer_has_opened() {
    let (mut rig, code) = door_is_open();
    let revocation = rig.tenant.revoke();
    let topic = rig.topics.revoked(RevokedId::Key(rig.tenant.operator()));
    rig.message(&topic, &revocation.bytes);
    let done = rig.done();
    assert_eq!(done.shuts(), [shut(code.id, CloseCause::Revoked)]);
    assert_eq!(
        done.outcomes(),
        [
            (revocation.id, Outcome::Revoked),
            closed(code.id, CloseCause::Revoked)
        ]
    );
}

#[test]
fn a_code_closes_and_what_fails_to_shut_is_shut_again() {
    let (mut rig, _) = door_is_open();
    rig.shuts = None;
    let code = at_door(&mut rig, Change::Close);
    let hooks = rig.done().hooks();
    assert_eq!(hooks, [shut(code.id, CloseCause::Code)]);
    assert!(!rig.device().is_open(door()));
    rig.end(Err(9));
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [(code.id, Outcome::ActuatorFailed { code: 9 })]
    );
    assert_eq!(done.shuts(), hooks);
    // Meanwhile nothing opens it again.
    let again = rig.tenant.open(DEVICE, rig.now_ms(), door(), OPEN_S);
    rig.send(&again.bytes);
    for _ in 1..SHUT_TRIES {
        rig.event(Event::Shut(Err(9)));
        let done = rig.done();
        assert_eq!((done.hooks(), done.shuts()), (vec![], vec![]));
        rig.pass(SHUT_REST_MS);
        assert_eq!(rig.done().shuts(), hooks);
    }
    rig.event(Event::Shut(Err(9)));
    let done = rig.done();
    let latch = Some(door());
    assert!(done.notices().contains(&Notice::NotShut { latch }));
    assert_eq!(done.hooks().len(), 1);
}

#[test]
fn a_code_that_closes_does_not_wait_for_a_hook() {
    let (mut rig, first) = door_is_open();
    let twin = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.send(&twin.bytes);
    rig.done();
    let code = at_door(&mut rig, Change::Close);
    let done = rig.done();
    assert_eq!(done.shuts(), [shut(first.id, CloseCause::Code)]);
    assert!(!rig.device().is_open(door()));
    // Burned it is when its turn comes.
    rig.end(Ok(()));
    assert_eq!(rig.done().hooks(), [shut(code.id, CloseCause::Code)]);
    rig.end(Ok(()));
    assert_eq!(rig.done().outcomes(), [closed(code.id, CloseCause::Code)]);
}

#[test]
fn a_lockdown_shuts_everything() {
    let (mut rig, _) = door_is_open();
    let code = rig
        .tenant
        .latch(DEVICE, rig.now_ms(), LatchId::TRUST, Change::Lockdown);
    rig.send(&code.bytes);
    let everything = Hook::Latch {
        statement: Some(code.id),
        latch: None,
        event: LatchEvent::Lockdown,
    };
    assert_eq!(rig.done().hooks(), [everything]);
    rig.end(Ok(()));
    let done = rig.done();
    assert_eq!(done.outcomes(), [(code.id, Outcome::LockedDown)]);
    assert!(done.status().locked_down);
}

#[test]
fn every_boot_shuts_everything_before_any_code() {
    let (mut rig, code) = door_is_open();
    rig.shuts = None;
    rig.restart();
    let everything = Hook::Latch {
        statement: None,
        latch: None,
        event: LatchEvent::Close {
            cause: Some(CloseCause::Reboot),
        },
    };
    assert_eq!(rig.done().shuts(), [everything]);
    let next = rig.tenant.open(DEVICE, rig.now_ms(), door(), OPEN_S);
    rig.send(&next.bytes);
    assert_eq!(rig.done().hooks(), []);
    rig.event(Event::Shut(Ok(())));
    assert_eq!(rig.done().hooks().len(), 1);
    rig.event(Event::Connected {
        session_present: true,
    });
    let outcomes = rig.done().outcomes();
    assert_eq!(outcomes.last(), Some(&closed(code.id, CloseCause::Reboot)));
}

#[test]
fn a_fact_that_is_unknown_closes_after_the_grace() {
    let mut rig = Rig::connected();
    observe(&mut rig, Some(true), 90_000);
    let code = open(&mut rig, valve());
    observe(&mut rig, None, 90_000);
    rig.pass(GRACE_MS - 1);
    assert_eq!(rig.done().shuts(), []);
    rig.wake();
    let done = rig.done();
    let (latch, cause) = (valve(), CloseCause::Posture);
    assert_eq!(
        done.outcomes(),
        [(code.id, Outcome::Closed { latch, cause })]
    );
    assert_eq!(done.shuts().len(), 1);
}

#[test]
fn a_fact_that_nobody_repeats_grows_unknown() {
    let mut rig = Rig::connected();
    let max_age_ms = 30_000;
    observe(&mut rig, Some(true), max_age_ms);
    open(&mut rig, valve());
    rig.wake();
    assert_eq!(rig.now_ms() - rig::BEGIN_MS, max_age_ms);
    assert_eq!(rig.done().shuts(), []);
    rig.wake();
    assert_eq!(rig.now_ms() - rig::BEGIN_MS, max_age_ms + GRACE_MS);
    assert_eq!(rig.done().shuts().len(), 1);
}

#[test]
fn an_open_latch_has_pulses_to_answer_and_closes_without() {
    let mut rig = Rig::connected();
    observe(&mut rig, Some(true), u64::MAX);
    let code = open(&mut rig, valve());
    let mut pulses = Vec::new();
    for beats in 1..=5 {
        rig.wake();
        assert_eq!(rig.now_ms() - rig::BEGIN_MS, beats * PULSE_ROTATE_MS);
        let pulse = rig.done().status().pulse;
        assert!(!pulses.contains(&pulse), "the same pulse again");
        pulses.push(pulse);
        let answer = rig.tenant.attest(rig.now_ms(), Some(pulse));
        rig.send(&answer.bytes);
    }
    assert!(rig.device().is_open(valve()));
    rig.pass(HEARTBEAT_MS - 1);
    rig.done();
    rig.wake();
    let (latch, cause) = (valve(), CloseCause::Silence);
    assert_eq!(
        rig.done().outcomes(),
        [(code.id, Outcome::Closed { latch, cause })]
    );
}

#[test]
fn a_latch_is_shut_though_the_storage_has_failed() {
    let (mut rig, code) = door_is_open();
    rig.journal.wear_out();
    rig.pass(u64::from(OPEN_S) * 1000);
    let done = rig.done();
    let (latch, cause) = (door(), CloseCause::Time);
    assert!(done.notices().contains(&Notice::Closed { latch, cause }));
    assert_eq!(done.shuts().len(), 1);
    assert!(!rig.device().is_open(door()));
    rig.journal.mend();
    rig.restart();
    rig.pass(FAULT_REST_MS);
    rig.event(Event::Connected {
        session_present: true,
    });
    let outcomes = rig.done().outcomes();
    assert_eq!(outcomes.last(), Some(&closed(code.id, CloseCause::Reboot)));
}
