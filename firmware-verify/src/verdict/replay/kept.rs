//! How the table of used codes keeps one in RAM.

use super::{Burned, Use};
use crate::{
    limits::MAX_FLOORS,
    types::{StatementId, Unaligned},
};

/// A used code as the table keeps it, in 21 bytes.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Kept {
    pub(super) sequence: Unaligned,
    /// The first bytes of its id.
    statement: [u8; ID],
    /// The low bytes of the receipt's number, the lowest first: flash is worn out long before they are used up.
    receipt: [u8; RECEIPT],
    /// Place of its issuer among the floors, each of which stays where it is until an epoch ends; what came of it; and whether it
    /// was stopped.
    marks: u8,
}

/// Bytes of a code's id, as many as a key's id has. Two codes that share an issuer, a sequence and these are found by nobody by
/// chance, and made only by that issuer; neither is ever used after the other, whatever their ids are.
const ID: usize = 8;
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
            statement: short(code.statement),
            receipt: [0; RECEIPT],
            marks: issuer & ISSUER | used | stopped,
        };
        kept.tell(code.receipt);
        kept
    }

    /// Whether it is the code with this id, of those with its issuer and sequence.
    pub(super) fn is(&self, statement: StatementId) -> bool {
        self.statement == short(statement)
    }

    /// What is known of its id: zeros stand for the rest.
    pub(super) fn statement(&self) -> StatementId {
        let mut id = StatementId::default();
        for (byte, known) in id.0.iter_mut().zip(self.statement) {
            *byte = known;
        }
        id
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

fn short(statement: StatementId) -> [u8; ID] {
    statement.0.first_chunk().copied().unwrap_or_default()
}

const _: () = assert!(size_of::<Kept>() == 21 && MAX_FLOORS <= 32);
