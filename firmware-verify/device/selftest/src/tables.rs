//! The vectors, as `build.rs` made them of the files of `tests/vectors`. All of it lies in flash.

use latch_verify::wire::Role;

/// A vector, and how people find it.
pub(crate) struct Case<T> {
    pub(crate) name: &'static str,
    pub(crate) of: T,
}

/// What the verifier says to a key, a message and a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    /// The key may not be trusted: no signature of it is looked at.
    KeyRefused,
    SignatureRefused,
}

/// A key, a message, and the one signature of it.
pub(crate) struct Signing {
    pub(crate) seed: [u8; 32],
    pub(crate) key: [u8; 32],
    pub(crate) message: &'static [u8],
    pub(crate) signature: [u8; 64],
}

/// A signature of any length, and what is said to it.
pub(crate) struct Signed {
    pub(crate) key: [u8; 32],
    pub(crate) message: &'static [u8],
    pub(crate) signature: &'static [u8],
    pub(crate) verdict: Verdict,
}

/// One of the ways to write a point of small order.
pub(crate) struct Point {
    pub(crate) encoding: [u8; 32],
}

/// One of the keys that sign statements.
pub(crate) struct Known {
    /// As what it stands in the ring, if it does.
    pub(crate) role: Option<Role>,
    pub(crate) seed: [u8; 32],
    pub(crate) key: [u8; 32],
    pub(crate) id: [u8; 8],
}

/// A statement that is taken.
pub(crate) struct Spoken {
    pub(crate) kind: u8,
    pub(crate) version: u8,
    pub(crate) envelope: &'static [u8],
    /// Bytes of the envelope that are signed.
    pub(crate) message_len: usize,
    pub(crate) id: [u8; 16],
    /// Ids of keys, in the order of their signatures.
    pub(crate) signers: &'static [[u8; 8]],
    /// SHA-256 of what it says: JSON without spaces, members in the order of the body.
    pub(crate) body: [u8; 32],
}

/// A message that is refused.
pub(crate) struct Refused {
    /// The number of the kind that it was given as.
    pub(crate) kind: u8,
    pub(crate) message: &'static [u8],
    /// The number of the reason.
    pub(crate) reason: u16,
}

/// A Merkle tree.
pub(crate) struct Pages {
    pub(crate) leaves: &'static [&'static [u8]],
    pub(crate) root: [u8; 32],
    /// One a leaf, its neighbour's hash first.
    pub(crate) proofs: &'static [&'static [[u8; 32]]],
}

/// A list of leaves, as it is signed and as the tree it stands for.
pub(crate) struct Leaves {
    pub(crate) leaves: &'static [u8],
    /// SHA-256 of the tree: JSON without spaces.
    pub(crate) shown: [u8; 32],
}

/// A twin, a patch, and the twin after it.
pub(crate) struct Change {
    pub(crate) twin: Leaves,
    pub(crate) patch: Leaves,
    pub(crate) after: Leaves,
}

/// Where a device stands among cohorts.
pub(crate) struct Part {
    pub(crate) salt: [u8; 16],
    pub(crate) device: &'static str,
    /// Of ten thousand.
    pub(crate) part: u16,
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
