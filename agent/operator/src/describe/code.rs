//! Codes.

use latch_verify::{
    statement::{Action, Audience, Code, Context, RuleChoice},
    twin::{Entries, Tree},
    types::LatchId,
    verdict::TrustRoot,
};
use serde_json::Value;

use crate::{
    fields::{Field, Fields},
    moment::rfc3339,
};

pub(super) fn fields(code: &Code<'_>, trust: Option<&TrustRoot>) -> Fields {
    let rule = match code.rule {
        RuleChoice::Normal => "normal",
        RuleChoice::BreakGlass => "break-glass",
    };
    Fields::new()
        .text("tenant", code.tenant)
        .text("issuer", code.issuer)
        .with("audience", audience(&code.audience))
        .maybe("incarnation", code.incarnation)
        .maybe("product", code.product.map(|product| product.to_string()))
        .with("latch", latch_name(code.latch, trust))
        .with("rule", rule)
        .with("action", action(&code.action))
        .with("not_before", rfc3339(code.not_before_ms))
        .with("not_after", rfc3339(code.not_after_ms))
        .with("signed_at", rfc3339(code.sequence.time()))
        // As text: not every JSON reader keeps 64 bits.
        .text("sequence", code.sequence.0)
        .with("epoch", code.epoch)
        .maybe(
            "challenge",
            code.challenge.map(|challenge| challenge.to_string()),
        )
        .maybe("context", context(&code.context))
}

fn audience(audience: &Audience) -> Fields {
    match audience {
        Audience::Device(device) => Fields::new().text("device", device),
        Audience::Cohort { salt, from, below } => Fields::new()
            .text("cohort_salt", salt)
            .with("from_part", *from)
            .with("below_part", *below)
            .with("of_parts", Audience::PARTS),
        Audience::Tenant => Fields::new().with("tenant", "all devices"),
    }
}

fn action(action: &Action<'_>) -> Fields {
    let named = |name: &'static str| Fields::new().with("kind", name);
    match action {
        Action::SetTwin(patch) => named("set-twin").with("patch", twin_tree(*patch)),
        Action::Command { name, arguments } => named("command")
            .with("name", *name)
            .with("arguments", twin_tree(*arguments)),
        Action::Open { seconds } => named("open").with("seconds", *seconds),
        Action::Renew { seconds } => named("renew").with("seconds", *seconds),
        Action::Close => named("close"),
        Action::Install { manifest } => named("install").text("manifest", manifest),
        Action::Downgrade { manifest } => named("downgrade").text("manifest", manifest),
        Action::Lockdown => named("lockdown"),
        Action::Probe => named("probe"),
        Action::Unlock => named("unlock"),
    }
}

fn context(context: &Context) -> Option<Fields> {
    let fields = Fields::new()
        .maybe("firmware", context.firmware.map(|range| range.to_string()))
        .maybe("twin_version", context.twin_version)
        .maybe("boot", context.boot);
    (!fields.is_empty()).then_some(fields)
}

/// A latch's name in the trust root, or else what its number means by itself.
#[must_use]
pub fn latch_name(latch: LatchId, trust: Option<&TrustRoot>) -> String {
    trust
        .and_then(|trust| {
            trust
                .root()
                .ok()?
                .latch(latch)
                .map(|latch| latch.name.to_owned())
        })
        .unwrap_or_else(|| latch.to_string())
}

/// Leaves as the tree that they stand for.
#[must_use]
pub fn twin_tree(entries: Entries<'_>) -> Field {
    // A tree has text for keys, and whole numbers: JSON takes all of it.
    Field::Plain(serde_json::to_value(Tree::new(entries)).unwrap_or(Value::Null))
}
