//! What an operator does next when a device has refused.

use latch_verify::Reason;

/// The commands that help against a refusal, where some do; the reason's own sentence says
/// what it means.
#[must_use]
pub fn advice(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::UnknownKey => {
            "see `latch inspect` for who has signed, and root.toml for whose signatures count"
        }
        Reason::TooFewOperators | Reason::TooFewApprovers | Reason::TooFewBreakGlass => {
            "write the code to a file with --out, let others add theirs with `latch sign FILE --key KEY`, then `latch publish FILE`"
        }
        Reason::TooFewRelease => "add a signature with `latch sign FILE --key RELEASE-KEY`",
        Reason::ChallengeMissing
        | Reason::ChallengeStale
        | Reason::OtherBoot
        | Reason::NoTrustedTime => {
            "run the command again: it takes the challenge from the device's present state"
        }
        Reason::NotYetValid | Reason::Expired => {
            "compare the clock here with the device's own: `latch device show DEVICE --state`"
        }
        Reason::TwinVersion | Reason::OutOfOrder => {
            "read the twin with `latch twin get DEVICE` and decide anew"
        }
        Reason::OtherIncarnation => {
            "the device was enrolled again elsewhere: take its present request with `latch device enroll`"
        }
        Reason::CommandUnassigned => {
            "name the command under [commands] in root.toml, and sign a new root"
        }
        Reason::Busy => "wait for the receipt of the code before it, then run the command again",
        Reason::LivesTooLong => "give the code a shorter --life",
        Reason::ManifestMissing => "publish the manifest first: `latch publish RELEASE.latch`",
        Reason::NotNewer | Reason::BelowSecurityFloor | Reason::CurrentOutside => {
            "see what runs with `latch device show DEVICE --state`"
        }
        Reason::InstallVoid => {
            "install again with a longer --life, and serve the pages while it downloads"
        }
        _ => return None,
    })
}
