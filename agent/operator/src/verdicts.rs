//! What devices have answered, as words, results and exit codes.

use latch_operator::{Answer, Fields, describe_receipt, latch_name, reason_in_words, rfc3339};
use latch_verify::{
    Reason, Refusal,
    statement::{CloseCause, Outcome, Receipt},
    verdict::TrustRoot,
};

use crate::failure::{Failure, Kind};

/// An outcome in a few words; the trust root gives latches their names.
pub(crate) fn in_words(receipt: &Receipt, trust: &TrustRoot) -> String {
    let firmware = receipt.status.firmware.version;
    match receipt.outcome {
        Outcome::Applied { twin_version } => {
            format!("applied, the twin has version {twin_version} now")
        }
        Outcome::Performed => "performed".to_owned(),
        Outcome::Probed => "every check passed; nothing was done, as asked".to_owned(),
        Outcome::Opened { seconds } => format!("open, and closes by itself after {seconds} s"),
        Outcome::Renewed { seconds } => {
            format!("stays open, and closes by itself after {seconds} s")
        }
        Outcome::Closed { latch, cause } => {
            let name = latch_name(latch, Some(trust));
            format!("`{name}` is closed: {}", why_closed(cause))
        }
        Outcome::LockedDown => {
            "locked down: everything is shut until `latch unlock` lifts it".to_owned()
        }
        Outcome::Unlocked => "no longer locked down; what that had closed stays closed".to_owned(),
        Outcome::RootAccepted { version, epoch } => {
            format!("obeys version {version} of the trust root now, epoch {epoch}")
        }
        Outcome::Revoked => "revoked: what the key has signed up to there is void".to_owned(),
        Outcome::Stopped { used: false, .. } => "stopped: the code is void".to_owned(),
        Outcome::Stopped { used: true, .. } => {
            "stopped too late: the code had been used; what it had opened or begun ends".to_owned()
        }
        Outcome::TimeRaised { floor_ms } => {
            format!("knows that it is at least {}", rfc3339(floor_ms))
        }
        Outcome::Refused {
            reason,
            expected,
            found,
        } => format!("refused: {}", reason_in_words(reason, expected, found)),
        Outcome::ActuatorFailed { code } => {
            format!("tried, and what should have acted failed with {code}")
        }
        Outcome::Interrupted => {
            "cut off after the code was used up: it may or may not have acted, and will not try again".to_owned()
        }
        Outcome::InstallStarted => "the download has begun".to_owned(),
        Outcome::InstallConfirmed => format!("runs {firmware}, healthy and confirmed by itself"),
        Outcome::InstallReverted { reason } => {
            format!("went back to {firmware}: {}", reason_in_words(reason, 0, 0))
        }
        Outcome::InstallFailed { reason } => {
            format!("installed nothing: {}", reason_in_words(reason, 0, 0))
        }
    }
}

fn why_closed(cause: CloseCause) -> &'static str {
    match cause {
        CloseCause::Code => "a code has closed it",
        CloseCause::Time => "its time was over",
        CloseCause::Reboot => "the device has booted",
        CloseCause::Silence => "no heartbeat came in time",
        CloseCause::Posture => "the device's posture no longer satisfied the rule",
        CloseCause::Context => "what the code had named of the device no longer held",
        CloseCause::Revoked => "the code that had opened it was taken back",
        CloseCause::Trust => "a new trust root has voided the code that had opened it",
        CloseCause::Lockdown => "the device was locked down",
        CloseCause::Fault => "its opening could not be recorded",
    }
}

/// Why an answer is not what was wanted, if it is not.
pub(crate) fn failure(answer: &Answer, trust: &TrustRoot) -> Option<Failure> {
    let device = &answer.record.device;
    let Some(signed) = &answer.receipt else {
        return Some(
            Failure::new(
                Kind::TimedOut,
                format_args!("{device} did not answer in time"),
            )
            .hint(format_args!(
                "see when it was last heard of: `latch device show {device} --state`"
            )),
        );
    };
    let words = || format!("{device}: {}", in_words(signed.receipt(), trust));
    match signed.receipt().outcome {
        Outcome::Applied { .. }
        | Outcome::Performed
        | Outcome::Probed
        | Outcome::Opened { .. }
        | Outcome::Renewed { .. }
        | Outcome::Closed { .. }
        | Outcome::LockedDown
        | Outcome::Unlocked
        | Outcome::RootAccepted { .. }
        | Outcome::Revoked
        | Outcome::Stopped { .. }
        | Outcome::TimeRaised { .. }
        | Outcome::InstallConfirmed => None,
        Outcome::InstallStarted => {
            let waits = format_args!("{device} has not finished the installation in time");
            let failure = Failure::new(Kind::TimedOut, waits);
            Some(
                failure.hint(
                    "it goes on by itself as long as somebody serves the pages: `latch serve`",
                ),
            )
        }
        Outcome::Refused {
            reason,
            expected,
            found,
        } => Some(match Reason::from_number(reason) {
            Some(reason) => Failure::refused(words(), Refusal::new(reason, expected, found)),
            None => Failure::new(Kind::Refused, words()),
        }),
        Outcome::ActuatorFailed { .. } | Outcome::Interrupted => Some(
            Failure::failed(words())
                .hint("the code is used up: look at the device, then run the command again"),
        ),
        Outcome::InstallReverted { .. } | Outcome::InstallFailed { .. } => {
            Some(Failure::failed(words()))
        }
    }
}

/// The answer of a device for programs.
pub(crate) fn fields(answer: &Answer, trust: &TrustRoot) -> Fields {
    let receipt = answer
        .receipt
        .as_ref()
        .map(|signed| describe_receipt(signed.receipt(), Some(trust)));
    Fields::new()
        .text("device", &answer.record.device)
        .with("receipt", latch_operator::Field::from(receipt))
}
