//! Records that go bad while the journal is mounted.

use std::{cell::RefCell, rc::Rc};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError};

use super::model::{Pair, Step, mount};
use crate::journal::{Journal, JournalError, MAX_BODY};

type Small = Flash<1, 4, 64>;
const CAPACITY: usize = 230;

/// A flash that the test can reach under the journal.
#[derive(Clone)]
struct Shared(Rc<RefCell<Small>>);

impl ErrorType for Shared {
    type Error = FlashError;
}

impl ReadNorFlash for Shared {
    const READ_SIZE: usize = Small::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.0.borrow_mut().read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl NorFlash for Shared {
    const WRITE_SIZE: usize = Small::WRITE_SIZE;
    const ERASE_SIZE: usize = Small::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.0.borrow_mut().erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.0.borrow_mut().write(offset, bytes)
    }
}

#[test]
fn a_bad_record_is_neither_read_nor_copied() {
    let sectors = 2 * Journal::<Small, CAPACITY>::SECTOR;
    let flash = Shared(Rc::new(RefCell::new(Small::new(sectors))));
    let mut pair: Pair<_, CAPACITY> = mount(flash.clone()).unwrap();
    pair.take(Step::Rotate(0), 0).unwrap();
    pair.take(Step::Append(9), 1).unwrap();
    pair.read_all();

    let record = pair.addresses[1];
    let body = record.0 as usize + 4 + 16;
    flash.0.borrow_mut().contents_mut()[body + 3] ^= 0x10;
    assert_eq!(
        pair.journal.read(record, &mut [0; MAX_BODY]),
        Err(JournalError::Storage)
    );
    assert_eq!(pair.take(Step::Rotate(1), 2), Err(JournalError::Storage));
    // A snapshot that ignores the failure is not sealed.
    let sealed = pair.journal.rotate(|snapshot| {
        let _ = snapshot.copy(record);
        Ok(())
    });
    assert_eq!(sealed, Err(JournalError::Storage));
    // One without the record is.
    pair.take(Step::Rotate(0), 3).unwrap();
    pair.read_all();
}
