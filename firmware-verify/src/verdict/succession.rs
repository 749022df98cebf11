//! From one trust root to the next (after TUF, specification 1.0.33, section 5.3).
//!
//! ```text
//! authenticate_root: shape -> signatures of keys in force -> their root threshold
//! judge_root:        canonical body -> tenant -> next version -> epoch -> the device's own key
//!                    -> every other signature -> the new root's own threshold
//! ```
//! The new keys stand in the body, so the second half of the signatures is checked after it
//! was read; by then the keys in force have signed it, so that no stranger's body is.

use core::hint::black_box;

use super::trust::{CheckedRoot, InForce, ListedKeys, TrustRoot};
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::Root,
    types::{KeyId, StatementId},
    wire::{Envelope, Keys as _, Kind, Role, Signers},
};

/// A root that the keys in force have signed. Nothing else is known about it yet.
pub struct AuthenticRoot<'a> {
    envelope: Envelope<'a>,
    id: StatementId,
    /// Root keys in force that have signed it.
    signed: Signers,
}

impl<'a> AuthenticRoot<'a> {
    /// The statement's id.
    #[must_use]
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// The whole envelope.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.envelope.bytes()
    }
}

/// Checks that the root keys in force have signed a root.
///
/// # Errors
/// As [`Envelope::parse`]; [`Reason::UnknownKey`] when none of the keys in force has signed,
/// [`Reason::BadSignature`], [`Reason::TooFewOldRoot`].
#[inline(never)]
pub fn authenticate_root<'a>(
    bytes: &'a [u8],
    trust: &InForce,
) -> Result<AuthenticRoot<'a>, Refusal> {
    let envelope = Envelope::parse(Kind::Root, bytes)?;
    let ring = trust.ring();
    let known = |id: KeyId| ring.role(id) == Some(Role::Root);
    ensure(
        envelope.places().any(|(id, _)| known(id)),
        Reason::UnknownKey,
    )?;
    let mut signed = Signers::NOBODY;
    for (id, signature) in envelope.places().filter(|(id, _)| known(*id)) {
        let (place, key) = ring.find(id).ok_or(Reason::LogicFault)?;
        signed.insert(place, key.prove(envelope.message(), signature)?)?;
    }
    signed.are(envelope.places().filter(|(id, _)| known(*id)).count())?;
    let id = envelope.id();
    let root = AuthenticRoot {
        envelope,
        id,
        signed,
    };
    has_enough(&root, trust)?;
    Ok(root)
}

/// Whether as many root keys in force have signed a root as they ask for. Asked again where the root is put in force: one
/// turned branch is not enough.
///
/// # Errors
/// [`Reason::TooFewOldRoot`].
#[inline(never)]
pub(crate) fn has_enough(root: &AuthenticRoot<'_>, trust: &InForce) -> Result<(), Refusal> {
    let asked = trust.terms()?.thresholds.root;
    let signed = trust
        .ring()
        .count(black_box(root.signed), Role::Root, |_| true);
    ensure(
        signed >= asked,
        Refusal::new(Reason::TooFewOldRoot, asked.into(), signed.into()),
    )
}

/// Judges whether a root follows the one in force.
///
/// # Errors
/// What [`Root`] refuses; [`Reason::OtherTenant`], [`Reason::RootNotNext`],
/// [`Reason::EpochBack`], [`Reason::DeviceKeyListed`], [`Reason::UnknownKey`],
/// [`Reason::BadSignature`], [`Reason::TooFewRoot`].
pub fn judge_root(
    successor: &AuthenticRoot<'_>,
    trust: &InForce,
    device_key: KeyId,
) -> Result<TrustRoot, Refusal> {
    Ok(TrustRoot::of(&check_root(successor, trust, device_key)?)?)
}

/// As [`judge_root`], for who puts the successor where the root in force lies.
///
/// # Errors
/// As [`judge_root`].
#[inline(never)]
pub(crate) fn check_root<'a>(
    successor: &AuthenticRoot<'a>,
    trust: &InForce,
    device_key: KeyId,
) -> Result<CheckedRoot<'a>, Refusal> {
    let envelope = &successor.envelope;
    let before = trust.terms()?;
    let root: Root<'a> = envelope.read()?;
    ensure(root.tenant == before.tenant, Reason::OtherTenant)?;
    let next = before.version.checked_add(1).ok_or(Reason::RootNotNext)?;
    ensure(
        root.version == next,
        Refusal::new(Reason::RootNotNext, next.into(), root.version.into()),
    )?;
    ensure(
        root.epoch >= before.epoch,
        Refusal::new(Reason::EpochBack, before.epoch.into(), root.epoch.into()),
    )?;
    let listed = ListedKeys(&root);
    ensure(listed.role(device_key).is_none(), Reason::DeviceKeyListed)?;
    // Every signature has to be good, and by a key of one of the two roots. Those by root keys
    // in force were checked before, unless the new root holds another key under the same id.
    let mut signers = Signers::NOBODY;
    let mut counted = 0_usize;
    for (id, signature) in envelope.places() {
        let (old, new) = (trust.ring().find(id), listed.find(id));
        let Some((_, key)) = new.or(old) else {
            return Err(Reason::UnknownKey.into());
        };
        let was_root = trust.ring().role(id) == Some(Role::Root);
        let before = old.filter(|(_, old)| was_root && *old == key);
        counted = counted.saturating_add(usize::from(new.is_some()));
        match (before, new) {
            (Some((there, _)), Some((place, _))) => {
                signers.adopt(place, successor.signed, there)?;
            }
            (None, Some((place, _))) => {
                signers.insert(place, key.prove(envelope.message(), signature)?)?;
            }
            (Some(_), None) => {}
            (None, None) => key.verify(envelope.message(), signature)?,
        }
    }
    signers.are(counted)?;
    CheckedRoot::signed(*envelope, root, signers)
}
