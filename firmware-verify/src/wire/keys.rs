//! Keys: which are fit to be trusted, who holds which role, and how a device signs.

use core::{fmt, hint::black_box};

use ed25519_dalek::{
    SigningKey, VerifyingKey,
    hazmat::{ExpandedSecretKey, raw_sign},
};
use heapless::Vec;
use serde::{Deserialize, Serialize};
use sha2::Sha512;

use super::signature::{Message, Sound, check};
use crate::{
    limits::MAX_KEYS,
    reject::{Reason, Refusal, ensure},
    types::{Digest, KeyId},
};

/// An Ed25519 public key (RFC 8032) that is neither of small order nor encoded in
/// more than one way. Whatever its bytes are, [`verify`](Self::verify) finds no signature of another good.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes 32 bytes as a key.
    ///
    /// # Errors
    /// [`Reason::WeakKey`] when they are no point of the curve, one of small order, or
    /// not the canonical encoding of one.
    pub fn new(bytes: [u8; 32]) -> Result<Self, Refusal> {
        Ok(Self::fit(bytes)?)
    }

    /// As [`new`](Self::new).
    #[inline(never)]
    pub(crate) fn fit(bytes: [u8; 32]) -> Result<Self, Reason> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| Reason::WeakKey)?;
        if key.is_weak() || !is_reduced(&bytes) {
            return Err(Reason::WeakKey);
        }
        Ok(Self(bytes))
    }

    /// Takes the bytes of a key of a root that was taken before, or is being read: each of its keys was
    /// [found fit](Self::new) then. To decode a point costs about a tenth of a verification.
    ///
    /// # Errors
    /// [`Reason::WeakKey`], where that is to be seen without arithmetic.
    pub(crate) fn listed(bytes: [u8; 32]) -> Result<Self, Reason> {
        ensure(is_reduced(&bytes), Reason::WeakKey)?;
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks one signature as `verify_strict` does: cofactorless, canonical `S`, no point
    /// of small order (see "Taming the many EdDSAs", Chalkias et al. 2020).
    ///
    /// # Errors
    /// [`Reason::BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), Refusal> {
        Ok(self.prove(message, signature).map(drop)?)
    }

    /// As [`verify`](Self::verify), for who counts signatures.
    pub(crate) fn prove(&self, message: &[u8], signature: &[u8; 64]) -> Result<Sound, Reason> {
        let mut message = message;
        self.prove_message(&mut message, signature)
    }

    /// As [`prove`](Self::prove), wherever the message lies.
    ///
    /// # Errors
    /// [`Reason::WeakKey`], [`Reason::BadSignature`]; as [`Message::add_to`].
    pub(crate) fn prove_message(
        &self,
        message: &mut dyn Message,
        signature: &[u8; 64],
    ) -> Result<Sound, Reason> {
        check(&self.0, message, signature)
    }

    /// The first 8 bytes of the key's SHA-256.
    #[must_use]
    pub fn id(&self) -> KeyId {
        Self::id_of(&self.0)
    }

    /// The id that these bytes have as a key, whether they are one or not.
    #[inline(never)]
    pub(crate) fn id_of(bytes: &[u8; 32]) -> KeyId {
        let Digest(digest) = Digest::of(&[bytes]);
        KeyId(digest.first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}", self.id())
    }
}

/// Whether the y coordinate is below p = 2^255 - 19 (RFC 8032, 5.1.3). The encodings
/// whose sign bit contradicts x = 0 are of small order and refused as such.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = bytes;
    let all_ones = middle.iter().all(|&byte| byte == 0xff) && last & 0x7f == 0x7f;
    !(all_ones && *first >= 0xed)
}

/// What a key may sign for. A key has one role only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Signs trust roots.
    Root,
    /// Issues codes.
    Operator,
    /// Says that an image is genuine.
    Release,
    /// Agrees to codes that others issue.
    Approver,
    /// Attests the time.
    Time,
    /// Issues codes in an emergency.
    BreakGlass,
}

super::reads!(enum Role {
    0 Root,
    1 Operator,
    2 Release,
    3 Approver,
    4 Time,
    5 BreakGlass,
    _ Self::Root
});

/// Where the keys of signatures are looked up.
pub trait Keys {
    /// The key with this id and its place, below 32.
    fn find(&self, id: KeyId) -> Option<(u8, PublicKey)>;
}

/// One key alone: that of a device whose receipts are checked.
impl Keys for PublicKey {
    fn find(&self, id: KeyId) -> Option<(u8, PublicKey)> {
        (self.id() == id).then_some((0, *self))
    }
}

/// The keys of a trust root, each with its id and role.
#[derive(Clone, Debug, Default, Hash)]
pub struct KeyRing(Vec<(KeyId, Role, PublicKey), MAX_KEYS>);

impl KeyRing {
    /// A ring without keys.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`Reason::KeyTwice`] when a key with this id is there already,
    /// [`Reason::TooManyEntries`] when the ring is full.
    pub fn add(&mut self, role: Role, key: PublicKey) -> Result<(), Refusal> {
        Ok(self.list(role, key)?)
    }

    /// As [`add`](Self::add).
    #[inline(never)]
    pub(crate) fn list(&mut self, role: Role, key: PublicKey) -> Result<(), Reason> {
        let id = key.id();
        ensure(self.find(id).is_none(), Reason::KeyTwice)?;
        self.0
            .push((id, role, key))
            .map_err(|_| Reason::TooManyEntries)
    }

    /// The keys in their order.
    pub fn iter(&self) -> impl Iterator<Item = &(KeyId, Role, PublicKey)> {
        self.0.iter()
    }

