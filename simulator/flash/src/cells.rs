//! The memory array: what programming, erasing and tearing do to bits, and what reading makes of them.
//!
//! Every unit is in one of these states:
//!
//! ```text
//!              write                    second write (not strict)
//!   erased ─────────────> programmed ──────────────────────────────> torn: read as an error with ECC
//!     │  ^                    │                                        ^
//!     │  └──── erase ─────────┴── cut erase ───────────────────────────┤
//!     └─────── cut write ──────────────────────────────────────────────┘
//! ```
//!
//! A cut write that happens to leave a unit as it was, or as it was meant to be, leaves it erased or programmed. A cut
//! erase that happens to leave a unit all ones makes it read as erased, but it may not be programmed before an erase
//! has ended: looking blank is no proof. With ECC the bits that check a unit are torn with it, so that one which looks
//! untouched, or whole, may not read. Beside its state a unit may have weak bits: those that a cut operation had to
//! change, in the units that it had reached and not surely finished.

use core::ops::Range;

use crate::error::FlashError;
use crate::seed::mix;
use crate::tear::Tear;
use crate::units::Units;

mod marred;
#[cfg(test)]
mod tests;

/// What an erased byte reads as.
pub(crate) const ERASED: u8 = 0xff;

/// The memory array of a flash with write units of `WRITE` bytes.
#[derive(Debug)]
pub(crate) struct Cells<const WRITE: usize> {
    pub(crate) data: Vec<u8>,
    programmed: Units,
    torn: Units,
    /// The weak bits of each byte. Empty until there are some.
    weak: Vec<u8>,
    /// Moves on with each read of a weak bit, and is stirred by each tear.
    noise: u64,
    pub(crate) keep_weak: bool,
    pub(crate) ecc: bool,
    pub(crate) strict: bool,
}

