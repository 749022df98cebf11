//! The vectors of RFC 8032, section 7.1, through the verifier's own doors.

use ed25519_dalek::Verifier as _;
use latch_verify::{
    Reason,
    wire::{DeviceKey as _, PublicKey, SeedKey},
};
use serde::Deserialize;

use crate::{
    files::{read, unhex},
    keys::OPERATOR,
};

#[derive(Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    seed: String,
    public_key: String,
    message: String,
    signature: String,
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().unwrap()
}

#[test]
fn a_device_signs_and_a_verifier_checks_as_the_rfc_says() {
    let file: File = read("rfc8032.json");
    let names: Vec<&str> = file
        .vectors
        .iter()
        .map(|vector| vector.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["TEST 1", "TEST 2", "TEST 3", "TEST 1024", "TEST SHA(abc)"]
    );
    for vector in &file.vectors {
        let (message, signature) = (unhex(&vector.message), array(&vector.signature));
        let mut device = SeedKey::new(&array(&vector.seed));
        assert_eq!(
            device.public(),
            array(&vector.public_key),
            "{}",
            vector.name
        );
        assert_eq!(device.sign(&message), Ok(signature), "{}", vector.name);

        let key = PublicKey::new(array(&vector.public_key)).unwrap();
        assert_eq!(key.verify(&message, &signature), Ok(()), "{}", vector.name);
        for bit in 0..512 {
            let mut flipped = signature;
            flipped[bit / 8] ^= 1 << (bit % 8);
            let refusal = key.verify(&message, &flipped).unwrap_err();
            assert_eq!(
                refusal.reason,
                Reason::BadSignature,
                "{} bit {bit}",
                vector.name
            );
        }
    }
}

/// S and S + L sign the same for who does not look: RFC 8032, 5.1.7, has it refused.
#[test]
fn a_signature_has_one_form_only() {
    let file: File = read("rfc8032.json");
    for vector in &file.vectors {
        let key = PublicKey::new(array(&vector.public_key)).unwrap();
        let other = plus_order(array(&vector.signature));
        let refusal = key.verify(&unhex(&vector.message), &other).unwrap_err();
        assert_eq!(refusal.reason, Reason::BadSignature, "{}", vector.name);
    }
}

/// A signature whose R is the neutral element, made for the message `latch` with the key
/// of the seed of 32 twos: S = H(R, A, M) a. It satisfies the equation, and whoever holds
/// the key can make one without a nonce; what is strict refuses it (Chalkias et al. 2020).
const NEUTRAL_R: &str = "0100000000000000000000000000000000000000000000000000000000000000\
    d5372ddf4d82d5d5a14454f28460943f1f8354ab0d0d55269983a008f34ee003";

#[test]
fn a_signature_with_a_point_of_small_order_is_refused() {
    let signature = array(NEUTRAL_R);
    let loose = ed25519_dalek::SigningKey::from_bytes(&OPERATOR.seed()).verifying_key();
    let equation = ed25519_dalek::Signature::from_bytes(&signature);
    assert!(
        loose.verify(b"latch", &equation).is_ok(),
        "otherwise it proves nothing"
    );
    let key = OPERATOR.private().public();
    let refusal = key.verify(b"latch", &signature).unwrap_err();
    assert_eq!(refusal.reason, Reason::BadSignature);
}

/// The signature with the order of the group added to its S.
pub(crate) fn plus_order(mut signature: [u8; 64]) -> [u8; 64] {
    // 2^252 + 27742317777372353535851937790883648493, little-endian (RFC 8032, 5.1).
    let order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    signature
}
