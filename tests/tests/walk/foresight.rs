//! Codes that are not for the device that gets them, or not what was signed: foreseen by `latch check`, and found by devices.

use std::fs;

use serde_json::json;

use crate::stage::{Broker, DeviceHost, Listener, Operator, Settings, topic};

#[test]
fn what_check_foresees_is_what_devices_do() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let [mut seven, mut eight] = ["pump-7", "pump-8"]
        .map(|name| DeviceHost::new(&operator, &broker.url(), name, &Settings::default()));
    seven.start();
    eight.start();
    let code = operator.sign(["twin", "set", "pump-7", "pump/limit=5"], "limit.code");
    let foreseen = operator
        .run(["check", "limit.code", "--device", "pump-7"])
        .ok();
    assert_eq!(foreseen["accepted"], true);
    operator
        .run(["check", "limit.code", "--device", "pump-8"])
        .refused("OtherDevice");
    let mut bytes = fs::read(&code.file).expect("the code is there");
    let last = bytes.last_mut().expect("a code has bytes");
    *last ^= 1;
    let altered = operator.write("altered.code", &bytes);
    operator
        .run(["check", "altered.code", "--device", "pump-7"])
        .refused("BadSignature");

    // A relay sends them all the same. What is not for the device, or nobody's word, is not answered.
    let answers = Listener::new(&broker, "pump-8", "receipt");
    broker.publish_file(&topic("pump-8", "code"), &code.file);
    eight.says(&["message ignored", "name=\"OtherDevice\""]);
    broker.publish_file(&topic("pump-7", "code"), &altered);
    seven.says(&["message ignored", "name=\"BadSignature\""]);
    let applied = operator.run(["publish", "limit.code", "--wait"]).ok();
    assert_eq!(
        applied["receipt"]["outcome"],
        json!({"kind": "applied", "twin_version": 1})
    );
    assert_eq!(applied["receipt"]["status"]["not_answered"]["count"], 1);
    let own = operator
        .run(["twin", "set", "pump-8", "limit=1", "--wait"])
        .ok();
    assert_eq!(own["receipt"]["status"]["not_answered"]["count"], 1);
    assert_eq!(own["receipt"]["number"], 1);
    answers.first();
    assert_eq!(
        answers.messages().len(),
        1,
        "a code for another device was answered"
    );
    assert_eq!(
        (seven.calls("twin").len(), eight.calls("twin").len()),
        (1, 1)
    );
    assert_eq!(eight.calls("twin")[0]["twin"], json!({"limit": 1}));
}

#[test]
fn a_code_for_another_twin_version_is_foreseen_and_refused() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), "pump-7", &Settings::default());
    host.start();
    let set = ["twin", "set", "pump-7", "limit=1", "--expect-version", "0"];
    operator.sign(set, "first.code");
    operator.sign(set, "second.code");
    operator
        .run(["check", "second.code", "--device", "pump-7"])
        .ok();
    operator.run(["publish", "first.code", "--wait"]).ok();
    operator.sees_twin("pump-7", 1, &json!({"limit": 1}));
    operator
        .run(["check", "second.code", "--device", "pump-7"])
        .refused("TwinVersion");
    let refused = operator
        .run(["publish", "second.code", "--wait"])
        .refused("TwinVersion");
    assert_eq!(refused["receipt"]["outcome"]["kind"], "refused");
    assert_eq!(host.calls("twin").len(), 1);
}
