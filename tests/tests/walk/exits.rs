//! Exit codes when something is asked for that cannot be.

use std::process::Command;

use latch_tests::program;

use crate::stage::{Broker, DeviceHost, Operator, Settings, TENANT};

#[test]
fn each_kind_of_failure_has_its_exit_code() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let host = DeviceHost::new(&operator, &broker.url(), "pump-7", &Settings::default());

    for wrong in [
        vec!["twin", "set", "pump-7"],
        vec!["twin", "set", "pump 7", "a=1"],
        vec!["twin", "set", "pump-7", "a=1", "--life", "soon"],
        vec!["install", "--release", "r", "--image", "i"],
        vec!["sesame"],
    ] {
        operator.run(wrong).wrong_usage();
    }
    operator.run(["twin", "set", "pump-7", "a"]).ends_with(2);
    operator.run(["twin", "set", "pump-9", "a=1"]).ends_with(1);
    operator.run(["publish", "missing.code"]).ends_with(1);
    operator.write("junk.code", b"junk");
    operator.run(["inspect", "junk.code"]).ends_with(3);
    operator.run(["init", "--tenant", TENANT]).ends_with(6);
    // It was never started.
    operator.run(["twin", "get", "pump-7"]).ends_with(1);
    operator
        .run(["twin", "set", "pump-7", "a=1", "--wait", "--timeout", "1s"])
        .ends_with(4);
    assert!(host.calls("twin").is_empty());
}

#[test]
fn the_agent_says_what_is_wrong_with_its_configuration() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("agent.toml");
    let run = || {
        let run = Command::new(program("latch-agent"))
            .arg("run")
            .arg("--config")
            .arg(&config)
            .output();
        let run = run.expect("latch-agent starts");
        (
            run.status.code(),
            String::from_utf8(run.stderr).expect("text"),
        )
    };
    let (code, words) = run();
    assert_eq!(code, Some(2), "{words}");
    assert!(
        words.contains("agent.toml") && words.contains("cannot be read"),
        "{words}"
    );

    std::fs::write(
        &config,
        "broker = \"mqtt://localhost\"\nstate-dir = \"state\"\nfirmware-version = \"1\"\n",
    )
    .expect("written");
    let (code, words) = run();
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("firmware-version"), "{words}");

    std::fs::write(
        &config,
        "broker = \"mqtt://localhost\"\nstate-dir = \"state\"\nfirmware-version = \"1.0.0\"\n",
    )
    .expect("written");
    let (code, words) = run();
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("latch-agent new"), "{words}");
}
