//! Latch codes: who may change what, on which devices, and until when.

mod builder;
mod change;
mod cohort;
mod order;

#[cfg(test)]
mod tests;

use latch_verify::{Refusal, types::LatchId};

use crate::sign::SignError;

pub use builder::{CLOCK_SLACK_MS, CodeBuilder, DEFAULT_LIFE_S, now};
pub use change::Change;
pub use cohort::Cohort;

/// Why a code was not built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The verifier would refuse the body.
    #[error(transparent)]
    Refused(#[from] SignError),
    /// The system gave no random bytes.
    #[error("the system's source of randomness failed ({0}): no code was made")]
    NoEntropy(getrandom::Error),
    /// The clock is before 1970 or past 48 bits of milliseconds.
    #[error("the clock shows no time that a code can carry: set it")]
    NoTime,
    /// The code would end when it begins.
    #[error("a code lives for at least a second: give it a longer life")]
    NoLife,
    /// A latch would open for no time at all.
    #[error("a latch opens for at least a second: say for how long, or close it instead")]
    NoOpenTime,
    /// The device is of a release that cannot read the code.
    #[error(
        "the device understands bodies up to version {newest}, and this code needs version {needs}: update the device's firmware first"
    )]
    TooNew {
        /// The lowest version that can say it.
        needs: u8,
        /// The newest that the device understands.
        newest: u8,
    },
    /// A challenge in a code for many devices.
    #[error("a challenge belongs to one device: name the device, or leave the challenge out")]
    ChallengeForMany,
    /// No incarnation in a code for one device.
    #[error(
        "a code for one device names its enrolment: give the incarnation that the device was enrolled with"
    )]
    IncarnationMissing,
    /// An incarnation in a code for many devices.
    #[error("an incarnation belongs to one device: name the device, or leave the incarnation out")]
    IncarnationForMany,
    /// Break-glass for many devices.
    #[error("break-glass opens one device at a time: name the device")]
    BreakGlassForMany,
    /// The patch touches properties behind different latches.
    #[error(
        "{path} is behind {found}, and the properties before it are behind {expected}: sign one code for each latch"
    )]
    TwoLatches {
        /// The first path behind another latch.
        path: String,
        /// The latch of the paths before it.
        expected: LatchId,
        /// Its latch.
        found: LatchId,
    },
    /// The patch would replace a branch that is behind a latch of its own.
    #[error(
        "{0} has properties below it that are behind other latches: name those properties one by one"
    )]
    AcrossLatches(String),
    /// The root assigns the command to no latch.
    #[error(
        "the trust root assigns the command `{0}` to no latch: add it to [commands] of the rules, and sign a new root"
    )]
    CommandUnassigned(String),
    /// The change does not say which latch it belongs to.
    #[error("this change can stand behind any latch: name one")]
    AnyLatch,
    /// Parts outside 0 to 10000, or none between them.
    #[error(
        "a cohort lies between 0 and 100 percent, and is not empty: {from} to {below} of 10000 is not"
    )]
    NoCohort {
        /// First part inside.
        from: u16,
        /// First part outside.
        below: u16,
    },
    /// A part of a hundred that cannot be read.
    #[error(
        "`{0}` is no percentage: write 0 to 100 with at most two digits after the point, such as 2.5"
    )]
    NoPercentage(String),
}

impl From<Refusal> for CodeError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}
