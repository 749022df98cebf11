//! Rules that make no root, each with its place in the file.

use super::*;

/// The sentence for the full rules with a part of them replaced.
fn refused(part: &str, by: &str) -> String {
    let text = full();
    assert!(text.contains(part), "{part}");
    draft(&text.replacen(part, by, 1)).unwrap_err().to_string()
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
        (
            "[\"tampered\"]",
            "[\"tampered\", 4]",
            "latch \"safety\", must-not-hold: ",
        ),
        (
            "operators = 2",
            "operators = 8",
            "latch \"safety\", operators: ",
        ),
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
fn more_signers_than_a_statement_carries_are_said_with_their_place() {
    let many: Vec<u8> = (30..38).collect();
    let eight = crate::fixture::rules().keys("operator", &many);
    let said = |rules: &crate::fixture::RulesText| {
        rules.rules().draft().err().map(|error| error.to_string())
    };
    let alone = eight.clone().with("operators = 2", "operators = 7");
    assert_eq!(said(&alone), None);
    let with_approver = eight.clone().with("operators = 2", "operators = 8");
    let sentence = said(&with_approver).unwrap();
    assert!(
        sentence.starts_with("root.toml: latch \"safety\": "),
        "{sentence}"
    );
    assert!(sentence.ends_with("(expected 9, found 8)"), "{sentence}");
    let nine: Vec<u8> = (30..39).collect();
    let root = crate::fixture::rules().keys("root", &nine);
    assert_eq!(said(&root.clone().threshold("root", 8)), None);
    let sentence = said(&root.threshold("root", 9)).unwrap();
    assert!(
        sentence.starts_with("root.toml: thresholds.root: "),
        "{sentence}"
    );
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
