//! Trust roots one after the other: whether each follows from the one before it.

#[cfg(test)]
mod tests;

use std::mem;

use latch_verify::{
    Reason, Refusal,
    types::{Digest, KeyId},
    verdict::{TrustRoot, authenticate_root, judge_root},
};

use crate::{receipts::Link, sign::Statement};

/// Checks whether devices under a root will take its successor, before it is published.
///
/// `devices` are the ids of devices' own keys, as far as they are known here: no root may list
/// one of them.
///
/// # Errors
/// As [`authenticate_root`] and [`judge_root`].
pub fn verify_succession(
    current: &TrustRoot,
    successor: &Statement,
    devices: &[KeyId],
) -> Result<TrustRoot, Refusal> {
    let authentic = authenticate_root(successor.bytes(), current)?;
    // The id of no key: which of the devices asks makes no other difference.
    let trust = judge_root(&authentic, current, KeyId::default())?;
    if devices
        .iter()
        .any(|device| trust.ring().role(*device).is_some())
    {
        return Err(Reason::DeviceKeyListed.into());
    }
    Ok(trust)
}

/// Why roots do not make a chain.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RootChainError {
    /// There is no root at all.
    #[error("there is no trust root: the chain begins with version 1")]
    Empty,
    /// The first root is no first root.
    #[error("the first trust root: {0}")]
    First(Refusal),
    /// The chain does not begin at its beginning.
    #[error("a chain of trust roots begins with version 1, and this is version {0}")]
    NotFirst(u32),
    /// A root does not follow the one before it.
    #[error("the trust root does not follow version {after}: {cause}")]
    Broken {
        /// Version of the root that it should follow.
        after: u32,
        /// The verifier's reason.
        cause: Refusal,
    },
    /// Two different roots follow from the same one: some devices may be under the one, some
    /// under the other, and neither will ever take the other's successors.
    #[error(
        "two different trust roots of version {version} are signed ({kept} and {found}): devices that took one will refuse the other"
    )]
    Fork {
        /// The version of both.
        version: u32,
        /// SHA-256 of the signed message of the one that is kept.
        kept: Digest,
        /// SHA-256 of the signed message of the one that came.
        found: Digest,
    },
}

/// A tenant's trust roots from version 1 on, each checked to follow the one before it: what a
/// device that has been away needs, and what an operator's copy of the root in force rests on.
pub struct RootChain {
    /// Versions 1 to n - 1.
    before: Vec<Signed>,
    /// Version n.
    last: Signed,
}

struct Signed {
    statement: Statement,
    trust: TrustRoot,
}

impl RootChain {
    /// Begins with version 1, which its own root keys have signed.
    ///
    /// # Errors
    /// [`RootChainError::First`], [`RootChainError::NotFirst`].
    pub fn new(first: Statement) -> Result<Self, RootChainError> {
        let trust = TrustRoot::first(first.bytes()).map_err(RootChainError::First)?;
        let version = trust.root().map_err(RootChainError::First)?.version;
        if version != 1 {
            return Err(RootChainError::NotFirst(version));
        }
        let last = Signed {
            statement: first,
            trust,
        };
        Ok(Self {
            before: Vec::new(),
            last,
        })
    }

    /// Reads roots in the order of their versions, from 1 on.
    ///
    /// # Errors
    /// [`RootChainError::Empty`], and as [`new`](Self::new) and [`push`](Self::push).
    pub fn read(roots: impl IntoIterator<Item = Statement>) -> Result<Self, RootChainError> {
        let mut roots = roots.into_iter();
        let mut chain = Self::new(roots.next().ok_or(RootChainError::Empty)?)?;
        for root in roots {
            chain.push(root)?;
        }
        Ok(chain)
    }

    /// Adds the next version, once it is found to follow. One that does not changes nothing,
    /// and one that is kept already does no harm.
    ///
    /// # Errors
    /// [`RootChainError::Broken`], [`RootChainError::Fork`].
    pub fn push(&mut self, successor: Statement) -> Result<Link, RootChainError> {
        let id = successor.id();
        if self.signed().any(|kept| kept.statement.id() == id) {
            return Ok(Link::SeenBefore);
        }
        if let Some(fork) = self.fork(&successor) {
            return Err(fork);
        }
        let trust = verify_succession(&self.last.trust, &successor, &[]).map_err(|cause| {
            RootChainError::Broken {
                after: self.version(),
                cause,
            }
        })?;
        let last = Signed {
            statement: successor,
            trust,
        };
        self.before.push(mem::replace(&mut self.last, last));
        Ok(Link::Next)
    }

    /// Whether this root would have followed, had another not been there first.
    fn fork(&self, found: &Statement) -> Option<RootChainError> {
        let mut pairs = (2..).zip(self.signed().zip(self.signed().skip(1)));
        pairs
            .find(|(_, (before, _))| verify_succession(&before.trust, found, &[]).is_ok())
            .map(|(version, (_, kept))| RootChainError::Fork {
                version,
                kept: kept.statement.digest(),
                found: found.digest(),
            })
    }

    fn signed(&self) -> impl Iterator<Item = &Signed> {
        self.before.iter().chain([&self.last])
    }

    /// The root in force.
    #[must_use]
    pub fn current(&self) -> &TrustRoot {
        &self.last.trust
    }

    /// Version of the root in force.
    #[must_use]
    pub fn version(&self) -> u32 {
        u32::try_from(self.before.len()).map_or(u32::MAX, |before| before.saturating_add(1))
    }

    /// The roots in their order, from version 1 on.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.signed().map(|signed| &signed.statement)
    }

    /// What a device under this version has yet to take, in its order.
    pub fn after(&self, version: u32) -> impl Iterator<Item = &Statement> {
        let taken = usize::try_from(version).unwrap_or(usize::MAX);
        self.statements().skip(taken)
    }
}
