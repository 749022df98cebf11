//! An append-only journal in NOR flash that power cuts cannot break.
//!
//! The journal keeps records: a kind and some bytes, whose meaning it does not know. All live
//! in one *active* sector: first a snapshot, then what was appended. When the sector is full, a new
//! snapshot goes into the next sector, which takes over; the sectors take turns. `record.rs` and
//! `sector.rs` draw what lies in flash; JOURNAL.md, beside this crate, has the bytes, and what other releases wrote.
//!
//! What it promises, for any number of power cuts inside any operation, and for bits that a cut
//! left weak:
//!
//! - A record whose [`append`](Journal::append) returned `Ok` is in every replay until a rotation that leaves it out.
//! - A record whose append did not return is there wholly or not at all.
//! - What one mount has replayed, every later mount replays.
//! - The same holds for a rotation: all of its snapshot or none.
//! - No unit of the flash is programmed twice after an erase, but for marks on which a cut has struck (`mark.rs`).
//! - Damage that no cut explains is never taken for an empty or a shorter journal.
//!
//! Two coincidences are left, for whoever wants to go further. A rotation is cut inside the seal,
//! the next mount reads the seal as missing and begins to erase the sector, that erase is cut so
//! early that all fields read right five times in a row, the seal with them, and later they fade.
//! Or three cuts in a row strike the seal and both `accepted` marks of one sector, each mount reads them as
//! set, and later all three read as erased.
//!
//! It does not defend against one who rewrites the flash: checksums are not signatures.

mod checksum;
mod error;
mod mark;
mod medium;
mod mount;
mod record;
mod scan;
mod sector;
mod snapshot;
#[cfg(test)]
mod tests;

use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;

pub(crate) use checksum::Checksum;
pub use error::{JournalError, MountError, Rejected};
pub use sector::FORMAT;
pub use snapshot::Snapshot;

pub(crate) use medium::MAX_UNIT;
use medium::{Fault, Medium};
use record::{Failure, KINDS, Places, look_head};
use sector::Layout;

/// Longest body of a record, in bytes.
pub const MAX_BODY: usize = crate::limits::MAX_RECORD;

/// What a record takes in flash beyond its body, at most: four fields in units of 32 bytes, and padding of the body.
pub const MAX_FRAME: usize = 4 * 32 + 31;

/// Sectors that are used at most. More only spread wear.
const MAX_SECTORS: usize = 8;

/// Where a record lies. Meaningless after the next rotation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Address(u32);

impl Address {
    /// Where no record lies.
    pub(crate) const NOWHERE: Self = Self(0);

    fn of(at: usize) -> Result<Self, Fault> {
        u32::try_from(at).map(Self).map_err(|_| Fault)
    }
}

/// A committed record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'b> {
    /// Where it lies.
    pub address: Address,
    /// What it is to the caller, 1 to 0x7f.
    pub kind: u8,
    /// What it says.
    pub body: &'b [u8],
}

/// A journal over a flash, with room for at least `CAPACITY` bytes of records, their frames included, in a sector.
#[derive(Debug)]
pub struct Journal<F, const CAPACITY: usize> {
    medium: Medium<F>,
    sectors: usize,
    active: Option<Active>,
    /// Highest sequence number of any sector.
    highest: u32,
    /// Rotations that failed since the last one that did not.
    attempts: usize,
    needs_snapshot: bool,
    /// The old sector could be neither closed nor erased.
    stuck: bool,
}

/// A sector that takes records.
#[derive(Clone, Copy, Debug)]
struct Active {
    sector: usize,
    sequence: u32,
    /// Records in it.
    count: u32,
    /// Offset in the sector behind the last record. Behind a failed record once one was begun.
    tail: usize,
}

impl Active {
    /// Where the next record goes if its body has this length.
    fn place<F: NorFlash, const CAPACITY: usize>(
        &self,
        length: usize,
    ) -> Result<usize, JournalError> {
        if self.tail + Places::of::<F>(length).end > Layout::<F, CAPACITY>::LIMIT {
            return Err(JournalError::Full);
        }
        Ok(self.sector * Layout::<F, CAPACITY>::SIZE + self.tail)
    }

    fn advance<F: NorFlash>(&mut self, length: usize) {
        self.tail += Places::of::<F>(length).end;
        self.count = self.count.saturating_add(1);
    }
}

impl<F: NorFlash, const CAPACITY: usize> Journal<F, CAPACITY> {
    /// Bytes of flash in one sector: whole erase blocks.
    pub const SECTOR: usize = Layout::<F, CAPACITY>::SIZE;

    fn start(sector: usize) -> usize {
        sector * Self::SECTOR
    }

