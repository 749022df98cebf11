//! `latch revoke`

use latch_issue::load_public;
use latch_mqtt::RevokedId;
use latch_verify::{
    Reason,
    statement::{Outcome, Revocation},
    types::{KeyId, Sequence},
};
use serde_json::Value;

use crate::{
    bench::{Bench, Wish},
    broker::Broker,
    fleet::Member,
    online::{Line, Online, run_beside, topics},
};

fn operator(bench: &Bench) -> KeyId {
    let path = bench.path("keys/operator.pub.pem");
    load_public(&path).expect("a key").id()
}

fn through(bench: &Bench, file: &str) -> Sequence {
    let statement = bench.statement(file);
    statement
        .body::<Revocation>()
        .expect("a revocation")
        .through
}

#[test]
fn what_a_key_has_signed_is_void() {
    let bench = Bench::new();
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "before"])
        .ok();
    let wrote = bench
        .run([
            "revoke",
            "keys/operator.pub.pem",
            "--through",
            "now",
            "--out",
            "now",
        ])
        .ok();
    assert_eq!(wrote["key"], operator(&bench).to_string());
    assert_eq!(
        (&wrote["role"], &wrote["missing"]),
        (&"operator".into(), &Value::Null)
    );
    assert_eq!(member.outcome(&bench, "now"), Some(Outcome::Revoked));
    let refused = member.outcome(&bench, "before");
    assert!(
        matches!(refused, Some(Outcome::Refused { reason, .. }) if reason == Reason::Revoked.number())
    );
    // The key is of use still, until all is revoked.
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "after"])
        .ok();
    assert_eq!(
        member.outcome(&bench, "after"),
        Some(Outcome::Applied { twin_version: 1 })
    );
    let id = operator(&bench).to_string();
    let all = bench.run_with(&["revoke", &id, "--out", "all"], "").ok();
    assert_eq!(all["everything"], true);
    assert_eq!(member.outcome(&bench, "all"), Some(Outcome::Revoked));
    bench
        .run(["twin", "set", "pump-7", "a=2", "--out", "later"])
        .ok();
    assert!(
        matches!(member.outcome(&bench, "later"), Some(Outcome::Refused { reason, .. }) if reason == Reason::Revoked.number())
    );
}

#[test]
fn the_extent_is_a_moment_or_a_sequence_too() {
    let bench = Bench::new();
    let key = "keys/operator.pub.pem";
    for (extent, expected) in [
        ("7", Sequence(7)),
        (
            "2026-01-31T08:00:00Z",
            Sequence(1_769_846_400_000 << 16 | 0xffff),
        ),
        ("all", Sequence(u64::MAX)),
    ] {
        let out = format!("r-{}", expected.0);
        bench
            .run_with(&["revoke", key, "--through", extent, "--out", &out], "")
            .ok();
        assert_eq!(through(&bench, &out), expected);
        let shown = bench.run_with(&["inspect", &out], "").ok();
        assert_eq!(shown["kind"], "revocation");
        assert_eq!(shown["through"], expected.0.to_string());
        assert_eq!(shown["signatures"][0]["role"], "operator");
    }
    bench
        .run(["revoke", key, "--through", "soon"])
        .fails(2, "write all, now, a moment or a sequence");
    bench
        .run(["revoke", "nobody"])
        .fails(2, "a key id is 16 hexadecimal digits");
}

#[test]
fn the_issuer_or_root_signs_and_nobody_else() {
    let bench = Bench::new();
    bench.make_key("ben.pem");
    let bench = bench.with_rules(crate::twin::two_operators);
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    let ben = load_public(&bench.path("ben.pub.pem")).unwrap().id();
    // The project has no key of ben's: the root key signs.
    let wrote = bench
        .run(["revoke", "ben.pub.pem", "--out", "by-root"])
        .ok();
    assert_eq!(wrote["missing"], Value::Null);
    let root = load_public(&bench.path("keys/root.pub.pem")).unwrap().id();
    assert_eq!(bench.statement("by-root").signers(), [root]);
    assert_eq!(member.outcome(&bench, "by-root"), Some(Outcome::Revoked));

    let by_another = ["revoke", "ben.pub.pem", "--key", "keys/operator.pem"];
    let refused = bench.run(by_another);
    refused.refused(Reason::NotRevoker);
    assert!(
        refused.stderr.contains("was not sent"),
        "{}",
        refused.stderr
    );
    let incomplete = bench.run_with(&[&by_another[..], &["--out", "r"]].concat(), "");
    assert_eq!(incomplete.ok()["missing"]["name"], "NotRevoker");
    let signed = bench.run(["sign", "r", "--key", "keys/release.pem"]).ok();
    assert_eq!(signed["missing"]["name"], "NotRevoker");
    let signed = bench.run(["sign", "r", "--key", "ben.pem"]).ok();
    assert_eq!(signed["missing"], Value::Null);
    assert!(bench.statement("r").signers().contains(&ben));
}

#[tokio::test]
async fn a_revocation_is_retained_and_its_receipt_waited_for() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    let id = operator(&bench);
    let revoke = ["revoke", &id.to_string(), "--wait", "pump-7"];
    let run = run_beside(&bench, &revoke, online.serve()).await;
    assert_eq!(run.ok()["receipt"]["outcome"]["kind"], "revoked");
    assert!(run.stderr.contains("latch root next"), "{}", run.stderr);
    let topic = topics().revoked(RevokedId::Key(id));
    let mut late = Line::listening(&broker, "late", vec![topic]).await;
    assert!(late.message().await.retain);
}
