//! The built program on a real Mosquitto, with boards behind sockets: codes and images go over, over
//! kills of the agent, resets of the board, and emulators that go away and come back.

#[path = "../mqtt/tests/broker/mod.rs"]
mod broker;
mod daemon;
mod tenant;

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::UnixListener,
    path::PathBuf,
    sync::atomic::Ordering,
    thread,
};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_taken_when_it_comes_and_refused_when_it_is_none() {
    let broker = Broker::open();
    let tenant = Tenant::new();
    let home = Home::linked(&tenant, &broker.url(), TABLE, &SEED);
    let bundle = home.path("pump-7.bundle");
    let right = fs::read(&bundle).unwrap();
    fs::remove_file(&bundle).unwrap();
    let _pier = OnSocket::new(&socket(&home), board()).unwrap();
    let mut agent = home.start();
    agent.says("there is no bundle yet").await;
    agent.says("device is nobody's yet").await;
    fs::write(&bundle, b"junk").unwrap();
    let line = agent.says("bundle not taken").await;
    for words in [
        "pump-7.bundle",
        "this is no provisioning bundle",
        "latch device enroll",
    ] {
        assert!(line.contains(words), "{line}");
    }
    fs::write(&bundle, tenant.bundle_for("pump-8", &SEED)).unwrap();
    let line = agent.says("bundle not taken").await;
    assert!(
        line.contains("enrols pump-8") && line.contains("names pump-7"),
        "{line}"
    );
    // Of this name, and made from another device's request.
    fs::write(&bundle, tenant.bundle_for(DEVICE, &[99; 32])).unwrap();
    agent.says("device was not provisioned").await;
    fs::write(&bundle, right).unwrap();
    agent.says("device served").await;
    assert!(agent.terminate().await.success());
}

/// A bundle is needed once, and its file may be anything years later: no other device waits for it to be mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_bundle_at_the_start_keeps_no_other_device_waiting() {
    let broker = Broker::open();
    let tenant = Tenant::new();
    let tables = TABLE.to_owned() + "[[device]]\nlink = \"unix:second.sock\"\n";
    let home = Home::linked(&tenant, &broker.url(), &tables, &SEED);
    let bundle = home.path("pump-7.bundle");
    let right = fs::read(&bundle).unwrap();
    fs::write(&bundle, tenant.bundle_for("pump-8", &SEED)).unwrap();
    let _first = OnSocket::new(&socket(&home), board()).unwrap();
    let enrolment = tenant.enrol("pump-9", &[42; 32]);
    let clock = Clock::trusted(now_ms());
    let other = Board::provisioned([42; 32], clock, tenant.root(), &enrolment);
    let _second = OnSocket::new(&home.path("second.sock"), other).unwrap();
    let mut agent = home.start();
    agent
        .says_each(&["enrols pump-8", "device served device=pump-9"])
        .await;
    fs::write(&bundle, right).unwrap();
    agent.says("device served device=pump-7").await;
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_never_answers_keeps_nobody_waiting() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let tables = format!("[[device]]\nlink = \"unix:mute.sock\"\n{TABLE}");
    let home = Home::linked(&tenant, &broker.url(), &tables, &SEED);
    let mute = Board::new([77; 32], Clock::trusted(now_ms()));
    mute.mute().store(true, Ordering::Relaxed);
    let _mute = OnSocket::new(&home.path("mute.sock"), mute).unwrap();
    let _pier = OnSocket::new(&socket(&home), board()).unwrap();
    let mut operator = Operator::new(&broker.url(), &home).await;
    let agent = home.start();
    operator.state().await;
    let code = tenant.set(DEVICE, now_ms(), &json!({"a": 1}));
    operator.send(&code.bytes).await;
    assert_eq!(operator.receipt().await.receipt().statement, code.id);
    // And it ends within its time all the same.
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_on_which_nobody_or_somebody_else_speaks_is_told() {
    let broker = Broker::open();
    let tenant = Tenant::new();
    let tables =
        "[[device]]\nlink = \"unix:still.sock\"\n[[device]]\nlink = \"unix:garbage.sock\"\n";
    let home = Home::linked(&tenant, &broker.url(), tables, &SEED);
    let _still = UnixListener::bind(home.path("still.sock")).unwrap();
    let garbage = UnixListener::bind(home.path("garbage.sock")).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = garbage.accept().unwrap();
        // A console at another speed: it answers, and none of it means anything.
        let mut bytes = [0; 64];
        while stream.read(&mut bytes).is_ok_and(|len| len > 0) {
            if stream.write_all(b"\xfelogin: \0\0\xf0\x80").is_err() {
                return;
            }
        }
    });
    let mut agent = home.start();
    agent
        .says_each(&["nothing comes from there", "no hello among them"])
        .await;
    assert!(agent.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_on_two_lines_is_served_on_one() {
    let broker = Broker::open();
    let mut tenant = Tenant::new();
    let tables =
        "[[device]]\nlink = \"unix:board.sock\"\n[[device]]\nlink = \"unix:second.sock\"\n";
    let home = Home::linked(&tenant, &broker.url(), tables, &SEED);
    let twin = || {
        let enrolment = tenant.enrol(DEVICE, &SEED);
        Board::provisioned(SEED, Clock::trusted(now_ms()), tenant.root(), &enrolment)
    };
    let (first, second) = (twin(), twin());
    let pier = OnSocket::new(&socket(&home), first).unwrap();
    let mut operator = Operator::new(&broker.url(), &home).await;
    let mut agent = home.start();
    agent.says("device served").await;
    operator.state().await;
    let clone = OnSocket::new(&home.path("second.sock"), second).unwrap();
    let line = agent.says("is served on another link").await;
    assert!(line.contains("board.sock"), "{line}");
    // The cable is moved to the other port.
    drop(clone);
    agent.says("link lost").await;
    let board = pier.end();
    agent.says("link lost").await;
    let pier = OnSocket::new(&home.path("second.sock"), board).unwrap();
    agent.says("device served").await;
    let code = tenant.set(DEVICE, now_ms(), &json!({"a": 1}));
    operator.send(&code.bytes).await;
    assert_eq!(operator.receipt().await.receipt().statement, code.id);
    assert!(agent.terminate().await.success());
    drop(pier);
}
