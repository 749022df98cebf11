//! From the rules file to the body of a root. What the verifier would refuse is found here
//! first where the file can be told which of its lines is the cause.

use std::{collections::BTreeMap, path::Path};

use latch_verify::{
    Reason, Refusal,
    limits::MAX_ROOT_BODY,
    statement::{CommandAssignment, Latch, PropertyAssignment, Root, RootKey, Thresholds},
    twin,
    types::LatchId,
    wire::{PublicKey, Role, Run, RunWriter},
};
use serde::Serialize;

use super::{
    RulesProblem,
    rule::{reachable, rule},
    schema::{self, RuleWords},
};
use crate::{
    keys::{load_public, public_from_text},
    sign::Draft,
};

/// The latches that every root lists, by name.
const USUAL: [(&str, LatchId, &str); 3] = [
    ("twin", LatchId::TWIN, "the latch `twin` has the id 0"),
    (
        "firmware",
        LatchId::FIRMWARE,
        "the latch `firmware` has the id 1",
    ),
    ("trust", LatchId::TRUST, "the latch `trust` has the id 2"),
];
const PRODUCT_ID: &str = "a latch of your own has an id of 3 to 15, which it keeps for good";

pub(super) fn draft(rules: &schema::Rules, folder: &Path) -> Result<Draft, RulesProblem> {
    let keys = keys(rules, folder)?;
    let latches = latches(rules)?;
    let properties = properties(rules, &latches)?;
    let commands = commands(rules, &latches)?;
    let mut buffers = [[0; 2 * MAX_ROOT_BODY]; 4];
    let [first, second, third, fourth] = &mut buffers;
    let root = Root {
        tenant: rules.tenant,
        version: rules.version,
        epoch: rules.epoch,
        keys: run(first, &keys)?,
        thresholds: thresholds(rules)?,
        latches: run(second, &latches)?,
        properties: run(third, &properties)?,
        commands: run(fourth, &commands)?,
    };
    Ok(Draft::new(&root)?)
}

/// Encodes a list. One that does not fit here is far longer than a root may be.
fn run<'b, T: Serialize>(buffer: &'b mut [u8], items: &[T]) -> Result<Run<'b, T>, RulesProblem> {
    let mut run = RunWriter::new(buffer);
    for item in items {
        run.push(item)
            .map_err(|_| at("the rules", Reason::BadLength))?;
    }
    Ok(Run::from_bytes(run.finish()))
}

pub(super) fn at(place: impl Into<String>, cause: impl Into<Refusal>) -> RulesProblem {
    RulesProblem::At {
        at: place.into(),
        cause: cause.into(),
    }
}

fn keys(rules: &schema::Rules, folder: &Path) -> Result<Vec<RootKey>, RulesProblem> {
    let mut places: BTreeMap<_, String> = BTreeMap::new();
    let mut keys = Vec::new();
    for (role, name, entries) in rules.keys.by_role() {
        for entry in entries {
            let at = format!("keys.{name} \"{entry}\"");
            let key = read_key(entry, folder).map_err(|cause| RulesProblem::Key {
                at: at.clone(),
                cause,
            })?;
            if let Some(before) = places.get(&key.id()) {
                let before = before.clone();
                return Err(RulesProblem::KeyTwice { at, before });
            }
            places.insert(key.id(), at);
            let key = *key.bytes();
            keys.push(RootKey { role, key });
        }
    }
    Ok(keys)
}

fn read_key(entry: &str, folder: &Path) -> Result<PublicKey, crate::keys::KeyError> {
    let digits = entry.len() == 64 && entry.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits {
        public_from_text(entry)
    } else {
        load_public(&folder.join(entry))
    }
}

fn thresholds(rules: &schema::Rules) -> Result<Thresholds, RulesProblem> {
    let words = &rules.thresholds;
    let time_keys = rules.keys.count(Role::Time);
    let thresholds = Thresholds {
        root: words.root,
        release: words.release,
        time: words.time.unwrap_or(u8::from(time_keys > 0)),
    };
    for (name, asked, role) in [
        ("root", thresholds.root, Role::Root),
        ("release", thresholds.release, Role::Release),
        ("time", thresholds.time, Role::Time),
    ] {
        let place = format!("thresholds.{name}");
        if asked == 0 && role != Role::Time {
            return Err(at(place, Reason::ThresholdZero));
        }
        reachable(rules, &place, asked, role)?;
    }
    Ok(thresholds)
}

