//! `latch root build`, `next` and `publish`

use latch_verify::{Reason, statement::Outcome};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Run, Wish},
    broker::Broker,
    fleet::Member,
    online::{Line, Online, run_beside, topics},
};

#[test]
fn the_root_follows_its_rules_until_a_device_is_enrolled() {
    let bench =
        Bench::new().with_rules(|rules| rules.replace("max-life  = \"15m\"", "max-life  = \"5m\""));
    let shown = bench.run(["inspect", "root.latch"]).ok();
    assert_eq!(shown["latches"][3]["rule"]["max_life_s"], 300);
    bench.enrol(&Wish::new("pump-7"));
    let before = bench.read("root.latch");
    let refused = bench.run(["root", "build"]);
    refused.fails(6, "1 devices are enrolled");
    assert!(
        refused.stderr.contains("latch root next"),
        "{}",
        refused.stderr
    );
    assert_eq!(bench.read("root.latch"), before);
}

#[test]
fn rules_that_make_no_root_change_nothing() {
    let bench = Bench::new();
    let (rules, root) = (bench.read("root.toml"), bench.read("root.latch"));
    let rules = String::from_utf8(rules).unwrap();
    for (from, to, code, words) in [
        ("release = 1", "release = 2", 1, "thresholds.release"),
        (
            "\"trusted-time\"",
            "\"time-floor\"",
            1,
            "latch \"firmware\", freshness",
        ),
        (
            "version = 1",
            "version = 2",
            6,
            "first trust root has version 1",
        ),
        ("\"acme\"", "\"emca\"", 6, "emca"),
    ] {
        bench.write("root.toml", rules.replace(from, to));
        bench.run(["root", "build"]).fails(code, words);
    }
    bench.write("root.toml", &rules);
    bench
        .run(["root", "build", "--key", "keys/operator.pem"])
        .refused(Reason::TooFewRoot);
    assert_eq!(bench.read("root.latch"), root);
}

fn bench() -> (Bench, Member) {
    let bench = Bench::new();
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    (bench, member)
}

fn change_rules(bench: &Bench, from: &str, to: &str) {
    let rules = String::from_utf8(bench.read("root.toml")).expect("text");
    assert!(rules.contains(from), "{rules}");
    bench.write("root.toml", rules.replace(from, to));
}

/// Adds a root key of which the project has the private half.
fn second_root_key(bench: &Bench, threshold: u8) {
    bench.make_key("keys/second.pem");
    change_rules(
        bench,
        "[\"keys/root.pub.pem\"]",
        "[\"keys/root.pub.pem\", \"keys/second.pub.pem\"]",
    );
    change_rules(bench, "root    = 1", &format!("root    = {threshold}"));
}

fn weights(run: &Run) -> Vec<(Value, Value)> {
    let found = run.json();
    let plan = found["plan"].as_array().expect("a plan").clone();
    plan.iter()
        .map(|line| (line["weight"].clone(), line["sentence"].clone()))
        .collect()
}

#[test]
fn a_successor_is_taken_and_its_numbers_stand_in_the_rules() {
    let (bench, mut member) = bench();
    change_rules(&bench, "max-life  = \"15m\"", "max-life  = \"5m\"");
    let planned = bench.run(["root", "next", "--plan"]);
    let found = planned.ok();
    assert_eq!((&found["version"], &found["epoch"]), (&2.into(), &1.into()));
    assert!(
        planned
            .stderr
            .contains("max-life: 900s before, 300s now (stricter"),
        "{}",
        planned.stderr
    );
    assert!(!bench.path("root-2.latch").exists());

    let made = bench.run(["root", "next", "--raise-epoch"]);
    let found = made.ok();
    assert_eq!((&found["version"], &found["epoch"]), (&2.into(), &2.into()));
    assert_eq!(found["missing"], json!([]));
    assert!(made.stderr.contains("voids"), "{}", made.stderr);
    let rules = String::from_utf8(bench.read("root.toml")).unwrap();
    assert!(
        rules.contains("version = 2\nepoch   = 2 # raise it"),
        "{rules}"
    );
    let check = [
        "check",
        "root-2.latch",
        "--device",
        "pump-7",
        "--state",
        "state",
    ];
    member.leave_state(&bench, "state");
    bench.run(check).ok();
    assert_eq!(
        member.outcome(&bench, "root-2.latch"),
        Some(Outcome::RootAccepted {
            version: 2,
            epoch: 2
        })
    );
    bench
        .run(["root", "next"])
        .fails(6, "there is a file already");
}

