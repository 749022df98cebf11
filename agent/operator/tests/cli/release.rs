//! `latch release build` and `inspect`

use latch_verify::Reason;

use crate::bench::Bench;

const BUILD: [&str; 8] = [
    "release",
    "build",
    "image",
    "--version",
    "1.1.0",
    "--product",
    "pump",
    "--out",
];

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("image", vec![5; 10_000]);
    bench
}

fn build(bench: &Bench, more: &[&str]) -> crate::bench::Run {
    bench.run_with(&[&BUILD[..], &["r.latch"], more].concat(), "")
}

#[test]
fn a_release_describes_its_image() {
    let bench = bench();
    let built = build(
        &bench,
        &[
            "--security-version",
            "2",
            "--page-size",
            "1k",
            "--current",
            "1.0.0..=1.0.9",
        ],
    )
    .ok();
    let shown = bench
        .run(["release", "inspect", "r.latch", "--image", "image"])
        .ok();
    for found in [&built, &shown] {
        assert_eq!(found["version"], "1.1.0");
        assert_eq!(found["product"], "pump");
        assert_eq!(found["security_version"], 2);
        assert_eq!(
            (&found["size"], &found["pages"]),
            (&10_000.into(), &10.into())
        );
        assert_eq!(found["current"], "1.0.0..=1.0.9");
        assert_eq!(found["signatures"][0]["role"], "release");
        assert_eq!(found["signatures"][0]["good"], true);
    }
    assert_eq!(
        (&shown["genuine"], &shown["image_fits"]),
        (&true.into(), &true.into())
    );
}

#[test]
fn another_image_is_refused() {
    let bench = bench();
    build(&bench, &[]).ok();
    bench.write("other", vec![6; 10_000]);
    let refused = bench.run(["release", "inspect", "r.latch", "--image", "other"]);
    refused.fails(3, "not the one that the manifest describes");
    assert_eq!(refused.json()["image_fits"], false);
    bench.write("other", vec![5; 9_999]);
    bench
        .run(["release", "inspect", "r.latch", "--image", "other"])
        .fails(3, "9999 bytes");
}

#[test]
fn a_manifest_that_is_not_genuine_is_refused() {
    let bench = bench();
    build(&bench, &[]).ok();
    bench.spoil("r.latch");
    let found = bench
        .run(["release", "inspect", "r.latch"])
        .refused(Reason::BadSignature);
    assert_eq!(found["genuine"], false);
    assert_eq!(found["signatures"][0]["good"], false);

    bench.make_key("stranger.pem");
    build(&bench, &["--key", "stranger.pem"]).refused(Reason::UnknownKey);
}

#[test]
fn a_release_may_need_more_than_one_signature() {
    let bench = bench();
    bench.make_key("second.pem");
    let bench = bench.with_rules(|rules| {
        rules
            .replace(
                "[\"keys/release.pub.pem\"]",
                "[\"keys/release.pub.pem\", \"second.pub.pem\"]",
            )
            .replace("release = 1", "release = 2")
    });
    let built = build(&bench, &[]);
    built.fails(0, "too few release keys");
    bench
        .run(["release", "inspect", "r.latch"])
        .refused(Reason::TooFewRelease);
    assert_eq!(
        bench.run(["sign", "r.latch", "--key", "second.pem"]).ok()["missing"],
        serde_json::Value::Null
    );
    assert_eq!(
        bench.run(["release", "inspect", "r.latch"]).ok()["genuine"],
        true
    );
}

#[test]
fn what_cannot_be_built_is_said_and_nothing_is_written_over() {
    let bench = bench();
    for (more, words) in [
        (["--page-size", "3k"], "1k, 2k, 4k, 8k or 16k"),
        (["--current", "1.0"], "1.0.0..=1.2.9"),
        (["--security-version", "x"], "--security-version"),
    ] {
        build(&bench, &more).fails(2, words);
    }
    bench.write("image", b"");
    build(&bench, &[]).fails(1, "the image is empty");
    bench.write("image", b"x");
    bench.write("r.latch", b"mine");
    build(&bench, &[]).fails(6, "there is a file already");
    assert_eq!(bench.read("r.latch"), b"mine");
}

#[test]
fn a_release_is_shown_without_a_project_too() {
    let bench = bench();
    build(&bench, &[]).ok();
    let elsewhere = Bench::empty();
    elsewhere.write("r.latch", bench.read("r.latch"));
    let shown = elsewhere.run(["release", "inspect", "r.latch"]).ok();
    assert_eq!(
        (&shown["version"], &shown["genuine"]),
        (&"1.1.0".into(), &serde_json::Value::Null)
    );
    assert_eq!(shown["signatures"][0]["good"], serde_json::Value::Null);
}
