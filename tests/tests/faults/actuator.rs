//! What a device acts with fails, or never ends.

use serde_json::json;

use crate::stage::{Broker, DeviceHost, Hooks, Operator, Release, Settings, until};

const DEVICE: &str = "pump-7";
/// The number of a hook that took too long, as timeout(1) has it.
const TIMED_OUT: i32 = 124;

#[test]
fn an_image_that_is_not_well_gives_way_to_the_one_before() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    host.start();
    let [good, bad] = ["1.1.0", "1.2.0"].map(|version| Release::build(&operator, version, 5));
    let install = |release: &Release| {
        let begin = ["install", "--wait", "--device", DEVICE].into_iter();
        operator.run(begin.chain(release.arguments()))
    };
    let confirmed = install(&good).ok();
    assert_eq!(confirmed["receipt"]["outcome"]["kind"], "install-confirmed");

    host.hook("health", &Hooks::Failing(3));
    let reverted = install(&bad).ends_with(1);
    let outcome = &reverted["receipt"]["outcome"];
    assert_eq!(
        (&outcome["kind"], &outcome["reason"]["name"]),
        (&json!("install-reverted"), &json!("TrialFailed"))
    );
    host.says(&["image reverted", "version=1.1.0"]);
    host.says(&["hook ended", "activate"]);
    operator.sees_firmware(DEVICE, "1.1.0");
    let images = [(&good, "1.1.0"), (&bad, "1.2.0"), (&good, "1.1.0")];
    let images = images.map(|(release, version)| (version.to_owned(), Some(release.image.clone())));
    assert_eq!(host.activated(), images);
    let reverting: Vec<_> = host
        .calls("activate")
        .iter()
        .map(|call| call["reverting"].clone())
        .collect();
    assert_eq!(reverting, [false, false, true]);

    // The same release may be tried again, and be well now.
    host.hook("health", &Hooks::Quick);
    install(&bad).ok();
    operator.sees_firmware(DEVICE, "1.2.0");
}

#[test]
fn a_hook_that_does_not_end_is_ended() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let settings = Settings {
        hook_timeout_s: 1,
        ..Settings::default()
    };
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &settings);
    host.start();
    for (hook, arguments) in [
        ("command", ["command", DEVICE, "identify"].as_slice()),
        ("twin", &["twin", "set", DEVICE, "limit=1"]),
    ] {
        host.hook(hook, &Hooks::Held);
        let failed = operator
            .run(arguments.iter().copied().chain(["--wait"]))
            .ends_with(1);
        assert_eq!(
            failed["receipt"]["outcome"],
            json!({"kind": "actuator-failed", "code": TIMED_OUT})
        );
        let process = host.held();
        host.forget_held_hook();
        until("the hook is gone", || (!runs(process)).then_some(()));
        host.hook(hook, &Hooks::Quick);
        let done = operator
            .run(arguments.iter().copied().chain(["--wait"]))
            .ok();
        assert_ne!(done["receipt"]["outcome"]["kind"], "actuator-failed");
        assert_eq!(host.calls(hook).len(), 2);
    }
}

#[test]
fn a_hook_that_fails_is_told_with_its_number() {
    let broker = Broker::new();
    let operator = Operator::new(&broker);
    let mut host = DeviceHost::new(&operator, &broker.url(), DEVICE, &Settings::default());
    host.hook("command", &Hooks::Failing(7));
    host.start();
    let failed = operator
        .run(["command", DEVICE, "identify", "--wait"])
        .ends_with(1);
    assert_eq!(
        failed["receipt"]["outcome"],
        json!({"kind": "actuator-failed", "code": 7})
    );
    assert_eq!(host.calls("command").len(), 1);
}

/// Whether a process runs; one that has ended, and that nobody has waited for, does not.
fn runs(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status
        .lines()
        .any(|line| line.starts_with("State:") && !line.contains('Z'))
}
