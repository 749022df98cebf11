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

/// The sentence for the full rules with a part of them replaced.
fn refused(part: &str, by: &str) -> String {
    let text = full();
    assert!(text.contains(part), "{part}");
    draft(&text.replacen(part, by, 1)).unwrap_err().to_string()
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

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let cases = [
        (
            "max-life = \"15m\"",
            "max-life = \"15 min\"",
            "`15 min` is no duration",
        ),
        ("epoch = 2", "epoch = 2\nepocj = 3", "epocj"),
        ("freshness = \"time-floor\"", "freshness = \"none\"", "none"),
        (
            "id = 3",
            "",
            "latch \"safety\": a latch of your own has an id of 3 to 15",
        ),
        (
            "id = 3",
            "id = 1",
            "latch \"safety\": a latch of your own has an id of 3 to 15",
        ),
        (
            "id = 3",
            "id = 16",
            "latch \"safety\": a latch of your own has an id of 3 to 15",
        ),
        (
            "id = 0",
            "id = 3",
            "latch \"twin\": the latch `twin` has the id 0",
        ),
        (
            "name = \"trust\"",
            "name = \"twin\"",
            "latch \"twin\": another latch has this name",
        ),
        (
            "\"b-\" = \"firmware\"",
            "\"b-\" = \"pump\"",
            "properties.\"b-\": there is no latch named `pump`",
        ),
        (
            "stop = \"safety\"",
            "stop = \"x\"",
            "commands.stop: there is no latch named `x`",
        ),
        (
            "\"b-\" =",
            "\"b\" =",
            "properties.\"b/c\": paths must be in order, each once, none below another",
        ),
        (
            "\"b-\" =",
            "\"b//d\" =",
            "properties.\"b//d\": a path is empty",
        ),
        (
            "\"mains\"",
            "\"main\"",
            "latch \"safety\", must-hold: `main` is no fact",
        ),
        (
            "mains = 31",
            "mains = 32",
            "latch \"safety\", must-hold: `mains` is no fact",
        ),
        (
            "operators = 2",
            "operators = 3",
            "latch \"safety\", operators: the trust root asks for more signatures than it lists keys (expected 3, found 2)",
        ),
        (
            "operators = 2",
            "operators = 0",
            "latch \"safety\": the trust root asks for no signature",
        ),
        (
            "approvers = 1",
            "approvers = 2",
            "latch \"safety\", approvers: ",
        ),
        (
            "signers = 1",
            "signers = 2",
            "latch \"safety\", break-glass, signers: ",
        ),
        (
            "max-life = \"5m\"",
            "max-life = \"1h\"",
            "latch \"safety\", break-glass.max-life: ",
        ),
        (
            "max-life = \"90s\"",
            "max-life = \"0s\"",
            "latch \"safety\", trial, max-life: ",
        ),
        (
            "max-life = \"7d\"",
            "max-life = \"401d\"",
            "latch \"twin\", max-life: ",
        ),
        (
            "\"trusted-time\"",
            "\"time-floor\"",
            "latch \"firmware\", freshness: a rule is weaker than its latch may have",
        ),
        (
            "root = 1",
            "root = 2",
            "thresholds.root: the trust root asks for more",
        ),
        (
            "root = 1",
            "root = 0",
            "thresholds.root: the trust root asks for no signature",
        ),
        ("root = 1", "time = 1", "thresholds.time: "),
        ("version = 4", "version = 0", "must be in order"),
    ];
    for (part, by, expected) in cases {
        let sentence = refused(part, by);
        assert!(sentence.starts_with("root.toml: "), "{sentence}");
        assert!(sentence.contains(expected), "{part} -> {by}: {sentence}");
    }
}

#[test]
fn keys_that_cannot_be_are_said_with_their_place() {
    let (second, operator, root) = (hex(3), hex(2), hex(1));
    let twice = refused(&second, &operator);
    assert!(twice.contains(&format!(
        "keys.operator \"{operator}\": the same key stands at keys.operator"
    )));
    let roles = refused(&second, &root);
    assert!(roles.contains(&format!("the same key stands at keys.root \"{root}\"")));
    let missing = refused(&second, "no-such.pem");
    assert!(
        missing.contains("keys.operator \"no-such.pem\": no-such.pem: the key file cannot be read")
    );
    let weak = refused(&second, &"00".repeat(32));
    assert!(weak.contains("weak or not canonical"), "{weak}");
}

#[test]
fn a_missing_latch_or_file_is_said() {
    let trust = "[[latch]]\nname = \"trust\"\nfreshness = \"challenge\"\nmax-life = \"1h\"\n";
    let text = full().replace(trust, "").replace("restart = \"trust\"", "");
    let RulesProblem::Refused(SignError::Refused(refusal)) = draft(&text).unwrap_err().problem
    else {
        panic!("not the verifier's reason");
    };
    assert_eq!(refusal.reason, Reason::LatchMissing);
    let missing = Rules::load(Path::new("no-such.toml"))
        .unwrap_err()
        .to_string();
    assert!(missing.starts_with("no-such.toml: the rules file cannot be read"));
    let long = Rules::from_text(&" ".repeat(MAX_RULES + 1), Path::new("root.toml")).unwrap_err();
    assert!(matches!(long.problem, RulesProblem::TooLong(_)));
}

#[test]
fn a_trust_latch_has_no_break_glass() {
    let trust = "name = \"trust\"\nfreshness = \"challenge\"\nmax-life = \"1h\"\n";
    let glass = "[latch.break-glass]\nsigners = 1\nfreshness = \"challenge\"\nmax-life = \"5m\"\n";
    let sentence = refused(trust, &format!("{trust}{glass}"));
    assert!(
        sentence.contains("latch \"trust\", break-glass: "),
        "{sentence}"
    );
}
