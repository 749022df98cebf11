//! What the relay notices, as lines of the log. Their texts and fields stay as they are:
//! people search for them, and programs too.

use latch_agent::{ANSWER_MS, Notice};
use latch_link::{Life, Standing};
use latch_verify::{Reason, Refusal, statement::Outcome};
use tracing::{debug, error, info, warn};

/// Writes a notice to the log.
pub(crate) fn log(notice: &Notice) {
    match notice {
        Notice::Ignored { refusal } if is_old_time(refusal.reason) => {
            debug!(reason = refusal.reason.number(), "time ignored");
        }
        Notice::Ignored { refusal } => {
            let Refusal { reason, .. } = refusal;
            warn!(reason = reason.number(), name = reason.name(), cause = %refusal, "message ignored");
        }
        Notice::QueueFull => warn!("code dropped: as many as may wait do"),
        Notice::Queued { waiting } => info!(waiting, "code waits"),
        Notice::ManifestWanted { manifest } => info!(%manifest, "manifest wanted"),
        Notice::ManifestMissing { manifest } => warn!(%manifest, "manifest did not come"),
        Notice::Unlatched { statement, hook } => info!(%statement, hook, "code burned"),
        Notice::Resumed { statement } => info!(%statement, "twin change resumed"),
        Notice::HookFailed { hook, code } => warn!(hook, code, "hook failed"),
        Notice::Answered {
            statement,
            outcome,
            repeated,
        } => {
            let (detail, reason) = (outcome_detail(outcome), outcome_reason(outcome));
            let outcome = outcome_name(outcome);
            info!(%statement, outcome, reason, detail, repeated, "code answered");
        }
        Notice::RootWaits { version, next } => {
            info!(version, next, "trust root waits for the one before it");
        }
        Notice::Closed { latch, cause } => {
            info!(latch = latch.number(), cause = cause.name(), "latch closed");
        }
        Notice::NotShut { latch } => {
            let latch = latch.map(|latch| latch.number());
            error!(latch, "what stands behind a closed latch could not be shut");
        }
        Notice::PageKept { next, of } => info!(next, of, "page kept"),
        Notice::PageRefused { refusal } => {
            let Refusal { reason, .. } = refusal;
            warn!(reason = reason.number(), name = reason.name(), cause = %refusal, "page refused");
        }
        Notice::PagesMissing { manifest, next } => warn!(
            %manifest,
            next,
            "nobody brings the pages that the device waits for: run `latch serve --release FILE --image FILE`"
        ),
        Notice::ImageComplete { manifest } => info!(%manifest, "image complete"),
        Notice::Armed { manifest } => info!(%manifest, "image armed"),
        Notice::Trial {
            manifest,
            version,
            boots_left,
        } => {
            info!(%manifest, %version, boots_left, "image on trial");
        }
        Notice::Confirmed { version } => info!(%version, "image confirmed"),
        Notice::Reverted { reason, version } => {
            let cause = Reason::from_number(*reason).map_or("", Reason::sentence);
            warn!(reason, cause, %version, "image reverted");
        }
        Notice::Fault { refusal } => {
            let Refusal { reason, .. } = refusal;
            error!(reason = reason.number(), name = reason.name(), cause = %refusal, "device fault");
        }
        Notice::Resting { until_ms } => warn!(until_ms, "device rests, then boots again"),
        Notice::Booted { boot } => info!(boot, "device booted"),
        Notice::Shut { fault } => error!(cause = %fault, "device stays shut"),
        Notice::Standing(standing) => log_standing(standing),
        Notice::Unprovisioned => warn!(
            "device is nobody's yet, and there is no bundle for it: stop the agent, enrol the device by `latch device request --link LINK`, and put its bundle where the [[device]] table names it"
        ),
        Notice::NotProvisioned { refused } => {
            error!(
                reason = refused.reason,
                cause = %refused,
                "device was not provisioned: take the bundle that was made from its own request"
            );
        }
        Notice::OtherDevice { expected, found } => {
            error!(%expected, %found, "another device is behind the link: it is not served. Change the name in the [[device]] table, or the cable");
        }
        Notice::UnknownReason { reason } => {
            warn!(
                reason,
                "device gave a reason that this release does not know"
            );
        }
        Notice::TooLong { most } => {
            error!(most, "dropped: longer than what the device takes, in bytes");
        }
        Notice::Unanswered { what, dropped } => {
            let then = if *dropped {
                "dropped"
            } else {
                "asked once more"
            };
            error!(
                what,
                then,
                seconds = ANSWER_MS / 1000,
                "device does not answer what it has taken: met anew"
            );
        }
        Notice::ReceiptsLost { count } => warn!(
            count,
            "receipts lost: they were never published, and the device no longer keeps them"
        ),
        Notice::ReceiptsUnknown { count } => info!(
            count,
            "device no longer keeps its first receipts, and the broker retains no state that says whether they were published"
        ),
        Notice::NoTopics(cause) => error!(%cause, "device is not served"),
        other => info!(notice = ?other, "notice"),
    }
}

fn log_standing(standing: &Standing) {
    let Standing {
        program,
        version,
        boot,
        why,
        ..
    } = standing;
    match &standing.life {
        Life::Shut(refused) => {
            error!(?program, %version, reason = refused.reason, cause = %refused, "device stays shut");
        }
        Life::Provisioned(identity) => {
            let device = &identity.device;
            info!(%device, ?program, %version, boot, ?why, "device is up");
        }
        Life::Unprovisioned => info!(?program, %version, boot, ?why, "device is up, and new"),
    }
}

fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Refused { .. } => "refused",
        Outcome::Applied { .. } => "applied",
        Outcome::Performed => "performed",
        Outcome::ActuatorFailed { .. } => "actuator-failed",
        Outcome::Interrupted => "interrupted",
        Outcome::InstallStarted => "install-started",
        Outcome::InstallConfirmed => "install-confirmed",
        Outcome::InstallReverted { .. } => "install-reverted",
        Outcome::InstallFailed { .. } => "install-failed",
        Outcome::Probed => "probed",
        Outcome::Opened { .. } => "opened",
        Outcome::Renewed { .. } => "renewed",
        Outcome::Closed { .. } => "closed",
        Outcome::LockedDown => "locked-down",
        Outcome::Unlocked => "unlocked",
        Outcome::RootAccepted { .. } => "root-accepted",
        Outcome::Revoked => "revoked",
        Outcome::Stopped { .. } => "stopped",
        Outcome::TimeRaised { .. } => "time-raised",
    }
}

/// Name of the reason in an outcome that has one.
fn outcome_reason(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Refused { reason, .. }
        | Outcome::InstallReverted { reason }
        | Outcome::InstallFailed { reason } => Reason::from_number(*reason).map(Reason::name),
        _ => None,
    }
}

/// What else an outcome says.
fn outcome_detail(outcome: &Outcome) -> Option<String> {
    Some(match outcome {
        Outcome::Opened { seconds } | Outcome::Renewed { seconds } => format!("{seconds} s"),
        Outcome::Closed { latch, cause } => {
            format!("latch {}: {}", latch.number(), cause.name())
        }
        Outcome::RootAccepted { version, epoch } => format!("version {version}, epoch {epoch}"),
        Outcome::Stopped { statement, .. } => statement.to_string(),
        _ => return None,
    })
}

/// Whether an attestation of the time was only late: it comes to many, and to each more than
/// once.
fn is_old_time(reason: Reason) -> bool {
    matches!(reason, Reason::TimeBehind | Reason::PulseStale)
}
