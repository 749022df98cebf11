//! What a trust root means for whoever works under it, said before it is signed.

use latch_verify::{types::KeyId, wire::Role};
use serde::Serialize;

use super::rule::RuleChange;

/// How much a consequence weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// To be known, no more.
    Notice,
    /// What was signed before no longer counts.
    Voids,
    /// Something cannot be done any more, by anybody, until another root allows it.
    LocksOut,
}

/// What a trust root means, compared with the one in force or by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "consequence", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Consequence {
    /// The two roots together ask for more signatures than one statement holds.
    CannotSucceed {
        /// The fewest signatures that satisfy both.
        least: u8,
    },
    /// No root key can be lost.
    NoSpareRootKey {
        /// How many root keys there are.
        keys: u8,
    },
    /// A new epoch begins.
    EpochRaised {
        /// The epoch in force.
        before: u32,
        /// The new one.
        now: u32,
    },
    /// A key is not listed any more.
    KeyGone {
        /// What it signed for.
        role: Role,
        /// The key.
        key: KeyId,
    },
    /// A key has another role.
    KeyMoved {
        /// The key.
        key: KeyId,
        /// What it signed for.
        before: Role,
        /// What it signs for now.
        now: Role,
    },
    /// A key is listed for the first time.
    KeyAdded {
        /// What it signs for.
        role: Role,
        /// The key.
        key: KeyId,
    },
    /// No key that had a role before has it now.
    RoleReplaced {
        /// The role.
        role: Role,
    },
    /// Nobody has a role any more.
    RoleEmpty {
        /// The role.
        role: Role,
    },
    /// Another number of signatures is asked for.
    Threshold {
        /// For what: `root`, `release` or `time`.
        whose: &'static str,
        /// How many keys had to sign.
        before: u8,
        /// How many must sign now.
        now: u8,
    },
    /// A latch is not listed any more.
    LatchGone {
        /// Its name.
        latch: String,
    },
    /// A latch's number belongs to another name.
    LatchReused {
        /// The number.
        id: u8,
        /// The name before.
        before: String,
        /// The name now.
        now: String,
    },
    /// A latch does not open for a time any more.
    NeverOpens {
        /// The latch and its rule.
        whose: String,
    },
    /// A latch has no break-glass rule any more.
    BreakGlassGone {
        /// The latch.
        latch: String,
    },
    /// A latch can be opened under break-glass.
    BreakGlassAdded {
        /// The latch.
        latch: String,
    },
    /// Part of a rule is another.
    Rule(RuleChange),
    /// A command cannot run any more.
    CommandGone {
        /// Its name.
        command: String,
    },
    /// A command, or a branch of the twin, is behind another latch.
    Moved {
        /// The command's name, or the branch's path.
        what: String,
        /// Its latch before.
        before: String,
        /// Its latch now.
        now: String,
    },
}

impl Consequence {
    /// How much it weighs.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::CannotSucceed { .. }
            | Self::RoleEmpty { .. }
            | Self::LatchGone { .. }
            | Self::NeverOpens { .. }
            | Self::BreakGlassGone { .. }
            | Self::CommandGone { .. } => Weight::LocksOut,
            Self::EpochRaised { .. }
            | Self::KeyGone { .. }
            | Self::KeyMoved { .. }
            | Self::LatchReused { .. }
            | Self::Moved { .. } => Weight::Voids,
            Self::Threshold { now: 0, .. } => Weight::LocksOut,
            // What waits for root keys is not signed before; manifests and attestations are.
            Self::Threshold { whose, before, now } if now > before && *whose != "root" => {
                Weight::Voids
            }
            Self::Rule(change) => change.weight(),
            Self::NoSpareRootKey { .. }
            | Self::KeyAdded { .. }
            | Self::RoleReplaced { .. }
            | Self::Threshold { .. }
            | Self::BreakGlassAdded { .. } => Weight::Notice,
        }
    }
}
