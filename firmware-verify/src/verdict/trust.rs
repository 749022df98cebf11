//! The trust root in force.

use heapless::Vec;

use crate::{
    limits::MAX_ROOT_BODY,
    reject::{Reason, Refusal, ensure},
    statement::Root,
    types::{LatchId, StatementId, TenantId},
    wire::{Envelope, KeyRing, Keys as _, Kind, Role, Verified},
};

/// A trust root that was checked, with its keys ready for use.
pub struct TrustRoot {
    id: StatementId,
    body: Vec<u8, MAX_ROOT_BODY>,
    ring: KeyRing,
}

impl TrustRoot {
    /// Takes the first root that a device or tool sees, at the word of whoever hands it over:
    /// signed by its own root keys. On one that has a predecessor, signatures of that one's keys
    /// stand too, and are passed over.
    ///
    /// # Errors
    /// As [`Envelope::parse`] and [`Envelope::verify`]; what [`Root`] refuses;
    /// [`Reason::TooFewRoot`].
    pub fn first(envelope: &[u8]) -> Result<Self, Refusal> {
        let envelope = Envelope::parse(Kind::Root, envelope)?;
        // The keys come from the body itself, so it has to be read before it can be verified;
        // nothing acts on it before its own threshold has signed these very bytes.
        let root: Root<'_> = envelope.read()?;
        let ring = root.key_ring()?;
        if root.version > 1 {
            return Self::kept(envelope.bytes());
        }
        envelope.verify(&ring)?;
        Self::signed(&envelope, &root, ring)
    }

    /// Takes a root that was in force before, as the journal has kept it: signed by its own
    /// root keys, and perhaps by those of the root before it, which are no longer known.
    ///
    /// # Errors
    /// As [`first`](Self::first), but for [`Reason::UnknownKey`].
    pub(crate) fn kept(envelope: &[u8]) -> Result<Self, Refusal> {
        let envelope = Envelope::parse(Kind::Root, envelope)?;
        let root: Root<'_> = envelope.read()?;
        let ring = root.key_ring()?;
        for (id, signature) in envelope.signatures() {
            if let Some((_, key)) = ring.find(id) {
                key.verify(envelope.message(), &signature)?;
            }
        }
        Self::signed(&envelope, &root, ring)
    }

    /// A root whose own threshold has signed it. Every signature by a key of `ring` was found
    /// good before; the envelope holds each key once.
    ///
    /// # Errors
    /// [`Reason::TooFewRoot`].
    pub(super) fn signed(
        envelope: &Envelope<'_>,
        root: &Root<'_>,
        ring: KeyRing,
    ) -> Result<Self, Refusal> {
        let mut signed = 0_u8;
        for (id, _) in envelope.signatures() {
            if ring.role(id) == Some(Role::Root) {
                signed = signed.saturating_add(1);
            }
        }
        let asked = root.thresholds.root;
        ensure(
            signed >= asked,
            Refusal::new(Reason::TooFewRoot, asked.into(), signed.into()),
        )?;
        let body = Vec::from_slice(envelope.body()).map_err(|_| Reason::BadLength)?;
        Ok(Self {
            id: envelope.id(),
            body,
            ring,
        })
    }

    /// The statement that it is.
    #[must_use]
    pub fn id(&self) -> StatementId {
        self.id
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

    /// Whether a root before it lists a time key that it does not.
    #[must_use]
    pub(crate) fn drops_a_time_key_of(&self, before: &Self) -> bool {
        let mut keys = before.ring.iter();
        keys.any(|(id, role, _)| *role == Role::Time && self.ring.role(*id) != Some(Role::Time))
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
