//! `--wait`: receipts that are waited for, and believed only when the device has signed them

use latch_issue::{RoleKey, Statement};
use latch_mqtt::Publication;
use latch_verify::{
    Reason,
    statement::{Outcome, Receipt},
};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Wish},
    broker::Broker,
    fleet::Member,
    online::{Line, Online, run_beside, topics},
};

#[tokio::test]
async fn the_receipt_is_waited_for_and_checked() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    let mut online = Online::new(&broker, member).await;
    let run = run_beside(
        &bench,
        &["twin", "set", "pump-7", "a=1", "--wait"],
        online.serve(),
    )
    .await;
    let found = run.ok();
    assert_eq!(
        found["receipt"]["outcome"],
        json!({"kind": "applied", "twin_version": 1})
    );
    assert_eq!(found["receipt"]["statement"], found["statement"]);
    let behind = [
        "twin",
        "set",
        "pump-7",
        "a=1",
        "--expect-version",
        "7",
        "--wait",
    ];
    let refused = run_beside(&bench, &behind, online.serve()).await;
    let found = refused.refused(Reason::TwinVersion);
    assert_eq!(found["receipt"]["number"], 2);
    assert!(
        refused.stderr.contains("latch twin get"),
        "{}",
        refused.stderr
    );

    let state = run_beside(&bench, &["twin", "get", "pump-7"], std::future::ready(()))
        .await
        .ok();
    assert_eq!(state["twin_version"], 0, "the state that was left before");
    let challenged = ["command", "pump-7", "identify", "--wait"];
    let found = run_beside(&bench, &challenged, online.serve()).await.ok();
    assert_eq!(found["receipt"]["outcome"]["kind"], "performed");
}

#[tokio::test]
async fn silence_ends_the_wait() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    bench.enrol(&Wish::new("pump-7"));
    let waiting = ["twin", "set", "pump-7", "a=1", "--wait", "--timeout", "1s"];
    let silent = run_beside(&bench, &waiting, std::future::ready(())).await;
    silent.fails(4, "pump-7 did not answer in time");
    let found = silent.json();
    assert_eq!(
        (&found["error"]["kind"], &found["receipt"]),
        (&"timed-out".into(), &Value::Null)
    );
    assert_eq!(found["published"], true);
    let stateless = run_beside(&bench, &["twin", "get", "pump-7"], std::future::ready(())).await;
    stateless.fails(1, "the broker holds no state of `pump-7`");
}

/// A receipt by another hand, for the same code, that says it was applied.
fn forged(code: &[u8], receipt: Vec<u8>) -> Vec<u8> {
    let code = Statement::from_bytes(code.to_vec()).expect("a code");
    let said = Receipt {
        statement: code.id(),
        outcome: Outcome::Applied { twin_version: 99 },
        ..Statement::from_bytes(receipt)
            .expect("a receipt")
            .body()
            .expect("a receipt")
    };
    let stranger = RoleKey::from_seed(&[66; 32]).expect("a key");
    Statement::seal(&said, &[&stranger])
        .expect("sealed")
        .into_bytes()
}

#[tokio::test]
async fn what_others_say_in_the_devices_name_is_passed_over() {
    let broker = Broker::open();
    let bench = Bench::at(&broker.url());
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    let other = member
        .take(&bench.read("code"), latch_verify::device::Release::NotAsked)
        .expect("a receipt");

    let name = "pump-7".parse().expect("a device");
    let topics = topics();
    let mut line = Line::listening(&broker, "relay", vec![topics.device_code(&name)]).await;
    let answer = async {
        let code = line.message().await.payload;
        let genuine = member
            .take(&code, latch_verify::device::Release::NotAsked)
            .expect("a receipt");
        let altered = [
            &genuine[..genuine.len() - 1],
            &[genuine[genuine.len() - 1] ^ 1],
        ]
        .concat();
        // Junk, another code's receipt, a stranger's, an altered one; then the device's own.
        for receipt in [
            b"junk".to_vec(),
            other.clone(),
            forged(&code, other),
            altered,
            genuine,
        ] {
            line.publish(Publication::new(topics.device_receipt(&name), receipt))
                .await;
        }
    };
    let run = run_beside(&bench, &["twin", "set", "pump-7", "a=2", "--wait"], answer).await;
    assert_eq!(
        run.ok()["receipt"]["outcome"],
        json!({"kind": "applied", "twin_version": 2})
    );
    assert_eq!(
        run.stderr.matches("passed over").count(),
        3,
        "{}",
        run.stderr
    );
}
