//! The built program on a real Mosquitto: from a published code to the hook's effect and the
//! signed receipt, over kills and restarts.

#[path = "../mqtt/tests/broker/mod.rs"]
mod broker;
mod daemon;
mod tenant;

use std::fs;

use broker::Broker;
use daemon::{Home, Operator, appears, device, now_ms};
use latch_mqtt::{PageServer, Publication, Want};
use latch_verify::{Reason, statement::Outcome};
use serde_json::{Value, json};
use tenant::Tenant;

#[tokio::test(flavor = "multi_thread")]
async fn a_code_takes_effect_and_survives_a_kill() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let home = Home::new(&tenant, &broker.url(), "[hooks]\ntwin = [\"twin\"]\n");
    home.script("twin", "cat >> heard; echo >> heard; echo carried out");
    let mut operator = Operator::new(&broker.url(), &home).await;
    let mut agent = home.start();
    let state = operator.state().await;
    assert_eq!(state.status.twin_version, 0);

    let code = tenant.set(daemon::DEVICE, now_ms(), &json!({"pump": {"on": true}}));
    operator.send(&code.bytes).await;
    agent
        .says("hook says hook=\"twin\" stream=\"stdout\" line=\"carried out\"")
        .await;
    let receipt = operator.receipt().await;
    assert_eq!(receipt.receipt().statement, code.id);
    assert_eq!(
        receipt.receipt().outcome,
        Outcome::Applied { twin_version: 1 }
    );
    let heard: Value =
        serde_json::from_str(&fs::read_to_string(home.path("heard")).unwrap()).unwrap();
    let twin = json!({"pump": {"on": true}});
    let told = json!({
        "kind": "twin", "device": "pump-7", "statement": code.id.to_string(),
        "version": 1, "patch": twin, "twin": twin,
    });
    assert_eq!(heard, told);

    agent.kill();
    let agent = home.start();
    // Told again on every start, since the last run may have died before it left.
    let again = operator.receipt().await;
    assert_eq!(again.statement(), receipt.statement());
    // A replay gets the same receipt, and does nothing.
    operator.send(&code.bytes).await;
    assert_eq!(operator.receipt().await.statement(), receipt.statement());
    let next = tenant.set(
        daemon::DEVICE,
        now_ms(),
        &json!({"pump": {"on": null}, "a": 1}),
    );
    operator.send(&next.bytes).await;
    assert_eq!(
        operator.receipt().await.receipt().outcome,
        Outcome::Applied { twin_version: 2 }
    );
    let heard = fs::read_to_string(home.path("heard")).unwrap();
    assert_eq!(heard.lines().count(), 2);
    assert!(
        heard.contains(r#""patch":{"a":1,"pump":{"on":null}}"#),
        "{heard}"
    );
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_burn_and_effect_is_made_good() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let settings = "[hooks]\ntwin = [\"twin\"]\ncommand = [\"command\"]\n";
    let home = Home::new(&tenant, &broker.url(), settings);
    // The first call blocks, until its agent has been killed and the test ends it.
    let block = "mkdir $1 2>/dev/null && { echo > $1/begun; while [ ! -e $1/end ]; do sleep 0.01; done; exit; }; echo >> $1/done";
    home.script("block", block);
    home.script("twin", "exec ./block twin-calls");
    home.script("command", "exec ./block command-calls");
    let mut operator = Operator::new(&broker.url(), &home).await;

    let agent = home.start();
    operator.state().await;
    let twin = tenant.set(daemon::DEVICE, now_ms(), &json!({"a": 1}));
    operator.send(&twin.bytes).await;
    appears(&home.path("twin-calls/begun")).await;
    agent.kill();
    fs::write(home.path("twin-calls/end"), "").unwrap();

    let mut agent = home.start();
    agent.says("twin change resumed").await;
    let receipt = operator.receipt().await;
    assert_eq!(
        receipt.receipt().outcome,
        Outcome::Applied { twin_version: 1 }
    );
    assert!(home.path("twin-calls/done").exists());

    let challenge = receipt.receipt().status.challenge;
    let command = tenant.command(daemon::DEVICE, now_ms(), "restart", challenge);
    operator.send(&command.bytes).await;
    appears(&home.path("command-calls/begun")).await;
    agent.kill();
    fs::write(home.path("command-calls/end"), "").unwrap();

    let agent = home.start();
    // All receipts that the device keeps are told: the last one is new.
    while operator.receipt().await.receipt().statement != command.id {}
    operator.send(&command.bytes).await;
    assert_eq!(
        operator.receipt().await.receipt().outcome,
        Outcome::Interrupted
    );
    assert!(
        !home.path("command-calls/done").exists(),
        "a command was repeated"
    );
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_installed_over_a_kill_between_pages() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let settings =
        "clock = \"trusted\"\n[hooks]\nactivate = [\"activate\"]\nhealth = [\"health\"]\n";
    let home = Home::new(&tenant, &broker.url(), settings);
    home.script(
        "activate",
        "cat > told; cp \"$(sed 's/.*\"path\":\"\\([^\"]*\\)\".*/\\1/' told)\" running",
    );
    home.script("health", "exec cmp running expected");
    let image = tenant::image(20);
    fs::write(home.path("expected"), &image).unwrap();
    let release = tenant.release("1.1.0", &image);
    let server = PageServer::new(&release.bytes, image).unwrap();
    let mut operator = Operator::new(&broker.url(), &home).await;
    let mut agent = home.start();
    operator.state().await;

    let manifest = Publication::new(operator.topics.release(release.id), release.bytes.clone());
    operator
        .publisher
        .publish(manifest.retain(true))
        .await
        .unwrap();
    let code = tenant.install(daemon::DEVICE, now_ms(), release.id);
    operator.send(&code.bytes).await;
    assert_eq!(
        operator.receipt().await.receipt().outcome,
        Outcome::InstallStarted
    );
    let (want_topic, page_topic) = (
        operator.topics.device_want(&device()),
        operator.topics.device_page(&device()),
    );
    operator.message(&want_topic).await;
    for index in 0..6 {
        let page = server.page(index).unwrap();
        operator
            .publisher
            .publish(Publication::new(page_topic.clone(), page))
            .await
            .unwrap();
    }
    agent.says("page kept next=6 of=20").await;
    agent.kill();

    let mut agent = home.start();
    let mut first = None;
    while first != Some(4) {
        let want = Want::parse(&operator.message(&want_topic).await).unwrap();
        let Want::Pages { first: asked, .. } = want;
        first = Some(asked);
    }
    for index in 4..20 {
        let page = server.page(index).unwrap();
        operator
            .publisher
            .publish(Publication::new(page_topic.clone(), page))
            .await
            .unwrap();
    }
    agent.says("page kept next=20 of=20").await;
    agent.says("image confirmed version=1.1.0").await;
    while operator.receipt().await.receipt().outcome != Outcome::InstallConfirmed {}
    let told: Value =
        serde_json::from_str(&fs::read_to_string(home.path("told")).unwrap()).unwrap();
    assert_eq!(
        (&told["kind"], &told["reverting"]),
        (&json!("activate"), &json!(false))
    );
    assert_eq!(
        (&told["version"], &told["size"]),
        (&json!("1.1.0"), &json!(20 * tenant::PAGE))
    );
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_not_well_gives_way_to_the_one_before() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let settings =
        "clock = \"trusted\"\n[hooks]\nactivate = [\"activate\"]\nhealth = [\"health\"]\n";
    let home = Home::new(&tenant, &broker.url(), settings);
    home.script("activate", "cat > told");
    home.script("health", "grep -q 1.1.0 || exit 3");
    let mut operator = Operator::new(&broker.url(), &home).await;
    let mut agent = home.start();
    operator.state().await;

    let good = tenant::image(2);
    let outcome = install(&mut tenant, &mut operator, "1.1.0", &good).await;
    assert_eq!(outcome, Outcome::InstallConfirmed);
    let outcome = install(&mut tenant, &mut operator, "1.2.0", &tenant::image(3)).await;
    let reason = Reason::TrialFailed.number();
    assert_eq!(outcome, Outcome::InstallReverted { reason });
    agent.says("hook failed hook=\"health\" code=3").await;
    agent.says("image reverted").await;
    agent.says("hook ended hook=\"activate\"").await;
    let told: Value =
        serde_json::from_str(&fs::read_to_string(home.path("told")).unwrap()).unwrap();
    assert_eq!(
        (&told["reverting"], &told["version"]),
        (&json!(true), &json!("1.1.0"))
    );
    assert_eq!(fs::read(told["path"].as_str().unwrap()).unwrap(), good);
    assert!(agent.terminate().await.success());
}

