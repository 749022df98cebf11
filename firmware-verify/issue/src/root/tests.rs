mod refused;

use std::path::Path;

use latch_verify::{
    Reason,
    statement::{Freshness, Root},
    types::{Digest, LatchId},
    wire::{KeyRing, Role},
};

use super::*;
use crate::keys::{RoleKey, save_public};

fn key(byte: u8) -> RoleKey {
    RoleKey::from_seed(&[byte; 32]).unwrap()
}

fn hex(byte: u8) -> String {
    Digest(*key(byte).public().bytes()).to_string()
}

/// Rules with everything in them; keys 1 to 6 by role.
fn full() -> String {
    let [root, operator, second, release, approver, glass] = [1, 2, 3, 4, 5, 6].map(hex);
    format!(
        r#"
tenant = "acme"
version = 4
epoch = 2
[keys]
root = ["{root}"]
operator = ["{operator}", "{second}"]
release = ["{release}"]
approver = ["{approver}"]
break-glass = ["{glass}"]
[thresholds]
root = 1
[facts]
tampered = 0
mains = 31
[[latch]]
name = "safety"
id = 3
operators = 2
approvers = 1
freshness = "challenge"
max-life = "15m"
max-open = "2h"
heartbeat = "30s"
grace = "5s"
must-hold = ["mains", 4]
must-not-hold = ["tampered"]
[latch.break-glass]
signers = 1
freshness = "challenge"
max-life = "5m"
[latch.trial]
approvers = 1
freshness = "challenge"
max-life = "90s"
[[latch]]
name = "trust"
freshness = "challenge"
max-life = "1h"
[[latch]]
name = "twin"
id = 0
freshness = "time-floor"
max-life = "7d"
[[latch]]
name = "firmware"
freshness = "trusted-time"
max-life = "1h"
[properties]
"b/c" = "safety"
"b-" = "firmware"
"b.x" = "safety"
[commands]
stop = "safety"
restart = "trust"
"#
    )
}

fn draft(text: &str) -> Result<Draft, RulesError> {
    Rules::from_text(text, Path::new("root.toml"))?.draft()
}

#[test]
fn everything_in_the_file_reaches_the_root() {
    let draft = draft(&full()).unwrap();
    let root: Root<'_> = draft.body().unwrap();
    assert_eq!(
        (root.tenant.to_string(), root.version, root.epoch),
        ("acme".into(), 4, 2)
    );
    assert_eq!(
        (
            root.thresholds.root,
            root.thresholds.release,
            root.thresholds.time
        ),
        (1, 1, 0)
    );
    let roles: Vec<Role> = root.keys.iter().map(|key| key.role).collect();
    use Role::{Approver, BreakGlass, Operator, Release, Root as RootRole};
    assert_eq!(
        roles,
        [RootRole, Operator, Operator, Release, Approver, BreakGlass]
    );

    let names: Vec<&str> = root.latches.iter().map(|latch| latch.name).collect();
    assert_eq!(names, ["twin", "firmware", "trust", "safety"]);
    let safety = root.latch(LatchId::new(3).unwrap()).unwrap();
    let rule = safety.rule;
    assert_eq!(
        (rule.operators, rule.approvers, rule.break_glass),
        (2, 1, 0)
    );
    assert_eq!(rule.freshness, Freshness::Challenge);
    assert_eq!((rule.max_life_s, rule.max_open_s), (900, 7200));
    assert_eq!((rule.heartbeat_s, rule.grace_s), (30, 5));
    assert_eq!(rule.posture.must_hold, (1 << 31) | (1 << 4));
    assert_eq!(rule.posture.must_not_hold, 1);
    let glass = safety.break_glass.unwrap();
    assert_eq!(
        (glass.operators, glass.approvers, glass.break_glass),
        (0, 0, 1)
    );
    assert_eq!(glass.max_life_s, 300);
    let trial = safety.trial.unwrap();
    assert_eq!(
        (trial.operators, trial.approvers, trial.max_life_s),
        (1, 1, 90)
    );

    let paths: Vec<&str> = root
        .properties
        .iter()
        .map(|assigned| assigned.path.as_str())
        .collect();
    assert_eq!(paths, ["b/c", "b-", "b.x"]);
    assert_eq!(root.latch_of_command("stop"), LatchId::new(3));
    assert_eq!(root.latch_of_command("restart"), Some(LatchId::TRUST));
}

#[test]
fn starter_rules_make_a_root_that_its_own_key_signs() {
    let folder = tempfile::tempdir().unwrap();
    let keys = StarterKeys {
        root: "keys/root.pub.pem".into(),
        operator: "keys/it's \"ours\".pem".into(),
        release: hex(3),
    };
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    save_public(&folder.path().join(&keys.root), &key(1).public()).unwrap();
    save_public(&folder.path().join(&keys.operator), &key(2).public()).unwrap();
    let file = folder.path().join("root.toml");
    let text = starter_rules("acme".parse().unwrap(), &keys);
    std::fs::write(&file, text).unwrap();

    let statement = Rules::load(&file)
        .unwrap()
        .draft()
        .unwrap()
        .sign(&[&key(1)])
        .unwrap();
    let root: Root<'_> = statement.body().unwrap();
    let ring: KeyRing = root.key_ring().unwrap();
    assert!(statement.verify(&ring).is_ok());
    let lives: Vec<(&str, Freshness, u32)> = root
        .latches
        .iter()
        .map(|latch| (latch.name, latch.rule.freshness, latch.rule.max_life_s))
        .collect();
    assert_eq!(
        lives,
        [
            ("twin", Freshness::TimeFloor, 3600),
            ("firmware", Freshness::TrustedTime, 86_400),
            ("trust", Freshness::Challenge, 3600),
            ("maintenance", Freshness::Challenge, 900),
        ]
    );
    assert_eq!(root.latch_of_command("restart"), LatchId::new(3));
}

#[test]
fn the_documented_example_makes_a_root() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("root.toml");
    std::fs::write(&file, include_str!("example.toml")).unwrap();
    for (seed, name) in (1..).zip(["root", "anna", "ben", "build", "carl", "safe"]) {
        let path = folder.path().join(format!("{name}.pub.pem"));
        save_public(&path, &key(seed).public()).unwrap();
    }
    let draft = Rules::load(&file).unwrap().draft().unwrap();
    let root: Root<'_> = draft.body().unwrap();
    assert_eq!(
        (root.keys.iter().count(), root.latches.iter().count()),
        (6, 4)
    );
}
