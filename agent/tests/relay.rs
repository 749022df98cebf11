//! The relay's decisions, with a device in memory: what is carried out, in which order, how
//! often, and what is told about it.

mod done;
mod rig;
mod tenant;

use latch_agent::{Event, FAULT_REST_MS, Hook, Notice, QUEUE_LEN, STATE_REST_MS};
use latch_verify::{Reason, limits::CHALLENGE_ROTATE_MS, statement::Outcome};
use serde_json::json;

use rig::{DEVICE, Rig};

#[test]
fn a_twin_change_is_made_then_told() {
    let mut rig = Rig::connected();
    let code = rig
        .tenant
        .set(DEVICE, rig.now_ms(), &json!({"pump": {"on": true}}));
    rig.send(&code.bytes);
    let done = rig.done();
    let hook = Hook::Twin {
        statement: code.id,
        version: 1,
        patch: Some(json!({"pump": {"on": true}})),
        twin: json!({"pump": {"on": true}}),
    };
    assert_eq!(done.hooks(), [hook]);
    assert_eq!(done.receipts().len(), 0, "told before it was done");

    rig.end(Ok(()));
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [(code.id, Outcome::Applied { twin_version: 1 })]
    );
    assert_eq!(done.states(), 1);
}

#[test]
fn a_code_that_comes_again_gets_the_same_receipt_and_no_second_effect() {
    let mut rig = Rig::connected();
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.send(&code.bytes);
    // While it is carried out, its answer is still to come.
    rig.send(&code.bytes);
    rig.end(Ok(()));
    let first = rig.done();
    assert_eq!(first.hooks().len(), 1);
    let receipt = first.receipts()[0].clone();
    assert!(first.receipts().iter().all(|other| *other == receipt));

    rig.send(&code.bytes);
    let second = rig.done();
    assert_eq!(second.hooks(), []);
    assert_eq!(second.receipts(), [receipt]);
    let outcome = Outcome::Applied { twin_version: 1 };
    assert_eq!(
        second.notices(),
        [Notice::Answered {
            statement: code.id,
            outcome,
            repeated: true
        }]
    );
    assert_eq!(
        second.states(),
        0,
        "a replay makes the device sign no state"
    );
}

#[test]
fn a_failed_hook_is_told_with_its_number() {
    let mut rig = Rig::connected();
    let challenge = rig.device().status().challenge;
    let code = rig
        .tenant
        .command(DEVICE, rig.now_ms(), "restart", challenge);
    rig.send(&code.bytes);
    let hooks = rig.done().hooks();
    let [
        Hook::Command {
            name, arguments, ..
        },
    ] = hooks.as_slice()
    else {
        panic!("{hooks:?}")
    };
    assert_eq!(
        (name.as_str(), arguments),
        ("restart", &json!({"after": 3}))
    );
    rig.end(Err(42));
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [(code.id, Outcome::ActuatorFailed { code: 42 })]
    );
    assert!(done.notices().contains(&Notice::HookFailed {
        hook: "command",
        code: 42
    }));
}

#[test]
fn a_refusal_is_told_and_a_stranger_is_only_counted() {
    let mut rig = Rig::connected();
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.pass(2 * 3_600_000);
    rig.done();
    rig.send(&code.bytes);
    let done = rig.done();
    let [(_, Outcome::Refused { reason, .. })] = done.outcomes()[..] else {
        panic!("{:?}", done.outcomes())
    };
    assert_eq!(reason, Reason::Expired.number());

    let mut forged = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1})).bytes;
    *forged.last_mut().unwrap() ^= 1;
    let other = rig.tenant.set("pump-8", rig.now_ms(), &json!({"a": 1}));
    for (bytes, reason) in [
        (forged.as_slice(), Reason::BadSignature),
        (&other.bytes, Reason::OtherDevice),
        (b"junk", Reason::BadLength),
    ] {
        rig.send(bytes);
        let done = rig.done();
        assert_eq!(done.receipts().len(), 0);
        let [Notice::Ignored { refusal }] = done.notices()[..] else {
            panic!("{:?}", done.notices())
        };
        assert_eq!(refusal.reason, reason);
    }
}

