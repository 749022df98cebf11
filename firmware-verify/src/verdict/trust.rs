//! The trust root in force.

use core::{hint::black_box, ops::Deref};

use heapless::Vec;

use crate::{
    limits::{ENVELOPE_HEAD, MAX_ROOT_BODY},
    reject::{Reason, Refusal, ensure},
    statement::{Root, RootKey, Thresholds, rules_in},
    types::{KeyId, StatementId, TenantId},
    wire::{
        Body, Envelope, KeyRing, Keys, Kind, PublicKey, Role, Signers, Verified, decode_whole, peek,
    },
};

/// A trust root that was checked, with its keys ready for use, but for its rules: what a device holds in RAM. It reads the rules
/// where the root lies in its journal.
#[derive(Hash)]
pub struct InForce {
    id: StatementId,
    /// Of version 0, that no root has, while there is none.
    terms: Terms,
    ring: KeyRing,
}

/// What a trust root says besides its keys and its rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Terms {
    /// The tenant that it governs.
    pub tenant: TenantId,
    /// 1 for the first; each successor has one more.
    pub version: u32,
    /// Raised to void every code that was signed before.
    pub epoch: u32,
    /// Signatures asked for.
    pub thresholds: Thresholds,
}

impl Terms {
    const NONE: Self = Self {
        tenant: TenantId([0; 16]),
        version: 0,
        epoch: 0,
        thresholds: Thresholds {
            root: 0,
            release: 0,
            time: 0,
        },
    };

    fn of(root: &Root<'_>) -> Self {
        Self {
            tenant: root.tenant,
            version: root.version,
            epoch: root.epoch,
            thresholds: root.thresholds,
        }
    }

    /// Whether a root in this envelope says so: it is read once more. Who is believed, and what is forgotten where a new epoch
    /// begins, comes from the one copy that was made first.
    #[inline(never)]
    fn are_in(&self, envelope: &Envelope<'_>) -> bool {
        let root: Result<Root<'_>, _> = decode_whole(black_box(envelope).body());
        root.is_ok_and(|root| *self == Terms::of(&root))
    }
}

/// A trust root that was checked, all of it.
pub struct TrustRoot {
    in_force: InForce,
    body: Vec<u8, MAX_ROOT_BODY>,
}

/// Whatever needs none of its rules takes it as what is in force.
impl Deref for TrustRoot {
    type Target = InForce;

    fn deref(&self) -> &InForce {
        &self.in_force
    }
}

/// A trust root of which every field was read and checked, in the envelope that carries it. Whether anybody has signed it is
/// another matter: that is what a [`CheckedRoot`] is for.
pub(crate) struct ReadRoot<'a> {
    envelope: Envelope<'a>,
    root: Root<'a>,
}

impl<'a> ReadRoot<'a> {
    /// A root that was in force before, as the journal has kept it. Its keys were found fit when it was taken.
    ///
    /// # Errors
    /// As [`Envelope::parse`]; what [`Root`] refuses, but for weak keys.
    pub(crate) fn kept(bytes: &'a [u8]) -> Result<Self, Reason> {
        let envelope = Envelope::parse(Kind::Root, bytes).map_err(Refusal::into_reason)?;
        let root = read_kept(&envelope).map_err(Refusal::into_reason)?;
        Ok(Self { envelope, root })
    }

    /// Checks that its terms are what was signed, as [`Authentic::says_what_is_signed`](super::Authentic::says_what_is_signed)
    /// does. Its keys and rules are slices of what was signed.
    ///
    /// # Errors
    /// [`Reason::LogicFault`].
    #[inline(never)]
    pub(crate) fn says_what_is_signed(&self) -> Result<(), Reason> {
        ensure(
            Terms::of(&self.root).are_in(&self.envelope),
            Reason::LogicFault,
        )
    }

    /// What it says.
    pub(crate) fn root(&self) -> &Root<'a> {
        &self.root
    }

    /// The bytes that are its rules, and where they begin in its envelope.
    ///
    /// # Errors
    /// None for a root that was read.
    pub(crate) fn rules(&self) -> Result<(usize, &'a [u8]), Reason> {
        let body = self.envelope.body();
        let rules = rules_in(body)?;
        let from = body.len().checked_sub(rules.len());
        let from = from.and_then(|from| from.checked_add(ENVELOPE_HEAD));
        Ok((from.ok_or(Reason::LogicFault)?, rules))
    }

    /// Whether a root before it lists a time key that it does not.
    pub(crate) fn drops_a_time_key_of(&self, before: &InForce) -> bool {
        let mut keys = before.ring.iter();
        keys.any(|(id, role, _)| {
            *role == Role::Time && ListedKeys(&self.root).role(*id) != Some(Role::Time)
        })
    }
}

