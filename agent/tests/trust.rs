//! Statements that change whom and what a device believes, through the relay: trust roots,
//! revocations, the time. Each comes on the topic that promises it, and again at each connect.

mod done;
mod rig;
mod tenant;

use latch_agent::{ASK_AGAIN_MS, FAULT_REST_MS, Notice, ROOTS_KEPT};
use latch_mqtt::RevokedId;
use latch_verify::{
    Reason,
    statement::{Outcome, TimeStatus},
    types::StatementId,
};
use serde_json::json;

use rig::{BEGIN_MS, DEVICE, Rig};
use tenant::Code;

fn accepted(root: &Code, version: u32, epoch: u32) -> (StatementId, Outcome) {
    (root.id, Outcome::RootAccepted { version, epoch })
}

/// Publishes a root as an operator does: on the topic of its version.
fn publish_root(rig: &mut Rig, version: u32, root: &Code) {
    let topic = rig.topics.trust(version);
    rig.message(&topic, &root.bytes);
}

fn ignored(notices: &[Notice]) -> Vec<Reason> {
    let reason = |notice: &Notice| match notice {
        Notice::Ignored { refusal } => Some(refusal.reason),
        _ => None,
    };
    notices.iter().filter_map(reason).collect()
}

#[test]
fn roots_that_come_in_any_order_are_taken_in_their_own() {
    let mut rig = Rig::connected();
    let roots = [2, 3, 4].map(|version| rig.tenant.successor(version, 1));
    let [second, third, fourth] = &roots;
    // A broker gives what it retains in any order, the one in force among it.
    publish_root(&mut rig, 4, fourth);
    let first = rig.tenant.root().to_vec();
    rig.message(&rig.topics.trust(1), &first);
    publish_root(&mut rig, 3, third);
    let done = rig.done();
    let waits = |version| Notice::RootWaits { version, next: 2 };
    assert_eq!(done.notices(), [waits(4), waits(3)]);
    assert_eq!(done.receipts().len(), 0);

    publish_root(&mut rig, 2, second);
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [
            accepted(second, 2, 1),
            accepted(third, 3, 1),
            accepted(fourth, 4, 1)
        ]
    );
    assert_eq!(done.status().root_version, 4);
    // They come again with each connection, and are nothing new.
    for (version, root) in (2..).zip(&roots) {
        publish_root(&mut rig, version, root);
    }
    let done = rig.done();
    assert_eq!((done.receipts().len(), done.notices().len()), (0, 0));
    assert_eq!(rig.device().junk().count, 0);
}

#[test]
fn the_next_root_is_listened_to_by_its_name() {
    let mut rig = Rig::new();
    rig.event(latch_agent::Event::Connected {
        session_present: false,
    });
    let names = [2, 3].map(|version| rig.topics.trust(version));
    assert!(rig.done().subscribed().contains(&names[0]));
    let root = rig.tenant.successor(2, 1);
    publish_root(&mut rig, 2, &root);
    let done = rig.done();
    assert_eq!(done.subscribed(), [names[1].clone()]);
    assert_eq!(done.unsubscribed(), [names[0].clone()]);
}

#[test]
fn more_roots_than_are_kept_come_again_by_name() {
    let mut rig = Rig::connected();
    let last = u32::try_from(ROOTS_KEPT).unwrap() + 4;
    for version in (3..=last).rev() {
        let root = rig.tenant.successor(version, 1);
        publish_root(&mut rig, version, &root);
    }
    rig.done();
    let mut version = 2;
    while version <= last {
        let root = rig.tenant.successor(version, 1);
        publish_root(&mut rig, version, &root);
        let done = rig.done();
        let next = rig.device().status().root_version + 1;
        assert!(next > version, "version {version} was not taken");
        assert_eq!(done.subscribed(), [rig.topics.trust(next)]);
        version = next;
    }
}

