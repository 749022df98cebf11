//! Lists that are out of order, too long, or hold what contradicts itself.

use latch_verify::{
    Reason,
    limits::MAX_KEYS,
    statement::{
        CommandAssignment, Freshness, Latch, PropertyAssignment, Root, RootKey, Thresholds,
    },
    twin::Path,
    types::LatchId,
    wire::{Role, Run, RunWriter},
};
use serde::Serialize;

use super::{Case, bodies::case};
use crate::{
    fixtures::{manifest, root},
    keys::{RELEASE, ROOT},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = keys();
    cases.extend(latches());
    cases.extend(assignments());
    cases.push(requirements());
    cases
}

/// Items one after the other, with no check of any kind.
pub(super) fn run<T: Serialize>(items: &[T]) -> Vec<u8> {
    let mut buffer = vec![0; 8192];
    let mut run = RunWriter::new(&mut buffer);
    for item in items {
        run.push(item).unwrap();
    }
    run.finish().to_vec()
}

fn keys() -> Vec<Case> {
    let statement = root();
    let root: Root<'_> = statement.body().unwrap();
    let good: Vec<RootKey> = root.keys.iter().collect();
    let with = |name, keys: &[RootKey], reason| {
        let bytes = run(keys);
        let keys = Run::from_bytes(&bytes);
        case(name, &Root { keys, ..root }, ROOT, reason)
    };
    let replaced = |key: [u8; 32]| {
        let mut keys = good.clone();
        keys[1].key = key;
        keys
    };
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut other_role = good[0];
    other_role.role = Role::Operator;
    let twice = [&good[..], &[other_role]].concat();
    let mut many = good.clone();
    many.extend((100..).take(MAX_KEYS + 1 - good.len()).map(|seed| {
        let key = latch_issue::RoleKey::from_seed(&[seed; 32]).unwrap();
        let (role, key) = (Role::Operator, *key.public().bytes());
        RootKey { role, key }
    }));
    let thresholds = |name, root_keys, release, reason| {
        let thresholds = Thresholds {
            root: root_keys,
            release,
            time: 0,
        };
        case(name, &Root { thresholds, ..root }, ROOT, reason)
    };
    vec![
        with(
            "a root with a key of small order",
            &replaced(neutral),
            Reason::WeakKey,
        ),
        with(
            "a root with a key that is no point",
            &replaced([2; 32]),
            Reason::WeakKey,
        ),
        with("a key with two roles", &twice, Reason::KeyTwice),
        with("seventeen keys", &many, Reason::TooManyEntries),
        thresholds("a root that nobody must sign", 0, 1, Reason::ThresholdZero),
        thresholds(
            "a manifest that nobody must sign",
            1,
            0,
            Reason::ThresholdZero,
        ),
        thresholds(
            "more root signatures than keys",
            2,
            1,
            Reason::ThresholdUnreachable,
        ),
        case(
            "a root of version 0",
            &Root { version: 0, ..root },
            ROOT,
            Reason::RootOrder,
        ),
    ]
}

