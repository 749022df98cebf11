//! Messages that are none.

use core::fmt;

/// A message that cannot be read. It comes from a later version, or from a peer that is broken:
/// the line's errors are found before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// Its number; zero if it had none.
    pub number: u8,
    /// Its tag; zero if it had none. A device answers it with
    /// [`Done`](super::FromDevice::Done), so that nobody waits.
    pub tag: u16,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {} cannot be read: {}", self.number, self.fault)
    }
}

impl core::error::Error for Malformed {}

/// What is wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No message has this number.
    UnknownNumber,
    /// It ends too early.
    Short,
    /// Bytes follow its end.
    Trailing,
    /// A field is longer than it may be.
    TooLong,
    /// A field holds what it cannot mean.
    BadField,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownNumber => "this version knows no message with this number",
            Self::Short => "it ends too early",
            Self::Trailing => "bytes follow its end",
            Self::TooLong => "a field is longer than it may be",
            Self::BadField => "a field holds what it cannot mean",
        })
    }
}
