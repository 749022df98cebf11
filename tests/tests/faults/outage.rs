//! The broker goes, or the device does, while something is published.

use serde_json::json;

use crate::stage::{Broker, DeviceHost, Listener, Operator, Release, Settings};

const DEVICE: &str = "pump-7";

#[test]
fn after_a_brokers_crash_the_agent_listens_again() {
    let mut broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    host.start();
    operator
        .run(["twin", "set", DEVICE, "limit=1", "--wait"])
        .ok();
    broker.kill();
    host.says(&["not connected"]);
    let unsent = operator
        .run(["twin", "set", DEVICE, "limit=2", "--wait"])
        .ends_with(1);
    assert!(
        unsent["error"]["hints"][0]
            .as_str()
            .is_some_and(|hint| hint.contains("broker")),
        "{unsent:#}"
    );
    broker.start();
    host.listens_again();
    let applied = operator
        .run(["twin", "set", DEVICE, "limit=3", "--wait"])
        .ok();
    assert_eq!(
        applied["receipt"]["outcome"],
        json!({"kind": "applied", "twin_version": 2})
    );

    broker.kill();
    host.says(&["not connected"]);
    broker.start_empty();
    host.listens_again();
    let applied = operator
        .run(["twin", "set", DEVICE, "limit=4", "--wait"])
        .ok();
    assert_eq!(
        applied["receipt"]["outcome"],
        json!({"kind": "applied", "twin_version": 3})
    );
    assert_eq!(host.calls("twin").len(), 3);
    // The state that the broker has lost is there again.
    operator.sees_twin(DEVICE, 3, &json!({"limit": 4}));
}

#[test]
fn a_code_for_one_device_waits_for_it_in_its_session() {
    let mut broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    host.start();
    host.kill();
    let codes = Listener::new(&broker, DEVICE, "code");
    let waiting = operator.begin([
        "twin",
        "set",
        DEVICE,
        "limit=1",
        "--wait",
        "--timeout",
        "1m",
    ]);
    codes.first();
    host.start_unheard();
    let applied = waiting.end().ok();
    assert_eq!(
        applied["receipt"]["outcome"],
        json!({"kind": "applied", "twin_version": 1})
    );

    // The same over a crash of the broker.
    host.kill();
    operator.run(["twin", "set", DEVICE, "limit=2"]).ok();
    broker.kill();
    broker.start();
    host.start_unheard();
    host.says(&["code answered", "outcome=\"applied\"", "repeated=false"]);
    operator.sees_twin(DEVICE, 2, &json!({"limit": 2}));
}

#[test]
fn a_release_for_all_reaches_a_device_that_comes_later() {
    let mut broker = Broker::new();
    let operator = Operator::new(&broker);
    let settings = Settings {
        clock_trusted: true,
        ..Settings::default()
    };
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &settings);
    let release = Release::build(&operator, "1.1.0", 5);
    let install = ["install", "--all"].into_iter().chain(release.arguments());
    operator.run(install).ok();
    // Nobody was ever connected but operators: what is retained is all there is.
    broker.kill();
    broker.start();
    let serving = operator.begin(
        ["serve"]
            .into_iter()
            .chain(release.arguments())
            .chain(["--idle", "1m"]),
    );
    host.start_unheard();
    host.says(&["image confirmed", "version=1.1.0"]);
    drop(serving);
    assert_eq!(
        host.activated(),
        [("1.1.0".to_owned(), Some(release.image.clone()))]
    );

    // The code stays with the broker, and is not obeyed a second time.
    host.kill();
    host.start_unheard();
    host.says(&[
        "code answered",
        "outcome=\"install-confirmed\"",
        "repeated=true",
    ]);
    assert_eq!(host.calls("activate").len(), 1);
}