#[test]
fn a_root_that_locks_something_out_is_not_signed_unasked() {
    let (bench, _) = bench();
    change_rules(&bench, "identify = \"maintenance\"\n", "");
    let refused = bench.run(["root", "next"]);
    refused.fails(6, "locks out 1 ways");
    assert!(
        refused.stderr.contains("LOCKS OUT  the command `identify`"),
        "{}",
        refused.stderr
    );
    let planned = weights(&refused);
    assert_eq!(planned[0].0, "locks-out", "{planned:?}");
    assert!(!bench.path("root-2.latch").exists());
    let rules = String::from_utf8(bench.read("root.toml")).unwrap();
    assert!(rules.contains("version = 1"));
    bench.run(["root", "next", "--allow-lock-outs"]).ok();
    assert!(bench.path("root-2.latch").exists());
}

#[test]
fn root_keys_of_both_roots_sign() {
    let (bench, mut member) = bench();
    second_root_key(&bench, 2);
    let made = bench.run(["root", "next"]);
    let found = made.ok();
    assert_eq!(found["signers"].as_array().unwrap().len(), 1);
    assert_eq!(found["missing"].as_array().unwrap().len(), 1);
    assert!(made.stderr.contains("latch sign"), "{}", made.stderr);
    bench
        .run(["root", "publish", "root-2.latch"])
        .refused(Reason::TooFewRoot);
    let signed = bench
        .run(["sign", "root-2.latch", "--key", "keys/second.pem"])
        .ok();
    assert_eq!(
        (&signed["role"], &signed["missing"]),
        (&"root".into(), &Value::Null)
    );
    let shown = bench.run(["inspect", "root-2.latch"]).ok();
    let signatures = shown["signatures"].as_array().unwrap();
    assert!(signatures.iter().all(|signature| signature["good"] == true));
    assert!(matches!(
        member.outcome(&bench, "root-2.latch"),
        Some(Outcome::RootAccepted { version: 2, .. })
    ));
}

#[test]
fn keys_of_the_new_root_do_not_stand_in_for_those_in_force() {
    let (bench, _) = bench();
    for name in ["keys/second.pem", "keys/third.pem"] {
        bench.make_key(name);
    }
    change_rules(
        &bench,
        "[\"keys/root.pub.pem\"]",
        "[\"keys/second.pub.pem\", \"keys/third.pub.pem\"]",
    );
    bench.run(["root", "next", "--key", "keys/second.pem"]).ok();
    let sign = |key| bench.run(["sign", "root-2.latch", "--key", key]).ok();
    assert_eq!(sign("keys/third.pem")["missing"]["name"], "UnknownKey");
    assert_eq!(sign("keys/root.pem")["missing"], Value::Null);
}

#[test]
fn what_devices_would_not_take_is_not_signed() {
    let (bench, _) = bench();
    bench.make_key("stranger.pem");
    bench
        .run(["root", "next", "--key", "stranger.pem"])
        .refused(Reason::UnknownKey);
    change_rules(&bench, "version = 1", "version = 5");
    bench.run(["root", "next"]).fails(1, "not the next version");
    change_rules(&bench, "version = 5", "version = 2");
    // The device's own key, as a key of a root that is not even complete.
    second_root_key(&bench, 2);
    let record = String::from_utf8(bench.read("devices/pump-7.toml")).unwrap();
    let key = record
        .lines()
        .find_map(|line| line.strip_prefix("device-key = "))
        .unwrap();
    change_rules(
        &bench,
        "# approver    = []",
        &format!("approver = [{key}]\n# approver    = []"),
    );
    bench.run(["root", "next"]).refused(Reason::DeviceKeyListed);
    assert!(!bench.path("root-2.latch").exists());
}