/// A trust root of which every signature is good, and that as many of its own root keys have signed as it asks for.
pub(crate) struct CheckedRoot<'a>(ReadRoot<'a>);

impl<'a> CheckedRoot<'a> {
    /// As [`TrustRoot::first`].
    #[inline(never)]
    pub(crate) fn first(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let envelope = Envelope::parse(Kind::Root, bytes)?;
        // The keys come from the body itself, so it has to be read before it can be verified;
        // nothing acts on it before its own threshold has signed these very bytes.
        let root: Root<'a> = envelope.read()?;
        let signers = if root.version > 1 {
            verify_listed(&envelope, &root)?
        } else {
            envelope.verify(&ListedKeys(&root))?.signers()
        };
        Self::signed(envelope, root, signers)
    }

    /// A root whose own threshold has signed it.
    ///
    /// # Errors
    /// [`Reason::TooFewRoot`].
    pub(super) fn signed(
        envelope: Envelope<'a>,
        root: Root<'a>,
        signers: Signers,
    ) -> Result<Self, Refusal> {
        has_enough_own(&root, signers)?;
        Ok(Self(ReadRoot { envelope, root }))
    }

    /// The root.
    pub(crate) fn read(&self) -> &ReadRoot<'a> {
        &self.0
    }
}

/// Whether as many root keys of a root have signed it as it asks for: counted are signatures that were proven, by the places of
/// their keys in it.
#[inline(never)]
fn has_enough_own(root: &Root<'_>, signers: Signers) -> Result<(), Refusal> {
    let mut signed = 0_u8;
    for (place, listed) in (0_u8..).zip(root.keys.iter()) {
        if listed.role == Role::Root && signers.contains(place) {
            signed = signed.saturating_add(1);
        }
    }
    let asked = root.thresholds.root;
    ensure(
        signed >= asked,
        Refusal::new(Reason::TooFewRoot, asked.into(), signed.into()),
    )
}

/// Decodes and checks the body of a root that was taken before. Apart from what verifies it, as
/// [`Envelope::read`] is.
#[inline(never)]
fn read_kept<'a>(envelope: &Envelope<'a>) -> Result<Root<'a>, Refusal> {
    let root: Root<'a> = decode_whole(envelope.body())?;
    ensure(
        Body::version(&root) == envelope.version(),
        Reason::NotCanonical,
    )?;
    root.check_kept()?;
    Ok(root)
}

/// Checks the signatures of the keys that a root lists, whoever else has signed it: which of them are good.
#[inline(never)]
fn verify_listed(envelope: &Envelope<'_>, root: &Root<'_>) -> Result<Signers, Reason> {
    let listed = ListedKeys(root);
    let mut signers = Signers::NOBODY;
    let mut counted = 0_usize;
    for (id, signature) in envelope.places() {
        // Whoever counts has to be checked: only keys that are not listed are passed over.
        if listed.role(id).is_some() {
            let (place, key) = listed.find(id).ok_or(Reason::WeakKey)?;
            signers.insert(place, key.prove(envelope.message(), signature)?)?;
            counted = counted.saturating_add(1);
        }
    }
    signers.are(counted)?;
    Ok(signers)
}

/// The keys that a root lists, which was read, found where they lie. A [`KeyRing`] is faster, and takes two
/// thirds of a kilobyte, which nobody has to spare during a verification.
pub(super) struct ListedKeys<'r, 'a>(pub(super) &'r Root<'a>);

impl ListedKeys<'_, '_> {
    // Apart from its callers, so that the search takes no stack while they verify.
    #[inline(never)]
    fn entry(&self, id: KeyId) -> Option<(u8, RootKey)> {
        (0_u8..)
            .zip(self.0.keys.iter())
            .find(|(_, listed)| PublicKey::id_of(&listed.key) == id)
    }

    pub(super) fn role(&self, id: KeyId) -> Option<Role> {
        self.entry(id).map(|(_, listed)| listed.role)
    }
}

