//! Moments and durations as people write and read them.

use jiff::{SpanRelativeTo, Timestamp, fmt::friendly::SpanParser};
use latch_verify::types::TimeMs;

/// A text that is no moment or duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MomentError {
    /// Not a moment.
    #[error("`{0}` is no moment: write it as in RFC 3339, such as 2026-01-31T08:00:00Z")]
    Moment(String),
    /// Not a duration.
    #[error("`{0}` is no duration: write a number and s, m, h or d, such as 30s, 10m or 1h30m")]
    Duration(String),
    /// Not whole seconds, or none, or too many.
    #[error("`{0}` is not a whole number of seconds from 1 to 4294967295")]
    NotSeconds(String),
}

/// Reads a moment (RFC 3339).
///
/// # Errors
/// [`MomentError::Moment`].
pub fn moment(text: &str) -> Result<TimeMs, MomentError> {
    let read = || {
        let moment: Timestamp = text.parse().ok()?;
        TimeMs::new(u64::try_from(moment.as_millisecond()).ok()?)
    };
    read().ok_or_else(|| MomentError::Moment(text.to_owned()))
}

/// Reads a duration of at least a second, in seconds; a day has 24 hours.
///
/// # Errors
/// [`MomentError::Duration`], [`MomentError::NotSeconds`].
pub fn duration(text: &str) -> Result<u32, MomentError> {
    static PARSER: SpanParser = SpanParser::new();
    let duration = PARSER
        .parse_span(text)
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| MomentError::Duration(text.to_owned()))?;
    let seconds = u32::try_from(duration.as_secs()).ok();
    seconds
        .filter(|seconds| *seconds > 0 && duration.subsec_nanos() == 0)
        .ok_or_else(|| MomentError::NotSeconds(text.to_owned()))
}

/// Writes a moment (RFC 3339, UTC).
#[must_use]
pub fn rfc3339(moment: TimeMs) -> String {
    i64::try_from(moment.get())
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        // Past the year 9999, which RFC 3339 cannot write.
        .map_or_else(
            || format!("{} ms after 1970", moment.get()),
            |moment| moment.to_string(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_seconds() {
        for (text, seconds) in [
            ("30s", 30),
            ("10m", 600),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("7d", 604_800),
        ] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for bad in ["", "10", "m", "10 parsecs"] {
            assert!(
                matches!(duration(bad), Err(MomentError::Duration(_))),
                "{bad}"
            );
        }
        for bad in ["0s", "500ms", "-5s", "200000d"] {
            assert!(
                matches!(duration(bad), Err(MomentError::NotSeconds(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn moments_go_through_text() {
        let time = moment("2026-01-31T08:00:00.250Z").unwrap();
        assert_eq!(time.get(), 1_769_846_400_250);
        assert_eq!(rfc3339(time), "2026-01-31T08:00:00.25Z");
        assert_eq!(moment("2026-01-31T09:00:00.250+01:00"), Ok(time));
        for bad in ["", "now", "2026-01-31", "1969-12-31T23:59:59Z"] {
            assert!(matches!(moment(bad), Err(MomentError::Moment(_))), "{bad}");
        }
        let far = TimeMs::new(latch_verify::limits::MAX_TIME_MS).unwrap();
        assert!(rfc3339(far).contains("after 1970"));
    }
}
