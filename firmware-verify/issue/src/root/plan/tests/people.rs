//! Keys and thresholds that change.

use super::*;

#[test]
fn a_key_that_goes_comes_or_changes_its_role_is_named() {
    let gone = |role, seed| Consequence::KeyGone {
        role,
        key: key(seed).id(),
    };
    let added = |role, seed| Consequence::KeyAdded {
        role,
        key: key(seed).id(),
    };
    let one = next().keys("operator", &[2, 6, 20]);
    assert_eq!(news(&one), [added(Role::Operator, 20)]);
    let all = next().keys("release", &[21, 22]);
    assert_eq!(
        news(&all),
        [
            gone(Role::Release, 3),
            added(Role::Release, 21),
            added(Role::Release, 22),
            Consequence::RoleReplaced {
                role: Role::Release
            },
        ]
    );
    let moved = next()
        .keys("approver", &[4, 5])
        .keys("time", &[])
        .threshold("time", 0);
    let found = news(&moved);
    assert_eq!(
        found,
        [
            Consequence::RoleEmpty { role: Role::Time },
            Consequence::Threshold {
                whose: "time",
                before: 1,
                now: 0
            },
            Consequence::KeyMoved {
                key: key(5).id(),
                before: Role::Time,
                now: Role::Approver
            },
        ]
    );
    assert_eq!(found[0].weight(), Weight::LocksOut);
    let release = gone(Role::Release, 3).to_string();
    assert!(
        release.contains("downloads of such releases end"),
        "{release}"
    );
}

#[test]
fn a_threshold_weighs_by_what_it_is_for() {
    let release = next().keys("release", &[3, 40]).threshold("release", 2);
    let root = next().keys("root", &[1, 40]).threshold("root", 2);
    let time = next().threshold("time", 0);
    let weight = |rules: &RulesText| {
        found_in(rules, |found| match found {
            Consequence::Threshold { .. } => Some((found.weight(), found.to_string())),
            _ => None,
        })
        .unwrap()
    };
    let (heavy, sentence) = weight(&release);
    assert_eq!(heavy, Weight::Voids);
    assert_eq!(
        sentence,
        "thresholds.release: 2 keys must sign, and 1 had to: what fewer have signed is refused"
    );
    assert_eq!(
        weight(&root),
        (
            Weight::Notice,
            "thresholds.root: 2 keys must sign, and 1 had to".to_owned()
        )
    );
    assert_eq!(weight(&time).0, Weight::LocksOut);
}

/// Nothing of how the program names things shows in what people read.
#[test]
fn sentences_are_for_people() {
    let plans = [
        next().epoch(4).keys("break-glass", &[8]),
        next()
            .keys("approver", &[4, 5])
            .keys("time", &[])
            .threshold("time", 0),
        next()
            .keys("release", &[21, 22])
            .keys("operator", &[23, 24]),
        next()
            .keys("approver", &[50])
            .with("max-open = \"1h\"\n", ""),
    ];
    for rules in plans {
        for found in plan(&rules).consequences() {
            let sentence = found.to_string();
            for word in ["BreakGlass", "Operator", "Release", "Some(", "{", "Weight"] {
                assert!(!sentence.contains(word), "{sentence}");
            }
        }
    }
}
