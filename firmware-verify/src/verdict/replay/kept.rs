//! How the table of used codes keeps one in RAM.

use super::{Burned, Use};
use crate::{
    limits::MAX_FLOORS,
    types::{StatementId, Unaligned},
};

/// A used code as the table keeps it, in 29 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) sequence: Unaligned,
    pub(super) statement: StatementId,
    /// The low bytes of the receipt's number, the lowest first: flash is worn out long before they are used up.
    receipt: [u8; RECEIPT],
    /// Place of its issuer among the floors, each of which stays where it is until an epoch ends; what came of it; and whether it
    /// was stopped.
    marks: u8,
}

/// Bytes of a receipt's number: four thousand million.
const RECEIPT: usize = 4;

/// Bits for an issuer's place.
const ISSUER: u8 = 0b0001_1111;
const ONCE: u8 = 0b0010_0000;
const TWIN: u8 = 0b0100_0000;
const STOPPED: u8 = 0b1000_0000;

impl Kept {
    /// A code as it is kept, whose issuer has its floors at this place.
    pub(super) fn of(code: &Burned, issuer: u8) -> Self {
        let used = match code.used {
            Use::Never => 0,
            Use::Once => ONCE,
            Use::Twin => TWIN,
        };
        let stopped = if code.stopped { STOPPED } else { 0 };
        let mut kept = Self {
            sequence: Unaligned::of(code.sequence.0),
            statement: code.statement,
            receipt: [0; RECEIPT],
            marks: issuer & ISSUER | used | stopped,
        };
        kept.tell(code.receipt);
        kept
    }

    pub(super) fn issuer(&self) -> u8 {
        self.marks & ISSUER
    }

    pub(super) fn used(&self) -> Use {
        match (self.marks & ONCE, self.marks & TWIN) {
            (0, 0) => Use::Never,
            (_, 0) => Use::Once,
            _ => Use::Twin,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.marks & STOPPED != 0
    }

    pub(super) fn stop(&mut self) {
        self.marks |= STOPPED;
    }

    pub(super) fn receipt(&self) -> u64 {
        u32::from_le_bytes(self.receipt).into()
    }

    pub(super) fn tell(&mut self, receipt: u64) {
        let bytes = receipt.to_le_bytes();
        self.receipt = bytes.first_chunk().copied().unwrap_or_default();
    }
}

const _: () = assert!(size_of::<Kept>() == 29 && MAX_FLOORS <= 32);
