//! Why an operation on the flash failed.

use core::fmt;

use embedded_storage::nor_flash::{NorFlashError, NorFlashErrorKind};

/// Why an operation on the flash failed. Only the cut itself leaves a trace in the flash; every other failed write or
/// erase changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlashError {
    /// The power went off during this operation, or is off since an earlier one.
    PowerLost,
    /// The address was told to fail on reads.
    ReadError,
    /// The address was told to fail on writes and erases.
    WriteError,
    /// The operation reaches beyond the end of the flash.
    OutOfBounds,
    /// An end of the operation is not on a boundary of the read, write or erase size.
    NotAligned,
    /// The error correction of a write unit found more errors than it can mend.
    Ecc,
}

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerLost => "the flash has no power: call power_on() to boot again",
            Self::ReadError => "reading failed at an address that was told to fail",
            Self::WriteError => "writing or erasing failed at an address that was told to fail",
            Self::OutOfBounds => "the operation reaches beyond the end of the flash",
            Self::NotAligned => {
                "the operation does not start and end on boundaries of the read, write or erase size"
            }
            Self::Ecc => {
                "a write unit holds errors beyond correction: erase its block before it is used again"
            }
        })
    }
}

impl core::error::Error for FlashError {}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::PowerLost | Self::ReadError | Self::WriteError | Self::Ecc => {
                NorFlashErrorKind::Other
            }
        }
    }
}

impl From<NorFlashErrorKind> for FlashError {
    fn from(kind: NorFlashErrorKind) -> Self {
        match kind {
            NorFlashErrorKind::NotAligned => Self::NotAligned,
            // The checks of embedded-storage, the only source of kinds here, know these two.
            _ => Self::OutOfBounds,
        }
    }
}