fn latches(rules: &schema::Rules) -> Result<Vec<Latch<'_>>, RulesProblem> {
    let mut latches: Vec<Latch<'_>> = Vec::new();
    for words in &rules.latches {
        let place = format!("latch \"{}\"", words.name);
        let id = latch_id(words, &place)?;
        if latches
            .iter()
            .any(|before| before.id == id || before.name == words.name)
        {
            return Err(RulesProblem::LatchTwice { at: place });
        }
        let part = |name: &str| format!("{place}, {name}");
        let checked = |words: RuleWords<'_>, place: String| rule(rules, id, &words, &place);
        let rule = checked(words.rule(), place.clone())?;
        let break_glass = words.break_glass.as_ref().map(schema::BreakGlass::rule);
        let break_glass = break_glass
            .map(|words| checked(words, part("break-glass")))
            .transpose()?;
        if break_glass.is_some_and(|glass| glass.max_life_s > rule.max_life_s) {
            return Err(at(part("break-glass.max-life"), Reason::RuleBounds));
        }
        if break_glass.is_some() && id == LatchId::TRUST {
            return Err(at(part("break-glass"), Reason::RuleBounds));
        }
        let trial = words.trial.as_ref().map(schema::Trial::rule);
        let trial = trial
            .map(|words| checked(words, part("trial")))
            .transpose()?;
        latches.push(Latch {
            id,
            name: &words.name,
            rule,
            break_glass,
            trial,
        });
    }
    latches.sort_by_key(|latch| latch.id);
    Ok(latches)
}

fn latch_id(words: &schema::Latch, place: &str) -> Result<LatchId, RulesProblem> {
    let wrong = |expected| RulesProblem::LatchId {
        at: place.to_owned(),
        expected,
    };
    let usual = USUAL.iter().find(|(name, _, _)| *name == words.name);
    if let Some((_, id, expected)) = usual {
        let same = words.id.is_none_or(|number| number == id.number());
        return if same { Ok(*id) } else { Err(wrong(*expected)) };
    }
    words
        .id
        .and_then(LatchId::new)
        .filter(|id| USUAL.iter().all(|(_, usual, _)| usual != id))
        .ok_or_else(|| wrong(PRODUCT_ID))
}

fn properties<'a>(
    rules: &'a schema::Rules,
    latches: &[Latch<'_>],
) -> Result<Vec<PropertyAssignment<'a>>, RulesProblem> {
    let mut properties: Vec<PropertyAssignment<'a>> = Vec::new();
    for (path, name) in &rules.properties {
        let place = format!("properties.\"{path}\"");
        let path = twin::Path::new(path).map_err(|cause| at(&place, cause))?;
        let latch = latch_named(latches, name, &place)?;
        let overlaps =
            |other: &PropertyAssignment<'_>| other.path.covers(path) || path.covers(other.path);
        if properties.iter().any(overlaps) {
            return Err(at(place, Reason::PathOrder));
        }
        properties.push(PropertyAssignment { path, latch });
    }
    properties.sort_by_key(|assignment| assignment.path);
    Ok(properties)
}

fn commands<'a>(
    rules: &'a schema::Rules,
    latches: &[Latch<'_>],
) -> Result<Vec<CommandAssignment<'a>>, RulesProblem> {
    let assign = |(name, latch): (&'a String, &String)| {
        let latch = latch_named(latches, latch, &format!("commands.{name}"))?;
        Ok(CommandAssignment { name, latch })
    };
    rules.commands.iter().map(assign).collect()
}

fn latch_named(latches: &[Latch<'_>], name: &str, place: &str) -> Result<LatchId, RulesProblem> {
    let latch = latches.iter().find(|latch| latch.name == name);
    latch
        .map(|latch| latch.id)
        .ok_or_else(|| RulesProblem::NoSuchLatch {
            at: place.to_owned(),
            name: name.to_owned(),
        })
}
