mod gates;
mod people;

use super::*;
use crate::{
    fixture::{RulesText, key, rules, trust},
    root::{RulesProblem, verify_succession},
};

fn plan(now: &RulesText) -> RootPlan {
    now.rules().succeed(&trust()).unwrap()
}

/// What a successor means beyond what the root in force means by itself.
fn news(now: &RulesText) -> Vec<Consequence> {
    let spare = |found: &Consequence| !matches!(found, Consequence::NoSpareRootKey { .. });
    let plan = plan(now);
    plan.consequences()
        .iter()
        .filter(|found| spare(found))
        .cloned()
        .collect()
}

fn next() -> RulesText {
    rules().version(2)
}

#[test]
fn a_successor_that_changes_nothing_means_nothing() {
    assert_eq!(news(&next()), []);
}

#[test]
fn rules_that_do_not_follow_are_said_with_their_place() {
    let said = |rules: RulesText| rules.rules().succeed(&trust()).unwrap_err().to_string();
    let same = said(rules());
    assert!(same.starts_with("root.toml: version: "), "{same}");
    assert!(same.ends_with("(expected 2, found 1)"), "{same}");
    assert!(said(rules().version(3)).ends_with("(expected 2, found 3)"));
    assert!(said(next().tenant("other")).starts_with("root.toml: tenant: "));
    let epoch = said(next().epoch(0));
    assert!(epoch.starts_with("root.toml: epoch: "), "{epoch}");
    assert!(epoch.ends_with("(expected 1, found 0)"), "{epoch}");
    let broken = next().keys("root", &[]).rules().succeed(&trust());
    assert!(matches!(
        broken.unwrap_err().problem,
        RulesProblem::At { .. }
    ));
}

#[test]
fn who_has_yet_to_sign_is_said_until_devices_take_it() {
    let plan = plan(&next().keys("root", &[10, 11, 12]).threshold("root", 2));
    let ids = |seeds: &[u8]| seeds.iter().map(|seed| key(*seed).id()).collect::<Vec<_>>();
    let left = |seeds: &[u8]| plan.shortfalls(&ids(seeds));
    let before = |missing, seeds: &[u8]| Shortfall::Before {
        missing,
        keys: ids(seeds),
    };
    let now = |missing, seeds: &[u8]| Shortfall::Now {
        missing,
        keys: ids(seeds),
    };
    assert_eq!(left(&[]), [before(1, &[1]), now(2, &[10, 11, 12])]);
    assert_eq!(left(&[1, 11]), [now(1, &[10, 12])]);
    assert_eq!(left(&[10, 12]), [before(1, &[1])]);
    assert_eq!(left(&[1, 10, 11]), []);
    assert_eq!(left(&[1, 10, 11, 99]), [Shortfall::Stranger(key(99).id())]);
    // Each of these is what devices would say.
    let judged = |seeds: &[u8]| {
        let keys: Vec<_> = seeds.iter().map(|seed| key(*seed)).collect();
        let keys: Vec<_> = keys.iter().collect();
        let signed = plan.draft().clone().sign(&keys).unwrap();
        verify_succession(&trust(), &signed, &[]).is_ok()
    };
    for seeds in [
        &[1, 11][..],
        &[10, 12],
        &[1, 10, 11],
        &[1, 10, 11, 99],
        &[1, 2, 10, 12],
    ] {
        assert_eq!(judged(seeds), left(seeds).is_empty(), "{seeds:?}");
    }
    let sentence = before(1, &[1]).to_string();
    assert!(sentence.contains(&key(1).id().to_string()), "{sentence}");
}

#[test]
fn a_new_epoch_voids_every_code() {
    let (before, now) = (1, 4);
    let expected = Consequence::EpochRaised { before, now };
    assert_eq!(expected.weight(), Weight::Voids);
    assert_eq!(news(&next().epoch(4)), [expected]);
}

#[test]
fn what_no_statement_can_carry_is_found() {
    let nine: Vec<u8> = (30..39).collect();
    let least = |rules: &RulesText| {
        found_in(rules, |found| match found {
            Consequence::CannotSucceed { least } => Some(*least),
            _ => None,
        })
    };
    // One old key and eight new ones; with one of them in both, eight are enough.
    assert_eq!(
        least(&next().keys("root", &nine).threshold("root", 8)),
        Some(9)
    );
    let shared = [&[1][..], &nine[..8]].concat();
    assert_eq!(
        least(&next().keys("root", &shared).threshold("root", 8)),
        None
    );
}

fn found_in<T>(rules: &RulesText, pick: impl Fn(&Consequence) -> Option<T>) -> Option<T> {
    plan(rules).consequences().iter().find_map(pick)
}

#[test]
fn a_first_root_is_looked_at_too() {
    let lonely = review_root(&rules().draft()).unwrap();
    assert_eq!(lonely, [Consequence::NoSpareRootKey { keys: 1 }]);
    let spare = rules().keys("root", &[1, 10]);
    assert_eq!(review_root(&spare.draft()), Ok(vec![]));
}

#[test]
fn a_consequence_is_shown_to_machines_too() {
    let shown = serde_json::to_value(news(&next().epoch(4))).unwrap();
    assert_eq!(
        shown,
        serde_json::json!([{"consequence": "epoch-raised", "before": 1, "now": 4}])
    );
    let rule = news(&next().with("\"15m\"", "\"20m\""));
    let shown = serde_json::to_value(&rule[0]).unwrap();
    assert_eq!(shown["consequence"], "rule");
    assert_eq!(shown["part"], "max-life");
}
