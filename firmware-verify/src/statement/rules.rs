//! What a trust root guards, and how: the part of its body that a code is judged by.

use serde::{Deserialize, Serialize};

use super::root::{CommandAssignment, Latch, PropertyAssignment, RootKey, Thresholds};
use crate::{
    reject::Reason,
    twin::Path,
    types::{LatchId, TenantId},
    wire::{Run, peek, take},
};

/// The rules of a trust root: its body from the latches to the end.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rules<'a> {
    /// The latches.
    #[serde(borrow)]
    pub latches: Run<'a, Latch<'a>>,
    /// Branches of the twin behind other latches.
    #[serde(borrow)]
    pub properties: Run<'a, PropertyAssignment<'a>>,
    /// Commands.
    #[serde(borrow)]
    pub commands: Run<'a, CommandAssignment<'a>>,
}

crate::wire::reads!(struct Rules<'a> { latches, properties, commands });

impl<'a> Rules<'a> {
    /// Rules of a root that was read, from the bytes that [`rules_in`] has found.
    pub(crate) fn kept(bytes: &'a [u8]) -> Option<Self> {
        peek(bytes)
    }

    /// The latch with this number.
    #[must_use]
    pub fn latch(&self, id: LatchId) -> Option<Latch<'a>> {
        self.latches.iter().find(|latch| latch.id == id)
    }

    /// The latch before a change at this path, if it is one and the same for all that
    /// the change touches.
    #[must_use]
    pub fn latch_of_path(&self, path: Path<'_>) -> Option<LatchId> {
        let mut latch = LatchId::TWIN;
        for assignment in self.properties.iter() {
            if assignment.path.covers(path) {
                latch = assignment.latch;
            } else if path.covers(assignment.path) {
                // It would replace an assigned branch from above.
                return None;
            }
        }
        Some(latch)
    }

    /// The latch before a command.
    #[must_use]
    pub fn latch_of_command(&self, name: &str) -> Option<LatchId> {
        self.commands
            .iter()
            .find(|assignment| assignment.name == name)
            .map(|assignment| assignment.latch)
    }
}

/// The bytes of a root's body that are its rules.
///
/// # Errors
/// [`Reason::NotDecodable`] where they do not begin.
pub(crate) fn rules_in(body: &[u8]) -> Result<&[u8], Reason> {
    /// What stands before them: tenant, version, epoch, keys and thresholds.
    type Before<'a> = ((TenantId, (u32, u32)), (Run<'a, RootKey>, Thresholds));
    let (_, rules) = take::<Before<'_>>(body)?;
    Ok(rules)
}
