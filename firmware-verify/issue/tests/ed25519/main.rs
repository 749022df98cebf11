//! Ed25519 as others test it: foreign vectors, and points of small and mixed order, through
//! the verifier's own doors, `PublicKey::new` and `PublicKey::verify`.
//!
//! The vectors lie in `tests/vectors` of the repository. An unexpected success fails here
//! as an unexpected refusal does.

mod encodings;
mod envelopes;
mod files;
mod library;
mod mixed_order;
mod wycheproof;
