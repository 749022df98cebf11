//! `latch sign`

use latch_verify::Reason;
use serde_json::Value;

use crate::{
    bench::{Bench, Wish},
    twin::two_operators,
};

fn bench() -> Bench {
    let bench = Bench::new();
    bench.make_key("ben.pem");
    let bench = bench.with_rules(two_operators);
    bench.enrol(&Wish::new("pump-7"));
    bench
        .run(["twin", "set", "pump-7", "pump/limit=5", "--out", "code"])
        .ok();
    bench
}

#[test]
fn a_signature_is_added_after_what_it_is_for_was_shown() {
    let bench = bench();
    let before = bench.statement("code");
    let signed = bench.run(["sign", "code", "--key", "ben.pem"]);
    let found = signed.ok();
    assert!(signed.stderr.contains("limit  5"), "{}", signed.stderr);
    assert_eq!(
        (&found["role"], &found["missing"]),
        (&"operator".into(), &Value::Null)
    );
    let after = bench.statement("code");
    assert_eq!(after.message(), before.message());
    assert_eq!((before.signers().len(), after.signers().len()), (1, 2));
}

#[test]
fn a_key_signs_once() {
    let bench = bench();
    let before = bench.read("code");
    let refused = bench.run(["sign", "code", "--key", "keys/operator.pem"]);
    refused.fails(6, "has signed this statement already");
    assert_eq!(bench.read("code"), before);
}

#[test]
fn a_signature_may_go_to_another_file_and_nothing_is_written_over() {
    let bench = bench();
    let before = bench.read("code");
    bench
        .run(["sign", "code", "--key", "ben.pem", "--out", "signed"])
        .ok();
    assert_eq!(bench.read("code"), before);
    assert_eq!(bench.statement("signed").signers().len(), 2);
    bench
        .run(["sign", "code", "--key", "ben.pem", "--out", "signed"])
        .fails(6, "there is a file already");
}

#[test]
fn a_key_that_does_not_count_is_pointed_out() {
    let bench = bench();
    bench.make_key("stranger.pem");
    let signed = bench.run(["sign", "code", "--key", "stranger.pem", "--out", "s"]);
    let found = signed.ok();
    assert_eq!(
        (&found["role"], &found["missing"]["name"]),
        (&Value::Null, &"UnknownKey".into())
    );
    assert!(
        signed.stderr.contains("devices will refuse"),
        "{}",
        signed.stderr
    );
}

#[test]
fn what_is_no_statement_or_no_key_is_not_signed() {
    let bench = bench();
    bench
        .run(["sign", "root.toml", "--key", "ben.pem"])
        .refused(Reason::BadMagic);
    bench
        .run(["sign", "code", "--key", "ben.pub.pem"])
        .fails(1, "ben.pub.pem");
    bench
        .run(["sign", "missing", "--key", "ben.pem"])
        .fails(1, "missing");
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(
        bench.path("ben.pem"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    bench
        .run(["sign", "code", "--key", "ben.pem"])
        .fails(1, "chmod 600");
}
