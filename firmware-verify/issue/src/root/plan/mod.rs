//! A successor of the trust root in force, looked at before it is signed and published.

mod compare;
mod consequence;
mod rule;
mod sentence;

#[cfg(test)]
mod tests;

use latch_verify::{
    Reason, Refusal,
    limits::MAX_SIGNATURES,
    statement::Root,
    types::KeyId,
    verdict::TrustRoot,
    wire::{KeyRing, Role},
};

use super::{Rules, RulesError};
use crate::sign::{Draft, SignError};

pub use consequence::{Consequence, Weight};
pub use rule::RuleChange;

/// A successor of the root in force: what it means, and who has to sign it.
#[derive(Debug)]
pub struct RootPlan {
    draft: Draft,
    consequences: Vec<Consequence>,
    before: Asked,
    now: Asked,
    listed: Vec<KeyId>,
}

/// How many of which keys have to sign.
#[derive(Debug, Clone)]
struct Asked {
    threshold: u8,
    keys: Vec<KeyId>,
}

/// Why signatures do not suffice for a successor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Shortfall {
    /// Too few root keys of the root in force.
    #[error(
        "{missing} more root keys of the root in force must sign; those that have not are {keys:?}"
    )]
    Before {
        /// How many are missing.
        missing: u8,
        /// The keys that could sign.
        keys: Vec<KeyId>,
    },
    /// Too few root keys of the successor itself.
    #[error("{missing} more root keys of the new root must sign; those that have not are {keys:?}")]
    Now {
        /// How many are missing.
        missing: u8,
        /// The keys that could sign.
        keys: Vec<KeyId>,
    },
    /// A signature by a key of neither root, for which devices refuse the whole statement.
    #[error("key {0} is in neither root: devices refuse a root that it has signed")]
    Stranger(KeyId),
}

impl Rules {
    /// Plans the root that these rules make as the successor of the one in force. Reads the files
    /// of the keys.
    ///
    /// # Errors
    /// As [`draft`](Self::draft); with the place in the file, [`Reason::OtherTenant`],
    /// [`Reason::RootNotNext`], [`Reason::EpochBack`].
    pub fn succeed(&self, current: &TrustRoot) -> Result<RootPlan, RulesError> {
        let root = current
            .root()
            .map_err(|refusal| self.error_at("the root in force", refusal))?;
        if self.schema.tenant != root.tenant {
            return Err(self.error_at("tenant", Reason::OtherTenant.into()));
        }
        let next = u64::from(root.version).saturating_add(1);
        let found = u64::from(self.schema.version);
        if next != found {
            let refusal = Refusal::new(Reason::RootNotNext, next, found);
            return Err(self.error_at("version", refusal));
        }
        if self.schema.epoch < root.epoch {
            let (expected, found) = (root.epoch.into(), self.schema.epoch.into());
            let refusal = Refusal::new(Reason::EpochBack, expected, found);
            return Err(self.error_at("epoch", refusal));
        }
        let draft = self.draft()?;
        RootPlan::new(&root, current.ring(), draft).map_err(|error| self.error(error.into()))
    }
}

/// What a root means by itself, whatever was before it: to be looked at before a tenant's first
/// root is signed.
///
/// # Errors
/// [`SignError::Refused`] when the draft is no root.
pub fn review_root(draft: &Draft) -> Result<Vec<Consequence>, SignError> {
    let root: Root<'_> = draft.body()?;
    Ok(heaviest_first(compare::alone(&root)))
}

fn heaviest_first(mut consequences: Vec<Consequence>) -> Vec<Consequence> {
    consequences.sort_by_key(|found| std::cmp::Reverse(found.weight()));
    consequences
}

impl RootPlan {
    fn new(before: &Root<'_>, before_keys: &KeyRing, draft: Draft) -> Result<Self, SignError> {
        let root: Root<'_> = draft.body()?;
        let now_keys = root.key_ring()?;
        let (asked_before, asked_now) = (
            Asked::of(before_keys, before.thresholds.root),
            Asked::of(&now_keys, root.thresholds.root),
        );
        let mut found = compare::alone(&root);
        found.extend(compare::successor(before, before_keys, &root, &now_keys));
        let least = least_signatures(&asked_before, &asked_now);
        if usize::from(least) > MAX_SIGNATURES {
            found.push(Consequence::CannotSucceed { least });
        }
        let listed = before_keys.iter().chain(now_keys.iter());
        let listed = listed.map(|(id, _, _)| *id).collect();
        Ok(Self {
            consequences: heaviest_first(found),
            before: asked_before,
            now: asked_now,
            listed,
            draft,
        })
    }

    /// The successor, ready to be signed by root keys of both roots.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The successor, ready to be signed by root keys of both roots.
    #[must_use]
    pub fn into_draft(self) -> Draft {
        self.draft
    }

    /// What it means, the heaviest first.
    #[must_use]
    pub fn consequences(&self) -> &[Consequence] {
        &self.consequences
    }

    /// What signatures by these keys leave to be wished; nothing when devices will take the root.
    #[must_use]
    pub fn shortfalls(&self, signers: &[KeyId]) -> Vec<Shortfall> {
        let mut found = Vec::new();
        if let Some((missing, keys)) = self.before.missing(signers) {
            found.push(Shortfall::Before { missing, keys });
        }
        if let Some((missing, keys)) = self.now.missing(signers) {
            found.push(Shortfall::Now { missing, keys });
        }
        let strangers = signers.iter().filter(|key| !self.listed.contains(key));
        found.extend(strangers.copied().map(Shortfall::Stranger));
        found
    }
}

impl Asked {
    fn of(ring: &KeyRing, threshold: u8) -> Self {
        let root = ring.iter().filter(|(_, role, _)| *role == Role::Root);
        let keys = root.map(|(id, _, _)| *id).collect();
        Self { threshold, keys }
    }

    /// How many more have to sign, and which could.
    fn missing(&self, signers: &[KeyId]) -> Option<(u8, Vec<KeyId>)> {
        let (signed, open): (Vec<_>, Vec<_>) = self
            .keys
            .iter()
            .copied()
            .partition(|key| signers.contains(key));
        let signed = u8::try_from(signed.len()).unwrap_or(u8::MAX);
        let missing = self.threshold.saturating_sub(signed);
        (missing > 0).then_some((missing, open))
    }
}

/// The fewest keys that satisfy both thresholds: one that is in both roots counts for both.
fn least_signatures(before: &Asked, now: &Asked) -> u8 {
    let shared = before.keys.iter().filter(|key| now.keys.contains(key));
    let shared = u8::try_from(shared.count()).unwrap_or(u8::MAX);
    let twice = shared.min(before.threshold).min(now.threshold);
    before
        .threshold
        .saturating_add(now.threshold)
        .saturating_sub(twice)
}
