//! The whole: an operator's commands, a broker, an agent, a serial line and a microcontroller that obeys what was signed, and
//! runs what it was sent; with the application in Rust, and with the one in C.

use std::fs;

use latch_verify::{
    Reason,
    statement::{CloseCause, Outcome},
    types::StatementId,
    wire::{Envelope, Kind, PublicKey},
};
use serde_json::json;

use super::{agent::Agent, machine::Machine, programs::Language, tenant::DEVICE};
use crate::stage::{Broker, Errand, Listener, Operator, PRODUCT, TENANT, topic, until};

/// A stage with a device on it that was enrolled, and obeys.
struct Scene {
    language: Language,
    machine: Machine,
    operator: Operator,
    receipts: Listener,
    key: PublicKey,
    broker: Broker,
    _agent: Agent,
}

impl Scene {
    fn set(language: Language) -> Self {
        let broker = Broker::new();
        let operator = Operator::new(&broker);
        let mut machine = Machine::new(&language.application("1.0.0"));
        machine.start();
        let link = format!("unix:{}", machine.line().display());
        let request = [
            "device",
            "request",
            "--link",
            &link,
            "--product",
            PRODUCT,
            "--device",
            DEVICE,
        ];
        operator
            .run(request.into_iter().chain(["--out", "request.latch"]))
            .ok();
        operator
            .run(["device", "enroll", "request.latch", "--out", "bundle"])
            .ok();
        let key = operator.key_of(DEVICE);
        let receipts = Listener::new(&broker, DEVICE, "receipt");
        let agent = Agent::start(&broker.url(), &machine.line(), &operator.path("bundle"));
        operator.sees_firmware(DEVICE, "1.0.0");
        Self {
            language,
            machine,
            operator,
            receipts,
            key,
            broker,
            _agent: agent,
        }
    }

    /// Builds a release of the application, and signs it.
    fn build(&self, version: &str, security_version: &str, image: &[u8]) -> [String; 2] {
        let (file, image_file) = (format!("{version}.latch"), format!("{version}.bin"));
        self.operator.write(&image_file, image);
        let build = [
            "release",
            "build",
            &image_file,
            "--version",
            version,
            "--product",
            PRODUCT,
        ];
        let more = ["--security-version", security_version, "--out", &file];
        self.operator.run(build.into_iter().chain(more)).ok();
        [file, image_file]
    }

    /// Publishes the code that installs a release, and serves its pages for as long as what comes back is kept.
    fn install(&self, [release, image]: &[String; 2]) -> (StatementId, Errand) {
        let of = ["--release", release, "--image", image];
        let published = self
            .operator
            .run(["install", "--device", DEVICE].into_iter().chain(of))
            .ok();
        let serving = self
            .operator
            .begin(["serve"].into_iter().chain(of).chain(["--idle", "5m"]));
        (id(&published), serving)
    }

    /// Waits until a statement has come to an end, and tells which.
    fn outcome(&self, of: StatementId) -> Outcome {
        until("an outcome that is an end", || self.end(of))
    }

    /// As [`outcome`](Self::outcome), of an installation: each page may take as long as another statement.
    fn installed(&self, of: StatementId) -> Outcome {
        loop {
            let before = self.machine.written();
            let end = until("an outcome that is an end, or another page", || {
                let end = self.end(of);
                (end.is_some() || self.machine.written() != before).then_some(end)
            });
            if let Some(outcome) = end {
                return outcome;
            }
        }
    }

    /// The end that a statement has come to.
    fn end(&self, of: StatementId) -> Option<Outcome> {
        let told = self.receipts.receipts(of, &self.key).pop();
        let outcome = told.map(|told| told.receipt.outcome);
        outcome
            .filter(|outcome| !matches!(outcome, Outcome::InstallStarted | Outcome::Opened { .. }))
    }

    /// Runs a command of the operator's that sends a code; which it was.
    fn send<'a>(&self, command: impl IntoIterator<Item = &'a str>) -> StatementId {
        id(&self.operator.run(command).ok())
    }
}

fn id(published: &serde_json::Value) -> StatementId {
    let id = published["statement"].as_str().expect("an id");
    id.parse().expect("an id")
}

#[test]
fn a_microcontroller_obeys_over_broker_agent_and_line() {
    tell(Language::Rust);
}

#[test]
fn one_with_its_application_in_c_obeys_the_same() {
    tell(Language::C);
}

