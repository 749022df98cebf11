//! `latch inspect`

use latch_verify::Reason;
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Wish},
    fleet::Member,
};

#[test]
fn every_kind_of_statement_is_shown_with_its_signers() {
    let bench = Bench::new();
    let wish = Wish::new("pump-7");
    let mut member = Member::enrol(&bench, &wish);
    bench
        .run(["twin", "set", "pump-7", "pump/limit=5", "--out", "code"])
        .ok();
    let receipt = member
        .take(&bench.read("code"), latch_verify::device::Release::NotAsked)
        .expect("a receipt");
    bench.write("receipt", receipt);
    member.leave_state(&bench, "state");
    bench.write("image", b"x");
    bench
        .run([
            "release",
            "build",
            "image",
            "--version",
            "1.1.0",
            "--product",
            "pump",
            "--out",
            "r.latch",
        ])
        .ok();

    for (file, kind, role) in [
        ("root.latch", "trust root", "root"),
        ("code", "code", "operator"),
        ("r.latch", "release manifest", "release"),
        ("receipt", "receipt", "device"),
        ("state", "device state", "device"),
        ("request", "enrolment", "device"),
    ] {
        let found = bench.run(["inspect", file]).ok();
        assert_eq!(found["kind"], kind);
        assert_eq!(found["id"], bench.statement(file).id().to_string());
        assert_eq!(found["signatures"][0]["role"], role, "{found}");
        assert_eq!(found["signatures"][0]["good"], true);
        bench.write("spoilt", bench.read(file));
        bench.spoil("spoilt");
        assert_eq!(
            bench.run(["inspect", "spoilt"]).ok()["signatures"][0]["good"],
            false
        );
    }
    let code = bench.run(["inspect", "code"]).ok();
    assert_eq!(
        code["action"],
        json!({"kind": "set-twin", "patch": {"pump": {"limit": 5}}})
    );
    assert_eq!(code["audience"], json!({"device": "pump-7"}));
    assert!(code["not_after"].as_str().unwrap().ends_with('Z'));
    let receipt = bench.run(["inspect", "receipt"]).ok();
    assert_eq!(
        receipt["outcome"],
        json!({"kind": "applied", "twin_version": 1})
    );
    assert_eq!(receipt["statement"], code["id"]);
}

#[test]
fn without_a_project_no_signature_is_judged() {
    let bench = Bench::new();
    bench.enrol(&Wish::new("pump-7"));
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    let elsewhere = Bench::empty();
    elsewhere.write("code", bench.read("code"));
    assert_eq!(
        elsewhere.run(["inspect", "code"]).ok()["signatures"][0]["good"],
        Value::Null
    );
}

#[test]
fn what_is_no_statement_is_refused_with_its_reason() {
    let bench = Bench::empty();
    bench.write("short", b"latch-v1");
    bench.run(["inspect", "short"]).refused(Reason::BadMagic);
    bench.write("long", vec![0; 100_000]);
    bench.run(["inspect", "long"]).fails(1, "longer than");
    bench
        .run(["inspect", "missing"])
        .fails(1, "missing: cannot be read");
}

#[test]
fn people_read_lines_instead() {
    let bench = Bench::new();
    let output = bench
        .command()
        .args(["inspect", "root.latch"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("kind        trust root\n"), "{text}");
    assert!(text.contains("freshness   time-floor"), "{text}");
}
