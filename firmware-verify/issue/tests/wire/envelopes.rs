//! Envelopes put together by hand, as no issuer would.

use latch_verify::{
    Refusal,
    statement::check_body,
    types::KeyId,
    wire::{DeviceKey as _, Envelope, Kind, SeedKey},
};

use crate::keys::{Key, ring};

/// The head before a body of this length, whatever its length.
pub(crate) fn head(kind: u8, version: u8, len: usize) -> Vec<u8> {
    let mut head = b"latch-v1".to_vec();
    head.extend([kind, version]);
    head.extend(u16::try_from(len).unwrap().to_le_bytes());
    head
}

/// An envelope around any body of this version, signed by these keys.
pub(crate) fn envelope(kind: Kind, version: u8, body: &[u8], keys: &[Key]) -> Vec<u8> {
    let message = [head(kind.number(), version, body.len()), body.to_vec()].concat();
    signed(message, keys)
}

/// Signatures around any message.
pub(crate) fn signed(message: Vec<u8>, keys: &[Key]) -> Vec<u8> {
    let mut bytes = message.clone();
    bytes.push(u8::try_from(keys.len()).unwrap());
    for key in keys {
        let signature = SeedKey::new(&key.seed()).sign(&message).unwrap();
        let KeyId(id) = key.private().id();
        bytes.extend(id);
        bytes.extend(signature);
    }
    bytes
}

/// What a verifier says to a message of which it expects a kind: shape, then signatures
/// under the keys of the vectors, then the body.
pub(crate) fn judge(kind: Kind, bytes: &[u8]) -> Result<(), Refusal> {
    let verified = Envelope::parse(kind, bytes)?.verify(&ring())?;
    check_body(verified.envelope())
}