impl Keys for ListedKeys<'_, '_> {
    fn find(&self, id: KeyId) -> Option<(u8, PublicKey)> {
        let (place, listed) = self.entry(id)?;
        Some((place, PublicKey::listed(listed.key).ok()?))
    }
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
        Ok(Self::of(&CheckedRoot::first(envelope)?)?)
    }

    pub(super) fn of(checked: &CheckedRoot<'_>) -> Result<Self, Reason> {
        let mut in_force = InForce::none();
        in_force.put(checked.read())?;
        let body = Vec::from_slice(checked.read().envelope.body());
        Ok(Self {
            in_force,
            body: body.map_err(|_| Reason::LogicFault)?,
        })
    }

    /// The root.
    ///
    /// # Errors
    /// [`Reason::LogicFault`]: it was parsed when it was taken.
    pub fn root(&self) -> Result<Root<'_>, Refusal> {
        peek(&self.body).ok_or(Reason::LogicFault.into())
    }
}

impl InForce {
    /// No root: what stands in memory before a journal was read. Nobody's signature counts.
    pub(crate) const fn none() -> Self {
        Self {
            id: StatementId([0; 16]),
            terms: Terms::NONE,
            ring: KeyRing::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        let Self { id, terms, ring } = self;
        *id = StatementId::default();
        *terms = Terms::NONE;
        ring.clear();
    }

    /// Puts a root where the one before it lies. Who calls it has checked its signatures, or does so before anything is trusted
    /// by it.
    ///
    /// # Errors
    /// None for a root that was read; if there were one, no root would be in force.
    #[inline(never)]
    pub(crate) fn put(&mut self, read: &ReadRoot<'_>) -> Result<(), Reason> {
        self.clear();
        let filled = read
            .root
            .keys
            .iter()
            .try_for_each(|RootKey { role, key }| self.ring.add(role, PublicKey::listed(key)?));
        if filled.is_err() {
            self.clear();
            return Err(Reason::LogicFault);
        }
        self.id = read.envelope.id();
        self.terms = Terms::of(&read.root);
        if !self.is(read) {
            self.clear();
            return Err(Reason::LogicFault);
        }
        Ok(())
    }

    /// Whether what lies here is what the envelope says, and the roles are those that were read: a store that a fault has skipped
    /// leaves a threshold, or the number of a role, at zero, and nothing that asks for them later could tell.
    #[inline(never)]
    fn is(&self, read: &ReadRoot<'_>) -> bool {
        let listed = read.root.keys.iter().map(|listed| listed.role);
        let roles = self.ring.iter().map(|(_, role, _)| *role);
        black_box(&self.terms).are_in(&read.envelope) && roles.eq(listed)
    }

    /// Whether as many of its root keys have signed it as it asks for: counted are signatures that were proven, by the places of
    /// their keys in its ring.
    ///
    /// # Errors
    /// [`Reason::TooFewRoot`].
    pub(crate) fn has_enough_own(&self, signers: Signers) -> Result<(), Refusal> {
        let asked = self.terms()?.thresholds.root;
        let signed = self.ring.count(signers, Role::Root, |_| true);
        ensure(
            signed >= asked,
            Refusal::new(Reason::TooFewRoot, asked.into(), signed.into()),
        )
    }

    /// The statement that it is.
    #[must_use]
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// What it says besides its keys and its rules.
    ///
    /// # Errors
    /// [`Reason::LogicFault`] where no root is in force: thresholds of nothing would be reached by nobody.
    #[inline(never)]
    pub fn terms(&self) -> Result<&Terms, Reason> {
        let Thresholds { root, release, .. } = self.terms.thresholds;
        let stands = self.terms.version > 0 && root > 0 && release > 0;
        ensure(stands, Reason::LogicFault)?;
        Ok(&self.terms)
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
    #[inline(never)]
    pub fn verify<'a>(&self, kind: Kind, bytes: &'a [u8]) -> Result<Verified<'a>, Refusal> {
        Envelope::parse(kind, bytes)?.verify(&self.ring)
    }

    /// The tenant that it governs.
    ///
    /// # Errors
    /// As [`terms`](Self::terms).
    pub fn tenant(&self) -> Result<TenantId, Refusal> {
        Ok(self.terms()?.tenant)
    }
}

#[cfg(test)]
mod tests;
