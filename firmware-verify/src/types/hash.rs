//! The two hashes, each step one function: the crate that makes them puts a step's whole buffering wherever it is called.

use sha2::{Digest as _, Sha256, Sha512};

use super::Digest;

/// SHA-256 (FIPS 180-4) of what is added piece by piece.
pub(crate) struct Hasher(Sha256);

impl Hasher {
    #[inline(never)]
    pub(crate) fn new() -> Self {
        Self(Sha256::new())
    }

    #[inline(never)]
    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    #[inline(never)]
    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Adds a piece to a SHA-512.
#[inline(never)]
pub(crate) fn add_to_512(hash: &mut Sha512, piece: &[u8]) {
    hash.update(piece);
}
