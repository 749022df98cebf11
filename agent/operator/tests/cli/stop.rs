//! `latch stop`

use latch_mqtt::RevokedId;
use latch_verify::{Reason, statement::Outcome};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Wish},
    broker::Broker,
    fleet::Member,
    online::{Line, Online, run_beside, topics},
};

#[test]
fn a_slip_that_was_signed_beforehand_stops_its_code_alone() {
    let bench = Bench::new();
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    for name in ["one", "two"] {
        bench
            .run(["twin", "set", "pump-7", "a=1", "--out", name])
            .ok();
    }
    let wrote = bench.run(["stop", "one", "--out", "one.stop"]).ok();
    let id = bench.statement("one").id();
    assert_eq!(wrote["code"], id.to_string());
    assert_eq!(wrote["missing"], Value::Null);
    let shown = bench.run(["inspect", "one.stop"]).ok();
    assert_eq!(
        (&shown["kind"], &shown["code"]),
        (&"stop slip".into(), &id.to_string().into())
    );

    assert_eq!(
        member.outcome(&bench, "one.stop"),
        Some(Outcome::Stopped {
            statement: id,
            used: false
        })
    );
    assert!(matches!(
        member.outcome(&bench, "one"),
        Some(Outcome::Refused { reason, .. }) if reason == Reason::Stopped.number()
    ));
    assert_eq!(
        member.outcome(&bench, "two"),
        Some(Outcome::Applied { twin_version: 1 })
    );
}

#[test]
fn what_is_no_code_or_of_another_issuer_is_not_stopped() {
    let bench = Bench::new();
    bench.make_key("ben.pem");
    bench.enrol(&Wish::new("pump-7"));
    bench
        .run(["stop", "root.latch", "--out", "s"])
        .refused(Reason::WrongKind);
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    bench
        .run(["stop", "code", "--key", "ben.pem"])
        .refused(Reason::UnknownKey);
    assert!(!bench.path("s").exists());
}

#[tokio::test]
async fn a_slip_is_retained_and_stops_a_code_that_was_used() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    member.outcome(&bench, "code").expect("an answer");
    let mut online = Online::new(&broker, member).await;
    let stop = ["stop", "code", "--wait", "pump-7"];
    let found = run_beside(&bench, &stop, online.serve()).await.ok();
    let id = bench.statement("code").id();
    assert_eq!(
        found["receipt"]["outcome"],
        json!({"kind": "stopped", "code": id.to_string(), "used": true})
    );
    let topic = topics().revoked(RevokedId::Statement(id));
    assert_eq!(found["topic"], topic.as_str());
    let mut late = Line::listening(&broker, "late", vec![topic]).await;
    assert!(late.message().await.retain);
}

#[tokio::test]
async fn a_slip_from_a_file_needs_no_key_to_be_published() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    bench.enrol(&Wish::new("pump-7"));
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    bench.run(["stop", "code", "--out", "slip"]).ok();
    std::fs::remove_dir_all(bench.path("keys")).unwrap();
    let sent = run_beside(&bench, &["publish", "slip"], std::future::ready(())).await;
    let topic = topics().revoked(RevokedId::Statement(bench.statement("code").id()));
    assert_eq!(sent.ok()["topic"], topic.as_str());
    let mut late = Line::listening(&broker, "late", vec![topic]).await;
    assert_eq!(late.message().await.payload, bench.read("slip"));
}
