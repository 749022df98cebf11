//! The trust root in force.

use heapless::Vec;

use crate::{
    limits::MAX_ROOT_BODY,
    reject::{Reason, Refusal, ensure},
    statement::Root,
    types::{LatchId, TenantId},
    wire::{Body as _, Envelope, KeyRing, Kind, Role, Verified},
};

/// A trust root that was checked, with its keys ready for use.
pub struct TrustRoot {
    body: Vec<u8, MAX_ROOT_BODY>,
    ring: KeyRing,
}

impl TrustRoot {
    /// Takes the first root of a device or tenant: signed by its own root keys.
    ///
    /// # Errors
    /// As [`Envelope::parse`] and [`Envelope::verify`]; what [`Root`] refuses;
    /// [`Reason::TooFewRoot`].
    pub fn first(envelope: &[u8]) -> Result<Self, Refusal> {
        let envelope = Envelope::parse(Kind::Root, envelope)?;
        // The keys come from the body itself, so it has to be read before it can be verified;
        // nothing acts on it before its own threshold has signed these very bytes.
        let root = Root::parse(envelope.body())?;
        let ring = root.key_ring()?;
        let verified = envelope.verify(&ring)?;
        let signed = ring.count(verified.signers(), Role::Root, None);
        let asked = root.thresholds.root;
        ensure(
            signed >= asked,
            Refusal::new(Reason::TooFewRoot, asked.into(), signed.into()),
        )?;
        let body = Vec::from_slice(envelope.body()).map_err(|_| Reason::BadLength)?;
        Ok(Self { body, ring })
    }

    /// The root.
    ///
    /// # Errors
    /// [`Reason::LogicFault`]: it was parsed when it was taken.
    pub fn root(&self) -> Result<Root<'_>, Refusal> {
        postcard::from_bytes(&self.body).map_err(|_| Reason::LogicFault.into())
    }

    /// Its keys.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Checks an envelope's signatures against the keys in force.
    ///
    /// # Errors
    /// As [`Envelope::parse`] and [`Envelope::verify`].
    pub fn verify<'a>(&self, kind: Kind, bytes: &'a [u8]) -> Result<Verified<'a>, Refusal> {
        Envelope::parse(kind, bytes)?.verify(&self.ring)
    }

    /// The tenant that it governs.
    ///
    /// # Errors
    /// As [`root`](Self::root).
    pub fn tenant(&self) -> Result<TenantId, Refusal> {
        self.root().map(|root| root.tenant)
    }

    /// The number of the latch with this name, for people's commands.
    #[must_use]
    pub fn latch_named(&self, name: &str) -> Option<LatchId> {
        let root = self.root().ok()?;
        root.latches
            .iter()
            .find(|latch| latch.name == name)
            .map(|latch| latch.id)
    }
}
