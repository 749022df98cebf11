//! What follows from a trust root: by itself, and after the one in force.

use std::collections::BTreeMap;

use latch_verify::{
    statement::{Latch, Root, Rule},
    types::{KeyId, LatchId},
    wire::{KeyRing, Role},
};

use super::{consequence::Consequence, rule::changes};

const ROLES: [Role; 6] = [
    Role::Root,
    Role::Operator,
    Role::Release,
    Role::Approver,
    Role::Time,
    Role::BreakGlass,
];

/// What a root means by itself.
pub(super) fn alone(root: &Root<'_>) -> Vec<Consequence> {
    let keys = root
        .keys
        .iter()
        .filter(|key| key.role == Role::Root)
        .count();
    let asked = root.thresholds.root;
    let spare = usize::from(asked) < keys;
    let lonely = (!spare).then_some(Consequence::NoSpareRootKey { keys: asked });
    lonely.into_iter().collect()
}

/// The rules of a latch that are enforced.
fn rules(latch: &Latch<'_>) -> Vec<(String, Rule)> {
    let name = format!("the latch `{}`", latch.name);
    let glass = latch
        .break_glass
        .map(|rule| (format!("{name}, break-glass"), rule));
    [(name, latch.rule)].into_iter().chain(glass).collect()
}

/// What changes with a successor.
pub(super) fn successor(
    before: &Root<'_>,
    before_keys: &KeyRing,
    now: &Root<'_>,
    now_keys: &KeyRing,
) -> Vec<Consequence> {
    let mut found = Vec::new();
    if now.epoch > before.epoch {
        found.push(Consequence::EpochRaised {
            before: before.epoch,
            now: now.epoch,
        });
    }
    found.extend(keys(before_keys, now_keys));
    found.extend(thresholds(before, now));
    for latch in before.latches.iter() {
        match now.latch(latch.id) {
            None => found.push(Consequence::LatchGone {
                latch: latch.name.to_owned(),
            }),
            Some(kept) => found.extend(one_latch(&latch, &kept)),
        }
    }
    found.extend(commands(before, now));
    found.extend(properties(before, now));
    found
}

fn keys(before: &KeyRing, now: &KeyRing) -> Vec<Consequence> {
    let mut found = Vec::new();
    for role in ROLES {
        let of = |ring: &KeyRing| -> Vec<KeyId> {
            let same = ring.iter().filter(|(_, found, _)| *found == role);
            same.map(|(id, _, _)| *id).collect()
        };
        let (had, has) = (of(before), of(now));
        for key in &had {
            match now.role(*key) {
                None => found.push(Consequence::KeyGone { role, key: *key }),
                Some(other) if other != role => found.push(Consequence::KeyMoved {
                    key: *key,
                    before: role,
                    now: other,
                }),
                Some(_) => {}
            }
        }
        for key in &has {
            if before.role(*key).is_none() {
                found.push(Consequence::KeyAdded { role, key: *key });
            }
        }
        if had.is_empty() {
            continue;
        }
        if has.is_empty() {
            found.push(Consequence::RoleEmpty { role });
        } else if has.iter().all(|key| !had.contains(key)) {
            found.push(Consequence::RoleReplaced { role });
        }
    }
    found
}

fn thresholds(before: &Root<'_>, now: &Root<'_>) -> Vec<Consequence> {
    let (was, is) = (before.thresholds, now.thresholds);
    [
        ("root", was.root, is.root),
        ("release", was.release, is.release),
        ("time", was.time, is.time),
    ]
    .into_iter()
    .filter(|(_, was, is)| was != is)
    .map(|(whose, before, now)| Consequence::Threshold { whose, before, now })
    .collect()
}

fn one_latch(before: &Latch<'_>, now: &Latch<'_>) -> Vec<Consequence> {
    if before.name != now.name {
        return vec![Consequence::LatchReused {
            id: before.id.number(),
            before: before.name.to_owned(),
            now: now.name.to_owned(),
        }];
    }
    let latch = || now.name.to_owned();
    let mut found = Vec::new();
    match (before.break_glass, now.break_glass) {
        (Some(_), None) => found.push(Consequence::BreakGlassGone { latch: latch() }),
        (None, Some(_)) => found.push(Consequence::BreakGlassAdded { latch: latch() }),
        _ => {}
    }
    let kept = rules(before);
    for (whose, rule) in rules(now) {
        let Some((_, was)) = kept.iter().find(|(same, _)| *same == whose) else {
            continue;
        };
        let parts = changes(&whose, was, &rule);
        if was.max_open_s > 0 && rule.max_open_s == 0 {
            found.push(Consequence::NeverOpens { whose });
        }
        found.extend(parts.into_iter().map(Consequence::Rule));
    }
    found
}

fn latch_name(root: &Root<'_>, id: LatchId) -> String {
    root.latch(id)
        .map_or_else(|| id.to_string(), |latch| latch.name.to_owned())
}

fn moved(what: String, before: (&Root<'_>, LatchId), now: (&Root<'_>, LatchId)) -> Consequence {
    Consequence::Moved {
        what,
        before: latch_name(before.0, before.1),
        now: latch_name(now.0, now.1),
    }
}

fn commands(before: &Root<'_>, now: &Root<'_>) -> Vec<Consequence> {
    let mut found = Vec::new();
    for command in before.commands.iter() {
        match now.latch_of_command(command.name) {
            None => found.push(Consequence::CommandGone {
                command: command.name.to_owned(),
            }),
            Some(latch) if latch != command.latch => {
                let what = format!("the command `{}`", command.name);
                found.push(moved(what, (before, command.latch), (now, latch)));
            }
            Some(_) => {}
        }
    }
    found
}

fn properties(before: &Root<'_>, now: &Root<'_>) -> Vec<Consequence> {
    let assigned = [before, now]
        .into_iter()
        .flat_map(|root| root.properties.iter())
        .map(|assignment| (assignment.path, ()));
    let paths: BTreeMap<_, ()> = assigned.collect();
    let mut found = Vec::new();
    for path in paths.into_keys() {
        // Where a branch is split, its parts are among the paths themselves.
        let (Some(was), Some(is)) = (before.latch_of_path(path), now.latch_of_path(path)) else {
            continue;
        };
        if was != is {
            let what = format!("the property `{}`", path.as_str());
            found.push(moved(what, (before, was), (now, is)));
        }
    }
    found
}
