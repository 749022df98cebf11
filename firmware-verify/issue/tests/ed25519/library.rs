//! Signatures that were good, with one bit changed, or their scalar written otherwise: [`judge`] asks the verifier and
//! ed25519-dalek's `verify_strict`, and the two agree.

use ed25519_dalek::{Signer as _, SigningKey};

use crate::files::{Verdict, judge};

fn accepts(key: [u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    judge(key, message, signature) == Verdict::Accepted
}

#[test]
fn every_bit_of_signature_key_and_message_is_judged_alike() {
    for seed in 0..4 {
        let signer = SigningKey::from_bytes(&[seed; 32]);
        let key = signer.verifying_key().to_bytes();
        let message = [seed; 40];
        let signature = signer.sign(&message).to_bytes();
        assert!(accepts(key, &message, &signature));
        for bit in 0..512 {
            let mut other = signature;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !accepts(key, &message, &other),
                "bit {bit} of the signature"
            );
        }
        for bit in 0..256 {
            let mut other = key;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !accepts(other, &message, &signature),
                "bit {bit} of the key"
            );
        }
        for bit in 0..320 {
            let mut other = message;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !accepts(key, &other, &signature),
                "bit {bit} of the message"
            );
        }
    }
}

/// The group's order, little-endian: a scalar and the scalar plus this are the same modulo it, and only one is canonical.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn a_scalar_that_was_raised_by_the_order_is_refused_by_both() {
    for seed in 0..16 {
        let signer = SigningKey::from_bytes(&[seed; 32]);
        let mut signature = signer.sign(b"message").to_bytes();
        let mut carry = 0;
        for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = (sum & 0xff) as u8;
            carry = sum >> 8;
        }
        assert!(!accepts(
            signer.verifying_key().to_bytes(),
            b"message",
            &signature
        ));
    }
}
