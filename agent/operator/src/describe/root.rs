//! Trust roots.

use latch_verify::{
    statement::{Freshness, Root, Rule},
    types::KeyId,
    wire::PublicKey,
};

use super::role_name;
use crate::fields::Fields;

pub(super) fn fields(root: &Root<'_>) -> Fields {
    let keys: Vec<Fields> = root
        .keys
        .iter()
        .map(|listed| {
            let id = PublicKey::new(listed.key).map_or_else(|_| KeyId::default(), |key| key.id());
            Fields::new()
                .with("role", role_name(listed.role))
                .text("key", id)
        })
        .collect();
    let latches: Vec<Fields> = root
        .latches
        .iter()
        .map(|latch| {
            Fields::new()
                .with("name", latch.name)
                .with("id", latch.id.number())
                .with("rule", rule(&latch.rule))
                .maybe("break_glass", latch.break_glass.as_ref().map(rule))
                .maybe("trial", latch.trial.as_ref().map(rule))
        })
        .collect();
    let name = |id| root.latch(id).map_or("?", |latch| latch.name);
    let properties: Vec<Fields> = root
        .properties
        .iter()
        .map(|assigned| {
            Fields::new()
                .with("path", assigned.path.as_str())
                .with("latch", name(assigned.latch))
        })
        .collect();
    let commands: Vec<Fields> = root
        .commands
        .iter()
        .map(|assigned| {
            Fields::new()
                .with("name", assigned.name)
                .with("latch", name(assigned.latch))
        })
        .collect();
    let thresholds = Fields::new()
        .with("root", root.thresholds.root)
        .with("release", root.thresholds.release)
        .with("time", root.thresholds.time);
    Fields::new()
        .text("tenant", root.tenant)
        .with("version", root.version)
        .with("epoch", root.epoch)
        .with("thresholds", thresholds)
        .with("keys", keys)
        .with("latches", latches)
        .with("properties", properties)
        .with("commands", commands)
}

fn rule(rule: &Rule) -> Fields {
    let freshness = match rule.freshness {
        Freshness::Challenge => "challenge",
        Freshness::TrustedTime => "trusted-time",
        Freshness::TimeFloor => "time-floor",
    };
    let some = |number: u8| (number > 0).then_some(number);
    let seconds = |number: u32| (number > 0).then_some(number);
    Fields::new()
        .maybe("operators", some(rule.operators))
        .maybe("approvers", some(rule.approvers))
        .maybe("break_glass", some(rule.break_glass))
        .with("freshness", freshness)
        .with("max_life_s", rule.max_life_s)
        .maybe("max_open_s", seconds(rule.max_open_s))
        .maybe("heartbeat_s", seconds(rule.heartbeat_s))
        .maybe("grace_s", seconds(rule.grace_s))
        .maybe("must_hold", seconds(rule.posture.must_hold))
        .maybe("must_not_hold", seconds(rule.posture.must_not_hold))
}
