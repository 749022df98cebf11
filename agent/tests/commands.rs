//! The program's commands without a broker: what they make, and what they say when it cannot
//! be done.

mod daemon;
mod tenant;

use std::{fs, os::unix::fs::PermissionsExt as _, process::Output};

use daemon::{Home, program, words};
use tenant::Tenant;

const NOWHERE: &str = "mqtt://127.0.0.1:1";

fn home(settings: &str) -> Home {
    Home::new(&Tenant::new(), NOWHERE, settings)
}

fn provision(home: &Home, bundle: &str) -> Output {
    let config = home.path("agent.toml");
    program()
        .arg("provision")
        .arg(home.path(bundle))
        .arg("--config")
        .arg(config)
        .output()
        .unwrap()
}

fn run(home: &Home) -> Output {
    program()
        .arg("run")
        .arg("--config")
        .arg(home.path("agent.toml"))
        .output()
        .unwrap()
}

fn new(home: &Home) -> Output {
    let names = [
        "--tenant",
        "acme",
        "--product",
        "pump",
        "--device",
        "pump-7",
        "--dir",
    ];
    program()
        .arg("new")
        .args(names)
        .arg(home.path("state"))
        .output()
        .unwrap()
}

#[track_caller]
fn fails(output: &Output, code: i32, says: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", words(output));
    assert!(words(output).contains(says), "{}", words(output));
}

#[test]
fn a_request_can_be_made_again_until_the_device_is_provisioned() {
    let home = home("");
    let request = || fs::read(home.path("state/request.latch")).unwrap();
    let first = request();
    assert!(new(&home).status.success());
    assert_eq!(request(), first, "another key was made");
    // A bundle that is not taken leaves the device new.
    fs::write(home.path("wrong"), b"junk").unwrap();
    assert!(!provision(&home, "wrong").status.success());
    let other = fs::read(self::home("").path("pump-7.bundle")).unwrap();
    fs::write(home.path("wrong"), other).unwrap();
    assert!(!provision(&home, "wrong").status.success());
    assert!(new(&home).status.success());
    assert!(provision(&home, "pump-7.bundle").status.success());
    fails(
        &new(&home),
        1,
        "a device that was provisioned lives in this folder",
    );
}

#[test]
fn the_key_is_for_its_owner_alone() {
    let home = home("");
    let seed = home.path("state/device.seed");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(seed.clone()), mode(home.path("state"))),
        (0o600, 0o700)
    );
    fs::set_permissions(&seed, fs::Permissions::from_mode(0o644)).unwrap();
    fails(&provision(&home, "pump-7.bundle"), 1, "run chmod 600 on it");
}

#[test]
fn a_device_is_provisioned_once_and_with_its_own_bundle() {
    let device = home("");
    let bundle = fs::read(device.path("pump-7.bundle")).unwrap();
    let mut altered = bundle.clone();
    *altered.last_mut().unwrap() ^= 1;
    let other = fs::read(home("").path("pump-7.bundle")).unwrap();
    for (bytes, says) in [
        (b"junk".to_vec(), "this is no provisioning bundle"),
        (vec![0; 100_000], "this is no provisioning bundle"),
        (altered, "a signature does not fit"),
        (other, "the device's key could not sign"),
    ] {
        fs::write(device.path("wrong"), bytes).unwrap();
        fails(&provision(&device, "wrong"), 1, says);
    }
    fails(&provision(&device, "missing"), 1, "cannot be read");
    assert!(provision(&device, "pump-7.bundle").status.success());
    fails(
        &provision(&device, "pump-7.bundle"),
        1,
        "the device is provisioned already",
    );
}

#[test]
fn without_a_bundle_or_a_device_it_says_what_to_do() {
    let home = home("");
    let config = home.path("agent.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("bundle = \"pump-7.bundle\"\n", "")).unwrap();
    fails(&run(&home), 1, "run `latch-agent provision BUNDLE");
    fs::remove_dir_all(home.path("state")).unwrap();
    fails(
        &run(&home),
        1,
        "make the device first, with `latch-agent new",
    );
}

#[test]
fn a_damaged_journal_keeps_the_device_shut() {
    let home = home("");
    assert!(provision(&home, "pump-7.bundle").status.success());
    let journal = home.path("state/journal.flash");
    let mut bytes = fs::read(&journal).unwrap();
    bytes
        .iter_mut()
        .skip(64)
        .take(64)
        .for_each(|byte| *byte ^= 0x55);
    fs::write(&journal, &bytes).unwrap();
    fails(&run(&home), 1, "stays shut");
    assert_eq!(fs::read(&journal).unwrap(), bytes, "it was written to");
}

#[test]
fn another_slot_size_is_refused() {
    let home = home("");
    assert!(provision(&home, "pump-7.bundle").status.success());
    let config = home.path("agent.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("64KiB", "128KiB")).unwrap();
    fails(&run(&home), 1, "set slot-size as it was");
}

#[test]
fn wrong_usage_and_configuration_are_told_apart_from_failure() {
    let output = |arguments: &[&str]| program().args(arguments).output().unwrap();
    fails(
        &output(&["run", "--config", "nowhere.toml"]),
        2,
        "nowhere.toml: the configuration cannot be read",
    );
    fails(&output(&["dance"]), 2, "unrecognized subcommand");
    let bad = [
        "new",
        "--tenant",
        "a b",
        "--product",
        "p",
        "--device",
        "d",
        "--dir",
        "x",
    ];
    fails(&output(&bad), 2, "a tenant is a name of 1 to 16");
    let home = home("colour = 1\n");
    fails(&run(&home), 2, "unknown field `colour`");
}

#[test]
fn the_example_is_a_configuration() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("agent.toml");
    fs::write(&config, include_str!("../examples/agent.toml")).unwrap();
    let run = program()
        .arg("run")
        .arg("--config")
        .arg(&config)
        .output()
        .unwrap();
    // All that is missing is the device.
    fails(&run, 1, "make the device first");
}

#[test]
fn every_command_explains_itself() {
    for command in ["new", "provision", "run"] {
        let help = program().args([command, "--help"]).output().unwrap();
        assert!(
            help.status.success() && words(&help).contains("Example"),
            "{command}"
        );
    }
}
