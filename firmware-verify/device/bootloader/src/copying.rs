//! Slots whose images are put where they run as they are read.

use core::cell::RefCell;

use embedded_storage::nor_flash::{ErrorType, ReadNorFlash};
use latch_device_board::{Region, flash::Misplaced, layout::SLOT_BYTES};

use crate::image_ram::ImageRam;

/// The memory that an image runs from, and what of it was filled.
pub(crate) struct Copier {
    image: ImageRam,
    /// The slot that was read last from its beginning, and how many of its bytes.
    held: Option<(u8, u32)>,
}

impl Copier {
    pub(crate) fn new(image: ImageRam) -> Self {
        Self { image, held: None }
    }

    /// Whether the first bytes of a slot lie in memory, each as it was read last.
    pub(crate) fn holds(&self, slot: u8, size: u32) -> bool {
        self.held == Some((slot, size))
    }

    /// The memory, and how much of it holds the image; what another image has left behind it is cleared.
    pub(crate) fn into_image(mut self) -> (ImageRam, u32) {
        let size = self.held.map_or(0, |(_, size)| size);
        if let Some(behind) = self.image.bytes().get_mut(size as usize..) {
            behind.fill(0);
        }
        (self.image, size)
    }

    /// Takes bytes that were read. Whoever reads out of order holds nothing.
    fn put(&mut self, slot: u8, offset: u32, bytes: &[u8]) {
        let before = match self.held {
            _ if offset == 0 => Some(0),
            Some((of, before)) if of == slot && before == offset => Some(before),
            _ => None,
        };
        let at = offset as usize;
        let room = self
            .image
            .bytes()
            .get_mut(at..at.saturating_add(bytes.len()));
        self.held = match (before, room) {
            (Some(before), Some(room)) => {
                room.copy_from_slice(bytes);
                Some((slot, before + bytes.len() as u32))
            }
            _ => None,
        };
    }
}

/// A slot that is copied as it is read.
pub(crate) struct Copying<'a> {
    slot: Region<'a>,
    number: u8,
    copier: &'a RefCell<Copier>,
}

impl<'a> Copying<'a> {
    pub(crate) fn both([first, second]: [Region<'a>; 2], copier: &'a RefCell<Copier>) -> [Self; 2] {
        let of = |slot, number| Self {
            slot,
            number,
            copier,
        };
        [of(first, 0), of(second, 1)]
    }

    /// Copies the whole slot: an image of which the journal knows nothing.
    pub(crate) fn copy_whole(&mut self) -> bool {
        let mut copier = self.copier.borrow_mut();
        let is_read = self.slot.read(0, copier.image.bytes()).is_ok();
        copier.held = is_read.then_some((self.number, SLOT_BYTES));
        is_read
    }
}

impl ErrorType for Copying<'_> {
    type Error = Misplaced;
}

impl ReadNorFlash for Copying<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Misplaced> {
        self.slot.read(offset, bytes)?;
        self.copier.borrow_mut().put(self.number, offset, bytes);
        Ok(())
    }

    fn capacity(&self) -> usize {
        SLOT_BYTES as usize
    }
}
