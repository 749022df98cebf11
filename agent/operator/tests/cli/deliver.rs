//! `latch deliver`, and `latch device` with `--link`: a device without a broker

use latch_verify::Reason;
use serde_json::Value;

use crate::{
    bench::{Bench, Wish},
    pier::Pier,
};

const SEED: [u8; 32] = [31; 32];

fn bench() -> (Bench, Pier) {
    let bench = Bench::new();
    let pier = Pier::enrolled(&bench, "pump-7", SEED);
    (bench, pier)
}

fn code(bench: &Bench, assignment: &str, out: &str) {
    bench
        .run(["twin", "set", "pump-7", assignment, "--out", out])
        .ok();
}

#[test]
fn a_device_is_enrolled_and_asked_over_its_line() {
    let bench = Bench::new();
    let pier = Pier::new(&bench, SEED);
    let shown = bench.run(["device", "show", "--link", &pier.link]).ok();
    assert_eq!(shown["life"], "unprovisioned");
    let requested = bench
        .run([
            "device",
            "request",
            "--link",
            &pier.link,
            "--product",
            "pump",
            "--device",
            "pump-7",
            "--incarnation",
            "3",
            "--out",
            "r",
        ])
        .ok();
    let enrolled = bench.run(["device", "enroll", "r"]).ok();
    for field in ["device", "product", "incarnation", "key_id"] {
        assert_eq!(requested[field], enrolled[field], "{field}");
    }
    assert_eq!(requested["incarnation"], 3);
    // A request is not replaced by another.
    bench
        .run([
            "device",
            "request",
            "--link",
            &pier.link,
            "--product",
            "pump",
            "--device",
            "pump-7",
            "--out",
            "r",
        ])
        .fails(6, "there is a file already");

    let bundle = "devices/pump-7.bundle";
    let provision = ["device", "provision", "--link", &pier.link, bundle];
    assert_eq!(bench.run(provision).ok()["device"], "pump-7");
    bench.run(provision).refused(Reason::AlreadyProvisioned);
    let shown = bench.run(["device", "show", "--link", &pier.link]).ok();
    assert_eq!(shown["life"], "provisioned");
    assert_eq!(shown["status"]["root_version"], 1, "{shown}");
    bench
        .run(["device", "show", "pump-8", "--link", &pier.link])
        .refused(Reason::OtherDevice);
}

#[test]
fn a_strangers_bundle_is_refused() {
    let bench = Bench::new();
    let pier = Pier::new(&bench, SEED);
    bench.enrol(&Wish::new("pump-7"));
    bench
        .run([
            "device",
            "provision",
            "--link",
            &pier.link,
            "devices/pump-7.bundle",
        ])
        .refused(Reason::KeyFault);
}

