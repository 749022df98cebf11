//! What devices have answered, as words, results and exit codes.

use latch_operator::{Answer, Fields, describe_receipt, reason_in_words};
use latch_verify::{
    Reason, Refusal,
    statement::{Outcome, Receipt},
};

use crate::failure::{Failure, Kind};

/// An outcome in a few words.
pub(crate) fn in_words(receipt: &Receipt) -> String {
    let firmware = receipt.status.firmware.version;
    match receipt.outcome {
        Outcome::Applied { twin_version } => format!("applied, the twin has version {twin_version} now"),
        Outcome::Performed => "performed".to_owned(),
        Outcome::Probed => "every check passed; nothing was done, as asked".to_owned(),
        Outcome::Refused { reason, expected, found } => {
            format!("refused: {}", reason_in_words(reason, expected, found))
        }
        Outcome::ActuatorFailed { code } => format!("tried, and what should have acted failed with {code}"),
        Outcome::Interrupted => {
            "cut off after the code was used up: it may or may not have acted, and will not try again".to_owned()
        }
        Outcome::InstallStarted => "the download has begun".to_owned(),
        Outcome::InstallConfirmed => format!("runs {firmware}, healthy and confirmed by itself"),
        Outcome::InstallReverted { reason } => {
            format!("went back to {firmware}: {}", reason_in_words(reason, 0, 0))
        }
        Outcome::InstallFailed { reason } => format!("installed nothing: {}", reason_in_words(reason, 0, 0)),
    }
}

/// Why an answer is not what was wanted, if it is not.
pub(crate) fn failure(answer: &Answer) -> Option<Failure> {
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
    let words = || format!("{device}: {}", in_words(signed.receipt()));
    match signed.receipt().outcome {
        Outcome::Applied { .. }
        | Outcome::Performed
        | Outcome::Probed
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
pub(crate) fn fields(answer: &Answer) -> Fields {
    let receipt = answer
        .receipt
        .as_ref()
        .map(|signed| describe_receipt(signed.receipt()));
    Fields::new()
        .text("device", &answer.record.device)
        .with("receipt", latch_operator::Field::from(receipt))
}
