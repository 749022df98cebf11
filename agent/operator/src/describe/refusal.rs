//! Refusals: number, name, sentence, and the evidence in the unit that people read.

use latch_verify::{
    Reason, Refusal,
    types::{TimeMs, Version},
};

use crate::{
    fields::{Field, Fields},
    moment::rfc3339,
};

/// Describes a refusal.
#[must_use]
pub fn describe_refusal(refusal: &Refusal) -> Fields {
    let fields = describe_reason(refusal.reason.number());
    if refusal.expected == 0 && refusal.found == 0 {
        return fields;
    }
    fields
        .with("expected", evidence(refusal.reason, refusal.expected))
        .with("found", evidence(refusal.reason, refusal.found))
}

/// Describes a reason by its number; a number of a newer verifier has no name here.
pub(crate) fn describe_reason(number: u16) -> Fields {
    let fields = Fields::new().with("number", number);
    match Reason::from_number(number) {
        Some(reason) => fields
            .with("name", reason.name())
            .with("sentence", reason.sentence()),
        None => fields
            .with("name", Field::None)
            .with("sentence", "a reason that this release does not know"),
    }
}

/// A refusal as one sentence, from what a receipt holds.
#[must_use]
pub fn reason_in_words(number: u16, expected: u64, found: u64) -> String {
    let Some(reason) = Reason::from_number(number) else {
        return format!("reason {number}, which this release does not know");
    };
    let mut words = format!("{} {}: {}", number, reason.name(), reason.sentence());
    if expected != 0 || found != 0 {
        let words_of = |number| match evidence(reason, number) {
            Field::Plain(serde_json::Value::String(text)) => text,
            _ => number.to_string(),
        };
        words += &format!(
            " (expected {}, found {})",
            words_of(expected),
            words_of(found)
        );
    }
    words
}

/// The evidence is one number; what it counts hangs on the reason.
fn evidence(reason: Reason, number: u64) -> Field {
    match reason {
        Reason::NotYetValid | Reason::Expired | Reason::SequenceAfterEnd | Reason::TimeBehind => {
            TimeMs::new(number).map_or_else(|| number.into(), |moment| rfc3339(moment).into())
        }
        Reason::FirmwareOutside | Reason::NotNewer => {
            Version::from_ordinal(number).to_string().into()
        }
        Reason::LivesTooLong => format!("{} s", number.div_ceil(1000)).into(),
        Reason::OpenTooLong => format!("{number} s").into(),
        // Sequences are 64 bits, which not every JSON reader keeps.
        Reason::BelowFloor | Reason::OutOfOrder | Reason::Revoked => number.to_string().into(),
        Reason::Posture => format!("facts {number:#034b}").into(),
        _ => number.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_shown_in_its_unit() {
        let newer = Version {
            major: 1,
            minor: 2,
            patch: 3,
        }
        .ordinal();
        let words = reason_in_words(Reason::NotNewer.number(), newer, newer);
        assert!(
            words.starts_with("805 NotNewer: ") && words.ends_with("(expected 1.2.3, found 1.2.3)"),
            "{words}"
        );
        let words = reason_in_words(
            Reason::Expired.number(),
            1_769_846_400_000,
            1_769_846_460_000,
        );
        assert!(words.contains("expected 2026-01-31T08:00:00Z"), "{words}");
        let words = reason_in_words(Reason::OpenTooLong.number(), 600, 900);
        assert!(words.ends_with("(expected 600 s, found 900 s)"), "{words}");
        let words = reason_in_words(Reason::TooFewOperators.number(), 2, 1);
        assert!(words.ends_with("(expected 2, found 1)"), "{words}");
        assert!(!reason_in_words(Reason::BadSignature.number(), 0, 0).contains("expected"));
        assert!(reason_in_words(9999, 0, 0).contains("9999"));
    }
}