fn latches() -> Vec<Case> {
    let statement = root();
    let root: Root<'_> = statement.body().unwrap();
    let good: Vec<Latch<'_>> = root.latches.iter().collect();
    let with = |name, change: &dyn Fn(&mut Vec<Latch<'_>>), reason| {
        let mut latches = good.clone();
        change(&mut latches);
        let bytes = run(&latches);
        let latches = Run::from_bytes(&bytes);
        let root = Root {
            latches,
            properties: Run::default(),
            commands: Run::default(),
            ..root
        };
        case(name, &root, ROOT, reason)
    };
    vec![
        with(
            "a root without the latch of trust",
            &|latches| latches.retain(|latch| latch.id != LatchId::TRUST),
            Reason::LatchMissing,
        ),
        with(
            "latches out of order",
            &|latches| latches.swap(0, 1),
            Reason::RootOrder,
        ),
        with(
            "a latch without a name",
            &|latches| latches[3].name = "",
            Reason::BadName,
        ),
        with(
            "firmware on a time floor",
            &|latches| latches[1].rule.freshness = Freshness::TimeFloor,
            Reason::RuleTooWeak,
        ),
        with(
            "an opening on a time floor",
            &|latches| latches[0].rule.max_open_s = 1,
            Reason::RuleTooWeak,
        ),
        with(
            "a rule that nobody must sign for",
            &|latches| latches[0].rule.operators = 0,
            Reason::ThresholdZero,
        ),
        with(
            "more operators than keys",
            &|latches| latches[0].rule.operators = 3,
            Reason::ThresholdUnreachable,
        ),
        with(
            "a rule under which no code lives",
            &|latches| latches[0].rule.max_life_s = 0,
            Reason::RuleBounds,
        ),
        with(
            "a life of 401 days",
            &|latches| latches[0].rule.max_life_s = 401 * 86_400,
            Reason::RuleBounds,
        ),
        with(
            "break-glass in a plain rule",
            &|latches| latches[0].rule.break_glass = 1,
            Reason::RuleBounds,
        ),
        with(
            "operators in a break-glass rule",
            &|latches| latches[3].break_glass.as_mut().unwrap().operators = 1,
            Reason::RuleBounds,
        ),
        with(
            "break-glass that lives longer than the plain rule",
            &|latches| latches[3].break_glass.as_mut().unwrap().max_life_s = 901,
            Reason::RuleBounds,
        ),
        with(
            "a fact that must hold and must not",
            &|latches| latches[3].rule.posture.must_hold |= 1,
            Reason::RuleBounds,
        ),
        with(
            "break-glass for trust",
            &|latches| latches[2].break_glass = latches[3].break_glass,
            Reason::RuleBounds,
        ),
    ]
}

fn assignments() -> Vec<Case> {
    let statement = root();
    let root: Root<'_> = statement.body().unwrap();
    let path = |text| Path::new(text).unwrap();
    let properties = |name, paths: &[(&'static str, u8)], reason| {
        let assigned = |(text, latch): &(&'static str, u8)| PropertyAssignment {
            path: path(text),
            latch: LatchId::new(*latch).unwrap(),
        };
        let bytes = run(&paths.iter().map(assigned).collect::<Vec<_>>());
        let properties = Run::from_bytes(&bytes);
        case(name, &Root { properties, ..root }, ROOT, reason)
    };
    let commands = |name, names: &[(&'static str, u8)], reason| {
        let assigned = |(name, latch): &(&'static str, u8)| CommandAssignment {
            name,
            latch: LatchId::new(*latch).unwrap(),
        };
        let bytes = run(&names.iter().map(assigned).collect::<Vec<_>>());
        let commands = Run::from_bytes(&bytes);
        case(name, &Root { commands, ..root }, ROOT, reason)
    };
    vec![
        properties(
            "a property behind a latch that there is not",
            &[("a", 9)],
            Reason::AssignedNowhere,
        ),
        properties(
            "a property below another",
            &[("a", 3), ("a/b", 1)],
            Reason::RootOrder,
        ),
        properties(
            "properties out of order",
            &[("b", 3), ("a", 3)],
            Reason::RootOrder,
        ),
        commands(
            "a command behind a latch that there is not",
            &[("a", 9)],
            Reason::AssignedNowhere,
        ),
        commands(
            "one command twice",
            &[("a", 3), ("a", 1)],
            Reason::RootOrder,
        ),
        commands(
            "a command with a malformed name",
            &[("a/b", 3)],
            Reason::BadName,
        ),
    ]
}

fn requirements() -> Case {
    let statement = manifest();
    let good: latch_verify::statement::Manifest<'_> = statement.body().unwrap();
    let requirement = good.requirements.iter().next().unwrap();
    let bytes = run(&[requirement; 9]);
    let requirements = Run::from_bytes(&bytes);
    let body = latch_verify::statement::Manifest {
        requirements,
        ..good
    };
    case("nine requirements", &body, RELEASE, Reason::TooManyEntries)
}
