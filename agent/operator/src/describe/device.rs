//! What devices say: enrolments, receipts, states.

use latch_verify::{
    limits::MAX_LATCHES,
    statement::{
        ComponentVersion, Enrolment, KeyKept, Outcome, Receipt, State, Status, TimeStatus,
    },
    types::{Challenge, KeyId, LatchId, StatementId},
    verdict::TrustRoot,
    wire::Kind,
};

use super::{
    code::latch_name,
    refusal::{describe_reason, describe_refusal},
};
use crate::{
    fields::{Field, Fields},
    moment::rfc3339,
    route::kind_name,
};

pub(super) fn enrolment_fields(enrolment: &Enrolment) -> Fields {
    let key = enrolment
        .key()
        .map_or_else(|_| KeyId::default(), |key| key.id());
    Fields::new()
        .text("tenant", enrolment.tenant)
        .text("product", enrolment.product)
        .text("device", &enrolment.device)
        .with("incarnation", enrolment.incarnation)
        .text("device_key", enrolment.device_key)
        .text("device_key_id", key)
        .with("key_kept", key_kept_name(enrolment.key_kept))
}

/// How a device keeps its key, in a word.
#[must_use]
pub fn key_kept_name(kept: KeyKept) -> &'static str {
    match kept {
        KeyKept::Software => "software",
        KeyKept::Hardware => "hardware",
    }
}

/// Describes a receipt; a trust root gives latches their names.
#[must_use]
pub fn describe_receipt(receipt: &Receipt, trust: Option<&TrustRoot>) -> Fields {
    let answered = Kind::from_number(receipt.kind).map(kind_name);
    Fields::new()
        .text("device", &receipt.device)
        .with("incarnation", receipt.incarnation)
        .with("number", receipt.number)
        .text("statement", receipt.statement)
        .with("statement_kind", Field::from(answered))
        .with("outcome", outcome(&receipt.outcome, trust))
        .maybe("issuer", receipt.issuer.map(|issuer| issuer.to_string()))
        .maybe(
            "signed_at",
            receipt.sequence.map(|sequence| rfc3339(sequence.time())),
        )
        .maybe("age_ms", receipt.age_ms)
        .maybe("break_glass", receipt.break_glass.then_some(true))
        .maybe("trial_would_refuse", receipt.trial.map(describe_reason))
        .text("previous", receipt.previous)
        .with("status", describe_status(&receipt.status, trust))
}

fn outcome(outcome: &Outcome, trust: Option<&TrustRoot>) -> Fields {
    let named = |name: &'static str| Fields::new().with("kind", name);
    match outcome {
        Outcome::Refused {
            reason,
            expected,
            found,
        } => {
            let known = latch_verify::Reason::from_number(*reason);
            let reason = match known {
                Some(known) => {
                    describe_refusal(&latch_verify::Refusal::new(known, *expected, *found))
                }
                None => describe_reason(*reason)
                    .with("expected", *expected)
                    .with("found", *found),
            };
            named("refused").with("reason", reason)
        }
        Outcome::Applied { twin_version } => named("applied").with("twin_version", *twin_version),
        Outcome::Performed => named("performed"),
        Outcome::ActuatorFailed { code } => named("actuator-failed").with("code", *code),
        Outcome::Interrupted => named("interrupted"),
        Outcome::InstallStarted => named("install-started"),
        Outcome::InstallConfirmed => named("install-confirmed"),
        Outcome::InstallReverted { reason } => {
            named("install-reverted").with("reason", describe_reason(*reason))
        }
        Outcome::InstallFailed { reason } => {
            named("install-failed").with("reason", describe_reason(*reason))
        }
        Outcome::Probed => named("probed"),
        Outcome::Opened { seconds } => named("opened").with("seconds", *seconds),
        Outcome::Renewed { seconds } => named("renewed").with("seconds", *seconds),
        Outcome::Closed { latch, cause } => named("closed")
            .with("latch", latch_name(*latch, trust))
            .with("cause", cause.name()),
        Outcome::LockedDown => named("locked-down"),
        Outcome::Unlocked => named("unlocked"),
        Outcome::RootAccepted { version, epoch } => named("root-accepted")
            .with("version", *version)
            .with("epoch", *epoch),
        Outcome::Revoked => named("revoked"),
        Outcome::Stopped { statement, used } => {
            named("stopped").text("code", statement).with("used", *used)
        }
        Outcome::TimeRaised { floor_ms } => named("time-raised").with("floor", rfc3339(*floor_ms)),
    }
}

