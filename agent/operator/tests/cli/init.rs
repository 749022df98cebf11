//! `latch init`

use std::{fs, os::unix::fs::PermissionsExt as _};

use latch_verify::verdict::TrustRoot;

use crate::bench::Bench;

#[test]
fn a_project_is_complete_and_its_private_keys_are_private() {
    let bench = Bench::empty();
    let made = bench.run([
        "init",
        "--tenant",
        "acme",
        "--broker",
        "mqtt://u:secret@h:1",
    ]);
    let found = made.ok();
    assert_eq!(found["tenant"], "acme");
    assert_eq!(found["broker"], "mqtt://h:1");
    assert!(
        made.stderr.contains("latch device enroll"),
        "{}",
        made.stderr
    );
    assert!(made.stderr.contains("password-file"), "{}", made.stderr);
    let root = TrustRoot::first(&bench.read("root.latch")).unwrap();
    assert_eq!(root.root().unwrap().version, 1);
    for (place, role) in ["root", "operator", "release"].into_iter().enumerate() {
        assert_eq!(found["keys"][place]["role"], role);
        let file = bench.path(&format!("keys/{role}.pem"));
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let pem = fs::read_to_string(&file).unwrap();
        let secret = pem.lines().nth(1).unwrap();
        for text in [
            &made.stdout,
            &made.stderr,
            &fs::read_to_string(bench.path("root.toml")).unwrap(),
        ] {
            assert!(!text.contains(secret) && !text.contains("u:secret"));
        }
    }
    assert_eq!(
        fs::metadata(bench.path("keys"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
}

#[test]
fn a_project_is_never_made_over_another() {
    let bench = Bench::new();
    let key = bench.read("keys/root.pem");
    let again = bench.run(["init", "--tenant", "acme"]);
    again.fails(6, "is there already");
    assert_eq!(again.json()["error"]["kind"], "conflict");
    assert_eq!(bench.read("keys/root.pem"), key);

    let bench = Bench::empty();
    fs::create_dir(bench.path("keys")).unwrap();
    bench
        .run(["init", "--tenant", "acme"])
        .fails(6, "keys is there already");
    assert_eq!(fs::read_dir(bench.folder()).unwrap().count(), 1);
}

#[test]
fn what_is_misspelt_makes_nothing() {
    let bench = Bench::empty();
    bench
        .run(["init", "--tenant", "acme", "--broker", "http://h"])
        .fails(2, "mqtt://");
    bench
        .run(["init", "--tenant", "a tenant"])
        .fails(2, "a tenant is a name");
    bench.run(["init"]).fails(2, "--tenant");
    assert_eq!(fs::read_dir(bench.folder()).unwrap().count(), 0);
}

#[test]
fn a_project_is_found_from_below_and_by_name() {
    let bench = Bench::empty();
    bench.run(["init", "fleet/north", "--tenant", "acme"]).ok();
    bench.run(["device", "list"]).fails(1, "latch init");
    assert!(
        !bench
            .run(["init", "south", "--tenant", "acme"])
            .stderr
            .contains("password")
    );
    let named = bench.run(["--dir", "fleet/north", "device", "list"]);
    assert_eq!((named.code, named.stdout.as_str()), (0, ""));
    let below = bench
        .command()
        .current_dir(bench.path("fleet/north/keys"))
        .args(["device", "list"])
        .output()
        .unwrap();
    assert!(below.status.success());
    let named = bench
        .command()
        .env("LATCH_DIR", bench.path("fleet/north"))
        .args(["device", "list"])
        .output()
        .unwrap();
    assert!(named.status.success());
}

#[test]
fn a_mistake_in_the_project_file_is_named() {
    let bench = Bench::new();
    let text = fs::read_to_string(bench.path("latch.toml")).unwrap();
    bench.write("latch.toml", text.clone() + "operators = []\n");
    bench.run(["device", "list"]).fails(1, "operators");
    bench.write("latch.toml", text.replace("acme", "emca"));
    bench
        .run(["twin", "set", "pump-7", "a=1"])
        .fails(1, "pump-7");
    bench
        .run(["inspect", "root.latch"])
        .fails(1, "names the tenant emca");
}