    /// The role of a key.
    #[must_use]
    #[inline(never)]
    pub fn role(&self, id: KeyId) -> Option<Role> {
        self.0
            .iter()
            .find(|(known, _, _)| *known == id)
            .map(|(_, role, _)| *role)
    }

    /// Whether a key of the ring is among the signers.
    #[must_use]
    pub fn has_signed(&self, signers: super::Signers, id: KeyId) -> bool {
        self.find(id)
            .is_some_and(|(place, _)| signers.contains(place))
    }

    /// Distinct keys of a role among the signers, of those that count.
    #[must_use]
    pub fn count(&self, signers: super::Signers, role: Role, counts: impl Fn(KeyId) -> bool) -> u8 {
        let mut count = 0_u8;
        for (place, (id, found, _)) in (0_u8..).zip(self.0.iter()) {
            if signers.contains(place) && *found == role && counts(*id) {
                count = count.saturating_add(1);
            }
        }
        count
    }
}

impl Keys for KeyRing {
    #[inline(never)]
    fn find(&self, id: KeyId) -> Option<(u8, PublicKey)> {
        (0_u8..)
            .zip(self.0.iter())
            .find(|(_, (known, _, _))| *known == id)
            .map(|(place, (_, _, key))| (place, *key))
    }
}

/// The device's key could not sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyFault;

/// The key with which a device signs its receipts: in software, or in a secure element.
pub trait DeviceKey {
    /// The public key.
    fn public(&self) -> [u8; 32];

    /// Signs a message with Ed25519 (RFC 8032, deterministic: the same message gives
    /// the same signature, so that a repeated receipt is the same bytes).
    ///
    /// # Errors
    /// [`KeyFault`] when the key cannot be used now.
    fn sign(&mut self, message: &[u8]) -> Result<[u8; 64], KeyFault>;
}

/// A device key held as its 32-byte seed, with the public key that belongs to it. As a point, which
/// `SigningKey` keeps besides, that would take 160 bytes more; to decode it takes a sixteenth of a signature.
pub struct SeedKey {
    seed: [u8; 32],
    public: [u8; 32],
    /// By which the public key is known again.
    id: KeyId,
}

impl SeedKey {
    /// The key of this seed (RFC 8032, 5.1.5).
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        let public = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        Self {
            seed: *seed,
            public,
            id: PublicKey::id_of(&public),
        }
    }
}

impl DeviceKey for SeedKey {
    fn public(&self) -> [u8; 32] {
        self.public
    }

    fn sign(&mut self, message: &[u8]) -> Result<[u8; 64], KeyFault> {
        let public = VerifyingKey::from_bytes(&self.public).map_err(|_| KeyFault)?;
        let secret = ExpandedSecretKey::from(&self.seed);
        let signature = raw_sign::<Sha512>(&secret, message, &public).to_bytes();
        // Two signatures of one message under two public keys tell the seed, and a receipt is signed as often as somebody asks for
        // it. So no signature leaves that was made with another key than this seed's, whatever has become of it in RAM.
        let used = PublicKey::id_of(black_box(public.as_bytes()));
        if used == black_box(self.id) {
            Ok(signature)
        } else {
            Err(KeyFault)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceKey as _, KeyFault, PublicKey, SeedKey};
    use crate::reject::Reason;

    /// The neutral element: whatever it is multiplied by, it adds nothing.
    const NEUTRAL: [u8; 32] = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };

    #[test]
    fn a_listed_key_that_is_not_fit_finds_no_signature_good() {
        // No point at all; and the neutral element, whose signature of anything is itself and zero.
        let mut nowhere = [0; 32];
        nowhere[0] = 2;
        let mut forged = [0; 64];
        forged[..32].copy_from_slice(&NEUTRAL);
        for (bytes, reason) in [(NEUTRAL, Reason::BadSignature), (nowhere, Reason::WeakKey)] {
            assert_eq!(PublicKey::new(bytes).unwrap_err().reason, Reason::WeakKey);
            let listed = PublicKey::listed(bytes).unwrap();
            let refused = listed.verify(b"anything", &forged).unwrap_err();
            assert_eq!(refused.reason, reason);
        }
    }

    /// Of a key of small order any multiple of the base point is a signature of anything, with nothing else wrong with it.
    #[test]
    fn the_base_point_signs_for_no_weak_key() {
        let mut forged = [0x66; 64];
        // RFC 8032, 5.1: the base point's y is 4/5; and once.
        forged[0] = 0x58;
        forged[32..].copy_from_slice(&NEUTRAL);
        let listed = PublicKey::listed(NEUTRAL).unwrap();
        let refused = listed.verify(b"anything", &forged).unwrap_err();
        assert_eq!(refused.reason, Reason::BadSignature);
    }

    /// A flipped bit of the public key, and the same message again: from the two signatures anybody computes the secret.
    #[test]
    fn nothing_is_signed_with_another_public_key_than_the_seeds() {
        let mut key = SeedKey::new(&[7; 32]);
        let signature = key.sign(b"a receipt").unwrap();
        let public = PublicKey::new(key.public()).unwrap();
        assert_eq!(public.verify(b"a receipt", &signature), Ok(()));
        for bit in 0..256 {
            key.public[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.sign(b"a receipt"), Err(KeyFault), "{bit}");
            key.public[bit / 8] ^= 1 << (bit % 8);
        }
        assert_eq!(key.sign(b"a receipt"), Ok(signature));
    }

    #[test]
    fn a_listed_key_has_one_encoding() {
        // 2^255 - 19 + 3, which decodes as 3.
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xf0, 0x7f);
        let refused = PublicKey::listed(bytes).unwrap_err();
        assert_eq!(refused, Reason::WeakKey);
    }
}
