//! One code arrives many times.

use std::process::Command;

use latch_verify::statement::Outcome;

use crate::stage::{Broker, Code, DeviceHost, Hooks, Listener, Operator, Process, Settings, topic};

const DEVICE: &str = "pump-7";
/// How often each of two clients publishes the code.
const TIMES: usize = 5;

#[test]
fn a_code_that_comes_twice_has_one_effect() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    let key = operator.key_of(DEVICE);
    host.start();
    let receipts = Listener::new(&broker, DEVICE, "receipt");
    let code = operator.sign(["twin", "set", DEVICE, "limit=1"], "limit.code");
    for times in 1..=2 {
        broker.publish_file(&topic(DEVICE, "code"), &code.file);
        let told = receipts.told(code.id, times, &key);
        assert_eq!(
            told[0].receipt.outcome,
            Outcome::Applied { twin_version: 1 }
        );
        assert_eq!(told[times - 1].bytes, told[0].bytes);
    }
    assert_eq!(host.calls("twin").len(), 1);
}

#[test]
fn a_code_that_two_clients_send_ten_times_has_one_effect() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    let key = operator.key_of(DEVICE);
    host.start();
    let receipts = Listener::new(&broker, DEVICE, "receipt");
    let changes = [
        ("command", vec!["command", DEVICE, "identify"]),
        ("twin", vec!["twin", "set", DEVICE, "limit=1"]),
    ];
    for (hook, change) in changes {
        let code = operator.sign(change, &format!("{hook}.code"));
        send_from_two_clients(&broker, &code);
        // The broker hands on in order: this one comes after all of the others, and so does its receipt.
        let last = operator.sign(["twin", "set", DEVICE, "end=true"], &format!("{hook}.last"));
        broker.publish_file(&topic(DEVICE, "code"), &last.file);
        receipts.told(last.id, 1, &key);
        let told = receipts.told(code.id, 1, &key);
        let done = matches!(
            told[0].receipt.outcome,
            Outcome::Performed | Outcome::Applied { twin_version: 2 }
        );
        assert!(done, "{:?}", told[0].receipt.outcome);
        assert!(told.len() <= 2 * TIMES, "more receipts than codes");
        assert!(
            told.iter().all(|one| one.bytes == told[0].bytes),
            "two receipts for one code"
        );
        let calls = host.calls(hook);
        let by_this = calls
            .iter()
            .filter(|call| call["statement"] == code.id.to_string());
        assert_eq!(by_this.count(), 1, "{calls:?}");
    }
}

#[test]
fn a_code_that_comes_again_while_its_hook_runs_has_one_effect() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    let key = operator.key_of(DEVICE);
    host.hook("twin", &Hooks::Held);
    host.start();
    let receipts = Listener::new(&broker, DEVICE, "receipt");
    let code = operator.sign(["twin", "set", DEVICE, "limit=1"], "limit.code");
    broker.publish_file(&topic(DEVICE, "code"), &code.file);
    host.held();
    send_from_two_clients(&broker, &code);
    host.says(&["code waits"]);
    host.release_held_hook("twin");
    // One for the hook's end, one for all that came meanwhile.
    let told = receipts.told(code.id, 2, &key);
    assert!(
        told.iter().all(|one| one.bytes == told[0].bytes),
        "two receipts for one code"
    );
    operator
        .run(["twin", "set", DEVICE, "end=true", "--wait"])
        .ok();
    let calls = host.calls("twin");
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert_eq!(calls[1]["version"], 2);
}

/// Publishes a code from two clients at the same time.
fn send_from_two_clients(broker: &Broker, code: &Code) {
    let client = || -> Command {
        let mut client = broker.client("mosquitto_pub");
        client
            .args([
                "-q",
                "1",
                "--repeat",
                &TIMES.to_string(),
                "-t",
                &topic(DEVICE, "code"),
                "-f",
            ])
            .arg(&code.file);
        client
    };
    let clients = [client(), client()].map(|mut client| Process::start(&mut client));
    for mut client in clients {
        assert!(client.end().success(), "mosquitto_pub failed");
    }
}