#[test]
fn codes_wait_for_the_hook_in_their_order() {
    let mut rig = Rig::connected();
    let codes: Vec<_> = (0..3)
        .map(|value| rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": value})))
        .collect();
    codes.iter().for_each(|code| rig.send(&code.bytes));
    let done = rig.done();
    assert_eq!(done.hooks().len(), 1, "one at a time");
    assert_eq!(done.notices().last(), Some(&Notice::Queued { waiting: 2 }));
    // The same again takes no place of its own.
    rig.send(&codes[1].bytes);
    assert_eq!(rig.done().notices(), []);
    for (code, version) in codes.iter().zip(1..) {
        rig.end(Ok(()));
        let outcome = Outcome::Applied {
            twin_version: version,
        };
        assert_eq!(rig.done().outcomes(), [(code.id, outcome)]);
    }
    assert_eq!(rig.device().twin().iter().count(), 1);
}

#[test]
fn a_flood_keeps_the_oldest() {
    let mut rig = Rig::connected();
    let mut codes: Vec<_> = (0..QUEUE_LEN + 2)
        .map(|value| rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": value})))
        .collect();
    codes.iter().for_each(|code| rig.send(&code.bytes));
    let full = rig
        .done()
        .notices()
        .into_iter()
        .filter(|notice| *notice == Notice::QueueFull)
        .count();
    assert_eq!(full, 1);
    let lost = codes.pop().unwrap();
    for code in codes {
        rig.end(Ok(()));
        let done = rig.done();
        assert_eq!(done.outcomes()[0].0, code.id);
        assert!(
            !done
                .outcomes()
                .iter()
                .any(|(statement, _)| *statement == lost.id)
        );
    }
}

#[test]
fn after_a_restart_a_twin_change_is_made_again_and_a_command_is_not() {
    let mut rig = Rig::connected();
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.send(&code.bytes);
    rig.restart();
    let hook = Hook::Twin {
        statement: code.id,
        version: 1,
        patch: None,
        twin: json!({"a": 1}),
    };
    assert_eq!(rig.done().hooks(), [hook]);
    rig.end(Ok(()));
    assert_eq!(rig.done().receipts().len(), 0, "there is no connection");
    rig.event(Event::Connected {
        session_present: false,
    });
    assert_eq!(
        rig.done().outcomes(),
        [(code.id, Outcome::Applied { twin_version: 1 })]
    );

    let challenge = rig.device().status().challenge;
    let command = rig
        .tenant
        .command(DEVICE, rig.now_ms(), "restart", challenge);
    rig.send(&command.bytes);
    assert_eq!(rig.done().hooks().len(), 1);
    rig.restart();
    rig.event(Event::Connected {
        session_present: true,
    });
    let done = rig.done();
    assert_eq!(done.hooks(), []);
    assert_eq!(
        done.outcomes().last(),
        Some(&(command.id, Outcome::Interrupted))
    );
}

#[test]
fn every_connect_tells_all_that_may_have_been_missed() {
    let mut rig = Rig::new();
    rig.event(Event::Tick);
    let done = rig.done();
    assert_eq!((done.states(), done.receipts().len()), (0, 0));
    assert!(
        done.subscribed()
            .contains(&rig.topics.device_code(&DEVICE.parse().unwrap()))
    );

    rig.event(Event::Connected {
        session_present: false,
    });
    assert_eq!(rig.done().states(), 1);
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.send(&code.bytes);
    rig.event(Event::Disconnected);
    rig.end(Ok(()));
    assert_eq!(rig.done().receipts().len(), 0);
    for _ in 0..2 {
        rig.event(Event::Connected {
            session_present: true,
        });
        let done = rig.done();
        assert_eq!((done.states(), done.receipts().len()), (1, 1));
    }
}

#[test]
fn the_state_is_published_again_for_junk_and_for_an_old_challenge() {
    let mut rig = Rig::connected();
    let challenge = rig.device().status().challenge;
    rig.send(b"junk");
    assert_eq!(rig.done().states(), 0);
    assert_eq!(rig.core.wake_at_ms(), Some(STATE_REST_MS));
    rig.wake();
    assert_eq!(rig.done().states(), 1);
    rig.wake();
    assert_eq!(rig.now_ms() - rig::BEGIN_MS, CHALLENGE_ROTATE_MS);
    assert_eq!(rig.done().states(), 1);
    assert_ne!(rig.device().status().challenge, challenge);
}

#[test]
fn told_to_end_it_begins_nothing_more() {
    let mut rig = Rig::connected();
    let [first, second] =
        [1, 2].map(|value| rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": value})));
    rig.send(&first.bytes);
    rig.send(&second.bytes);
    rig.done();
    rig.core.wind_down();
    rig.end(Ok(()));
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [(first.id, Outcome::Applied { twin_version: 1 })]
    );
    assert_eq!(done.hooks(), []);
    rig.restart();
    assert_eq!(rig.done().hooks(), [], "the second code was burned");
}

#[test]
fn a_device_whose_storage_fails_rests_and_boots_again() {
    let mut rig = Rig::connected();
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.send(&code.bytes);
    rig.done();
    rig.journal.wear_out();
    rig.end(Ok(()));
    let done = rig.done();
    let [
        Notice::Fault { refusal },
        Notice::Resting {
            until_ms: FAULT_REST_MS,
        },
    ] = done.notices()[..]
    else {
        panic!("{:?}", done.notices())
    };
    assert_eq!(refusal.reason, Reason::StorageFault);
    // What comes meanwhile waits.
    let next = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 2}));
    rig.send(&next.bytes);
    assert_eq!(rig.done().notices(), [Notice::Queued { waiting: 1 }]);
    rig.journal.mend();
    rig.pass(FAULT_REST_MS - 1);
    assert_eq!(rig.done().hooks(), []);
    rig.wake();
    assert!(
        matches!(rig.done().hooks()[..], [Hook::Twin { patch: None, .. }]),
        "it is not made again"
    );
    rig.end(Ok(()));
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [(code.id, Outcome::Applied { twin_version: 1 })]
    );
    assert_eq!(done.hooks().len(), 1);
}

#[test]
fn a_device_that_does_not_come_up_again_is_shut_for_good() {
    let mut rig = Rig::connected();
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.send(&code.bytes);
    rig.done();
    rig.journal.wear_out();
    rig.end(Ok(()));
    rig.pass(FAULT_REST_MS);
    assert!(matches!(
        rig.done().notices().last(),
        Some(Notice::Shut { .. })
    ));
    assert!(rig.core.device().is_none() && rig.core.wake_at_ms().is_none());
    rig.journal.mend();
    rig.send(&code.bytes);
    rig.event(Event::Connected {
        session_present: false,
    });
    rig.event(Event::Done(Ok(())));
    assert_eq!(rig.done().effects, []);
}