/// Whoever can publish can keep a device busy with roots for a while, and never from the one that is retained.
#[test]
fn a_root_that_came_in_a_flood_is_asked_for_again() {
    let mut rig = Rig::connected();
    rig.done();
    let root = rig.tenant.successor(2, 1);
    let mut forged = root.bytes.clone();
    *forged.last_mut().unwrap() ^= 1;
    let topic = rig.topics.trust(2);
    while ignored(&rig.done().notices()) != [Reason::Throttled] {
        rig.message(&topic, &forged);
    }
    publish_root(&mut rig, 2, &root);
    let done = rig.done();
    assert_eq!(ignored(&done.notices()), [Reason::Throttled]);
    assert_eq!(done.subscribed(), Vec::<String>::new());
    assert_eq!(rig.device().status().root_version, 1);

    rig.pass(ASK_AGAIN_MS - 1);
    assert!(!rig.done().subscribed().contains(&topic));
    rig.wake();
    let asked = rig.done().subscribed();
    for filter in rig.topics.agent_filters(&DEVICE.parse().unwrap()) {
        assert!(asked.contains(&filter), "{filter} is not asked for again");
    }
    assert!(asked.contains(&topic));
    publish_root(&mut rig, 2, &root);
    assert_eq!(rig.done().outcomes(), [accepted(&root, 2, 1)]);
    // Once.
    rig.pass(ASK_AGAIN_MS);
    assert_eq!(rig.done().subscribed(), Vec::<String>::new());
}

#[test]
fn a_bad_successor_leaves_the_old_root_in_force() {
    let mut rig = Rig::connected();
    let bad = rig.tenant.false_successor(2);
    publish_root(&mut rig, 2, &bad);
    let done = rig.done();
    assert_eq!(ignored(&done.notices()), [Reason::UnknownKey]);
    assert_eq!(rig.device().status().root_version, 1);
    // What waits behind it stays where it is, and the true one takes its place.
    let [second, third] = [2, 3].map(|version| rig.tenant.successor(version, 1));
    publish_root(&mut rig, 3, &third);
    let false_third = rig.tenant.false_successor(3);
    publish_root(&mut rig, 3, &false_third);
    publish_root(&mut rig, 2, &second);
    let done = rig.done();
    assert_eq!(done.outcomes(), [accepted(&second, 2, 1)]);
    assert_eq!(ignored(&done.notices()), [Reason::UnknownKey]);
    publish_root(&mut rig, 3, &third);
    assert_eq!(rig.done().outcomes(), [accepted(&third, 3, 1)]);
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    rig.send(&code.bytes);
    assert_eq!(rig.done().hooks().len(), 1);
}

