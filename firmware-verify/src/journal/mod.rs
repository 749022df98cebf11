//! An append-only journal in NOR flash that power cuts cannot break (stub bodies).

mod error;

pub use error::{JournalError, MountError, Rejected};

use embedded_storage::nor_flash::NorFlash;

/// Longest body of a record, in bytes.
pub const MAX_BODY: usize = crate::limits::MAX_RECORD;

/// Where a record lies, until the next rotation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Address(u32);

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

/// The journal.
#[derive(Debug)]
pub struct Journal<F, const CAPACITY: usize> {
    flash: F,
}

/// The next sector while its snapshot is written.
pub struct Snapshot<'a, F, const CAPACITY: usize> {
    journal: &'a mut Journal<F, CAPACITY>,
}

impl<F: NorFlash, const CAPACITY: usize> Journal<F, CAPACITY> {
    /// Mounts.
    /// # Errors
    /// [`MountError`].
    pub fn mount(
        flash: F,
        _buffer: &mut [u8],
        _replay: &mut dyn FnMut(Entry<'_>) -> Result<(), Rejected>,
    ) -> Result<Self, MountError> {
        Ok(Self { flash })
    }
    /// Unprovisioned.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        true
    }
    /// Append is refused until rotate has run.
    #[must_use]
    pub fn needs_snapshot(&self) -> bool {
        false
    }
    /// Appends.
    /// # Errors
    /// [`JournalError`].
    pub fn append(&mut self, _kind: u8, _body: &[u8]) -> Result<Address, JournalError> {
        Err(JournalError::Storage)
    }
    /// The longest body that append takes now.
    #[must_use]
    pub fn room(&self) -> usize {
        0
    }
    /// Rotates.
    /// # Errors
    /// [`JournalError`].
    pub fn rotate(
        &mut self,
        write: impl FnOnce(&mut Snapshot<'_, F, CAPACITY>) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        write(&mut Snapshot { journal: self })
    }
    /// Reads a record again.
    /// # Errors
    /// [`JournalError`].
    pub fn read<'b>(
        &mut self,
        _address: Address,
        _buffer: &'b mut [u8],
    ) -> Result<Entry<'b>, JournalError> {
        Err(JournalError::NoRecord)
    }
    /// Sectors erased since mount.
    #[must_use]
    pub fn erases(&self) -> u32 {
        0
    }
    /// Gives the flash back.
    pub fn release(self) -> F {
        self.flash
    }
}

impl<F: NorFlash, const CAPACITY: usize> Snapshot<'_, F, CAPACITY> {
    /// Writes a record.
    /// # Errors
    /// [`JournalError`].
    pub fn put(&mut self, _kind: u8, _body: &[u8]) -> Result<Address, JournalError> {
        let _ = &self.journal;
        Err(JournalError::Storage)
    }
    /// Copies a record.
    /// # Errors
    /// [`JournalError`].
    pub fn copy(&mut self, _from: Address) -> Result<Address, JournalError> {
        Err(JournalError::Storage)
    }
}
