//! `latch device enroll`, `list` and `show`

use latch_issue::ProvisionBundle;
use latch_verify::Reason;

use crate::{
    bench::{Bench, Wish},
    fleet::Member,
};

#[test]
fn a_good_request_is_recorded_and_its_bundle_provisions_the_device() {
    let bench = Bench::new();
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    member.leave_state(&bench, "state");
    assert_eq!(
        bench.run(["inspect", "state"]).ok()["signatures"][0]["good"],
        true
    );

    let listed = bench.run(["device", "list"]).ok();
    assert_eq!(listed["device"], "pump-7");
    assert_eq!(listed["product"], "pump");
    assert_eq!(listed["incarnation"], 1);
    assert_eq!(listed["key_kept"], "software");
    assert_eq!(bench.run(["device", "show", "pump-7"]).ok(), listed);
    bench
        .run(["device", "show", "pump-8"])
        .fails(1, "no device `pump-8`");
}

#[test]
fn the_list_is_a_line_a_device_by_name() {
    let bench = Bench::new();
    bench
        .run(["device", "list"])
        .fails(0, "no device is enrolled yet");
    for name in ["b", "a", "c.d"] {
        bench.enrol(&Wish::new(name));
    }
    let listed = bench.run(["device", "list"]);
    let names: Vec<String> = listed
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["device"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(names, ["a", "b", "c.d"]);
}

#[test]
fn a_request_that_was_tampered_with_is_refused() {
    let bench = Bench::new();
    bench.request("request", &Wish::new("pump-7"));
    bench.spoil("request");
    bench
        .run(["device", "enroll", "request"])
        .refused(Reason::BadSignature);
    bench.write("request", b"something else entirely, long enough to be a statement of some kind: but none, by its magic");
    bench
        .run(["device", "enroll", "request"])
        .refused(Reason::BadMagic);
    bench.request(
        "request",
        &Wish {
            tenant: "emca",
            ..Wish::new("pump-7")
        },
    );
    let foreign = bench.run(["device", "enroll", "request"]);
    foreign.refused(Reason::OtherTenant);
    assert!(foreign.stderr.contains("this project is of acme"));
    bench.run(["device", "show", "pump-7"]).fails(1, "pump-7");
    assert!(!bench.path("devices/pump-7.bundle").exists());
}

#[test]
fn the_key_that_the_device_has_shown_is_compared() {
    let bench = Bench::new();
    bench.request("request", &Wish::new("pump-7"));
    bench
        .run([
            "device",
            "enroll",
            "request",
            "--key-id",
            "0123456789abcdef",
        ])
        .refused(Reason::NotDeviceKey);
    assert!(!bench.path("devices/pump-7.toml").exists());
    let unasked = bench.run(["device", "enroll", "request", "--out", "b"]);
    let id = unasked.ok()["key_id"].as_str().unwrap().to_owned();
    assert!(
        unasked.stderr.contains(&format!("Compare the key id {id}")),
        "{}",
        unasked.stderr
    );
    bench
        .run(["device", "enroll", "request", "--key-id", &id])
        .ok();
}

#[test]
fn enrolments_of_a_name_count_upwards() {
    let bench = Bench::new();
    let first = Wish {
        incarnation: 3,
        ..Wish::new("pump-7")
    };
    bench.enrol(&first);
    let record = bench.read("devices/pump-7.toml");

    // The very same request: only the bundle is new.
    let again = bench.run(["device", "enroll", "request"]).ok();
    assert_eq!(again["again"], true);
    assert_eq!(bench.read("devices/pump-7.toml"), record);

    for (incarnation, seed) in [(2, [7; 32]), (3, [8; 32])] {
        bench.request(
            "request",
            &Wish {
                incarnation,
                seed,
                ..first.clone()
            },
        );
        let refused = bench.run(["device", "enroll", "request"]);
        refused.fails(6, "incarnation 3");
        assert!(
            refused.stderr.contains("--incarnation 4"),
            "{}",
            refused.stderr
        );
    }
    bench.request(
        "request",
        &Wish {
            incarnation: 4,
            product: "valve",
            ..first.clone()
        },
    );
    bench
        .run(["device", "enroll", "request"])
        .fails(6, "enrolled already as a pump");
    assert_eq!(bench.read("devices/pump-7.toml"), record);

    bench.request(
        "request",
        &Wish {
            incarnation: 4,
            seed: [8; 32],
            ..first
        },
    );
    assert_eq!(
        bench.run(["device", "enroll", "request"]).ok()["incarnation"],
        4
    );
}

#[test]
fn only_an_operator_of_the_root_can_agree() {
    let bench = Bench::new();
    bench.make_key("stranger.pem");
    bench.request("request", &Wish::new("pump-7"));
    bench
        .run(["device", "enroll", "request", "--key", "stranger.pem"])
        .refused(Reason::UnknownKey);
    bench
        .run(["device", "enroll", "request", "--key", "keys/release.pem"])
        .refused(Reason::NotCountersigned);
    bench
        .run([
            "device",
            "enroll",
            "request",
            "--key",
            "keys/operator.pem",
            "--out",
            "b",
        ])
        .ok();
    assert!(ProvisionBundle::from_bytes(&bench.read("b")).is_ok());
}

#[test]
fn a_record_that_was_renamed_is_not_another_device() {
    let bench = Bench::new();
    bench.enrol(&Wish::new("pump-7"));
    std::fs::copy(
        bench.path("devices/pump-7.toml"),
        bench.path("devices/pump-8.toml"),
    )
    .unwrap();
    bench
        .run(["device", "show", "pump-8"])
        .fails(1, "this is the record of `pump-7`");
}
