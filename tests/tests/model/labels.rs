//! Verdicts in a word, to count them.

use latch_verify::{
    Reason,
    statement::{CloseCause, Outcome},
};

use super::{reference::Verdict, said::Said};

pub(crate) fn is_refusal(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Told(account) => account.refused().is_some(),
        Verdict::Ignored(_) => true,
        _ => false,
    }
}

/// What the reference has said, in a word.
pub(crate) fn label(said: &Said, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Told(account) => outcome_label(&account.outcome),
        Verdict::Again(_) => "told again".to_owned(),
        Verdict::Noted => "noted".to_owned(),
        Verdict::Ignored(reason) => refusal_label(*reason),
        Verdict::ManifestWanted => "manifest wanted".to_owned(),
        Verdict::Unlatched(_) => match said {
            Said::Code(_) => "unlatched".to_owned(),
            other => unreachable!("{other:?} unlatches nothing"),
        },
    }
}

pub(crate) fn outcome_label(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { reason, .. } => {
            refusal_label(Reason::from_number(*reason).expect("a reason"))
        }
        Outcome::Closed { cause, .. } => format!("closed: {}", cause_label(*cause)),
        other => {
            let text = format!("{other:?}");
            let end = text.find([' ', '{']).unwrap_or(text.len());
            text[..end].to_owned()
        }
    }
}

pub(crate) fn refusal_label(reason: Reason) -> String {
    format!("{} {}", reason.number(), reason.name())
}

fn cause_label(cause: CloseCause) -> String {
    format!("{cause:?}").to_lowercase()
}
