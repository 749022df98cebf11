//! The agent is killed between burning a code and what it opens.

use latch_verify::statement::Outcome;
use serde_json::json;

use crate::stage::{Broker, DeviceHost, Hooks, Listener, Operator, Settings, topic};

const DEVICE: &str = "pump-7";

#[test]
fn a_command_that_was_cut_off_is_not_run_again() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    let key = operator.key_of(DEVICE);
    host.hook("command", &Hooks::Held);
    host.start();
    let receipts = Listener::new(&broker, DEVICE, "receipt");
    let code = operator.sign(
        ["command", DEVICE, "identify", "seconds=3"],
        "identify.code",
    );
    broker.publish_file(&topic(DEVICE, "code"), &code.file);
    host.kill_with_held_hook();
    assert!(
        receipts.receipts(code.id, &key).is_empty(),
        "nothing was settled before the kill"
    );

    host.hook("command", &Hooks::Quick);
    host.start();
    let first = receipts.told(code.id, 1, &key).remove(0);
    assert_eq!(first.receipt.outcome, Outcome::Interrupted);
    let again = operator
        .run(["publish", "identify.code", "--wait"])
        .ends_with(1);
    assert_eq!(again["receipt"]["outcome"]["kind"], "interrupted");
    for told in receipts.told(code.id, 2, &key) {
        assert_eq!(told.bytes, first.bytes, "another receipt for the same code");
    }
    assert_eq!(host.calls("command").len(), 1, "a command was repeated");

    // Not for want of a hook that works.
    let next = operator.run(["command", DEVICE, "identify", "--wait"]).ok();
    assert_eq!(next["receipt"]["outcome"]["kind"], "performed");
    assert_eq!(host.calls("command").len(), 2);
}

#[test]
fn a_twin_change_that_was_cut_off_is_made_again() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    let key = operator.key_of(DEVICE);
    host.hook("twin", &Hooks::Held);
    host.start();
    let receipts = Listener::new(&broker, DEVICE, "receipt");
    let code = operator.sign(["twin", "set", DEVICE, "pump/limit=5"], "limit.code");
    broker.publish_file(&topic(DEVICE, "code"), &code.file);
    host.kill_with_held_hook();
    assert!(
        receipts.receipts(code.id, &key).is_empty(),
        "nothing was settled before the kill"
    );

    host.hook("twin", &Hooks::Quick);
    host.start();
    let first = receipts.told(code.id, 1, &key).remove(0);
    assert_eq!(first.receipt.outcome, Outcome::Applied { twin_version: 1 });
    let again = operator.run(["publish", "limit.code", "--wait"]).ok();
    assert_eq!(
        again["receipt"]["outcome"],
        json!({"kind": "applied", "twin_version": 1})
    );
    for told in receipts.told(code.id, 2, &key) {
        assert_eq!(told.bytes, first.bytes, "another receipt for the same code");
    }

    let calls = host.calls("twin");
    assert_eq!(calls.len(), 2, "once cut off, once to its end: {calls:?}");
    for call in &calls {
        assert_eq!(
            (&call["statement"], &call["version"], &call["twin"]),
            (
                &json!(code.id.to_string()),
                &json!(1),
                &json!({"pump": {"limit": 5}})
            )
        );
    }
    operator.sees_twin(DEVICE, 1, &json!({"pump": {"limit": 5}}));
}

#[test]
fn what_was_used_before_a_kill_stays_used() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    let key = operator.key_of(DEVICE);
    host.start();
    let receipts = Listener::new(&broker, DEVICE, "receipt");
    let older = operator.sign(["twin", "set", DEVICE, "limit=1"], "older.code");
    let newer = operator.sign(["twin", "set", DEVICE, "limit=2"], "newer.code");
    broker.publish_file(&topic(DEVICE, "code"), &newer.file);
    let first = receipts.told(newer.id, 1, &key).remove(0);
    assert_eq!(first.receipt.outcome, Outcome::Applied { twin_version: 1 });
    host.kill();

    host.start();
    operator
        .run(["publish", "older.code", "--wait"])
        .refused("OutOfOrder");
    let again = operator.run(["publish", "newer.code", "--wait"]).ok();
    assert_eq!(again["receipt"]["number"], first.receipt.number);
    for told in receipts.told(newer.id, 2, &key) {
        assert_eq!(told.bytes, first.bytes, "another receipt for the same code");
    }
    assert_eq!(receipts.receipts(older.id, &key).len(), 1);
    host.kill();

    // A refusal lasts too.
    host.start();
    operator
        .run(["publish", "older.code", "--wait"])
        .refused("OutOfOrder");
    assert_eq!(host.calls("twin").len(), 1);
    operator.sees_twin(DEVICE, 1, &json!({"limit": 2}));
}