impl<const WRITE: usize> Clone for Cells<WRITE> {
    fn clone(&self) -> Self {
        Self {
            data: self.data.clone(),
            programmed: self.programmed.clone(),
            torn: self.torn.clone(),
            weak: self.weak.clone(),
            ..*self
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.data.clone_from(&source.data);
        self.clone_marks(source);
    }
}

impl<const WRITE: usize> Cells<WRITE> {
    /// Takes over all but the bytes.
    pub(crate) fn clone_marks(&mut self, source: &Self) {
        self.programmed.clone_from(&source.programmed);
        self.torn.clone_from(&source.torn);
        self.weak.clone_from(&source.weak);
        self.noise = source.noise;
        self.keep_weak = source.keep_weak;
        self.ecc = source.ecc;
        self.strict = source.strict;
    }

    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            data: vec![ERASED; capacity],
            programmed: Units::default(),
            torn: Units::default(),
            weak: Vec::new(),
            noise: 0,
            keep_weak: false,
            ecc: false,
            strict: true,
        }
    }

    fn total(&self) -> usize {
        self.data.len() / WRITE
    }

    fn is_erased(bytes: &[u8]) -> bool {
        bytes.iter().fold(ERASED, |all, byte| all & byte) == ERASED
    }

    fn has_weak(&self, range: Range<usize>) -> bool {
        !self.weak.is_empty() && self.weak[range].iter().any(|mask| *mask != 0)
    }

    /// Whether all units of a range are as the erase of their blocks has left them.
    #[inline]
    fn is_fresh(&self, range: Range<usize>) -> bool {
        let units = range.start / WRITE..range.end / WRITE;
        !self.programmed.contains_any(units)
            && Self::is_erased(&self.data[range.clone()])
            && !self.has_weak(range)
    }

    /// Programs whole units.
    #[inline]
    pub(crate) fn program(&mut self, offset: usize, bytes: &[u8]) {
        let range = offset..offset + bytes.len();
        if self.is_fresh(range.clone()) {
            let units = range.start / WRITE..range.end / WRITE;
            self.data[range].copy_from_slice(bytes);
            self.programmed.insert_all(units, self.total());
            return;
        }
        for (index, new) in bytes.chunks_exact(WRITE).enumerate() {
            self.program_unit(offset / WRITE + index, new);
        }
    }

    #[inline]
    fn program_unit(&mut self, unit: usize, new: &[u8]) {
        let range = unit * WRITE..(unit + 1) * WRITE;
        let total = self.total();
        let used = self.programmed.contains(unit) || !Self::is_erased(&self.data[range.clone()]);
        if used || self.has_weak(range.clone()) {
            // Never a clean code word: its bits are the sum of two programmings.
            self.torn.insert(unit, total);
        }
        for (cell, new) in self.data[range.clone()].iter_mut().zip(new) {
            *cell &= new;
        }
        if !self.weak.is_empty() {
            // A bit that is programmed to 0 now is firmly so.
            for (mask, new) in self.weak[range].iter_mut().zip(new) {
                *mask &= new;
            }
        }
        self.programmed.insert(unit, total);
    }

    /// Panics if programming these units breaks a rule.
    ///
    /// Units with weak bits are not looked at: no reader can know what they hold, so what comes of it is for the test
    /// to see.
    #[inline]
    pub(crate) fn check_program(&self, offset: usize, bytes: &[u8]) {
        if self.is_fresh(offset..offset + bytes.len()) {
            return;
        }
        for (index, new) in bytes.chunks_exact(WRITE).enumerate() {
            let unit = offset / WRITE + index;
            let range = unit * WRITE..(unit + 1) * WRITE;
            let old = &self.data[range.clone()];
            let used = self.programmed.contains(unit) || !Self::is_erased(old);
            if used && !self.has_weak(range.clone()) {
                let raises = old.iter().zip(new).any(|(old, new)| new & !old != 0);
                broken_rule(range.start, raises);
            }
        }
    }

    #[inline]
    pub(crate) fn erase(&mut self, range: Range<usize>) {
        let units = range.start / WRITE..range.end / WRITE;
        self.data[range.clone()].fill(ERASED);
        self.programmed.remove_all(units.clone());
        self.torn.remove_all(units);
        if !self.weak.is_empty() {
            self.weak[range].fill(0);
        }
    }

    /// Does what `tear` leaves of a write of whole units.
    pub(crate) fn tear_program(&mut self, offset: usize, bytes: &[u8], tear: Tear) {
        self.noise = mix(self.noise, tear.noise());
        for (index, new) in bytes.chunks_exact(WRITE).enumerate() {
            let unit = offset / WRITE + index;
            match Reach::of(tear, index, bytes.len()) {
                Reach::None => {}
                Reach::Whole => self.program_unit(unit, new),
                Reach::Part(landed) => {
                    self.tear_unit(unit, landed, tear.checks(index), |at, old| old & new[at]);
                }
            }
        }
    }

    /// Does what `tear` leaves of an erase of whole blocks.
    pub(crate) fn tear_erase(&mut self, range: Range<usize>, tear: Tear) {
        self.noise = mix(self.noise, tear.noise());
        for (index, unit) in (range.start / WRITE..range.end / WRITE).enumerate() {
            let cells = unit * WRITE..(unit + 1) * WRITE;
            if tear.shakes() && Self::is_erased(&self.data[cells.clone()]) {
                // No bit has to change, so that none is shaken.
                self.torn.remove(unit);
                continue;
            }
            match Reach::of(tear, index, range.len()) {
                Reach::None => {}
                Reach::Whole => self.erase(cells),
                Reach::Part(landed) => {
                    self.tear_unit(unit, landed, tear.checks(index), |_, _| ERASED);
                }
            }
        }
    }

    /// Lets the `landed` bits of a unit become what was `meant` for them. With ECC the bits by which a unit is checked are
    /// torn with it, where the tear says which of them landed; otherwise they follow the others.
    fn tear_unit(
        &mut self,
        unit: usize,
        landed: [u8; WRITE],
        checks: Option<u8>,
        meant: impl Fn(usize, u8) -> u8,
    ) {
        let start = unit * WRITE;
        let (mut as_before, mut as_meant, mut as_erased) = (true, true, true);
        let mut changes = false;
        for (at, landed) in landed.into_iter().enumerate() {
            let old = self.data[start + at];
            let change = old ^ meant(at, old);
            let new = old ^ (change & landed);
            changes |= change != 0;
            as_before &= change & landed == 0;
            as_meant &= change & !landed == 0;
            as_erased &= new == ERASED;
            self.data[start + at] = new;
            if self.keep_weak && change != 0 {
                if self.weak.is_empty() {
                    self.weak.resize(self.data.len(), 0);
                }
                self.weak[start + at] |= change;
            }
        }
        if let Some(checks) = checks.filter(|_| self.ecc && changes) {
            as_before &= checks == 0;
            as_meant &= checks == 0xff;
        }

        let total = self.total();
        let was_used = self.programmed.contains(unit);
        // Only an erase that ends makes a used unit a fresh one, whatever it reads as.
        if !as_erased || !as_before {
            self.programmed.insert(unit, total);
        }
        if as_meant && (as_erased || !was_used) {
            self.torn.remove(unit);
        } else if !as_before {
            self.torn.insert(unit, total);
        }
    }

    /// Reads whole read units, through ECC if it is on.
    #[inline]
    pub(crate) fn read(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), FlashError> {
        bytes.copy_from_slice(&self.data[offset..offset + bytes.len()]);
        if self.weak.is_empty() && (!self.ecc || self.torn.is_unused()) {
            return Ok(());
        }
        self.read_marred(offset, bytes)
    }
}

/// How far a torn operation came in one unit.
enum Reach<const WRITE: usize> {
    /// It had not begun.
    None,
    /// It was over.
    Whole,
    /// It was under way: these bits had taken their new values.
    Part([u8; WRITE]),
}

impl<const WRITE: usize> Reach<WRITE> {
    /// For the `index`-th unit of an operation on `length` bytes.
    #[inline]
    fn of(tear: Tear, index: usize, length: usize) -> Self {
        match tear {
            Tear::Before => return Self::None,
            Tear::After => return Self::Whole,
            // The same for all bytes of a unit.
            Tear::Words(_) if tear.landed(0, index, length) == 0 => return Self::None,
            Tear::Words(_) => return Self::Whole,
            Tear::Prefix(_) | Tear::Suffix(_) | Tear::Bits(_) => {}
        }
        let mut landed = [0; WRITE];
        for (at, landed) in landed.iter_mut().enumerate() {
            *landed = tear.landed(index * WRITE + at, index, length);
        }
        if tear.shakes() {
            Self::Part(landed)
        } else if landed == [0; WRITE] {
            Self::None
        } else if landed == [0xff; WRITE] {
            Self::Whole
        } else {
            Self::Part(landed)
        }
    }
}

/// Tells the author of the code under test what to look for.
#[cold]
fn broken_rule(address: usize, raises: bool) -> ! {
    if raises {
        panic!(
            "a write would raise bits of the unit at {address:#x}: only an erase of its block can"
        );
    }
    panic!("a write programs the unit at {address:#x} a second time since its block was erased");
}
