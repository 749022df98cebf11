//! Latches of the built program on a real Mosquitto: the hook that opens and shuts, a posture
//! probe, and a device that has no such hook.

#[path = "../mqtt/tests/broker/mod.rs"]
mod broker;
mod daemon;
mod tenant;

use std::fs;

use broker::Broker;
use daemon::{Agent, Home, Operator, now_ms};
use latch_verify::statement::{CloseCause, Outcome};
use serde_json::{Value, json};
use tenant::{Tenant, door, valve};

const SETTINGS: &str = "clock = \"trusted\"\n[hooks]\nlatch = [\"latch\"]\n";

/// What the hook of a home was told.
fn told(home: &Home) -> Vec<Value> {
    let heard = fs::read_to_string(home.path("heard")).unwrap();
    heard
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn begin(home: &Home, broker: &Broker) -> (Operator, Agent) {
    home.script("latch", "cat >> heard; echo >> heard");
    let mut operator = Operator::new(&broker.url(), home).await;
    let agent = home.start();
    operator.state().await;
    (operator, agent)
}

fn everything_at_a_start() -> Value {
    json!({
        "kind": "latch", "device": "pump-7", "statement": null, "latch": null,
        "event": "close", "seconds": null, "cause": "reboot",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_latch_is_opened_and_closes_at_its_time_and_at_the_end() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let home = Home::new(&tenant, &broker.url(), SETTINGS);
    let (mut operator, mut agent) = begin(&home, &broker).await;
    agent.says("hook ended hook=\"latch\"").await;
    let code = tenant.open(daemon::DEVICE, now_ms(), door(), 1);
    operator.send(&code.bytes).await;
    let opened = operator.receipt().await;
    assert_eq!(opened.receipt().outcome, Outcome::Opened { seconds: 1 });
    let closed = operator.receipt().await;
    let (latch, cause) = (door(), CloseCause::Time);
    assert_eq!(closed.receipt().outcome, Outcome::Closed { latch, cause });
    assert_eq!(closed.receipt().statement, code.id);
    agent.says("latch closed latch=4 cause=\"time\"").await;
    agent.says("hook ended hook=\"latch\"").await;
    let of = |event: &str, seconds: Option<u32>, cause: Option<&str>| {
        json!({
            "kind": "latch", "device": "pump-7", "statement": code.id.to_string(), "latch": 4,
            "event": event, "seconds": seconds, "cause": cause,
        })
    };
    let expected = [
        everything_at_a_start(),
        of("open", Some(1), None),
        of("close", None, Some("time")),
    ];
    assert_eq!(told(&home), expected);

    let code = tenant.open(daemon::DEVICE, now_ms(), door(), 600);
    operator.send(&code.bytes).await;
    operator.receipt().await;
    assert!(agent.terminate().await.success());
    let heard = told(&home);
    assert_eq!(heard.len(), 5);
    assert_eq!(heard.last(), Some(&everything_at_a_start()));
    let agent = home.start();
    while operator.receipt().await.receipt().outcome
        != (Outcome::Closed {
            latch,
            cause: CloseCause::Reboot,
        })
    {}
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_that_no_longer_holds_closes_a_latch() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let probe = "[posture.idle]\nbit = 0\ncommand = [\"idle\"]\nevery-s = 2\nmax-age-s = 60\n";
    let home = Home::new(&tenant, &broker.url(), &format!("{SETTINGS}{probe}"));
    home.script("idle", "[ ! -e busy ]");
    let (mut operator, mut agent) = begin(&home, &broker).await;
    agent
        .says_each(&[
            "hook ended hook=\"latch\"",
            "posture fact=\"idle\" bit=0 value=\"true\"",
        ])
        .await;
    let code = tenant.open(daemon::DEVICE, now_ms(), valve(), 600);
    operator.send(&code.bytes).await;
    let opened = operator.receipt().await;
    assert_eq!(opened.receipt().outcome, Outcome::Opened { seconds: 600 });
    assert_eq!(opened.receipt().status.posture.value, 1);
    fs::write(home.path("busy"), "").unwrap();
    agent
        .says("posture fact=\"idle\" bit=0 value=\"false\"")
        .await;
    let (latch, cause) = (valve(), CloseCause::Posture);
    assert_eq!(
        operator.receipt().await.receipt().outcome,
        Outcome::Closed { latch, cause }
    );
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_hook_no_latch_opens() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let home = Home::new(&tenant, &broker.url(), "clock = \"trusted\"\n");
    let mut operator = Operator::new(&broker.url(), &home).await;
    let mut agent = home.start();
    operator.state().await;
    let code = tenant.open(daemon::DEVICE, now_ms(), door(), 600);
    operator.send(&code.bytes).await;
    agent
        .says("no program is configured for this hook: add it to [hooks] in the configuration")
        .await;
    let receipt = operator.receipt().await;
    assert_eq!(
        receipt.receipt().outcome,
        Outcome::ActuatorFailed { code: 127 }
    );
    assert_eq!(receipt.receipt().status.open, 0);
    assert!(agent.terminate().await.success());
}