fn tell(language: Language) {
    let mut scene = Scene::set(language);
    // What the tenant allows: two commands of the pump, one of which only comes with 1.1.
    let rules = scene.operator.path("root.toml");
    let text = fs::read_to_string(&rules).expect("rules");
    let restart = "restart  = \"maintenance\"\n";
    assert!(text.contains(restart), "{text}");
    let ours = format!("{restart}prime = \"maintenance\"\nflush = \"maintenance\"\n");
    let text = text.replace(restart, &ours);
    fs::write(&rules, text).expect("rules");
    scene.operator.run(["root", "next"]).ok();
    scene
        .operator
        .run(["root", "publish", "root-2.latch", "--wait", DEVICE])
        .ok();

    // A property, a command, and a latch that closes by itself.
    scene
        .operator
        .run(["twin", "set", DEVICE, "pump/speed=40", "--wait"])
        .ok();
    scene
        .operator
        .sees_twin(DEVICE, 1, &json!({"pump": {"speed": 40}}));
    let too_fast = scene.send(["twin", "set", DEVICE, "pump/speed=400"]);
    assert_eq!(scene.outcome(too_fast), Outcome::ActuatorFailed { code: 1 });
    scene
        .operator
        .run(["twin", "set", DEVICE, "pump/speed=0", "--wait"])
        .ok();
    let primed = scene.send(["command", DEVICE, "prime", "seconds=5"]);
    assert_eq!(scene.outcome(primed), Outcome::Performed);
    let early = scene.send(["command", DEVICE, "flush"]);
    assert_eq!(scene.outcome(early), Outcome::ActuatorFailed { code: 2 });
    let open = scene.send(["open", DEVICE, "maintenance", "--for", "2s"]);
    let closed = scene.outcome(open);
    assert!(
        matches!(
            closed,
            Outcome::Closed {
                cause: CloseCause::Time,
                ..
            }
        ),
        "{closed:?}"
    );

    // 1.1 is other code: it knows the command.
    let image = language.application("1.1.0");
    let (code, serving) = scene.install(&scene.build("1.1.0", "1", &image));
    assert_eq!(scene.installed(code), Outcome::InstallConfirmed);
    drop(serving);
    scene.operator.sees_firmware(DEVICE, "1.1.0");
    assert_eq!(&scene.machine.slot(1)[..image.len()], &image[..]);
    let flushed = scene.send(["command", DEVICE, "flush"]);
    assert_eq!(scene.outcome(flushed), Outcome::Performed);

    // 1.2 finds that it does not work; 1.3 hangs, and the watchdog ends it. Each goes back to 1.1 by itself.
    for (version, reason) in [
        ("1.2.0", Reason::TrialFailed),
        ("1.3.0", Reason::TrialExpired),
    ] {
        let (code, serving) =
            scene.install(&scene.build(version, "1", &language.application(version)));
        let reason = reason.number();
        assert_eq!(
            scene.installed(code),
            Outcome::InstallReverted { reason },
            "{version}"
        );
        drop(serving);
        scene.operator.sees_firmware(DEVICE, "1.1.0");
    }
    scene
        .operator
        .run(["twin", "set", DEVICE, "pump/speed=7", "--wait"])
        .ok();

    altered_after_signing(&scene);
    below_the_floor(&scene);
    scene.machine.kill();
}

/// A release of which one byte was changed after it was signed never reaches the device. What the device itself makes of it, and of
/// altered pages, another test shows.
fn altered_after_signing(scene: &Scene) {
    let slot = scene.machine.slot(0);
    let [release, image] = scene.build("1.4.0", "1", &scene.language.application("1.1.0"));
    let install = [
        "install",
        "--device",
        DEVICE,
        "--release",
        &release,
        "--image",
        &image,
        "--out",
        "altered.code",
    ];
    let code = scene.operator.run(install).ok();
    let mut manifest = fs::read(scene.operator.path(&release)).expect("the release");
    let middle = manifest.len() / 3;
    manifest[middle] ^= 1;
    let altered = scene.operator.write("altered.latch", &manifest);
    let manifest = fs::read(scene.operator.path(&release)).expect("the release");
    let manifest = Envelope::parse(Kind::Manifest, &manifest)
        .expect("a manifest")
        .id();
    let place = format!("latch/v1/{TENANT}/t/release/{manifest}");
    scene.broker.publish_file(&place, &altered);
    scene
        .broker
        .publish_file(&topic(DEVICE, "code"), &scene.operator.path("altered.code"));
    let outcome = scene.outcome(id(&code));
    // With another id it is none of those that the code may install.
    let missing = Reason::ManifestMissing.number();
    assert!(
        matches!(outcome, Outcome::Refused { reason, .. } if reason == missing),
        "{outcome:?}"
    );
    assert!(slot == scene.machine.slot(0), "the slot was written");
}

/// A release below the security floor is refused before it is sent. That the device refuses it too, another test shows.
fn below_the_floor(scene: &Scene) {
    let [release, image] = scene.build("1.5.0", "0", &scene.language.application("1.0.0"));
    let install = [
        "install",
        "--device",
        DEVICE,
        "--release",
        &release,
        "--image",
        &image,
    ];
    scene.operator.run(install).refused("BelowSecurityFloor");
}