#[test]
fn a_code_is_brought_and_its_receipt_taken() {
    let (bench, pier) = bench();
    code(&bench, "a=1", "one.code");
    code(&bench, "a=2", "two.code");
    let run = bench.run([
        "deliver", "--link", &pier.link, "one.code", "two.code", "one.code", "--out", "receipts",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let answers: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let versions: Vec<&Value> = answers
        .iter()
        .map(|answer| &answer["receipt"]["outcome"]["twin_version"])
        .collect();
    assert_eq!(versions, [1, 2, 1], "{answers:?}");
    let verified = bench
        .run([
            "receipts",
            "verify",
            "receipts/pump-7-1.latch",
            "receipts/pump-7-2.latch",
        ])
        .ok();
    assert_eq!((&verified["from"], &verified["to"]), (&1.into(), &2.into()));
    assert_eq!(pier.end().acts(), 2, "a code acts once");
}

#[test]
fn what_the_device_refuses_is_told_with_its_reason() {
    let (bench, pier) = bench();
    code(&bench, "a=1", "stopped.code");
    bench
        .run(["stop", "stopped.code", "--out", "slip.latch"])
        .ok();
    let refused = bench.run([
        "deliver",
        "--link",
        &pier.link,
        "slip.latch",
        "stopped.code",
    ]);
    assert_eq!(refused.code, 3, "{}\n{}", refused.stdout, refused.stderr);

    code(&bench, "a=2", "forged.code");
    bench.spoil("forged.code");
    bench
        .run(["deliver", "--link", &pier.link, "forged.code"])
        .refused(Reason::BadSignature);
    assert_eq!(pier.end().acts(), 0);
}

/// A release of an image, and a code that installs it.
fn install(bench: &Bench, pier: &Pier, image: Vec<u8>) {
    bench.write("image", image);
    let version = [
        "--version",
        "1.1.0",
        "--product",
        "pump",
        "--page-size",
        "1k",
    ];
    let build = [
        &["release", "build", "image", "--out", "r.latch"],
        &version[..],
    ]
    .concat();
    bench.run_with(&build, "").ok();
    let link = pier.link.as_str();
    bench
        .run(["device", "show", "--link", link, "--out", "state"])
        .ok();
    let release = ["--release", "r.latch", "--image", "image"];
    let signed = [
        "--device",
        "pump-7",
        "--state",
        "state",
        "--out",
        "install.code",
    ];
    let install = [&["install"], &release[..], &signed[..]].concat();
    bench.run_with(&install, "").ok();
}

#[test]
fn an_image_is_brought_page_by_page() {
    let (bench, pier) = bench();
    let image: Vec<u8> = (0..20_000_u32).map(|place| (place % 251) as u8).collect();
    install(&bench, &pier, image);
    let link = pier.link.as_str();
    bench
        .run(["deliver", "--link", link, "install.code"])
        .fails(2, "--release");
    let started = bench
        .run([
            "deliver",
            "--link",
            link,
            "install.code",
            "--release",
            "r.latch",
        ])
        .ok();
    assert_eq!(
        started["receipt"]["outcome"]["kind"], "install-started",
        "{started}"
    );
    let done = bench
        .run([
            "deliver",
            "--link",
            link,
            "--release",
            "r.latch",
            "--image",
            "image",
        ])
        .ok();
    assert_eq!(
        done["receipt"]["outcome"]["kind"], "install-confirmed",
        "{done}"
    );
    let shown = bench.run(["device", "show", "--link", link]).ok();
    assert_eq!(shown["status"]["firmware"]["version"], "1.1.0", "{shown}");
    bench
        .run([
            "deliver",
            "--link",
            link,
            "--release",
            "r.latch",
            "--image",
            "image",
        ])
        .fails(6, "asks for no pages");
}

#[test]
fn a_code_and_its_image_are_brought_in_one_go() {
    let (bench, pier) = bench();
    install(&bench, &pier, vec![5; 10_000]);
    let done = bench
        .run([
            "deliver",
            "--link",
            &pier.link,
            "install.code",
            "--release",
            "r.latch",
            "--image",
            "image",
        ])
        .ok();
    assert_eq!(
        done["receipt"]["outcome"]["kind"], "install-confirmed",
        "{done}"
    );
}

#[test]
fn a_device_that_is_not_there_is_told_so() {
    let bench = Bench::new();
    bench.enrol(&Wish::new("pump-7"));
    code(&bench, "a=1", "one.code");
    bench
        .run(["deliver", "--link", "unix:nowhere.sock", "one.code"])
        .fails(1, "unix:nowhere.sock cannot be opened");
    let silent =
        std::os::unix::net::UnixListener::bind(bench.path("silent.sock")).expect("a socket");
    bench
        .run([
            "deliver",
            "--link",
            "unix:silent.sock",
            "one.code",
            "--timeout",
            "1s",
        ])
        .fails(4, "did not answer in time");
    drop(silent);
    bench
        .run(["deliver", "--link", "ttyUSB0", "one.code"])
        .fails(2, "names no link");
    bench
        .run(["deliver", "--link", "unix:a.sock", "devices/pump-7.bundle"])
        .fails(3, "devices/pump-7.bundle");
}

#[test]
fn a_device_that_has_lost_its_images_is_brought_the_confirmed_one() {
    let (bench, pier) = bench();
    install(&bench, &pier, vec![5; 10_000]);
    let link = pier.link.as_str();
    let image = ["--release", "r.latch", "--image", "image"];
    let both = [&["deliver", "--link", link, "install.code"], &image[..]].concat();
    bench.run_with(&both, "").ok();
    pier.lose_images();
    // It judges nothing now, and says so.
    code(&bench, "a=1", "one.code");
    bench
        .run(["deliver", "--link", link, "one.code"])
        .refused(Reason::ActionNotServed);
    let shown = bench.run(["device", "show", "--link", link]).ok();
    assert_eq!(shown["program"], "recovery");

    // Another image than the release's, none at all, and another release.
    let bring = |image: &str, release: &str| {
        let args = [
            "deliver",
            "--link",
            link,
            "--release",
            release,
            "--image",
            image,
        ];
        bench.run_with(&args, "")
    };
    bench.write("other", vec![6; 10_000]);
    bring("other", "r.latch").fails(3, "other: the image is not the one");
    bring("nowhere", "r.latch").fails(1, "nowhere");
    let version = [
        "--version",
        "1.2.0",
        "--product",
        "pump",
        "--page-size",
        "1k",
    ];
    let build = [
        &["release", "build", "other", "--out", "other.latch"],
        &version[..],
    ]
    .concat();
    bench.run_with(&build, "").ok();
    bring("other", "other.latch").fails(6, "and this is");

    let done = bring("image", "r.latch").ok();
    assert_eq!(done["restored"], true, "{done}");
    bench.run(["deliver", "--link", link, "one.code"]).ok();
}