    /// Whether nothing was ever committed: the flash is erased, or the first rotation was cut.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.active.is_none()
    }

    /// Whether [`append`](Self::append) refuses until [`rotate`](Self::rotate) has run, because an operation failed since
    /// the mount. A blank journal refuses as well, but has no state to take a snapshot of.
    #[must_use]
    pub fn needs_snapshot(&self) -> bool {
        self.needs_snapshot
    }

    /// The longest body that [`append`](Self::append) takes now. Zero also if it takes none.
    #[must_use]
    pub fn room(&self) -> usize {
        let Some(active) = self.active.filter(|_| !self.needs_snapshot) else {
            return 0;
        };
        let left = Layout::<F, CAPACITY>::LIMIT.saturating_sub(active.tail);
        left.saturating_sub(Places::of::<F>(0).end).min(MAX_BODY)
    }

    /// Adds a record. Durable, and read back, when this returns `Ok`; if it fails with
    /// [`JournalError::Storage`], a later mount may find the record or not.
    ///
    /// # Errors
    /// [`JournalError::TooLong`], [`JournalError::NeedsSnapshot`], [`JournalError::Full`] and
    /// [`JournalError::Storage`].
    pub fn append(&mut self, kind: u8, body: &[u8]) -> Result<Address, JournalError> {
        if body.len() > MAX_BODY || !KINDS.contains(&kind) {
            return Err(JournalError::TooLong);
        }
        let Some(active) = self.active.as_mut().filter(|_| !self.needs_snapshot) else {
            return Err(JournalError::NeedsSnapshot);
        };
        let at = active.place::<F, CAPACITY>(body.len())?;
        match record::write(
            &mut self.medium,
            at,
            active.sequence,
            active.count,
            kind,
            body,
        ) {
            Ok(()) => {
                active.advance::<F>(body.len());
                Ok(Address::of(at)?)
            }
            Err(failure) => {
                self.needs_snapshot = true;
                if failure == Failure::Begun {
                    active.advance::<F>(body.len());
                }
                Err(JournalError::Storage)
            }
        }
    }

    /// Reads a record again, checking it again.
    ///
    /// # Errors
    /// [`JournalError::NoRecord`], [`JournalError::TooLong`] if `buffer` is too short,
    /// [`JournalError::Storage`] if the record is damaged by now.
    pub fn read<'b>(
        &mut self,
        address: Address,
        buffer: &'b mut [u8],
    ) -> Result<Entry<'b>, JournalError> {
        let (at, head) = self.find(address)?;
        if head.length > buffer.len() {
            return Err(JournalError::TooLong);
        }
        let body = record::read_body(&mut self.medium, at, &head, buffer)?;
        Ok(Entry {
            address,
            kind: head.kind,
            body,
        })
    }

    /// Reads part of a record's body. The checksum covers more than the part, so nothing is checked here: whoever reads it
    /// holds it against what it knows of it. `buffer` is longer than the part, by a [unit](MAX_UNIT).
    ///
    /// # Errors
    /// As [`pass`](Self::pass); [`JournalError::TooLong`] if `buffer` is too short.
    pub(crate) fn read_part<'b>(
        &mut self,
        address: Address,
        part: Range<usize>,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], JournalError> {
        let (at, head) = self.find(address)?;
        if part.end > head.length {
            return Err(JournalError::NoRecord);
        }
        // A read begins at the start of a unit.
        let before = part.start % MAX_UNIT;
        let whole = buffer.get_mut(..part.len() + before);
        let whole = whole.ok_or(JournalError::TooLong)?;
        let body = at + Places::of::<F>(head.length).body;
        self.medium.read(body + part.start - before, whole)?;
        whole.get(before..).ok_or(JournalError::TooLong)
    }

    /// Passes part of a record's body on, piece by piece, for who has no room for the whole. The checksum covers more than
    /// the part, so nothing is checked here: whoever takes the pieces holds them against what it knows of them.
    ///
    /// # Errors
    /// [`JournalError::NoRecord`], also where the body ends before the part; [`JournalError::Storage`].
    pub(crate) fn pass(
        &mut self,
        address: Address,
        part: Range<usize>,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), JournalError> {
        let (at, head) = self.find(address)?;
        if part.end > head.length {
            return Err(JournalError::NoRecord);
        }
        Ok(record::pass(&mut self.medium, at, &head, part, take)?)
    }

    /// The record at an address of the active sector: where, and its head.
    fn find(&mut self, address: Address) -> Result<(usize, record::Head), JournalError> {
        let active = self.active.ok_or(JournalError::NoRecord)?;
        let at = usize::try_from(address.0).map_err(|_| JournalError::NoRecord)?;
        let records = Layout::<F, CAPACITY>::RECORDS..active.tail;
        let offset = at
            .checked_sub(Self::start(active.sector))
            .ok_or(JournalError::NoRecord)?;
        if !records.contains(&offset) || !at.is_multiple_of(Medium::<F>::UNIT) {
            return Err(JournalError::NoRecord);
        }
        match look_head(&mut self.medium, at, active.sequence) {
            (_, Some(head)) if offset + Places::of::<F>(head.length).end <= active.tail => {
                Ok((at, head))
            }
            (record::Finding::Unreadable, _) => Err(JournalError::Storage),
            _ => Err(JournalError::NoRecord),
        }
    }

    /// Sectors erased since the mount, failed erases with them.
    #[must_use]
    pub fn erases(&self) -> u32 {
        self.medium.erases()
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.medium.release()
    }
}
