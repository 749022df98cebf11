//! The built program on a real Mosquitto, with boards behind sockets: codes and images go over, over
//! kills of the agent, resets of the board, and emulators that go away and come back.

#[path = "../mqtt/tests/broker/mod.rs"]
mod broker;
mod daemon;
mod tenant;

use std::path::PathBuf;

use broker::Broker;
use daemon::{DEVICE, Home, Operator, device, now_ms};
use latch_board::{Board, Clock, OnSocket};
use latch_mqtt::{PageServer, Publication, Want};
use latch_verify::statement::Outcome;
use serde_json::json;
use tenant::Tenant;

const SEED: [u8; 32] = [41; 32];
const TABLE: &str =
    "[[device]]\nlink = \"unix:board.sock\"\nname = \"pump-7\"\nbundle = \"pump-7.bundle\"\n";

/// A board that is nobody's yet.
fn board() -> Board {
    Board::new(SEED, Clock::trusted(now_ms()))
}

fn socket(home: &Home) -> PathBuf {
    home.path("board.sock")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_over_and_survives_kills_on_all_sides() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let home = Home::linked(&tenant, &broker.url(), TABLE, &SEED);
    let mut operator = Operator::new(&broker.url(), &home).await;
    let mut agent = home.start();
    // There is no emulator yet.
    agent.says("link cannot be used").await;
    let pier = OnSocket::new(&socket(&home), board()).unwrap();
    agent.says("device served").await;
    assert_eq!(operator.state().await.status.twin_version, 0);

    let set = |tenant: &mut Tenant, value| tenant.set(DEVICE, now_ms(), &json!({"a": value}));
    let first = set(&mut tenant, 1);
    operator.send(&first.bytes).await;
    let receipt = operator.receipt().await;
    assert_eq!(receipt.receipt().statement, first.id);
    let applied = |twin_version| Outcome::Applied { twin_version };
    assert_eq!(receipt.receipt().outcome, applied(1));

    // The board is reset: its state is told anew, and it goes on.
    pier.reset();
    while operator.state().await.status.boot < 2 {}
    // The emulator is killed, a code comes for it, and it is started again.
    let board = pier.end();
    agent.says("link lost").await;
    let second = set(&mut tenant, 2);
    operator.send(&second.bytes).await;
    let pier = OnSocket::new(&socket(&home), board).unwrap();
    let mut told = operator.receipt().await;
    while told.receipt().statement != second.id {
        told = operator.receipt().await;
    }
    assert_eq!(told.receipt().outcome, applied(2));

    // The agent is killed, a code comes, and it is started again: the broker has kept it.
    agent.kill();
    let third = set(&mut tenant, 3);
    operator.send(&third.bytes).await;
    let agent = home.start();
    while told.receipt().statement != third.id {
        told = operator.receipt().await;
    }
    assert_eq!(told.receipt().outcome, applied(3));
    assert!(agent.terminate().await.success());
    assert_eq!(pier.end().acts(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_goes_over_and_is_confirmed() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let home = Home::linked(&tenant, &broker.url(), TABLE, &SEED);
    let _pier = OnSocket::new(&socket(&home), board()).unwrap();
    let mut operator = Operator::new(&broker.url(), &home).await;
    let agent = home.start();
    operator.state().await;

    let image = tenant::image(20);
    let release = tenant.release("1.1.0", &image);
    let server = PageServer::new(&release.bytes, image).unwrap();
    let topic = operator.topics.release(release.id);
    let retained = Publication::new(topic, release.bytes.as_slice()).retain(true);
    operator.publisher.publish(retained).await.unwrap();
    let code = tenant.install(DEVICE, now_ms(), release.id);
    operator.send(&code.bytes).await;
    assert_eq!(
        operator.receipt().await.receipt().outcome,
        Outcome::InstallStarted
    );
    let (wants, pages) = (
        operator.topics.device_want(&device()),
        operator.topics.device_page(&device()),
    );
    let mut next = 0;
    while next < 20 {
        let want = Want::parse(&operator.message(&wants).await).unwrap();
        for index in server.asked(&want) {
            let page = Publication::new(pages.as_str(), server.page(index).unwrap());
            operator.publisher.publish(page).await.unwrap();
            next = index + 1;
        }
    }
    let mut told = operator.receipt().await;
    while told.receipt().outcome == Outcome::InstallStarted {
        told = operator.receipt().await;
    }
    assert_eq!(told.receipt().outcome, Outcome::InstallConfirmed);
    assert_eq!(told.receipt().status.firmware.manifest, release.id);
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_and_one_that_should_be_another() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let tables = TABLE.to_owned()
        + "[[device]]\nlink = \"unix:second.sock\"\n[[device]]\nlink = \"unix:third.sock\"\nname = \"pump-3\"\n";
    let home = Home::linked(&tenant, &broker.url(), &tables, &SEED);
    let _first = OnSocket::new(&socket(&home), board()).unwrap();
    let other = |name: &str, seed: u8| {
        let enrolment = tenant.enrol(name, &[seed; 32]);
        let clock = Clock::trusted(now_ms());
        Board::provisioned([seed; 32], clock, tenant.root(), &enrolment)
    };
    let _second = OnSocket::new(&home.path("second.sock"), other("pump-8", 42)).unwrap();
    let _third = OnSocket::new(&home.path("third.sock"), other("pump-9", 43)).unwrap();
    let mut operator = Operator::new(&broker.url(), &home).await;
    let mut agent = home.start();
    agent
        .says_each(&[
            "expected=pump-3 found=pump-9",
            "device served device=pump-7",
            "device served device=pump-8",
        ])
        .await;
    operator.state().await;
    let code = tenant.set(DEVICE, now_ms(), &json!({"a": 1}));
    operator.send(&code.bytes).await;
    assert_eq!(operator.receipt().await.receipt().statement, code.id);
    assert!(agent.terminate().await.success());
}
