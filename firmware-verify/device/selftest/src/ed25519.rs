//! Signatures and keys, through `SeedKey`, `PublicKey` and `Envelope`.

use latch_verify::{
    Reason,
    wire::{DeviceKey as _, Envelope, Kind, PublicKey, SeedKey},
};

use crate::{
    report::{Difference, Judged, expect, expect_refusal},
    tables::{Point, Signed, Signing, Verdict},
};

/// Every how many bytes of a signature one bit is flipped. The host flips every bit; a Cortex-M0 takes too long for that.
const FLIPPED_EVERY: usize = 8;
/// The order L of the base point, little-endian (RFC 8032, 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A device signs as the RFC says, and the verifier takes this signature and no other.
pub(crate) fn signs_and_checks(vector: &Signing) -> Judged {
    let mut device = SeedKey::new(&vector.seed);
    expect(device.public() == vector.key, "the public key")?;
    let signature = device.sign(vector.message);
    expect(signature == Ok(vector.signature), "the signature")?;

    let key = PublicKey::new(vector.key)?;
    key.verify(vector.message, &vector.signature)?;
    for at in (0..vector.signature.len()).step_by(FLIPPED_EVERY) {
        let mut flipped = vector.signature;
        if let Some(byte) = flipped.get_mut(at) {
            *byte ^= 1 << (at / FLIPPED_EVERY % 8);
        }
        let found = key.verify(vector.message, &flipped);
        expect_refusal(found, Reason::BadSignature)?;
    }
    let other = plus_order(vector.signature);
    expect_refusal(key.verify(vector.message, &other), Reason::BadSignature)
}

/// The signature with L added to its S: the same equation holds, and RFC 8032, 5.1.7, has it refused.
fn plus_order(mut signature: [u8; 64]) -> [u8; 64] {
    let mut carry = 0;
    for (byte, order) in signature.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    signature
}

pub(crate) fn judges(vector: &Signed) -> Judged {
    compare(verdict(vector)?, vector.verdict)
}

fn compare(found: Verdict, expected: Verdict) -> Judged {
    match found {
        _ if found == expected => Ok(()),
        Verdict::Accepted => Err(Difference::Taken),
        Verdict::KeyRefused => Err(Difference::Refused(Reason::WeakKey)),
        Verdict::SignatureRefused => Err(Difference::Refused(Reason::BadSignature)),
    }
}

/// What the verifier says. Another reason than the two that fit here is a difference by itself.
fn verdict(vector: &Signed) -> Result<Verdict, Difference> {
    let key = match PublicKey::new(vector.key) {
        Ok(key) => key,
        Err(refusal) => {
            expect_refusal::<()>(Err(refusal), Reason::WeakKey)?;
            return Ok(Verdict::KeyRefused);
        }
    };
    // The verifier's type holds 64 bytes: a signature of another length never gets there.
    let Ok(signature) = vector.signature.try_into() else {
        return Ok(Verdict::SignatureRefused);
    };
    match key.verify(vector.message, signature) {
        Ok(()) => Ok(Verdict::Accepted),
        Err(refusal) => {
            expect_refusal::<()>(Err(refusal), Reason::BadSignature)?;
            Ok(Verdict::SignatureRefused)
        }
    }
}

/// Longest envelope of these vectors, whose messages are short.
const LONGEST: usize = 256;

/// The same through a whole envelope, whose verifier knows the vector's key alone.
pub(crate) fn judges_envelope(vector: &Signed) -> Judged {
    let key = PublicKey::new(vector.key)?;
    let mut room = [0; LONGEST];
    let mut len = 0;
    for part in [vector.message, &[1], &key.id().0, vector.signature] {
        let free = room.get_mut(len..).unwrap_or_default();
        let free = free.get_mut(..part.len());
        free.ok_or(Difference::Not("an envelope that fits"))?
            .copy_from_slice(part);
        len += part.len();
    }
    let envelope = Envelope::parse(Kind::Code, room.get(..len).unwrap_or_default())?;
    expect(envelope.message() == vector.message, "the message")?;
    let found = match envelope.verify(&key) {
        Ok(verified) => {
            expect(verified.signers().contains(0), "among the signers")?;
            Verdict::Accepted
        }
        Err(refusal) => {
            expect_refusal::<()>(Err(refusal), Reason::BadSignature)?;
            Verdict::SignatureRefused
        }
    };
    compare(found, vector.verdict)
}

/// No point of small order is a key, however it is written.
pub(crate) fn refuses_key(point: &Point) -> Judged {
    expect_refusal(PublicKey::new(point.encoding), Reason::WeakKey)
}
