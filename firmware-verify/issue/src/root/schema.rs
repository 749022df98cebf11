//! The rules file as it is written.

use std::collections::BTreeMap;

use latch_verify::{statement::Freshness, types::TenantId, wire::Role};
use serde::Deserialize;

use super::duration::Seconds;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Rules {
    pub(super) tenant: TenantId,
    pub(super) version: u32,
    pub(super) epoch: u32,
    pub(super) keys: Keys,
    #[serde(default)]
    pub(super) thresholds: Thresholds,
    #[serde(default)]
    pub(super) facts: BTreeMap<String, u8>,
    #[serde(rename = "latch")]
    pub(super) latches: Vec<Latch>,
    #[serde(default)]
    pub(super) properties: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) commands: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Keys {
    root: Vec<String>,
    operator: Vec<String>,
    release: Vec<String>,
    #[serde(default)]
    approver: Vec<String>,
    #[serde(default)]
    time: Vec<String>,
    #[serde(default)]
    break_glass: Vec<String>,
}

impl Keys {
    /// Roles, their names in the file, and their keys.
    pub(super) fn by_role(&self) -> [(Role, &'static str, &[String]); 6] {
        [
            (Role::Root, "root", &self.root),
            (Role::Operator, "operator", &self.operator),
            (Role::Release, "release", &self.release),
            (Role::Approver, "approver", &self.approver),
            (Role::Time, "time", &self.time),
            (Role::BreakGlass, "break-glass", &self.break_glass),
        ]
    }

    /// How many keys a role has.
    pub(super) fn count(&self, role: Role) -> usize {
        let mut roles = self.by_role().into_iter();
        roles
            .find(|(found, _, _)| *found == role)
            .map_or(0, |(_, _, keys)| keys.len())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Thresholds {
    #[serde(default = "one")]
    pub(super) root: u8,
    #[serde(default = "one")]
    pub(super) release: u8,
    /// One when there are time keys, none when there are not.
    pub(super) time: Option<u8>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            root: 1,
            release: 1,
            time: None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Latch {
    pub(super) name: String,
    pub(super) id: Option<u8>,
    #[serde(default = "one")]
    operators: u8,
    #[serde(default)]
    approvers: u8,
    freshness: Freshness,
    max_life: Seconds,
    #[serde(default)]
    max_open: Seconds,
    #[serde(default)]
    heartbeat: Seconds,
    #[serde(default)]
    grace: Seconds,
    #[serde(default)]
    must_hold: Vec<Fact>,
    #[serde(default)]
    must_not_hold: Vec<Fact>,
    pub(super) break_glass: Option<BreakGlass>,
    pub(super) trial: Option<Trial>,
}

impl Latch {
    pub(super) fn rule(&self) -> RuleWords<'_> {
        RuleWords {
            operators: self.operators,
            approvers: self.approvers,
            break_glass: 0,
            freshness: self.freshness,
            max_life: self.max_life,
            max_open: self.max_open,
            heartbeat: self.heartbeat,
            grace: self.grace,
            must_hold: &self.must_hold,
            must_not_hold: &self.must_not_hold,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct BreakGlass {
    signers: u8,
    freshness: Freshness,
    max_life: Seconds,
    #[serde(default)]
    max_open: Seconds,
    #[serde(default)]
    heartbeat: Seconds,
    #[serde(default)]
    grace: Seconds,
    #[serde(default)]
    must_hold: Vec<Fact>,
    #[serde(default)]
    must_not_hold: Vec<Fact>,
}

impl BreakGlass {
    pub(super) fn rule(&self) -> RuleWords<'_> {
        RuleWords {
            operators: 0,
            approvers: 0,
            break_glass: self.signers,
            freshness: self.freshness,
            max_life: self.max_life,
            max_open: self.max_open,
            heartbeat: self.heartbeat,
            grace: self.grace,
            must_hold: &self.must_hold,
            must_not_hold: &self.must_not_hold,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Trial {
    #[serde(default = "one")]
    operators: u8,
    #[serde(default)]
    approvers: u8,
    freshness: Freshness,
    max_life: Seconds,
    #[serde(default)]
    max_open: Seconds,
    #[serde(default)]
    heartbeat: Seconds,
    #[serde(default)]
    grace: Seconds,
    #[serde(default)]
    must_hold: Vec<Fact>,
    #[serde(default)]
    must_not_hold: Vec<Fact>,
}

impl Trial {
    pub(super) fn rule(&self) -> RuleWords<'_> {
        RuleWords {
            operators: self.operators,
            approvers: self.approvers,
            break_glass: 0,
            freshness: self.freshness,
            max_life: self.max_life,
            max_open: self.max_open,
            heartbeat: self.heartbeat,
            grace: self.grace,
            must_hold: &self.must_hold,
            must_not_hold: &self.must_not_hold,
        }
    }
}

/// What the three tables of a latch say alike.
pub(super) struct RuleWords<'a> {
    pub(super) operators: u8,
    pub(super) approvers: u8,
    pub(super) break_glass: u8,
    pub(super) freshness: Freshness,
    pub(super) max_life: Seconds,
    pub(super) max_open: Seconds,
    pub(super) heartbeat: Seconds,
    pub(super) grace: Seconds,
    pub(super) must_hold: &'a [Fact],
    pub(super) must_not_hold: &'a [Fact],
}

/// A fact by its name under `[facts]`, or by its number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Fact {
    Number(u8),
    Name(String),
}

fn one() -> u8 {
    1
}
