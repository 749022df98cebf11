//! One Ed25519 signature, checked so that no single fault makes a bad one good.
//!
//! What is checked is what `verify_strict` of ed25519-dalek checks: `S` canonical, `R` a point, neither `R` nor the key of small
//! order, and `[S]B - [k]A` encoded as the very bytes of `R` (RFC 8032, 5.1.7, without the cofactor). The arithmetic is
//! curve25519-dalek's. `R` is looked at as the point that was computed: where the bytes are the same, it is the same point. What is done here instead of there is the last comparison: its outcome is a branch, and
//! one skipped instruction turns a branch. So the bytes are compared twice, by a branch and by the word in [`Sound`], which
//! is computed from them and looked at where signatures are counted.

use core::hint::black_box;

use curve25519_dalek::{
    edwards::{CompressedEdwardsY, EdwardsPoint},
    scalar::Scalar,
};
use sha2::{Digest as _, Sha512};

use crate::{
    reject::{Reason, ensure},
    types::add_to_512,
};

/// What a good signature leaves: far from zero, from all ones, and from what a register holds by chance.
const GOOD: u32 = 0x5ac3_9e65;

/// What remains of a signature that was checked. Only one that is good counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub(crate) struct Sound(u32);

impl Sound {
    /// Zero for a good signature, and for no other.
    pub(crate) fn fault(self) -> u32 {
        black_box(self.0) ^ GOOD
    }
}

/// What a signature is over, wherever it lies.
pub(crate) trait Message {
    /// Adds all of it to a hash.
    ///
    /// # Errors
    /// Where it cannot be read, or is not what it was: then no signature of it is good.
    fn add_to(&mut self, hash: &mut Sha512) -> Result<(), Reason>;
}

impl Message for &[u8] {
    fn add_to(&mut self, hash: &mut Sha512) -> Result<(), Reason> {
        add_to_512(hash, self);
        Ok(())
    }
}

/// Checks a signature of a message by the key with these bytes.
///
/// # Errors
/// [`Reason::WeakKey`] for bytes that are no point, [`Reason::BadSignature`]; as [`Message::add_to`].
pub(super) fn check(
    key: &[u8; 32],
    message: &mut dyn Message,
    signature: &[u8; 64],
) -> Result<Sound, Reason> {
    let point = CompressedEdwardsY(*key)
        .decompress()
        .ok_or(Reason::WeakKey)?;
    let (nonce, scalar) = signature.split_first_chunk().ok_or(Reason::BadSignature)?;
    let nonce = CompressedEdwardsY(*nonce);
    let scalar: [u8; 32] = scalar.try_into().map_err(|_| Reason::BadSignature)?;
    let scalar: Option<Scalar> = Scalar::from_canonical_bytes(scalar).into();
    let scalar = scalar.ok_or(Reason::BadSignature)?;
    ensure(!point.is_small_order(), Reason::BadSignature)?;
    let mut hash = Sha512::new();
    add_to_512(&mut hash, nonce.as_bytes());
    add_to_512(&mut hash, key);
    message.add_to(&mut hash)?;
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let found = EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &-point, &scalar);
    // It is the point of `R` if it is encoded as `R` is, and nothing else is encoded so. `R` itself is never decoded: a square
    // root, and a sixteenth of a check.
    ensure(!found.is_small_order(), Reason::BadSignature)?;
    let found = found.compress();
    ensure(found == nonce, Reason::BadSignature)?;
    Ok(Sound(GOOD ^ difference(&found, signature)))
}

/// Zero where a signature begins with these bytes: all differing bits at once, since each of them says no.
#[inline(never)]
fn difference(found: &CompressedEdwardsY, signature: &[u8; 64]) -> u32 {
    let (found, signature) = (black_box(found), black_box(signature));
    let pairs = found
        .as_bytes()
        .chunks_exact(4)
        .zip(signature.chunks_exact(4));
    let mut difference = 0;
    let mut seen = 0_u32;
    for (found, signed) in pairs {
        let word = |bytes: &[u8]| bytes.first_chunk().copied().map(u32::from_le_bytes);
        difference |= word(found).unwrap_or_default() ^ word(signed).unwrap_or(u32::MAX);
        // Hidden inside the loop: outside of it, the compiler knows how often it runs, and compares nothing.
        seen = black_box(seen).wrapping_add(1);
    }
    // A loop that was left early has not seen them all.
    difference | (seen ^ WORDS)
}

/// Words of an encoded point.
const WORDS: u32 = 8;
