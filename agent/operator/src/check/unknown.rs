//! What a verdict from afar cannot take into account.

use std::fmt;

use latch_issue::Statement;
use latch_verify::{
    Reason, Refusal,
    statement::{Action, Code},
    wire::Kind,
};

use super::Question;

/// Something that only the device knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// Which codes it has used.
    UsedCodes,
    /// What has changed since it signed its state.
    SinceState,
    /// The challenge before the present one.
    PreviousChallenge,
    /// Whether the pulse was answered before.
    AnsweredPulse,
    /// For how long a latch has been open.
    OpenSince,
    /// The release: no manifest was given.
    Release,
    /// Whether the image fits its slot.
    SlotSize,
    /// The device has another version of the trust root.
    OtherRoot {
        /// Its version there.
        there: u32,
        /// The version here.
        here: u32,
    },
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UsedCodes => f.write_str(
                "whether this code, or a newer one of its issuer, was used already, or was taken back",
            ),
            Self::SinceState => {
                f.write_str("what has changed on the device since it signed this state")
            }
            Self::PreviousChallenge => f.write_str(
                "whether the device still accepts the challenge before the one in this state",
            ),
            Self::AnsweredPulse => {
                f.write_str("whether the device's pulse was answered before: it is good once")
            }
            Self::OpenSince => f.write_str(
                "for how long the latch has been open, and under which rule: the longest time counts from there",
            ),
            Self::Release => f.write_str("the release itself: no manifest was given (--release)"),
            Self::SlotSize => f.write_str("whether the image fits the device's slot"),
            Self::OtherRoot { there, here } => write!(
                f,
                "the trust root of the device: it has version {there}, and version {here} is here"
            ),
        }
    }
}

impl Question<'_> {
    pub(super) fn unknown<T>(
        &self,
        statement: &Statement,
        judged: &Result<T, Refusal>,
    ) -> Vec<Unknown> {
        let mut unknown = vec![Unknown::SinceState];
        let code = statement.body::<Code<'_>>().ok();
        if code.is_some() {
            unknown.push(Unknown::UsedCodes);
        }
        match (code.map(|code| code.action), self.release) {
            (Some(Action::Install { .. } | Action::Downgrade { .. }), None) => {
                unknown.push(Unknown::Release);
            }
            (Some(Action::Install { .. } | Action::Downgrade { .. }), Some(_)) => {
                unknown.push(Unknown::SlotSize);
            }
            (Some(Action::Renew { .. }), _) => unknown.push(Unknown::OpenSince),
            (None, _) if statement.kind() == Kind::Manifest => unknown.push(Unknown::SlotSize),
            (None, _) if statement.kind() == Kind::Time => unknown.push(Unknown::AnsweredPulse),
            _ => {}
        }
        let stale = judged
            .as_ref()
            .is_err_and(|refusal| refusal.reason == Reason::ChallengeStale);
        if stale {
            unknown.push(Unknown::PreviousChallenge);
        }
        let (there, here) = (
            self.state.status.root_version,
            self.trust.root().map_or(0, |root| root.version),
        );
        if there != here {
            unknown.push(Unknown::OtherRoot { there, here });
        }
        unknown
    }
}
