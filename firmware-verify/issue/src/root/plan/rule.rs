//! Where two rules for one latch differ.

use std::fmt;

use latch_verify::statement::{Freshness, Rule};
use serde::Serialize;

use super::consequence::Weight;

/// Part of a rule that is another than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// The latch and its rule.
    pub whose: String,
    /// The part, as it stands in the rules file.
    pub part: &'static str,
    /// What it was.
    pub before: String,
    /// What it is now.
    pub now: String,
    /// Whether the rule asks for more by it, so that codes signed before may be refused.
    pub stricter: bool,
}

impl RuleChange {
    pub(super) fn weight(&self) -> Weight {
        if self.stricter {
            Weight::Voids
        } else {
            Weight::Notice
        }
    }
}

impl fmt::Display for RuleChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            whose,
            part,
            before,
            now,
            stricter,
        } = self;
        let effect = if *stricter {
            "stricter: codes signed before may be refused"
        } else {
            "no stricter"
        };
        write!(f, "{whose}, {part}: {before} before, {now} now ({effect})")
    }
}

/// What differs between a rule and the one in its place.
pub(super) fn changes(whose: &str, before: &Rule, now: &Rule) -> Vec<RuleChange> {
    let mut changes = Vec::new();
    let mut note = |part, was: String, is: String, stricter| {
        if was != is {
            changes.push(RuleChange {
                whose: whose.to_owned(),
                part,
                before: was,
                now: is,
                stricter,
            });
        }
    };
    for (part, was, is) in [
        ("operators", before.operators, now.operators),
        ("approvers", before.approvers, now.approvers),
        ("signers", before.break_glass, now.break_glass),
    ] {
        note(part, was.to_string(), is.to_string(), is > was);
    }
    let (was, is) = (before.freshness, now.freshness);
    note("freshness", tier(was).into(), tier(is).into(), is < was);
    for (part, was, is) in [
        ("max-life", before.max_life_s, now.max_life_s),
        ("max-open", before.max_open_s, now.max_open_s),
        ("grace", before.grace_s, now.grace_s),
    ] {
        note(part, seconds(was), seconds(is), is < was);
    }
    // None is asked for where it is zero.
    let longest = |heartbeat_s: u32| heartbeat_s.wrapping_sub(1);
    let (was, is) = (before.heartbeat_s, now.heartbeat_s);
    note(
        "heartbeat",
        seconds(was),
        seconds(is),
        longest(is) < longest(was),
    );
    for (part, was, is) in [
        ("must-hold", before.posture.must_hold, now.posture.must_hold),
        (
            "must-not-hold",
            before.posture.must_not_hold,
            now.posture.must_not_hold,
        ),
    ] {
        note(part, facts(was), facts(is), is & !was != 0);
    }
    changes
}

fn tier(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Challenge => "challenge",
        Freshness::TrustedTime => "trusted-time",
        Freshness::TimeFloor => "time-floor",
    }
}

fn seconds(seconds: u32) -> String {
    format!("{seconds}s")
}

/// The numbers of the facts in a set.
fn facts(set: u32) -> String {
    let facts: Vec<u8> = (0..32).filter(|fact| set >> fact & 1 == 1).collect();
    format!("{facts:?}")
}
