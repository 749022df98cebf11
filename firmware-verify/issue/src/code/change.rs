//! What a code does, and behind which latch that lies.

use latch_verify::{
    statement::{Action, Root},
    types::{LatchId, StatementId},
};

use super::CodeError;
use crate::patch::{Arguments, Patch};

/// What a code does: the owned form of [`Action`].
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// See [`Action::SetTwin`].
    SetTwin(Patch),
    /// See [`Action::Command`].
    Command {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Arguments,
    },
    /// See [`Action::Open`].
    Open {
        /// Seconds.
        seconds: u32,
    },
    /// See [`Action::Renew`].
    Renew {
        /// Seconds from now.
        seconds: u32,
    },
    /// See [`Action::Close`].
    Close,
    /// See [`Action::Install`].
    Install {
        /// The release manifest's id.
        manifest: StatementId,
    },
    /// See [`Action::Downgrade`].
    Downgrade {
        /// The release manifest's id.
        manifest: StatementId,
    },
    /// See [`Action::Lockdown`].
    Lockdown,
    /// See [`Action::Probe`].
    Probe,
    /// See [`Action::Unlock`].
    Unlock,
}

impl Change {
    /// The latch before this change under a root, where the change itself says which.
    ///
    /// # Errors
    /// [`CodeError::TwoLatches`], [`CodeError::AcrossLatches`],
    /// [`CodeError::CommandUnassigned`], [`CodeError::AnyLatch`].
    pub fn latch(&self, root: &Root<'_>) -> Result<LatchId, CodeError> {
        match self {
            Self::SetTwin(patch) => latch_of_patch(patch, root),
            Self::Command { name, .. } => root
                .latch_of_command(name)
                .ok_or_else(|| CodeError::CommandUnassigned(name.clone())),
            Self::Install { .. } | Self::Downgrade { .. } => Ok(LatchId::FIRMWARE),
            Self::Lockdown | Self::Unlock => Ok(LatchId::TRUST),
            Self::Open { .. } | Self::Renew { .. } | Self::Close | Self::Probe => {
                Err(CodeError::AnyLatch)
            }
        }
    }

    /// Whether it opens a latch for no time at all.
    pub(super) fn opens_for_nothing(&self) -> bool {
        matches!(self, Self::Open { seconds: 0 } | Self::Renew { seconds: 0 })
    }

    pub(super) fn action(&self) -> Action<'_> {
        match self {
            Self::SetTwin(patch) => Action::SetTwin(patch.entries()),
            Self::Command { name, arguments } => Action::Command {
                name,
                arguments: arguments.entries(),
            },
            Self::Open { seconds } => Action::Open { seconds: *seconds },
            Self::Renew { seconds } => Action::Renew { seconds: *seconds },
            Self::Close => Action::Close,
            Self::Install { manifest } => Action::Install {
                manifest: *manifest,
            },
            Self::Downgrade { manifest } => Action::Downgrade {
                manifest: *manifest,
            },
            Self::Lockdown => Action::Lockdown,
            Self::Probe => Action::Probe,
            Self::Unlock => Action::Unlock,
        }
    }
}

fn latch_of_patch(patch: &Patch, root: &Root<'_>) -> Result<LatchId, CodeError> {
    let mut expected = None;
    for entry in patch.entries().iter() {
        let path = entry.path.as_str();
        let found = root
            .latch_of_path(entry.path)
            .ok_or_else(|| CodeError::AcrossLatches(path.to_owned()))?;
        let expected = *expected.get_or_insert(found);
        if expected != found {
            let path = path.to_owned();
            return Err(CodeError::TwoLatches {
                path,
                expected,
                found,
            });
        }
    }
    Ok(expected.unwrap_or(LatchId::TWIN))
}
