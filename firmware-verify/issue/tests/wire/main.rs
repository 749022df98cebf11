//! The wire format, pinned: vectors for every kind of statement and for what is refused,
//! for Merkle trees, cohorts and patches; and that no single bit can be changed.
//!
//! The vectors lie in `tests/vectors` of the repository, for other implementations too.
//! `LATCH_REGENERATE=1 cargo test -p latch-issue --test wire` writes them anew.

mod bounds;
mod cohorts;
mod envelopes;
mod files;
mod fixtures;
mod flips;
mod keys;
mod merkle;
mod patches;
mod refusals;
mod releases;
mod rfc8032;
mod statements;
