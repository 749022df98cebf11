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
        Reason::TooFewTime => {
            "let others add theirs with `latch sign FILE --key TIME-KEY`; root.toml lists time keys under [keys]"
        }
        Reason::TooFewRoot | Reason::TooFewOldRoot => {
            "let others add theirs with `latch sign FILE --key ROOT-KEY`"
        }
        Reason::NotRevoker => {
            "name the issuer's own key by --key, or write it to a file with --out and let root keys sign: `latch sign FILE --key ROOT-KEY`"
        }
        Reason::RootNotNext => {
            "see which version a device has with `latch device show DEVICE --state`; publish those between with `latch root publish`"
        }
        Reason::IssuersFull => "begin a new epoch with `latch root next --raise-epoch`",
        Reason::Revoked => "sign with another operator key: --key FILE",
        Reason::NeverOpens => "give the latch a max-open in root.toml, then `latch root next`",
        Reason::OpenTooLong => "open it for a shorter time: --for",
        Reason::AlreadyOpen => "keep it open with `latch renew`, or shut it with `latch close`",
        Reason::NotOpen => "open it with `latch open`",
        Reason::LockedDown => "lift the lockdown with `latch unlock DEVICE`",
        Reason::ActionNotServed | Reason::UnknownBodyVersion => {
            "update the device's firmware first; `latch device show DEVICE --state` lists what it understands"
        }
        Reason::TooFewRelease => "add a signature with `latch sign FILE --key RELEASE-KEY`",
        Reason::ChallengeMissing
        | Reason::ChallengeStale
        | Reason::OtherBoot
        | Reason::NoTrustedTime
        | Reason::PulseStale => {
            "run the command again: it takes challenge and pulse from the device's present state"
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
            "name the command under [commands] in root.toml, then `latch root next`"
        }
        Reason::Busy | Reason::Throttled => {
            "wait for the receipts of the codes before it, then run the command again"
        }
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
