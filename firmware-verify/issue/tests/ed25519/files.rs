//! Files of vectors, and what the verifier says to one vector.

use std::{fs, path::PathBuf};

use ed25519_dalek::{Signature, VerifyingKey};
use latch_verify::{Reason, wire::PublicKey};
use serde::{Deserialize, de::DeserializeOwned};

/// What the verifier says to a key, a message and a signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub(crate) enum Verdict {
    #[serde(rename = "accepted")]
    Accepted,
    /// The key may not be trusted: no signature of it is looked at.
    #[serde(rename = "key refused")]
    KeyRefused,
    #[serde(rename = "signature refused")]
    SignatureRefused,
}

/// Asks the verifier, and the library whether it agrees. Another reason than the two that fit here ends the test.
pub(crate) fn judge(key: [u8; 32], message: &[u8], signature: &[u8; 64]) -> Verdict {
    let key = match PublicKey::new(key) {
        Ok(key) => key,
        Err(refusal) => {
            assert_eq!(refusal.reason, Reason::WeakKey);
            return Verdict::KeyRefused;
        }
    };
    // The verifier takes the steps itself, to compare its outcome twice: it accepts what the library does.
    let strict = VerifyingKey::from_bytes(key.bytes())
        .and_then(|key| key.verify_strict(message, &Signature::from_bytes(signature)));
    match key.verify(message, signature) {
        Ok(()) => {
            assert!(strict.is_ok(), "the library refuses it: {signature:?}");
            Verdict::Accepted
        }
        Err(refusal) => {
            assert_eq!(refusal.reason, Reason::BadSignature);
            assert!(strict.is_err(), "the library accepts it: {signature:?}");
            Verdict::SignatureRefused
        }
    }
}

pub(crate) fn read<T: DeserializeOwned>(name: &str) -> T {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors"));
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "{text}");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

pub(crate) fn array<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().unwrap()
}
