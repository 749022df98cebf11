//! The canonical rule: what was decoded, encoded again, must be the same bytes.
//!
//! postcard accepts padded varints and trailing bytes; a signed statement must not,
//! or one statement would have many encodings.

use serde::{Deserialize, Serialize};

use super::{
    deserializer::deserialize,
    envelope::Kind,
    reader::{Read, Reader},
};
use crate::reject::{Reason, Refusal, ensure};

/// A body that travels in an envelope.
pub trait Body<'a>: Serialize + Deserialize<'a> + Read<'a> {
    /// The kind of envelope that carries it.
    const KIND: Kind;

    /// What decoding alone does not check: lists, bounds, relations between fields.
    ///
    /// # Errors
    /// The reason of the first bound that is not kept.
    fn check(&self) -> Result<(), Refusal>;

    /// The version of the format in which it is written: the lowest that can say it, so that
    /// whoever understands it at all understands it, and no body has two encodings.
    fn version(&self) -> u8 {
        0
    }

    /// Decodes a body of a version and checks it.
    ///
    /// # Errors
    /// As [`decode`]; [`Reason::NotCanonical`] when it belongs in another version; then as
    /// [`check`](Self::check).
    fn parse(version: u8, bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(bytes);
        let body = Self::read(&mut reader);
        reader.end()?;
        ensure(body.version() == version, Reason::NotCanonical)?;
        body.check()?;
        Ok(body)
    }
}

/// Decodes a value that fills the bytes and is encoded canonically.
///
/// # Errors
/// [`Reason::NotDecodable`], [`Reason::TrailingBytes`] or [`Reason::NotCanonical`].
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refusal> {
    let (value, rest) = deserialize(bytes)?;
    Ok(ensure(rest.is_empty(), Reason::TrailingBytes).map(|()| value)?)
}
