//! Which latches codes have opened, in bytes, so that nothing lies between them.

use heapless::Vec;

use super::{name::CodeName, record::OpenLatch};
use crate::{
    limits::MAX_LATCHES,
    reject::Reason,
    types::{KeyId, LatchId, Sequence, StatementId, Unaligned},
};

/// The name of a code, in 32 bytes that may lie anywhere.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct KeptName {
    issuer: KeyId,
    sequence: Unaligned,
    statement: StatementId,
}

impl KeptName {
    pub(crate) fn of(name: &CodeName) -> Self {
        Self {
            issuer: name.issuer,
            sequence: Unaligned::of(name.sequence.0),
            statement: name.statement,
        }
    }

    pub(crate) fn get(self) -> CodeName {
        CodeName {
            issuer: self.issuer,
            sequence: Sequence(self.sequence.get()),
            statement: self.statement,
        }
    }
}

#[derive(Clone, Copy, Debug, Hash)]
struct Kept {
    latch: LatchId,
    break_glass: bool,
    code: KeptName,
}

impl Kept {
    fn get(&self) -> OpenLatch {
        OpenLatch {
            latch: self.latch,
            code: self.code.get(),
            break_glass: self.break_glass,
        }
    }
}

const _: () = assert!(size_of::<Kept>() == 34);

/// The latches that codes have opened, until their closing was told.
#[derive(Clone, Debug, Default, Hash)]
pub struct OpenLatches<const LATCHES: usize = MAX_LATCHES>(Vec<Kept, LATCHES>);

impl<const LATCHES: usize> OpenLatches<LATCHES> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// All of them, the first opened first.
    pub fn iter(&self) -> impl Iterator<Item = OpenLatch> {
        self.0.iter().map(Kept::get)
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.is_full()
    }

    /// The entry of a latch.
    #[inline(never)]
    pub(super) fn of(&self, latch: LatchId) -> Option<OpenLatch> {
        let found = self.0.iter().find(|open| open.latch == latch);
        found.map(Kept::get)
    }

    pub(super) fn push(&mut self, open: &OpenLatch) -> Result<(), Reason> {
        let kept = self.0.push(Kept {
            latch: open.latch,
            break_glass: open.break_glass,
            code: KeptName::of(&open.code),
        });
        kept.map_err(|_| Reason::LogicFault)
    }

    /// Forgets a latch.
    pub(super) fn shut(&mut self, latch: LatchId) {
        self.0.retain(|open| open.latch != latch);
    }

    /// Forgets the latch that this code has opened.
    pub(super) fn shut_by(&mut self, code: StatementId) {
        self.0.retain(|open| open.code.statement != code);
    }
}
