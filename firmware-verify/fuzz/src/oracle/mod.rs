//! What must be true of a code that was let through: a second opinion on the rules, short
//! enough to be believed. It says what is needed, not what is enough.

#[cfg(test)]
mod tests;

use latch_verify::{
    statement::{Action, Audience, Code, Freshness, Rule, RuleChoice, TimeStatus},
    twin::{Entries, Path},
    types::{Challenge, LatchId, Posture, Version},
    wire::Role,
};

use crate::{
    keys::{Crew, role_of},
    tenant::{
        COMMANDS, INCARNATION, PRODUCT, PROPERTIES, TENANT, closing, device_id, latch, rule_of,
    },
};

/// What the device is at the moment of a verdict.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) epoch: u32,
    /// What it says about the time; whether it may, is looked at elsewhere.
    pub(crate) time: TimeStatus,
    pub(crate) locked_down: bool,
    /// What a code may answer.
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) firmware: Version,
    pub(crate) twin_version: u64,
    pub(crate) boot: u32,
    pub(crate) posture: Posture,
}

/// Whether a code that this crew has signed may be let through now.
pub(crate) fn permits(code: &Code<'_>, crew: Crew, moment: &Moment) -> Result<(), &'static str> {
    addressed(code)?;
    need(code.epoch == moment.epoch, "another epoch")?;
    let served = matches!(
        code.action,
        Action::Close | Action::Lockdown | Action::Unlock
    );
    need(served || !moment.locked_down, "locked down")?;
    signers(code, crew)?;
    need(stands_before(code), "another latch")?;
    times(code, moment)?;
    let Moment {
        firmware,
        twin_version,
        boot,
        posture,
        ..
    } = *moment;
    let context = &code.context;
    need(
        context
            .firmware
            .is_none_or(|range| range.least <= firmware && firmware <= range.most),
        "other firmware",
    )?;
    need(
        context
            .twin_version
            .is_none_or(|found| found == twin_version),
        "another twin",
    )?;
    need(
        context.boot.is_none_or(|found| found == boot),
        "another boot",
    )?;
    let rule = rule(code)?;
    if let Action::Open { seconds } | Action::Renew { seconds } = code.action {
        need(seconds <= rule.max_open_s, "open for too long")?;
    }
    let (truths, lies) = (
        posture.known & posture.value,
        posture.known & !posture.value,
    );
    need(
        rule.posture.must_hold & !truths == 0 && rule.posture.must_not_hold & !lies == 0,
        "posture",
    )
}

/// Whether the code is meant for this device.
fn addressed(code: &Code<'_>) -> Result<(), &'static str> {
    need(code.tenant == TENANT, "another tenant")?;
    need(
        code.product.is_none_or(|product| product == PRODUCT),
        "another product",
    )?;
    let named = match &code.audience {
        Audience::Device(named) => {
            need(*named == device_id(), "another device")?;
            need(code.incarnation.is_some(), "no incarnation named")?;
            true
        }
        Audience::Cohort { salt, from, below } => {
            let part = Audience::part(*salt, &device_id());
            need(*from <= part && part < *below, "another cohort")?;
            false
        }
        Audience::Tenant => false,
    };
    need(
        code.incarnation.is_none_or(|found| found == INCARNATION),
        "another incarnation",
    )?;
    need(named || code.challenge.is_none(), "a challenge of many")
}

/// What is asked of the code.
fn rule(code: &Code<'_>) -> Result<Rule, &'static str> {
    let rule = rule_of(code.latch, code.rule).ok_or("no such rule")?;
    Ok(match code.action {
        Action::Close | Action::Lockdown => closing(rule),
        _ => rule,
    })
}

/// Whether those who have signed are enough for the rule that the code names.
pub(crate) fn signers(code: &Code<'_>, crew: Crew) -> Result<(), &'static str> {
    let rule = rule(code)?;
    need(crew.contains(code.issuer), "its issuer did not sign")?;
    let (asked, device_only) = match code.rule {
        RuleChoice::Normal => (Role::Operator, false),
        RuleChoice::BreakGlass => (Role::BreakGlass, true),
    };
    need(role_of(code.issuer) == Some(asked), "not an issuer")?;
    need(
        !device_only || matches!(code.audience, Audience::Device(_)),
        "break-glass for many",
    )?;
    let enough = |role, without, threshold: u8| crew.count(role, without) >= threshold.into();
    need(
        enough(Role::Operator, None, rule.operators)
            && enough(Role::Approver, Some(code.issuer), rule.approvers)
            && enough(Role::BreakGlass, None, rule.break_glass),
        "too few signatures",
    )
}

fn times(code: &Code<'_>, moment: &Moment) -> Result<(), &'static str> {
    let rule = rule(code)?;
    let (begin, end) = (code.not_before_ms.get(), code.not_after_ms.get());
    need(begin < end, "it ends before it begins")?;
    need(
        end - begin <= u64::from(rule.max_life_s) * 1000,
        "it lives too long",
    )?;
    need(code.sequence.time().get() <= end, "its sequence is late")?;
    let answered = match code.challenge {
        Some(answer) => {
            need(moment.challenges.contains(&answer), "a stale challenge")?;
            true
        }
        None => false,
    };
    match moment.time {
        TimeStatus::Trusted(now) => need(begin <= now.get() && now.get() < end, "not now")?,
        TimeStatus::Floor(floor) => need(answered || floor.get() < end, "surely over")?,
        TimeStatus::Unknown => {}
    }
    need(
        match rule.freshness {
            Freshness::Challenge => answered,
            Freshness::TrustedTime => answered || matches!(moment.time, TimeStatus::Trusted(_)),
            Freshness::TimeFloor => true,
        },
        "not fresh",
    )
}

/// Whether the code names the latch that stands before its action.
fn stands_before(code: &Code<'_>) -> bool {
    match &code.action {
        Action::SetTwin(patch) if patch.is_empty() => code.latch == LatchId::TWIN,
        Action::SetTwin(patch) => guards(code.latch, *patch),
        Action::Command { name, .. } => COMMANDS.contains(&(*name, code.latch.number())),
        Action::Install { .. } | Action::Downgrade { .. } => code.latch == LatchId::FIRMWARE,
        Action::Lockdown | Action::Unlock => code.latch == LatchId::TRUST,
        Action::Open { .. } | Action::Renew { .. } | Action::Close | Action::Probe => true,
    }
}

/// Whether one latch stands before all leaves: that of the assigned branch in which they lie,
/// or `twin` where none of them lies in one nor replaces one from above.
fn guards(found: LatchId, patch: Entries<'_>) -> bool {
    patch.iter().all(|entry| {
        let inside = PROPERTIES
            .iter()
            .find(|(branch, _)| lies_in(entry.path, branch));
        let above = PROPERTIES
            .iter()
            .any(|(branch, _)| branch.starts_with(&format!("{}/", entry.path.as_str())));
        match inside {
            Some((_, number)) => found == latch(*number),
            None => !above && found == LatchId::TWIN,
        }
    })
}

fn lies_in(path: Path<'_>, branch: &str) -> bool {
    let rest = path.as_str().strip_prefix(branch);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn need(met: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if met { Ok(()) } else { Err(otherwise) }
}
