//! How the table of used codes keeps one in RAM.

use super::{Burned, Use};
use crate::{
    limits::MAX_FLOORS,
    types::{Sequence, StatementId},
};

/// A used code as the table keeps it, in 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) sequence: Sequence,
    pub(super) statement: StatementId,
    /// The low bytes of the receipt's number, the lowest first: flash is worn out long before they are used up.
    receipt: [u8; RECEIPT],
    /// Place of its issuer among the floors, each of which stays where it is until an epoch ends.
    pub(super) issuer: u8,
    pub(super) used: Use,
    pub(super) stopped: bool,
}

/// Bytes of a receipt's number: a million million.
const RECEIPT: usize = 5;

impl Kept {
    /// A code as it is kept, whose issuer has its floors at this place.
    pub(super) fn of(code: &Burned, issuer: u8) -> Self {
        let mut kept = Self {
            sequence: code.sequence,
            statement: code.statement,
            receipt: [0; RECEIPT],
            issuer,
            used: code.used,
            stopped: code.stopped,
        };
        kept.tell(code.receipt);
        kept
    }

    pub(super) fn receipt(&self) -> u64 {
        let [r0, r1, r2, r3, r4] = self.receipt;
        u64::from_le_bytes([r0, r1, r2, r3, r4, 0, 0, 0])
    }

    pub(super) fn tell(&mut self, receipt: u64) {
        let bytes = receipt.to_le_bytes();
        self.receipt = bytes.first_chunk().copied().unwrap_or_default();
    }
}

const _: () = assert!(size_of::<Kept>() == 32 && MAX_FLOORS <= 256);
