//! `latch key new`

use std::os::unix::fs::PermissionsExt as _;

use latch_issue::{RoleKey, load_public};

use crate::bench::Bench;

#[test]
fn a_key_and_its_public_half_are_made() {
    let bench = Bench::empty();
    let made = bench.run(["key", "new", "ben.pem"]);
    let found = made.ok();
    assert!(made.stderr.contains("root.toml"), "{}", made.stderr);
    let key = RoleKey::load(&bench.path("ben.pem")).unwrap();
    assert_eq!(found["key"], key.id().to_string());
    assert_eq!(found["public"], "ben.pub.pem");
    let public = load_public(&bench.path("ben.pub.pem")).unwrap();
    assert_eq!(public.id(), key.id());
    let mode = std::fs::metadata(bench.path("ben.pem")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

#[test]
fn no_key_is_made_over_another() {
    let bench = Bench::empty();
    bench.run(["key", "new", "ben.pem"]).ok();
    let (private, public) = (bench.read("ben.pem"), bench.read("ben.pub.pem"));
    bench.run(["key", "new", "ben.pem"]).fails(6, "ben");
    std::fs::remove_file(bench.path("ben.pem")).unwrap();
    bench.run(["key", "new", "ben.pem"]).fails(6, "ben.pub.pem");
    assert!(!bench.path("ben.pem").exists());
    bench.write("ben.pem", &private);
    std::fs::remove_file(bench.path("ben.pub.pem")).unwrap();
    bench.run(["key", "new", "ben.pem"]).fails(6, "ben.pem");
    assert_eq!(bench.read("ben.pem"), private);
    assert_ne!(public, private);
}
