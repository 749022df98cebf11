use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use latch_verify::types::Digest;

use super::*;

/// Runs the real OpenSSL: other tools must read our keys, and we theirs.
fn openssl(arguments: &[&str], files: &[(&str, &Path)]) -> Output {
    let mut command = Command::new("openssl");
    command.args(arguments);
    for (flag, path) in files {
        command.arg(flag).arg(path);
    }
    let output = command
        .output()
        .expect("openssl must be installed to test that keys pass between it and latch");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn key(byte: u8) -> RoleKey {
    RoleKey::from_seed(&[byte; 32]).unwrap()
}

#[test]
fn a_saved_key_is_private_loads_again_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operator.pem");
    let key = RoleKey::generate().unwrap();
    key.save(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(RoleKey::load(&path).unwrap().public(), key.public());

    let before = fs::read(&path).unwrap();
    let other = RoleKey::generate().unwrap();
    assert_ne!(other.public(), key.public());
    assert!(matches!(other.save(&path), Err(KeyError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operator.pem");
    key(1).save(&path).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = RoleKey::load(&path).unwrap_err();
        assert!(matches!(error, KeyError::OpenToOthers { mode: found, .. } if found == mode));
        let sentence = error.to_string();
        assert!(sentence.contains("operator.pem") && sentence.contains("chmod 600"));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(RoleKey::load(&path).unwrap().id(), key(1).id());
}

#[test]
fn openssl_reads_our_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (private, public) = (folder.path().join("key.pem"), folder.path().join("pub.pem"));
    let key = RoleKey::generate().unwrap();
    key.save(&private).unwrap();
    save_public(&public, &key.public()).unwrap();
    let theirs = openssl(&["pkey", "-pubout"], &[("-in", &private)]);
    assert_eq!(theirs.stdout, fs::read(&public).unwrap());
    openssl(
        &["pkey", "-pubin", "-noout", "-check", "-pubcheck"],
        &[("-in", &public)],
    );
    let private_pem = openssl(&["pkey"], &[("-in", &private)]).stdout;
    assert_eq!(
        private_pem,
        fs::read(&private).unwrap(),
        "version 1, byte for byte"
    );
}

#[test]
fn we_read_openssl_keys_and_both_sign_alike() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    openssl(
        &["genpkey", "-algorithm", "ed25519"],
        &[("-out", &file("key.pem"))],
    );
    fs::set_permissions(file("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    openssl(
        &["pkey", "-pubout"],
        &[("-in", &file("key.pem")), ("-out", &file("pub.pem"))],
    );
    let key = RoleKey::load(&file("key.pem")).unwrap();
    assert_eq!(load_public(&file("pub.pem")).unwrap(), key.public());

    let message = b"latch-v1: a message to be signed by both";
    fs::write(file("message"), message).unwrap();
    openssl(
        &["pkeyutl", "-sign", "-rawin"],
        &[
            ("-inkey", &file("key.pem")),
            ("-in", &file("message")),
            ("-out", &file("signature")),
        ],
    );
    assert_eq!(
        fs::read(file("signature")).unwrap(),
        key.sign(message).unwrap()
    );
}

#[test]
fn a_private_key_with_its_public_one_inside_loads_too() {
    let inside = SigningKey::from_bytes(&[7; 32])
        .to_pkcs8_pem(LineEnding::LF)
        .unwrap();
    assert_ne!(*inside, *key(7).to_pem().unwrap());
    assert_eq!(RoleKey::from_pem(&inside).unwrap().id(), key(7).id());
}

#[test]
fn what_is_no_key_says_what_it_is() {
    let private = key(1).to_pem().unwrap();
    assert!(matches!(
        RoleKey::from_pem("hello"),
        Err(KeyError::NotPrivate)
    ));
    let public = public_to_pem(&key(1).public()).unwrap();
    assert!(matches!(
        RoleKey::from_pem(&public),
        Err(KeyError::NotPrivate)
    ));
    let encrypted = private.replace("PRIVATE", "ENCRYPTED PRIVATE");
    assert!(matches!(
        RoleKey::from_pem(&encrypted),
        Err(KeyError::Encrypted)
    ));
    assert!(matches!(
        public_from_text(&private),
        Err(KeyError::PrivateForPublic)
    ));
    assert!(matches!(public_from_text("abcd"), Err(KeyError::NotPublic)));
    let missing = RoleKey::load(Path::new("no-such-key.pem")).unwrap_err();
    assert!(missing.to_string().starts_with("no-such-key.pem: "));
}

#[test]
fn public_keys_are_read_as_pem_and_as_digits_but_not_when_weak() {
    let public = key(1).public();
    let digits = Digest(*public.bytes()).to_string();
    assert_eq!(public_from_text(&format!("{digits}\n")).unwrap(), public);
    assert_eq!(
        public_from_text(&public_to_pem(&public).unwrap()).unwrap(),
        public
    );
    // The neutral element: any signature of a certain form would verify under it.
    let neutral = format!("01{}", "00".repeat(31));
    let Err(KeyError::Refused(refusal)) = public_from_text(&neutral) else {
        panic!("a weak key was taken");
    };
    assert_eq!(refusal.reason, latch_verify::Reason::WeakKey);
}

#[test]
fn a_private_key_is_never_printed() {
    assert_eq!(
        format!("{:?}", key(1)),
        format!("private key {}", key(1).id())
    );
}
