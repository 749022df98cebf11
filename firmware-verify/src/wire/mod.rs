//! How bytes become values: envelopes, signatures, and the one canonical encoding.

mod canonical;
mod envelope;
mod keys;
mod run;

pub use canonical::{Body, decode, encode};
pub use envelope::{BODY_VERSIONS, Envelope, Kind, Signers, Verified, peek_kind, seal_head};
pub use keys::{DeviceKey, KeyFault, KeyRing, Keys, PublicKey, Role, SeedKey};
pub use run::{Item, Run, RunWriter};
