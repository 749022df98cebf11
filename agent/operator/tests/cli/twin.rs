//! `latch twin set` and `get`

use latch_verify::{
    Reason,
    statement::{Code, Outcome},
};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Wish},
    fleet::Member,
};

fn bench() -> (Bench, Member) {
    let bench = Bench::new();
    let member = Member::enrol(&bench, &Wish::new("pump-7"));
    (bench, member)
}

/// The twin as `latch twin get` shows it.
fn twin(bench: &Bench, member: &mut Member) -> Value {
    member.leave_state(bench, "state");
    bench
        .run(["twin", "get", "pump-7", "--state", "state"])
        .ok()
}

#[test]
fn a_change_is_made_by_the_device_and_read_back() {
    let (bench, mut member) = bench();
    let wrote = bench.run([
        "twin",
        "set",
        "pump-7",
        "pump/limit=5",
        "name=\"two words\"",
        "on=true",
        "--out",
        "code",
    ]);
    let found = wrote.ok();
    assert_eq!(
        (&found["published"], &found["missing"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(found["statement"], bench.statement("code").id().to_string());
    assert_eq!(
        member.outcome(&bench, "code"),
        Some(Outcome::Applied { twin_version: 1 })
    );

    let patch = json!({"pump": {"limit": null, "mode": {"$bytes": "00ff"}}}).to_string();
    bench.run_with(
        &["twin", "set", "pump-7", "--patch", "-", "--out", "code2"],
        &patch,
    );
    assert_eq!(
        member.outcome(&bench, "code2"),
        Some(Outcome::Applied { twin_version: 2 })
    );

    let found = twin(&bench, &mut member);
    assert_eq!(found["twin_version"], 2);
    assert_eq!(
        found["twin"],
        json!({"name": "two words", "on": true, "pump": {"mode": {"$bytes": "00ff"}}})
    );
}

#[test]
fn a_code_is_bound_to_the_enrolment_and_to_the_version_that_was_expected() {
    let (bench, mut member) = bench();
    bench
        .run([
            "twin",
            "set",
            "pump-7",
            "a=1",
            "--expect-version",
            "3",
            "--life",
            "2m",
            "--out",
            "code",
        ])
        .ok();
    let statement = bench.statement("code");
    let code: Code<'_> = statement.body().unwrap();
    assert_eq!(
        (code.incarnation, code.context.twin_version),
        (Some(1), Some(3))
    );
    assert_eq!(code.not_after_ms.get() - code.not_before_ms.get(), 120_000);
    assert_eq!(code.challenge, None);
    let refused = member.outcome(&bench, "code");
    assert_eq!(
        refused,
        Some(Outcome::Refused {
            reason: Reason::TwinVersion.number(),
            expected: 0,
            found: 3
        })
    );
    // Whoever knows the state hears it before anything is sent.
    member.leave_state(&bench, "state");
    let early = bench.run([
        "twin",
        "set",
        "pump-7",
        "a=1",
        "--expect-version",
        "3",
        "--state",
        "state",
        "--out",
        "c",
    ]);
    early.refused(Reason::TwinVersion);
    assert!(!bench.path("c").exists());
}

#[test]
fn a_latch_that_asks_for_a_challenge_gets_the_one_in_the_state() {
    let bench = Bench::new().with_rules(|rules| rules.replace("\"time-floor\"", "\"challenge\""));
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .fails(1, "no connection to the broker");
    member.leave_state(&bench, "state");
    for name in ["first", "second"] {
        bench
            .run([
                "twin", "set", "pump-7", "a=1", "--state", "state", "--out", name,
            ])
            .ok();
    }
    assert_eq!(
        member.outcome(&bench, "first"),
        Some(Outcome::Applied { twin_version: 1 })
    );
    // The first has used the challenge; the one before it serves once more.
    assert_eq!(
        member.outcome(&bench, "second"),
        Some(Outcome::Applied { twin_version: 2 })
    );
    bench
        .run([
            "twin", "set", "pump-7", "a=1", "--state", "state", "--out", "third",
        ])
        .ok();
    let stale = Outcome::Refused {
        reason: Reason::ChallengeStale.number(),
        expected: 0,
        found: 0,
    };
    assert_eq!(member.outcome(&bench, "third"), Some(stale));
}

#[test]
fn a_life_beyond_the_rule_is_refused_here() {
    let (bench, _) = bench();
    let refused = bench.run([
        "twin", "set", "pump-7", "a=1", "--life", "2h", "--out", "code",
    ]);
    refused.refused(Reason::LivesTooLong);
    assert!(
        refused.stderr.contains("takes none of more than 3600 s"),
        "{}",
        refused.stderr
    );
    bench
        .run(["twin", "set", "pump-7", "a=1", "--life", "soon"])
        .fails(2, "is no duration");
}

#[test]
fn a_change_that_is_none_is_wrong_usage() {
    let (bench, _) = bench();
    for (arguments, words) in [
        (&["a"][..], "is no assignment"),
        (&["a=007"], "is 007 a number or a text?"),
        (&["a=1", "a/b=2"], "given twice"),
        (&[], "required arguments"),
        (&["--patch", "missing.json", "a=1"], "cannot be used with"),
    ] {
        bench
            .run_with(&[&["twin", "set", "pump-7"], arguments].concat(), "")
            .fails(2, words);
    }
    bench
        .run_with(&["twin", "set", "pump-7", "--patch", "-"], "{}")
        .fails(2, "changes nothing");
    bench
        .run_with(&["twin", "set", "pump-7", "--patch", "-"], "[1]")
        .fails(2, "a twin is a tree");
    bench
        .run(["twin", "set", "pump-8", "a=1"])
        .fails(1, "no device `pump-8`");
}

#[test]
fn too_few_signatures_are_said_before_anything_is_sent() {
    let bench = Bench::new();
    bench.make_key("ben.pem");
    let bench = bench.with_rules(two_operators);
    let mut member = Member::enrol(&bench, &Wish::new("pump-7"));
    bench
        .run(["twin", "set", "pump-7", "a=1"])
        .refused(Reason::TooFewOperators);
    let incomplete = bench
        .run(["twin", "set", "pump-7", "a=1", "--out", "code"])
        .ok();
    assert_eq!(incomplete["missing"]["name"], "TooFewOperators");
    bench.run(["sign", "code", "--key", "ben.pem"]).ok();
    assert_eq!(
        member.outcome(&bench, "code"),
        Some(Outcome::Applied { twin_version: 1 })
    );
    let both = [
        "twin",
        "set",
        "pump-7",
        "a=2",
        "--out",
        "both",
        "--key",
        "keys/operator.pem",
        "--key",
        "ben.pem",
    ];
    assert_eq!(bench.run(both).ok()["missing"], Value::Null);
    assert_eq!(
        member.outcome(&bench, "both"),
        Some(Outcome::Applied { twin_version: 2 })
    );
}

/// Rules under which two operators sign for every latch: the project's, and ben.
pub(crate) fn two_operators(rules: String) -> String {
    rules
        .replace(
            "[\"keys/operator.pub.pem\"]",
            "[\"keys/operator.pub.pem\", \"ben.pub.pem\"]",
        )
        .replace("operators = 1", "operators = 2")
}

#[test]
fn only_the_devices_own_word_is_shown() {
    let (bench, mut member) = bench();
    member.leave_state(&bench, "state");
    bench.spoil("state");
    bench
        .run(["twin", "get", "pump-7", "--state", "state"])
        .refused(Reason::BadSignature);

    let mut other = Member::enrol(
        &bench,
        &Wish {
            seed: [8; 32],
            ..Wish::new("pump-8")
        },
    );
    other.leave_state(&bench, "state");
    bench
        .run(["twin", "get", "pump-7", "--state", "state"])
        .refused(Reason::UnknownKey);
    // Even where two devices were given one key, each speaks for itself alone.
    let mut twin = Member::enrol(&bench, &Wish::new("pump-9"));
    twin.leave_state(&bench, "state");
    bench
        .run(["twin", "get", "pump-7", "--state", "state"])
        .refused(Reason::OtherDevice);
    bench
        .run(["twin", "get", "pump-7", "--state", "root.latch"])
        .refused(Reason::UnknownKey);
}

#[test]
fn the_word_of_an_earlier_enrolment_is_not_the_devices_any_more() {
    let (bench, mut member) = bench();
    member.leave_state(&bench, "state");
    bench.enrol(&Wish {
        incarnation: 2,
        ..Wish::new("pump-7")
    });
    let refused = bench.run(["twin", "get", "pump-7", "--state", "state"]);
    refused.refused(Reason::OtherIncarnation);
    assert!(
        refused.stderr.contains("incarnation 1"),
        "{}",
        refused.stderr
    );
}
