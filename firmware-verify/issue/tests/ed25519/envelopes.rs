//! The same through a whole envelope: the messages of the mixed-order vectors are those of
//! envelopes, so what `Envelope::verify` says of their signatures can be seen.

use latch_verify::{
    Reason,
    wire::{Envelope, Kind, PublicKey},
};

use crate::{
    files::{Verdict, array, unhex},
    mixed_order::{File, Set, Vector},
};

/// The order L of the base point, little-endian (RFC 8032, 5.1).
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// What an envelope's verifier says that knows the vector's key alone.
fn judge(vector: &Vector, signature: [u8; 64]) -> Verdict {
    let key = PublicKey::new(array(&vector.public_key)).unwrap();
    let message = unhex(&vector.message);
    let bytes = [&message[..], &[1], &key.id().0, &signature].concat();
    let envelope = Envelope::parse(Kind::Code, &bytes).unwrap();
    assert_eq!(envelope.message(), message);
    match envelope.verify(&key) {
        Ok(verified) => {
            assert!(verified.signers().contains(0));
            Verdict::Accepted
        }
        Err(refusal) => {
            assert_eq!(refusal.reason, Reason::BadSignature);
            Verdict::SignatureRefused
        }
    }
}

#[test]
fn an_envelope_is_judged_as_its_signature_is() {
    let file = File::read();
    let mut accepted = 0;
    for vector in file.of(Set::Mixed) {
        let verdict = judge(vector, array(&vector.signature));
        assert_eq!(verdict, vector.verdict, "{}", vector.name());
        accepted += u8::from(verdict == Verdict::Accepted);
    }
    assert_eq!(accepted, 43);
}

/// RFC 8032, 5.1.7: S is below L. S + L, S + 2L and so on satisfy the same equation.
#[test]
fn no_multiple_of_the_order_can_be_added_to_a_signature() {
    let file = File::read();
    for vector in accepted(&file) {
        let mut signature = array(&vector.signature);
        let mut sums = 0;
        while plus_order(&mut signature) {
            sums += 1;
            let verdict = judge(vector, signature);
            assert_eq!(verdict, Verdict::SignatureRefused, "{}", vector.name());
        }
        // 2^256 is between 15 L and 16 L.
        assert_eq!(sums, 15, "{}", vector.name());
    }
}

#[test]
fn no_point_of_small_order_can_be_put_in_the_place_of_r() {
    let file = File::read();
    for vector in accepted(&file) {
        for point in &file.small_order {
            let mut signature = array::<64>(&vector.signature);
            signature[..32].copy_from_slice(&unhex(&point.encoding));
            let verdict = judge(vector, signature);
            assert_eq!(verdict, Verdict::SignatureRefused, "{}", vector.name());
        }
    }
}

fn accepted(file: &File) -> impl Iterator<Item = &Vector> {
    file.of(Set::Mixed)
        .filter(|vector| vector.verdict == Verdict::Accepted)
}

/// Adds L to S, unless the sum is longer than 32 bytes.
fn plus_order(signature: &mut [u8; 64]) -> bool {
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(unhex(ORDER)) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    carry == 0
}
