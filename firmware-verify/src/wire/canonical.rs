//! The canonical rule: what was decoded, encoded again, must be the same bytes.
//!
//! postcard accepts padded varints and trailing bytes; a signed statement must not,
//! or one statement would have many encodings.

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use super::envelope::Kind;
use crate::reject::{Reason, Refusal, ensure};

/// A body that travels in an envelope.
pub trait Body<'a>: Serialize + Deserialize<'a> {
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
        let body: Self = decode(bytes)?;
        ensure(body.version() == version, Reason::NotCanonical)?;
        body.check()?;
        Ok(body)
    }
}

/// Decodes a value that fills the bytes and is encoded canonically.
///
/// # Errors
/// [`Reason::NotDecodable`], [`Reason::TrailingBytes`] or [`Reason::NotCanonical`].
pub fn decode<'a, T: Serialize + Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refusal> {
    let (value, rest) = take(bytes)?;
    if !rest.is_empty() {
        return Err(Reason::TrailingBytes.into());
    }
    Ok(value)
}

/// Decodes a value from the front of the bytes; also returns what follows it.
pub(super) fn take<'a, T>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), Refusal>
where
    T: Serialize + Deserialize<'a>,
{
    let (value, rest) = postcard::take_from_bytes::<T>(bytes).map_err(|_| Reason::NotDecodable)?;
    let used = bytes
        .len()
        .checked_sub(rest.len())
        .ok_or(Reason::LogicFault)?;
    let (consumed, _) = bytes.split_at_checked(used).ok_or(Reason::LogicFault)?;
    match postcard::serialize_with_flavor(&value, Compare { expected: consumed }) {
        Ok(true) => Ok((value, rest)),
        Ok(false) | Err(_) => Err(Reason::NotCanonical.into()),
    }
}

/// Encodes a value into the buffer and returns the part that was written.
///
/// # Errors
/// [`Reason::BufferTooSmall`].
pub fn encode<'b, T: Serialize + ?Sized>(
    value: &T,
    buffer: &'b mut [u8],
) -> Result<&'b mut [u8], Refusal> {
    postcard::to_slice(value, buffer).map_err(|_| Reason::BufferTooSmall.into())
}

/// Compares an encoding with bytes as it is made, without a buffer for it.
struct Compare<'a> {
    expected: &'a [u8],
}

impl Flavor for Compare<'_> {
    /// Whether all expected bytes were met.
    type Output = bool;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        match self.expected.split_first() {
            Some((&first, rest)) if first == byte => {
                self.expected = rest;
                Ok(())
            }
            _ => Err(postcard::Error::SerializeBufferFull),
        }
    }

    fn finalize(self) -> postcard::Result<bool> {
        Ok(self.expected.is_empty())
    }
}
