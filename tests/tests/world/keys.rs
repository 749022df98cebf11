//! Who signs: keys with fixed seeds, which also sign what no issuer would.

use latch_issue::RoleKey;
use latch_verify::{
    types::KeyId,
    wire::{Body, DeviceKey as _, Kind, PublicKey, SeedKey, encode, seal_head},
};

/// A key whose seed is this byte, 32 times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Signer(pub(crate) u8);

pub(crate) const ROOT: [Signer; 2] = [Signer(1), Signer(2)];
pub(crate) const OPERATOR: [Signer; 3] = [Signer(11), Signer(12), Signer(13)];
pub(crate) const RELEASE: [Signer; 2] = [Signer(21), Signer(22)];
pub(crate) const APPROVER: [Signer; 2] = [Signer(31), Signer(32)];
pub(crate) const TIME: Signer = Signer(41);
/// Two, so that one of them can be too few.
pub(crate) const BREAK_GLASS: [Signer; 2] = [Signer(51), Signer(52)];
pub(crate) const DEVICE: Signer = Signer(61);
/// In no trust root.
pub(crate) const STRANGER: Signer = Signer(99);

/// Enough for every latch's enforced rule; the first issues.
pub(crate) const CREW: [Signer; 3] = [OPERATOR[0], OPERATOR[1], APPROVER[0]];

impl Signer {
    pub(crate) fn seed(self) -> [u8; 32] {
        [self.0; 32]
    }

    pub(crate) fn public(self) -> [u8; 32] {
        SeedKey::new(&self.seed()).public()
    }

    pub(crate) fn id(self) -> KeyId {
        PublicKey::new(self.public())
            .expect("the key of a seed is sound")
            .id()
    }

    pub(crate) fn role_key(self) -> RoleKey {
        RoleKey::from_seed(&self.seed()).expect("the key of a seed is sound")
    }

    /// The id and signature that stand in an envelope.
    pub(crate) fn signature(self, message: &[u8]) -> Vec<u8> {
        let signed = SeedKey::new(&self.seed()).sign(message);
        let signature = signed.expect("a key in memory signs");
        [self.id().0.as_slice(), &signature].concat()
    }
}

/// An envelope around any bytes.
pub(crate) fn seal_bytes(kind: Kind, body: &[u8], signers: &[Signer]) -> Vec<u8> {
    seal_version(kind, 0, body, signers)
}

/// An envelope around any bytes in a version of the format.
pub(crate) fn seal_version(kind: Kind, version: u8, body: &[u8], signers: &[Signer]) -> Vec<u8> {
    let head =
        seal_head(kind, version, body.len()).expect("the body is no longer than its kind may be");
    sign_message(&[&head, body].concat(), signers)
}

/// A message with its signatures.
pub(crate) fn sign_message(message: &[u8], signers: &[Signer]) -> Vec<u8> {
    let mut envelope = message.to_vec();
    envelope.push(u8::try_from(signers.len()).expect("few signers"));
    for signer in signers {
        envelope.extend(signer.signature(message));
    }
    envelope
}

/// A body's one encoding. Nothing in it is checked.
pub(crate) fn encoded<'a, B: Body<'a>>(body: &B) -> Vec<u8> {
    let mut buffer = [0; 4096];
    encode(body, &mut buffer)
        .expect("the buffer is larger than any body")
        .to_vec()
}

/// An envelope around a body that may be one which no issuer seals.
pub(crate) fn seal<'a, B: Body<'a>>(body: &B, signers: &[Signer]) -> Vec<u8> {
    seal_version(B::KIND, body.version(), &encoded(body), signers)
}
