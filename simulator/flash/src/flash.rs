//! The flash as a test holds it: its geometry, its power, the cuts and faults planned for it, and its counters.

use core::fmt;
use core::ops::Range;

use crate::cells::{Cells, ERASED};
use crate::fault::{Fault, Faults};
use crate::tear::Tear;
use crate::units::Units;

mod fork;
mod halt;
mod nor;
#[cfg(test)]
mod tests;

use fork::Origin;
pub use fork::Snapshot;
use halt::Halted;

/// A NOR flash that reads in units of `READ` bytes, is programmed once per unit of `WRITE` bytes, and erased in blocks
/// of `ERASE` bytes.
///
/// `ERASE` must be a multiple of the other two; anything else does not compile.
///
/// An *operation* is one call of `write` or `erase` on at least one byte that is aligned, within bounds and made while
/// the power is on. Cuts are planned by counting operations.
///
/// # Panics
///
/// While [strict](Self::set_strict), a `write` panics when it raises a bit or programs a unit twice.
pub struct Flash<const READ: usize, const WRITE: usize, const ERASE: usize> {
    cells: Cells<WRITE>,
    wear: Vec<u32>,
    faults: Faults,
    cut: Option<Cut>,
    /// The length of the operation that the last cut hit.
    cut_length: Option<usize>,
    /// The operation before which a halt has stopped.
    halted: Option<Halted>,
    off: bool,
    reads: u64,
    writes: u64,
    erases: u64,
    /// The snapshot that was restored last, and the erase blocks that may differ from it.
    origin: Option<Origin>,
    touched: Units,
}

