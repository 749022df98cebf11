//! The flash chip: NOR flash in a file of the host, so that it survives the emulator being killed.
//!
//! What is read comes from a copy in RAM, as from a chip that is mapped into memory. What is written or erased goes into
//! the file before the operation ends. The rules of NOR flash with ECC are kept: whole units, of which none is written that holds
//! anything but ones. A program that breaks them ends the machine. Reads never fail here, and no bit is weak: for
//! that there is `latch-flash`.

use core::cell::RefCell;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use static_cell::ConstStaticCell;

use crate::{
    layout::{BLOCK, CHIP_BYTES, UNIT},
    power::Power,
    semihosting::{Exit, File, exit, say},
};

const FILE: &core::ffi::CStr = c"flash.bin";
const ERASED: u8 = 0xff;

static COPY: ConstStaticCell<[u8; CHIP_BYTES as usize]> =
    ConstStaticCell::new([0; CHIP_BYTES as usize]);

/// An operation beyond the end of a region, or not on whole units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Misplaced(NorFlashErrorKind);

impl NorFlashError for Misplaced {
    fn kind(&self) -> NorFlashErrorKind {
        self.0
    }
}

/// The chip.
#[derive(Debug)]
pub struct Chip {
    file: File,
    copy: &'static mut [u8],
    power: Power,
}

impl Chip {
    /// Opens the chip, once. Without its file, of exactly its size, there is none, and the machine ends.
    #[must_use]
    pub fn open() -> Self {
        let copy = COPY.take();
        let Some(mut file) = File::update(FILE) else {
            say("flash.bin cannot be opened: run the emulator in the folder where it is\n");
            exit(Exit::Broken)
        };
        if !file.read_at(0, copy) {
            say("flash.bin is too short for this chip\n");
            exit(Exit::Broken)
        }
        Self {
            file,
            copy,
            power: Power::read(),
        }
    }

    fn cells(&mut self, from: u32, len: usize) -> Option<&mut [u8]> {
        let from = usize::try_from(from).ok()?;
        self.copy.get_mut(from..from.checked_add(len)?)
    }

    /// Programs or erases cells, whole or torn, and keeps what they are then.
    fn change(&mut self, from: u32, after: impl ExactSizeIterator<Item = u8>) {
        let tear = self.power.strikes();
        let len = after.len();
        let Some(cells) = self.cells(from, len) else {
            return;
        };
        match tear {
            None => cells
                .iter_mut()
                .zip(after)
                .for_each(|(cell, after)| *cell = after),
            Some(tear) => tear.apply(cells.iter_mut().zip(after)),
        }
        let at = from as usize;
        let is_kept = self
            .copy
            .get(at..at.saturating_add(len))
            .is_some_and(|cells| self.file.write_at(from, cells));
        if !is_kept {
            say("flash.bin cannot be written\n");
            exit(Exit::Broken)
        }
        if let Some(tear) = tear {
            tear.strike()
        }
    }
}

/// A part of the chip. Several parts share the chip, and one is used at a time.
#[derive(Clone, Copy, Debug)]
pub struct Region<'a> {
    chip: &'a RefCell<Chip>,
    from: u32,
    len: u32,
}

impl<'a> Region<'a> {
    /// The part that begins at `from`.
    #[must_use]
    pub const fn new(chip: &'a RefCell<Chip>, from: u32, len: u32) -> Self {
        Self { chip, from, len }
    }

    /// The place in the chip, of an operation inside the region and on whole units.
    fn place(&self, offset: u32, len: usize, unit: u32) -> Result<u32, Misplaced> {
        let beyond = Misplaced(NorFlashErrorKind::OutOfBounds);
        let len = u32::try_from(len).map_err(|_| beyond)?;
        if offset.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(beyond);
        }
        if !offset.is_multiple_of(unit) || !len.is_multiple_of(unit) {
            return Err(Misplaced(NorFlashErrorKind::NotAligned));
        }
        Ok(self.from + offset)
    }
}

impl ErrorType for Region<'_> {
    type Error = Misplaced;
}

impl ReadNorFlash for Region<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Misplaced> {
        let at = self.place(offset, bytes.len(), 1)?;
        if let Some(cells) = self.chip.borrow_mut().cells(at, bytes.len()) {
            bytes.copy_from_slice(cells);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.len as usize
    }
}

impl NorFlash for Region<'_> {
    const WRITE_SIZE: usize = UNIT as usize;
    const ERASE_SIZE: usize = BLOCK as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Misplaced> {
        let len = to.saturating_sub(from);
        let at = self.place(from, len as usize, BLOCK)?;
        for block in (at..at + len).step_by(BLOCK as usize) {
            let erased = core::iter::repeat_n(ERASED, BLOCK as usize);
            self.chip.borrow_mut().change(block, erased);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Misplaced> {
        let at = self.place(offset, bytes.len(), UNIT)?;
        let mut chip = self.chip.borrow_mut();
        let is_erased = chip
            .cells(at, bytes.len())
            .is_some_and(|cells| cells.iter().all(|cell| *cell == ERASED));
        if !is_erased {
            say("a unit of the flash was written twice\n");
            exit(Exit::Broken)
        }
        chip.change(at, bytes.iter().copied());
        Ok(())
    }
}