#[test]
fn a_successor_is_put_in_force_here_and_there_by_one_command() {
    let (bench, _) = bench();
    bench.run(["root", "next"]).ok();
    let other = bench.run(["publish", "root-2.latch"]);
    other.fails(2, "successor of the trust root");
    assert!(
        other.stderr.contains("latch root publish"),
        "{}",
        other.stderr
    );
    // As long as no broker has it, the project does not go by it.
    bench
        .run(["root", "publish", "root-2.latch"])
        .fails(1, "no connection to the broker");
    assert!(!bench.path("roots/2.latch").exists());
    bench.run(["root", "publish"]).fails(1, "has no successor");
    bench
        .run(["root", "publish", "--wait", "pump-7"])
        .fails(2, "name the file");
}

#[tokio::test]
async fn a_published_successor_is_retained_taken_and_gone_by() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    // Another root key, and the one before it gone: only the chain vouches for it.
    bench.make_key("keys/second.pem");
    change_rules(&bench, "keys/root.pub.pem", "keys/second.pub.pem");
    let made = bench.run(["root", "next", "--raise-epoch"]).ok();
    assert_eq!(made["missing"].as_array().unwrap().len(), 1);
    let signed = bench
        .run(["sign", "root-2.latch", "--key", "keys/second.pem"])
        .ok();
    assert_eq!(signed["missing"], Value::Null);
    let shown = bench.run(["inspect", "root-2.latch"]).ok();
    let signatures = shown["signatures"].as_array().unwrap();
    assert!(
        signatures
            .iter()
            .all(|signature| signature["role"] == "root" && signature["good"] == true)
    );
    let publish = ["root", "publish", "root-2.latch", "--wait", "pump-7"];
    let found = run_beside(&bench, &publish, online.serve()).await.ok();
    assert_eq!(
        found["receipt"]["outcome"],
        json!({"kind": "root-accepted", "version": 2, "epoch": 2})
    );
    assert_eq!(bench.read("roots/2.latch"), bench.read("root-2.latch"));
    let mut late = Line::listening(&broker, "late", vec![topics().trust(2)]).await;
    let message = late.message().await;
    assert_eq!(
        (message.payload, message.retain),
        (bench.read("root-2.latch"), true)
    );

    // The project goes by it: its codes are of the new epoch.
    let set = ["twin", "set", "pump-7", "a=1", "--wait"];
    let found = run_beside(&bench, &set, online.serve()).await.ok();
    assert_eq!(found["receipt"]["status"]["root_version"], 2);
    let again = run_beside(&bench, &["root", "publish"], std::future::ready(())).await;
    assert_eq!(again.ok()["version"], 2);
    // A device that is new begins with it.
    let mut new = Member::enrol(
        &bench,
        &Wish {
            seed: [8; 32],
            ..Wish::new("pump-8")
        },
    );
    assert_eq!(new.device().status().root_version, 2);
}

#[tokio::test]
async fn roots_that_do_not_follow_are_not_published() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    bench.enrol(&Wish::new("pump-7"));
    bench.run(["root", "next", "--out", "first"]).ok();
    change_rules(&bench, "max-life  = \"15m\"", "max-life  = \"5m\"");
    bench.run(["root", "next", "--out", "second"]).ok();
    let publish = ["root", "publish", "first"];
    run_beside(&bench, &publish, std::future::ready(()))
        .await
        .ok();
    bench
        .run(["root", "publish", "second"])
        .refused(Reason::RootNotNext);
    // Of what is in force, the project's own copy goes out.
    bench.spoil("first");
    run_beside(&bench, &publish, std::future::ready(()))
        .await
        .ok();
    let mut late = Line::listening(&broker, "late", vec![topics().trust(2)]).await;
    assert_eq!(late.message().await.payload, bench.read("roots/2.latch"));
    // What lies in the project is checked each time.
    bench.spoil("roots/2.latch");
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .refused(Reason::BadSignature);
}
