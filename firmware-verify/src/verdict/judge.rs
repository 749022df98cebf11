//! The order of checks of a latch code, from its bytes to a grant, and the second half of them.
//!
//! ```text
//! authenticate: shape -> known, distinct keys -> signatures -> canonical body -> tenant,
//!               audience, product
//! judge:        incarnation -> used or stopped before? -> epoch -> lockdown -> latch and rule:
//!               roles, thresholds, lifetime, what the latch guards -> freshness -> context,
//!               posture -> floors, revocation
//! ```
//! What fails in the first half was not meant for this device, or by nobody it knows: it is
//! counted and costs neither a write nor a signature. What fails in the second half is
//! answered with a receipt.

use super::{
    authentic::{Authentic, check_address},
    conditions::{Conditions, Identity},
    freshness,
    grant::Grant,
    replay::{Recall, ReplayTable},
    trust::{InForce, TrustRoot},
};
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::{Action, Audience, Code, Context, Freshness, Latch, Rule, RuleChoice, Rules},
    types::{KeyId, LatchId, PostureRule},
    wire::{Role, Signers},
};

/// The second half of the checks, for a code that was not used before: ask
/// [`ReplayTable::recall`] first, to answer a repeated one with its receipt.
///
/// # Errors
/// The first reason in the order above.
pub fn judge<const USED: usize, const ISSUERS: usize>(
    authentic: &Authentic<'_>,
    trust: &TrustRoot,
    identity: &Identity,
    conditions: &Conditions,
    replay: &ReplayTable<USED, ISSUERS>,
) -> Result<Grant, Refusal> {
    let rules = trust.root()?.rules();
    judge_by(authentic, trust, &rules, identity, conditions, replay)
}

/// As [`judge`], by the rules of the root in force, which a device holds apart from it.
///
/// # Errors
/// As [`judge`].
#[inline(never)]
pub(crate) fn judge_by<const USED: usize, const ISSUERS: usize>(
    authentic: &Authentic<'_>,
    trust: &InForce,
    rules: &Rules<'_>,
    identity: &Identity,
    conditions: &Conditions,
    replay: &ReplayTable<USED, ISSUERS>,
) -> Result<Grant, Refusal> {
    let (code, signers) = (authentic.code(), authentic.signers());
    check_unruled(authentic, trust, identity, replay)?;
    let served = code.action.closes() || code.action == Action::Unlock;
    ensure(served || !conditions.locked_down, Reason::LockedDown)?;
    let latch = rules.latch(code.latch).ok_or(Reason::NoSuchLatch)?;
    let rule = chosen_rule(code, &latch)?;
    check_issuer(code, signers, trust)?;
    check_signers(code, &rule, signers, trust, replay)?;
    check_life(code, &rule)?;
    check_guarded(code, rules)?;
    check_open(code, &rule)?;
    freshness::check(code, rule.freshness, conditions)?;
    check_context(code, conditions)?;
    check_posture(&rule, conditions)?;
    check_floors(code, replay)?;
    let trial = latch
        .trial
        .filter(|_| code.rule == RuleChoice::Normal && !code.action.closes())
        .and_then(|rule| on_trial(authentic, &rule, trust, conditions, replay).err());
    Ok(Grant::new(rule, trial.map(|refusal| refusal.reason)))
}

/// What of the second half needs no rule of the root.
///
/// # Errors
/// The first reason in the order above.
#[inline(never)]
pub(crate) fn check_unruled<const USED: usize, const ISSUERS: usize>(
    authentic: &Authentic<'_>,
    trust: &InForce,
    identity: &Identity,
    replay: &ReplayTable<USED, ISSUERS>,
) -> Result<(), Refusal> {
    let (id, code) = (authentic.id(), authentic.code());
    check_address(code, identity)?;
    // A code for one device names its enrolment: a new one voids it.
    let unnamed = matches!(code.audience, Audience::Device(_)).then_some(0);
    if let Some(incarnation) = code.incarnation.or(unnamed) {
        let evidence = Refusal::new(
            Reason::OtherIncarnation,
            identity.incarnation.into(),
            incarnation.into(),
        );
        ensure(incarnation == identity.incarnation, evidence)?;
    }
    match replay.recall(code.issuer, code.sequence, id) {
        Recall::New => {}
        Recall::Used { receipt } => return Err(Refusal::new(Reason::AlreadyUsed, receipt, 0)),
        Recall::Stopped => return Err(Reason::Stopped.into()),
        Recall::OtherUsed => return Err(Reason::SequenceReused.into()),
    }
    let epoch = trust.terms()?.epoch;
    ensure(
        code.epoch == epoch,
        Refusal::new(Reason::OtherEpoch, epoch.into(), code.epoch.into()),
    )
}