#[test]
fn what_takes_permission_back_does_not_wait_for_a_hook() {
    let mut rig = Rig::connected();
    let [first, second] =
        [1, 2].map(|value| rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": value})));
    rig.send(&first.bytes);
    rig.send(&second.bytes);
    rig.done();
    let slip = rig.tenant.stop(&second);
    let topic = rig.topics.revoked(RevokedId::Statement(second.id));
    rig.message(&topic, &slip.bytes);
    let (statement, used) = (second.id, false);
    let done = rig.done();
    assert_eq!(
        done.outcomes(),
        [(slip.id, Outcome::Stopped { statement, used })]
    );
    let revocation = rig.tenant.revoke();
    let topic = rig.topics.revoked(RevokedId::Key(rig.tenant.operator()));
    rig.message(&topic, &revocation.bytes);
    assert_eq!(rig.done().outcomes(), [(revocation.id, Outcome::Revoked)]);
    // Again, as at each connect.
    rig.message(&topic, &revocation.bytes);
    assert_eq!(rig.done().effects, []);
    rig.end(Ok(()));
    let outcomes = rig.done().outcomes();
    assert!(
        matches!(
            outcomes[..],
            [
                (done, Outcome::Applied { .. }),
                (refused, Outcome::Refused { .. })
            ] if (done, refused) == (first.id, second.id)
        ),
        "{outcomes:?}"
    );
}

#[test]
fn every_kind_may_come_on_the_topic_of_the_device() {
    let mut rig = Rig::connected();
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    let [slip, revocation] = [rig.tenant.stop(&code), rig.tenant.revoke()];
    let root = rig.tenant.successor(2, 1);
    for statement in [&slip, &revocation, &root] {
        rig.send(&statement.bytes);
        let outcomes = rig.done().outcomes();
        assert!(
            matches!(outcomes[..], [(id, _)] if id == statement.id),
            "{outcomes:?}"
        );
    }
}

#[test]
fn the_time_is_told_to_all_and_to_one() {
    let mut rig = Rig::connected();
    rig.clock_is_lost();
    let pulse = rig.device().status().pulse;
    let answer = rig.tenant.attest(BEGIN_MS, Some(pulse));
    rig.send(&answer.bytes);
    let TimeStatus::Trusted(now) = rig.device().status().time else {
        panic!("{:?}", rig.device().status().time)
    };
    assert_eq!(now.get(), BEGIN_MS);
    assert_eq!(rig.done().notices().len(), 1, "a new floor is told");
    rig.pass(3_600_000);
    let topic = rig.topics.time();
    let broadcast = rig.tenant.attest(BEGIN_MS + 2 * 3_600_000, None);
    rig.done();
    rig.message(&topic, &broadcast.bytes);
    let outcomes = rig.done().outcomes();
    assert!(
        matches!(outcomes[..], [(id, Outcome::TimeRaised { .. })] if id == broadcast.id),
        "{outcomes:?}"
    );
}

#[test]
fn a_code_of_a_later_release_is_the_device_s_to_judge() {
    let mut rig = Rig::connected();
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    let mut later = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 2})).bytes;
    // The body's version, beside the kind.
    later[9] = 2;
    rig.send(&code.bytes);
    rig.done();
    rig.send(&later);
    assert_eq!(rig.done().notices(), [Notice::Queued { waiting: 1 }]);
    rig.end(Ok(()));
    let done = rig.done();
    assert_eq!(ignored(&done.notices()), [Reason::UnknownBodyVersion]);
    assert_eq!(rig.device().junk().count, 1);
    // So is a root.
    let mut root = rig.tenant.successor(2, 1).bytes;
    root[9] = 2;
    rig.message(&rig.topics.trust(2), &root);
    assert_eq!(ignored(&rig.done().notices()), [Reason::UnknownBodyVersion]);
}

#[test]
fn storage_that_fails_costs_neither_a_root_nor_a_revocation() {
    let mut rig = Rig::connected();
    let code = rig.tenant.set(DEVICE, rig.now_ms(), &json!({"a": 1}));
    let [slip, revocation] = [rig.tenant.stop(&code), rig.tenant.revoke()];
    let root = rig.tenant.successor(2, 1);
    // A hook runs all the while: its end is settled before the boot.
    rig.send(&code.bytes);
    rig.journal.wear_out();
    publish_root(&mut rig, 2, &root);
    let done = rig.done();
    assert!(
        matches!(
            done.notices()[..],
            [
                Notice::Unlatched { .. },
                Notice::Fault { .. },
                Notice::Resting { .. }
            ]
        ),
        "{:?}",
        done.notices()
    );
    rig.send(&slip.bytes);
    rig.send(&revocation.bytes);
    let waits = [1, 2].map(|waiting| Notice::Queued { waiting });
    assert_eq!(rig.done().notices(), waits);
    rig.journal.mend();
    rig.pass(FAULT_REST_MS);
    assert_eq!(rig.device().status().boot, 1, "booted under the hook");
    rig.end(Ok(()));
    let outcomes: Vec<StatementId> = rig.done().outcomes().iter().map(|(id, _)| *id).collect();
    for statement in [&code, &root, &slip, &revocation] {
        assert!(outcomes.contains(&statement.id), "{outcomes:?}");
    }
}
