//! How bytes become values: envelopes, signatures, and the one canonical encoding.

mod canonical;
mod deserializer;
mod envelope;
mod keys;
mod reader;
mod run;
mod signature;
mod signers;
#[cfg(test)]
mod tests;
mod writer;

pub use canonical::{Body, decode};
pub(crate) use envelope::head_of;
pub use envelope::{BODY_VERSIONS, Envelope, Kind, Verified, peek_kind, seal_head};
pub use keys::{DeviceKey, KeyFault, KeyRing, Keys, PublicKey, Role, SeedKey};
pub(crate) use reader::{Read, Reader, decode_whole, peek, reads, take};
pub use run::{Item, Run, RunWriter};
pub(crate) use signature::Message;
pub use signers::Signers;
pub use writer::encode;
pub(crate) use writer::write;