/// Describes what a device is; a trust root gives latches their names.
#[must_use]
pub fn describe_status(status: &Status, trust: Option<&TrustRoot>) -> Fields {
    let (time, moment) = match status.time {
        TimeStatus::Unknown => ("unknown", None),
        TimeStatus::Floor(floor) => ("floor", Some(floor)),
        TimeStatus::Trusted(now) => ("trusted", Some(now)),
    };
    let time = Fields::new()
        .with("kind", time)
        .maybe("at", moment.map(rfc3339));
    let factory = status.firmware.manifest == StatementId::default();
    let manifest = (!factory).then(|| status.firmware.manifest.to_string());
    let firmware = Fields::new()
        .text("version", status.firmware.version)
        .with("manifest", Field::from(manifest))
        .with("security_floor", status.firmware.security_floor)
        .with("trial_boots_left", status.firmware.trial_boots_left);
    let last = status.junk.last_reason;
    let junk = Fields::new()
        .with("count", status.junk.count)
        .maybe("last_reason", (last != 0).then(|| describe_reason(last)));
    let posture = Fields::new()
        .with("known", status.posture.known)
        .with("value", status.posture.value);
    // Devices of the release before have none.
    let pulse = (status.pulse != Challenge::default()).then_some(status.pulse);
    let (oldest, newest) = status.body_versions;
    Fields::new()
        .with("firmware", firmware)
        .with("twin_version", status.twin_version)
        .with("time", time)
        .text("challenge", status.challenge)
        .maybe("pulse", pulse.map(|pulse| pulse.to_string()))
        .with("locked_down", status.locked_down)
        .with("open", open_latches(status.open, trust))
        .with("root_version", status.root_version)
        .with("epoch", status.epoch)
        .with("boot", status.boot)
        .with("posture", posture)
        .with("not_answered", junk)
        .with("body_versions", vec![oldest, newest])
}

/// The names of the latches in a set of bits.
fn open_latches(open: u16, trust: Option<&TrustRoot>) -> Vec<String> {
    (0..MAX_LATCHES)
        .filter_map(|number| LatchId::new(u8::try_from(number).ok()?))
        .filter(|latch| is_open(open, *latch))
        .map(|latch| latch_name(latch, trust))
        .collect()
}

/// Whether a latch is in the set of open ones that a status holds.
pub(crate) fn is_open(open: u16, latch: LatchId) -> bool {
    open.checked_shr(latch.number().into())
        .is_some_and(|bits| bits & 1 == 1)
}

/// Describes what runs on the components besides the main one, if there are any.
#[must_use]
pub fn describe_components(
    components: impl Iterator<Item = ComponentVersion>,
) -> Option<Vec<Fields>> {
    let described: Vec<Fields> = components
        .map(|component| {
            Fields::new()
                .with("component", component.number)
                .text("version", component.version)
        })
        .collect();
    (!described.is_empty()).then_some(described)
}

pub(super) fn state_fields(state: &State<'_>, trust: Option<&TrustRoot>) -> Fields {
    Fields::new()
        .text("tenant", state.tenant)
        .text("product", state.product)
        .text("device", &state.device)
        .with("incarnation", state.incarnation)
        .with("receipts", state.receipts)
        .text("last_receipt", state.head)
        .with("status", describe_status(&state.status, trust))
        .maybe(
            "components",
            describe_components(state.more.told_components()),
        )
        .with("twin", super::twin_tree(state.twin))
}