/// Publishes a release and a code for it, and serves its pages on the shared topics to each want: the
/// first may come before the broker knows who listens. Returns what came of it.
async fn install(
    tenant: &mut Tenant,
    operator: &mut Operator,
    version: &str,
    image: &[u8],
) -> Outcome {
    let release = tenant.release(version, image);
    let server = PageServer::new(&release.bytes, image.to_vec()).unwrap();
    let manifest = Publication::new(operator.topics.release(release.id), release.bytes);
    operator
        .publisher
        .publish(manifest.retain(true))
        .await
        .unwrap();
    let code = tenant.install(daemon::DEVICE, now_ms(), release.id);
    operator.send(&code.bytes).await;
    assert_eq!(
        operator.receipt().await.receipt().outcome,
        Outcome::InstallStarted
    );
    let wants = operator.topics.device_want(&device());
    while operator.wants_or_answers(&wants).await {
        for index in 0..server.pages() {
            let topic = operator.topics.page(server.root(), index);
            let page = server.page(index).unwrap();
            let page = Publication::new(topic, page);
            operator.publisher.publish(page).await.unwrap();
        }
    }
    operator.last_receipt().receipt().outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn one_folder_has_one_agent() {
    let broker = Broker::open();
    let tenant = Tenant::new();
    let home = Home::new(&tenant, &broker.url(), "");
    let mut agent = home.start();
    agent.says("connected").await;
    let second = daemon::program()
        .arg("run")
        .arg("--config")
        .arg(home.path("agent.toml"))
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(daemon::words(&second).contains("another latch-agent uses this device"));
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn being_told_to_end_lets_a_hook_finish() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let home = Home::new(&tenant, &broker.url(), "[hooks]\ntwin = [\"twin\"]\n");
    home.script(
        "twin",
        "echo > begun; while [ ! -e end ]; do sleep 0.01; done",
    );
    let mut operator = Operator::new(&broker.url(), &home).await;
    let mut agent = home.start();
    operator.state().await;
    let [first, second] =
        [1, 2].map(|value| tenant.set(daemon::DEVICE, now_ms(), &json!({"a": value})));
    operator.send(&first.bytes).await;
    operator.send(&second.bytes).await;
    appears(&home.path("begun")).await;
    agent.says("code waits").await;
    agent.tell_to_end();
    agent.says("agent stops").await;
    fs::write(home.path("end"), "").unwrap();
    let (status, left) = agent.end().await;
    assert!(status.success());
    assert!(
        !left.iter().any(|line| line.contains("code burned")),
        "{left:?}"
    );
    let receipt = operator.receipt().await;
    assert_eq!(
        receipt.receipt().outcome,
        Outcome::Applied { twin_version: 1 }
    );
    // The one that waited was not burned: it counts when it is sent again.
    let _agent = home.start();
    operator.send(&second.bytes).await;
    while operator.receipt().await.receipt().outcome != (Outcome::Applied { twin_version: 2 }) {}
}