/// The rule that the code is held to.
fn chosen_rule(code: &Code<'_>, latch: &Latch<'_>) -> Result<Rule, Reason> {
    let rule = match code.rule {
        RuleChoice::Normal => latch.rule,
        RuleChoice::BreakGlass => {
            let rule = latch.break_glass.ok_or(Reason::NoBreakGlass)?;
            ensure(
                matches!(code.audience, Audience::Device(_)),
                Reason::BreakGlassAudience,
            )?;
            rule
        }
    };
    Ok(match code.action {
        // One voice shuts one device. To shut many at once takes as many as to open.
        Action::Lockdown if !matches!(code.audience, Audience::Device(_)) => Rule {
            freshness: Freshness::TimeFloor,
            posture: PostureRule::default(),
            ..rule
        },
        Action::Close | Action::Lockdown => to_close(rule),
        // What lifts a lockdown was signed after it.
        Action::Unlock => Rule {
            freshness: Freshness::Challenge,
            ..rule
        },
        _ => rule,
    })
}

/// Closing asks for less than opening: the issuer alone, at any posture, with whatever the
/// device knows about the time.
fn to_close(rule: Rule) -> Rule {
    Rule {
        operators: rule.operators.min(1),
        approvers: 0,
        break_glass: rule.break_glass.min(1),
        freshness: Freshness::TimeFloor,
        posture: PostureRule::default(),
        ..rule
    }
}

/// Whether a code is to shut something although nobody can read the rules: one voice shuts one device, and whose, the keys say.
/// What shuts many devices at once asks for more than can be known then. All that needs no rule is asked as ever: an old code of a
/// key that was revoked shuts nothing.
pub(crate) fn shuts_unruled<const USED: usize, const ISSUERS: usize>(
    authentic: &Authentic<'_>,
    trust: &InForce,
    identity: &Identity,
    conditions: &Conditions,
    replay: &ReplayTable<USED, ISSUERS>,
) -> bool {
    let code = authentic.code();
    let one_device = matches!(code.audience, Audience::Device(_));
    let normal = code.rule == RuleChoice::Normal;
    let may = match code.action {
        Action::Close => one_device || normal,
        Action::Lockdown => one_device && normal && code.latch == LatchId::TRUST,
        _ => false,
    };
    may && check_unruled(authentic, trust, identity, replay).is_ok()
        && check_issuer(code, authentic.signers(), trust).is_ok()
        && freshness::check(code, Freshness::TimeFloor, conditions).is_ok()
        && check_context(code, conditions).is_ok()
        && check_floors(code, replay).is_ok()
}

fn check_issuer(code: &Code<'_>, signers: Signers, trust: &InForce) -> Result<(), Reason> {
    let role = trust
        .ring()
        .role(code.issuer)
        .ok_or(Reason::IssuerDidNotSign)?;
    let signed = trust.ring().has_signed(signers, code.issuer);
    ensure(signed, Reason::IssuerDidNotSign)?;
    let asked = match code.rule {
        RuleChoice::Normal => Role::Operator,
        RuleChoice::BreakGlass => Role::BreakGlass,
    };
    ensure(role == asked, Reason::IssuerRole)
}

fn check_signers<const USED: usize, const ISSUERS: usize>(
    code: &Code<'_>,
    rule: &Rule,
    signers: Signers,
    trust: &InForce,
    replay: &ReplayTable<USED, ISSUERS>,
) -> Result<(), Refusal> {
    // A key whose signatures are revoked up to here adds nothing to those of others.
    let counts = |key: KeyId| code.sequence > replay.floor(key).revoked;
    let asked = [
        (
            Role::Operator,
            None,
            rule.operators,
            Reason::TooFewOperators,
        ),
        (
            Role::Approver,
            Some(code.issuer),
            rule.approvers,
            Reason::TooFewApprovers,
        ),
        (
            Role::BreakGlass,
            None,
            rule.break_glass,
            Reason::TooFewBreakGlass,
        ),
    ];
    for (role, without, threshold, reason) in asked {
        let signed = trust.ring().count(signers, role, |key| {
            Some(key) != without && (key == code.issuer || counts(key))
        });
        ensure(
            signed >= threshold,
            Refusal::new(reason, threshold.into(), signed.into()),
        )?;
    }
    Ok(())
}

fn check_life(code: &Code<'_>, rule: &Rule) -> Result<(), Refusal> {
    let (begin, end) = (code.not_before_ms.get(), code.not_after_ms.get());
    let life_ms = end
        .checked_sub(begin)
        .filter(|life| *life > 0)
        .ok_or(Reason::EndsBeforeBegin)?;
    let longest_ms = u64::from(rule.max_life_s).saturating_mul(1000);
    ensure(
        life_ms <= longest_ms,
        Refusal::new(Reason::LivesTooLong, longest_ms, life_ms),
    )?;
    let sequence = code.sequence.time();
    ensure(
        sequence <= code.not_after_ms,
        Refusal::new(Reason::SequenceAfterEnd, end, sequence.get()),
    )
}

