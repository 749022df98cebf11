//! Latches, rules and what is behind them, changed.

use super::*;

#[test]
fn what_nobody_can_do_any_more_comes_first() {
    let latch = "[[latch]]\nname = \"other\"\nid = 3\n";
    let reused = next().with("name = \"safety\"\nid = 3\n", "name = \"other\"\nid = 3\n");
    let reused = reused.with("\"pump/limit\" = \"safety\"", "\"pump/limit\" = \"other\"");
    let reused = reused.with("restart = \"safety\"", "");
    assert!(reused.text().contains(latch));
    let found = news(&reused);
    assert_eq!(
        found,
        [
            Consequence::CommandGone {
                command: "restart".into()
            },
            Consequence::LatchReused {
                id: 3,
                before: "safety".into(),
                now: "other".into()
            },
        ]
    );
    let gone = next()
        .with("name = \"safety\"\nid = 3\n", "name = \"other\"\nid = 4\n")
        .with("\"pump/limit\" = \"safety\"", "\"pump/limit\" = \"other\"")
        .with("restart = \"safety\"", "restart = \"other\"");
    let moved = |what: &str| Consequence::Moved {
        what: what.into(),
        before: "safety".into(),
        now: "other".into(),
    };
    assert_eq!(
        news(&gone),
        [
            Consequence::LatchGone {
                latch: "safety".into()
            },
            moved("the command `restart`"),
            moved("the property `pump/limit`"),
        ]
    );
}

#[test]
fn a_latch_that_opens_no_more_is_named() {
    let shut = next().with("max-open = \"1h\"\n", "");
    let found = news(&shut);
    let whose = || "the latch `safety`".to_owned();
    assert_eq!(found[0], Consequence::NeverOpens { whose: whose() });
    assert_eq!(
        found[1],
        Consequence::Rule(RuleChange {
            whose: whose(),
            part: "max-open",
            before: "3600s".into(),
            now: "0s".into(),
            stricter: true
        })
    );
    let glass = "[latch.break-glass]\nsigners = 1\nfreshness = \"challenge\"\nmax-life = \"5m\"\nmax-open = \"10m\"\n";
    assert_eq!(
        news(&next().with(glass, "")),
        [Consequence::BreakGlassGone {
            latch: "safety".into()
        }]
    );
}

#[test]
fn each_part_of_a_rule_is_told_with_its_direction() {
    let change = |part: &str, by: &str| {
        let found = news(&next().with(part, by));
        let [Consequence::Rule(change)] = &found[..] else {
            panic!("{part} -> {by}: {found:?}");
        };
        (change.part, change.stricter, found[0].weight())
    };
    let (voids, notice) = (Weight::Voids, Weight::Notice);
    assert_eq!(
        change("operators = 2", "operators = 1"),
        ("operators", false, notice)
    );
    assert_eq!(
        change("approvers = 1", "approvers = 0"),
        ("approvers", false, notice)
    );
    assert_eq!(
        change("\"time-floor\"", "\"challenge\""),
        ("freshness", true, voids)
    );
    assert_eq!(
        change("\"trusted-time\"", "\"challenge\""),
        ("freshness", true, voids)
    );
    assert_eq!(change("\"15m\"", "\"20m\""), ("max-life", false, notice));
    assert_eq!(change("\"1d\"", "\"2h\""), ("max-life", true, voids));
    assert_eq!(
        change("max-open = \"1h\"", "max-open = \"2h\""),
        ("max-open", false, notice)
    );
    assert_eq!(
        change("must-hold = [1]", "must-hold = [1]\nheartbeat = \"30s\""),
        ("heartbeat", true, voids)
    );
    assert_eq!(
        change("must-hold = [1]", "must-hold = [1, 31]"),
        ("must-hold", true, voids)
    );
    assert_eq!(
        change("must-hold = [1]", "must-hold = []"),
        ("must-hold", false, notice)
    );
    assert_eq!(
        change("must-hold = [1]", "must-hold = [1]\nmust-not-hold = [0]"),
        ("must-not-hold", true, voids)
    );
    assert_eq!(
        change("must-hold = [1]", "must-hold = [1]\ngrace = \"5s\""),
        ("grace", false, notice)
    );
}

#[test]
fn a_branch_that_loses_its_latch_is_named() {
    let lenient = next().with("\"pump/limit\" = \"safety\"", "");
    let expected = Consequence::Moved {
        what: "the property `pump/limit`".into(),
        before: "safety".into(),
        now: "twin".into(),
    };
    assert_eq!(news(&lenient), [expected]);
    let command = next().with("stop = \"trust\"", "stop = \"safety\"");
    let expected = Consequence::Moved {
        what: "the command `stop`".into(),
        before: "trust".into(),
        now: "safety".into(),
    };
    assert_eq!(news(&command), [expected]);
}
