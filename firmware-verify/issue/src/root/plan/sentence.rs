//! What a root means, in a sentence for whoever is about to sign it.

use std::fmt;

use latch_verify::{limits::MAX_SIGNATURES, wire::Role};

use super::consequence::{Consequence, Weight};

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotSucceed { least } => write!(
                f,
                "the root keys in force and the new ones must sign {least} times together, and a statement carries {MAX_SIGNATURES} signatures at most: go by way of a root between them"
            ),
            Self::NoSpareRootKey { keys: 1 } => f.write_str(
                "there is one root key alone: when it is lost, this root stays for good",
            ),
            Self::NoSpareRootKey { keys } => write!(
                f,
                "all {keys} root keys must sign the next root: when one of them is lost, this root stays for good"
            ),
            Self::EpochRaised { before, now } => write!(
                f,
                "the epoch rises from {before} to {now}: every code signed before is void, latches that such codes opened close, downloads end, and devices forget which codes they used and how late it is at least"
            ),
            Self::KeyGone { role, key } => {
                write!(
                    f,
                    "{} key {key} is left out: {}",
                    role_name(*role),
                    loss(*role)
                )
            }
            Self::KeyMoved { key, before, now } => write!(
                f,
                "key {key} was {} and is {}: what it signed before no longer counts for that",
                role_name(*before),
                role_name(*now)
            ),
            Self::KeyAdded { role, key } => {
                write!(
                    f,
                    "{} key {key} is new: compare it with its owner",
                    role_name(*role)
                )
            }
            Self::RoleReplaced { role } => write!(
                f,
                "every {} key is new: make sure that their owners can sign with them",
                role_name(*role)
            ),
            Self::RoleEmpty { role } => {
                write!(
                    f,
                    "there is no {} key any more: {}",
                    role_name(*role),
                    want(*role)
                )
            }
            Self::Threshold { whose, before, now } => {
                write!(
                    f,
                    "thresholds.{whose}: {now} keys must sign, and {before} had to"
                )?;
                f.write_str(match self.weight() {
                    Weight::LocksOut => ": what they sign is not believed any more",
                    Weight::Voids => ": what fewer have signed is refused",
                    Weight::Notice => "",
                })
            }
            Self::LatchGone { latch } => write!(
                f,
                "the latch `{latch}` is gone: codes for it are refused, and it closes where it is open"
            ),
            Self::LatchReused { id, before, now } => write!(
                f,
                "latch {id} was `{before}` and is `{now}`: codes signed for the one open the other; give new latches new numbers"
            ),
            Self::NeverOpens { whose } => write!(
                f,
                "{whose} does not open for a time any more, and closes where it is open"
            ),
            Self::BreakGlassGone { latch } => write!(
                f,
                "the latch `{latch}` has no break-glass rule any more: no way in is left for an emergency"
            ),
            Self::BreakGlassAdded { latch } => {
                write!(f, "the latch `{latch}` can be opened under break-glass")
            }
            Self::Rule(change) => fmt::Display::fmt(change, f),
            Self::CommandGone { command } => {
                write!(
                    f,
                    "the command `{command}` is not listed any more: it cannot run"
                )
            }
            Self::Moved { what, before, now } => write!(
                f,
                "{what} was behind `{before}` and is behind `{now}`: codes for it that were signed before are refused"
            ),
        }
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Root => "root",
        Role::Operator => "operator",
        Role::Release => "release",
        Role::Approver => "approver",
        Role::Time => "time",
        Role::BreakGlass => "break-glass",
    }
}

/// What is lost with a key: devices refuse a statement as a whole for one unknown signature.
fn loss(role: Role) -> &'static str {
    match role {
        Role::Root => "it signs no further root, and revokes nothing",
        Role::Operator | Role::BreakGlass => {
            "codes, revocations and stop slips with its signature are refused, also those that others have signed too, and latches that its codes opened close"
        }
        Role::Release => {
            "manifests with its signature are refused, and downloads of such releases end before they are tried: have those manifests signed again"
        }
        Role::Approver => {
            "codes with its signature are refused, also those that enough others have signed"
        }
        Role::Time => {
            "attestations with its signature are refused, and devices forget how late it is at least, since it may have said so"
        }
    }
}

/// What nobody can do without a key of a role.
fn want(role: Role) -> &'static str {
    match role {
        Role::Root => "nobody can sign the next root",
        Role::Operator => "nobody can issue codes",
        Role::Release => "nobody can release firmware",
        Role::Approver => "nobody approves codes",
        Role::Time => {
            "no attestation of the time is believed, so devices without a clock of their own have no trusted time, and only renewals keep latches with a heartbeat open"
        }
        Role::BreakGlass => "nobody can act in an emergency",
    }
}