/// Checks that the action belongs behind the code's latch.
fn check_guarded(code: &Code<'_>, rules: &Rules<'_>) -> Result<(), Reason> {
    match &code.action {
        Action::SetTwin(patch) => {
            // A patch of nothing touches no property, so its latch is the most general one.
            let placed = !patch.is_empty() || code.latch == LatchId::TWIN;
            ensure(placed, Reason::WrongLatch)?;
            let here = |latch: Option<LatchId>| latch == Some(code.latch);
            ensure(
                patch
                    .iter()
                    .all(|entry| here(rules.latch_of_path(entry.path))),
                Reason::PropertyElsewhere,
            )
        }
        Action::Command { name, .. } => {
            let latch = rules
                .latch_of_command(name)
                .ok_or(Reason::CommandUnassigned)?;
            ensure(latch == code.latch, Reason::WrongLatch)
        }
        Action::Install { .. } | Action::Downgrade { .. } => {
            ensure(code.latch == LatchId::FIRMWARE, Reason::WrongLatch)
        }
        Action::Lockdown | Action::Unlock => {
            ensure(code.latch == LatchId::TRUST, Reason::WrongLatch)
        }
        Action::Open { .. } | Action::Renew { .. } | Action::Close | Action::Probe => Ok(()),
    }
}

/// Checks that the rule lets the latch stay open for as long as the code asks. How long it has
/// been open already is the device's to add.
fn check_open(code: &Code<'_>, rule: &Rule) -> Result<(), Refusal> {
    let (Action::Open { seconds } | Action::Renew { seconds }) = code.action else {
        return Ok(());
    };
    ensure(rule.max_open_s > 0, Reason::NeverOpens)?;
    ensure(
        seconds <= rule.max_open_s,
        Refusal::new(Reason::OpenTooLong, rule.max_open_s.into(), seconds.into()),
    )
}

fn check_context(code: &Code<'_>, conditions: &Conditions) -> Result<(), Refusal> {
    context_holds(&code.context, conditions)
}

/// Checks that what a code names of the device is so.
pub(crate) fn context_holds(context: &Context, conditions: &Conditions) -> Result<(), Refusal> {
    let Conditions {
        firmware,
        twin_version,
        boot,
        ..
    } = *conditions;
    if let Some(range) = context.firmware {
        let evidence = Refusal::new(
            Reason::FirmwareOutside,
            range.most.ordinal(),
            firmware.ordinal(),
        );
        ensure(range.contains(firmware), evidence)?;
    }
    if let Some(signed) = context.twin_version {
        ensure(
            signed == twin_version,
            Refusal::new(Reason::TwinVersion, twin_version, signed),
        )?;
    }
    if let Some(signed) = context.boot {
        ensure(
            signed == boot,
            Refusal::new(Reason::OtherBoot, boot.into(), signed.into()),
        )?;
    }
    Ok(())
}

fn check_posture(rule: &Rule, conditions: &Conditions) -> Result<(), Refusal> {
    let unmet = conditions.posture.unmet(rule.posture);
    ensure(unmet == 0, Refusal::new(Reason::Posture, 0, unmet.into()))
}

fn check_floors<const USED: usize, const ISSUERS: usize>(
    code: &Code<'_>,
    replay: &ReplayTable<USED, ISSUERS>,
) -> Result<(), Refusal> {
    let floor = replay.floor(code.issuer);
    ensure(
        code.sequence > floor.replay,
        Refusal::new(Reason::BelowFloor, floor.replay.0, code.sequence.0),
    )?;
    ensure(
        code.sequence > floor.revoked,
        Refusal::new(Reason::Revoked, floor.revoked.0, code.sequence.0),
    )?;
    if matches!(code.action, Action::SetTwin(_)) {
        ensure(
            code.sequence > floor.twin,
            Refusal::new(Reason::OutOfOrder, floor.twin.0, code.sequence.0),
        )?;
    }
    replay.has_room(code.issuer)
}

fn on_trial<const USED: usize, const ISSUERS: usize>(
    authentic: &Authentic<'_>,
    rule: &Rule,
    trust: &InForce,
    conditions: &Conditions,
    replay: &ReplayTable<USED, ISSUERS>,
) -> Result<(), Refusal> {
    let (code, signers) = (authentic.code(), authentic.signers());
    check_signers(code, rule, signers, trust, replay)?;
    check_life(code, rule)?;
    check_open(code, rule)?;
    freshness::check(code, rule.freshness, conditions)?;
    check_posture(rule, conditions)
}