/// A planned loss of power.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// The number of the operation, counted from the first one of this flash.
    operation: u64,
    /// `None`: it is still to be decided.
    tear: Option<Tear>,
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> Flash<READ, WRITE, ERASE> {
    const GEOMETRY: () = {
        assert!(READ > 0 && WRITE > 0 && ERASE > 0, "sizes are at least 1");
        assert!(
            ERASE.is_multiple_of(READ),
            "an erase block is whole read units"
        );
        assert!(
            ERASE.is_multiple_of(WRITE),
            "an erase block is whole write units"
        );
    };

    /// An erased flash, powered, without faults or cuts.
    ///
    /// # Panics
    ///
    /// If `capacity` is not a number of whole erase blocks, at least one, that 32-bit addresses reach.
    pub fn new(capacity: usize) -> Self {
        const { Self::GEOMETRY };
        assert!(
            capacity >= ERASE && capacity.is_multiple_of(ERASE),
            "a flash of {capacity} bytes is not whole erase blocks of {ERASE} bytes"
        );
        assert!(
            u32::try_from(capacity).is_ok(),
            "a flash of {capacity} bytes is beyond 32-bit addresses"
        );
        Self {
            cells: Cells::new(capacity),
            wear: vec![0; capacity / ERASE],
            faults: Faults::default(),
            cut: None,
            cut_length: None,
            halted: None,
            off: false,
            reads: 0,
            writes: 0,
            erases: 0,
            origin: None,
            touched: Units::default(),
        }
    }

    /// Plans a loss of power: `operation` 0 is the next write or erase. It replaces an earlier plan, and
    /// [`cut_hit`](Self::cut_hit) is false again.
    pub fn cut(&mut self, operation: u64, tear: Tear) {
        self.plan(operation, Some(tear));
    }

    fn plan(&mut self, operation: u64, tear: Option<Tear>) {
        self.cut = Some(Cut {
            operation: self.operations().saturating_add(operation),
            tear,
        });
        self.cut_length = None;
        self.halted = None;
    }

    /// Whether the last planned cut was reached. It stays so over [`power_on`](Self::power_on), until the next plan.
    pub fn cut_hit(&self) -> bool {
        self.cut_length.is_some()
    }

    /// The length in bytes of the operation that the last planned cut hit: what a sweep over its bytes needs to know.
    pub fn cut_length(&self) -> Option<usize> {
        self.cut_length
    }

    /// Takes the power away between two operations: nothing is torn.
    pub fn power_off(&mut self) {
        self.off = true;
    }

    /// Gives the power back. What was torn stays torn; a cut that was planned and not reached is still to come.
    pub fn power_on(&mut self) {
        self.off = false;
    }

    /// Whether the power is off, so that everything errs with [`PowerLost`](crate::FlashError::PowerLost).
    pub fn is_off(&self) -> bool {
        self.off
    }

    /// Operations so far: writes and erases.
    pub fn operations(&self) -> u64 {
        self.writes + self.erases
    }

    /// Reads so far, of at least one byte, that were aligned, within bounds and made while the power was on.
    pub fn reads(&self) -> u64 {
        self.reads
    }

    /// Writes so far, torn and failed ones with them.
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// Erases so far, torn and failed ones with them. One erase may be of many blocks: [`wear`](Self::wear) counts those.
    pub fn erases(&self) -> u64 {
        self.erases
    }

    /// How often each erase block was erased, if only in part.
    pub fn wear(&self) -> &[u32] {
        &self.wear
    }

    /// What is stored, as it is: without noise, ECC or faults, and also while the power is off.
    pub fn contents(&self) -> &[u8] {
        &self.cells.data
    }

    /// Lets a test corrupt what is stored. No rule is kept and nothing is counted; ECC does not notice, for which there
    /// is [`fail_reads_at`](Self::fail_reads_at).
    ///
    /// A unit that is made to look erased and was programmed may still not be programmed again before it is erased; one
    /// that is made to look programmed counts as that.
    pub fn contents_mut(&mut self) -> &mut [u8] {
        self.origin = None;
        &mut self.cells.data
    }

    /// From now on reads that touch `range` err with [`ReadError`](crate::FlashError::ReadError).
    pub fn fail_reads_at(&mut self, range: Range<u32>) {
        self.faults.add(Fault::Read, range);
    }

    /// From now on writes and erases that touch `range` err with [`WriteError`](crate::FlashError::WriteError) and change nothing.
    pub fn fail_writes_at(&mut self, range: Range<u32>) {
        self.faults.add(Fault::Write, range);
    }

    /// From now on writes and erases that touch `range` succeed and change nothing: reading back alone finds out.
    pub fn lose_writes_at(&mut self, range: Range<u32>) {
        self.faults.add(Fault::Lost, range);
    }

    /// Forgets the addresses that were told to fail, and a planned cut that was not reached. What is torn or weak in
    /// the flash stays so.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
        self.cut = None;
    }

    /// Whether the part has error correction (at first: no). With it, reading a unit that was torn half way, or
    /// programmed twice, errs with [`Ecc`](crate::FlashError::Ecc). [`Tear::Bits`] tears the bits that check a unit as well:
    /// then it may err though its bytes look as they were, or as they were meant to be.
    pub fn set_ecc(&mut self, on: bool) {
        self.cells.ecc = on;
    }

    /// Whether tears from now on leave weak bits (at first: no).
    ///
    /// A cut in the middle of a unit leaves its cells between 0 and 1. Every bit there that the operation had to change
    /// may then read differently each time, even if it seems unchanged or finished, until its block is erased; a bit
    /// that is programmed to 0 once more is firm. A read may find all weak bits as they were, all as they were
    /// meant to be, or any mixture, which with ECC is an error. Program and erase states of single cells after an
    /// interrupted operation are described in Tseng, Grupp, Swanson: "Understanding the Impact of Power Loss on Flash
    /// Memory", DAC 2011 (there of NAND).
    pub fn set_weak(&mut self, on: bool) {
        self.cells.keep_weak = on;
    }

    /// Whether a broken rule panics (at first: yes). Otherwise the flash does as parts do: bits that should rise stay 0,
    /// and with ECC a unit that was programmed twice no longer reads.
    pub fn set_strict(&mut self, on: bool) {
        self.cells.strict = on;
    }
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> Clone
    for Flash<READ, WRITE, ERASE>
{
    fn clone(&self) -> Self {
        Self {
            cells: self.cells.clone(),
            wear: self.wear.clone(),
            faults: self.faults.clone(),
            halted: self.halted.clone(),
            origin: self.origin.clone(),
            touched: self.touched.clone(),
            ..*self
        }
    }

    /// Allocates nothing when both have the same size.
    fn clone_from(&mut self, source: &Self) {
        self.cells.clone_from(&source.cells);
        self.clone_rest(source);
        self.origin.clone_from(&source.origin);
        self.touched.clone_from(&source.touched);
    }
}

/// Everything but the bytes, of which it says how many are not erased.
impl<const READ: usize, const WRITE: usize, const ERASE: usize> fmt::Debug
    for Flash<READ, WRITE, ERASE>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.contents().iter().filter(|byte| **byte != ERASED);
        f.debug_struct("Flash")
            .field("capacity", &self.contents().len())
            .field("geometry", &(READ, WRITE, ERASE))
            .field("used_bytes", &used.count())
            .field("off", &self.off)
            .field("cut", &self.cut)
            .field("cut_hit", &self.cut_hit())
            .field("reads", &self.reads)
            .field("writes", &self.writes)
            .field("erases", &self.erases)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
