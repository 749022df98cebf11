//! A flash chip that can be cut off, and that can fail by itself.

use std::{
    cell::{Cell, Ref, RefCell, RefMut},
    rc::Rc,
};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError};

/// Erase block in bytes, as common SPI NOR parts have.
pub(super) const ERASE: usize = 4096;
pub(crate) type Nor = Flash<1, 4, ERASE>;

/// What goes wrong with one operation while the power stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mishap {
    /// The flash refuses it.
    Refused,
    /// The flash says that it was done.
    Lost,
}

/// A flash chip. All chips of a device lose their power together.
#[derive(Clone)]
pub(crate) struct Chip {
    cells: Rc<RefCell<Nor>>,
    powered: Rc<Cell<bool>>,
    /// Writes and erases until one goes wrong.
    pub(super) mishap: Rc<Cell<Option<(u8, Mishap)>>>,
}

impl Chip {
    pub(super) fn new(nor: Nor, powered: &Rc<Cell<bool>>) -> Self {
        Self {
            cells: Rc::new(RefCell::new(nor)),
            powered: powered.clone(),
            mishap: Rc::default(),
        }
    }

    /// One write or erase goes wrong; `operation` 0 is the next.
    pub(crate) fn expect_mishap(&self, operation: u8, mishap: Mishap) {
        self.mishap.set(Some((operation, mishap)));
    }

    fn change(
        &self,
        act: impl FnOnce(&mut Nor) -> Result<(), FlashError>,
    ) -> Result<(), FlashError> {
        let Some((left, mishap)) = self.mishap.get() else {
            return self.through(act);
        };
        let later = left.checked_sub(1).map(|left| (left, mishap));
        self.mishap.set(later);
        match (later, mishap) {
            (Some(_), _) => self.through(act),
            (None, Mishap::Refused) => Err(FlashError::WriteError),
            (None, Mishap::Lost) => {
                // What was not erased is then programmed twice, and nobody could know.
                self.probe().set_strict(false);
                Ok(())
            }
        }
    }

    pub(crate) fn probe(&self) -> RefMut<'_, Nor> {
        self.cells.borrow_mut()
    }

    pub(crate) fn look(&self) -> Ref<'_, Nor> {
        self.cells.borrow()
    }

    fn through<T>(
        &self,
        act: impl FnOnce(&mut Nor) -> Result<T, FlashError>,
    ) -> Result<T, FlashError> {
        if !self.powered.get() {
            return Err(FlashError::PowerLost);
        }
        let mut nor = self.probe();
        let done = act(&mut nor);
        self.powered.set(!nor.is_off());
        done
    }
}

impl ErrorType for Chip {
    type Error = FlashError;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.through(|nor| nor.read(offset, bytes))
    }

    fn capacity(&self) -> usize {
        self.look().capacity()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.change(|nor| nor.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.change(|nor| nor.write(offset, bytes))
    }
}
