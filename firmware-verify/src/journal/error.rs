//! Why the journal refuses.

use core::fmt;

use super::{medium::Fault, sector::FORMAT};

/// Why a journal could not be mounted. None of these ever means "empty".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MountError {
    /// The flash holds what no power cut can leave: records are damaged or missing.
    Corrupt,
    /// Committed records, or what may be such, cannot be read.
    Unreadable,
    /// A release wrote the journal whose format is newer than [`FORMAT`](super::FORMAT).
    NewerFormat {
        /// The number of that format.
        found: u8,
    },
    /// The journal was written for a flash with other units, or for sectors of another size.
    OtherGeometry,
    /// The flash is too small for two sectors.
    TooSmall,
    /// A record is longer than the buffer given to mount.
    BufferTooSmall,
    /// What a power cut left behind could not be repaired, because writing or erasing fails.
    Storage,
}

impl fmt::Display for MountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewerFormat { found } => {
                return write!(f, "the journal has format {found}, and this version reads formats up to {FORMAT}; run the version that wrote it");
            }
            Self::Corrupt => "the journal is damaged in a way that no power cut explains; recover the device with a root-signed statement",
            Self::Unreadable => "committed records of the journal cannot be read; check the flash, then recover the device with a root-signed statement",
            Self::OtherGeometry => "the journal was written for a flash with other write units, or for sectors of another size; run the program that wrote it",
            Self::TooSmall => "the journal's flash region is too small for two sectors; give it more room",
            Self::BufferTooSmall => "the buffer for reading the journal is shorter than a record in it; give it MAX_RECORD bytes",
            Self::Storage => "the journal could not be repaired after a power cut, since its flash no longer takes writes; replace the flash",
        })
    }
}

impl core::error::Error for MountError {}

/// Why the journal did not do as asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum JournalError {
    /// The sector has no room for this record; rotate first. From within a snapshot: the
    /// snapshot is larger than a sector.
    Full,
    /// Nothing may be appended before the next rotation: the journal is blank, or a write failed.
    NeedsSnapshot,
    /// The body is longer than a record or the buffer may be, or its kind is not between 1 and 0x7f.
    TooLong,
    /// The flash failed to write, erase or read, or did not hold what was written.
    Storage,
    /// The sectors' sequence numbers are used up.
    WornOut,
    /// There is no committed record at this address of the active sector.
    NoRecord,
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the journal's sector is full; write a snapshot",
            Self::NeedsSnapshot => "the journal takes no record before a snapshot was written",
            Self::TooLong => "the record is too long, or its kind is reserved",
            Self::Storage => "the journal's flash failed; write a snapshot, and replace the flash if that fails too",
            Self::WornOut => "the journal's sequence numbers are used up; replace the device",
            Self::NoRecord => "no record of the journal lies at this address",
        })
    }
}

impl core::error::Error for JournalError {}

/// The caller could not make sense of a record that was replayed to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rejected;

impl From<Fault> for JournalError {
    fn from(Fault: Fault) -> Self {
        Self::Storage
    }
}

impl From<Fault> for MountError {
    fn from(Fault: Fault) -> Self {
        Self::Unreadable
    }
}
