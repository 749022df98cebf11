//! `latch lockdown` and `unlock`

use latch_issue::{RoleKey, Statement};
use latch_verify::{
    Reason,
    statement::{Code, Outcome, State},
    types::LatchId,
};

use crate::{
    bench::{Bench, Wish},
    broker::Broker,
    fleet::Member,
    online::{Online, run_beside},
};

fn bench() -> (Bench, Member) {
    let bench = Bench::new();
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    (bench, member)
}

#[test]
fn a_device_that_is_locked_down_takes_nothing_until_it_is_unlocked() {
    let (bench, mut member) = bench();
    bench.run(["lockdown", "pump-7", "--out", "down"]).ok();
    let statement = bench.statement("down");
    let code: Code<'_> = statement.body().unwrap();
    assert_eq!((code.latch, code.challenge), (LatchId::TRUST, None));
    assert_eq!(member.outcome(&bench, "down"), Some(Outcome::LockedDown));
    member.leave_state(&bench, "state");
    assert_eq!(
        bench.run(["inspect", "state"]).ok()["status"]["locked_down"],
        true
    );

    let set = ["twin", "set", "pump-7", "a=1", "--state", "state"];
    let refused = bench.run(set);
    refused.refused(Reason::LockedDown);
    assert!(
        refused.stderr.contains("latch unlock"),
        "{}",
        refused.stderr
    );
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    bench
        .run(["check", "code", "--device", "pump-7", "--state", "state"])
        .refused(Reason::LockedDown);
    assert!(matches!(
        member.outcome(&bench, "code"),
        Some(Outcome::Refused { reason, .. }) if reason == Reason::LockedDown.number()
    ));

    bench
        .run(["unlock", "pump-7", "--state", "state", "--out", "up"])
        .ok();
    bench
        .run(["check", "up", "--device", "pump-7", "--state", "state"])
        .ok();
    assert_eq!(member.outcome(&bench, "up"), Some(Outcome::Unlocked));
    assert_eq!(
        member.outcome(&bench, "code"),
        Some(Outcome::Applied { twin_version: 1 })
    );
}

#[test]
fn unlocking_answers_the_devices_challenge() {
    let (bench, _) = bench();
    bench
        .run(["unlock", "pump-7", "--out", "up"])
        .fails(1, "no connection to the broker");
}

#[tokio::test]
async fn both_are_waited_for() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    for (verb, outcome) in [("lockdown", "locked-down"), ("unlock", "unlocked")] {
        let run = run_beside(&bench, &[verb, "pump-7", "--wait"], online.serve()).await;
        assert_eq!(run.ok()["receipt"]["outcome"]["kind"], outcome);
        online.leave_state().await;
    }
}

#[test]
fn a_device_that_cannot_read_the_code_is_not_sent_one() {
    let (bench, mut member) = bench();
    member.leave_state(&bench, "state");
    let statement = bench.statement("state");
    let mut state: State<'_> = statement.body().unwrap();
    state.status.body_versions = (0, 0);
    let device = RoleKey::from_seed(&Wish::new("pump-7").seed).unwrap();
    let older = Statement::seal(&state, &[&device]).unwrap();
    bench.write("older", older.bytes());
    let refused = bench.run(["unlock", "pump-7", "--state", "older", "--out", "up"]);
    refused.refused(Reason::UnknownBodyVersion);
    assert!(
        refused
            .stderr
            .contains("understands bodies up to version 0"),
        "{}",
        refused.stderr
    );
    assert!(!bench.path("up").exists());
}
