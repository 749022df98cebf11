//! What all messages have in common: a number, a tag, then their fields.
//!
//! The numbers and the layouts are part of the protocol: none is ever given a second meaning.

use super::{
    bytes::{Reader, Writer},
    malformed::{Fault, Malformed},
};

/// Bytes before the fields of a message: its number and its tag.
pub const MESSAGE_HEAD: usize = 3;

/// A message that can be written. Only those of this crate are: nobody else can name a writer.
pub trait Encode {
    #[doc(hidden)]
    fn write(&self, writer: &mut Writer<'_>);
}

/// Writes a message at the start of `out`, as far as there is room; returns how long it is.
/// `None` when one of its fields is longer than it may be.
pub(crate) fn write(message: &impl Encode, out: &mut [u8]) -> Option<usize> {
    let mut writer = Writer::new(out);
    message.write(&mut writer);
    writer.len()
}

/// Reads number and tag, then what stands behind them, and nothing after that.
pub(super) fn read<'a, T>(
    bytes: &'a [u8],
    fields: impl FnOnce(u8, u16, &mut Reader<'a>) -> Result<T, Fault>,
) -> Result<T, Malformed> {
    let mut reader = Reader::new(bytes);
    let number = reader.u8().unwrap_or_default();
    let tag = reader.u16();
    let malformed = |fault| Malformed {
        number,
        tag: tag.unwrap_or_default(),
        fault,
    };
    let message = tag.and_then(|tag| fields(number, tag, &mut reader));
    let whole = message.and_then(|message| reader.end().map(|()| message));
    whole.map_err(malformed)
}
