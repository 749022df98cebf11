//! Records that go bad while the journal is mounted.

use std::{cell::RefCell, rc::Rc, vec, vec::Vec};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError};

use super::model::{Pair, Step, mount};
use crate::journal::{Entry, Journal, JournalError, MAX_BODY, MountError};

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

fn blank() -> Shared {
    let sectors = 2 * Journal::<Small, CAPACITY>::SECTOR;
    Shared(Rc::new(RefCell::new(Small::new(sectors))))
}

/// What lies in the flash of a new journal with a snapshot, and behind it records with bodies of these lengths; and where the
/// records are.
fn appended(lengths: &[usize]) -> (Vec<u8>, Vec<u32>) {
    let flash = blank();
    let mut pair: Pair<_, CAPACITY> = mount(flash.clone()).unwrap();
    pair.take(Step::Rotate(0), 0).unwrap();
    for (length, seed) in lengths.iter().zip(1..) {
        pair.take(Step::Append(*length), seed).unwrap();
    }
    let contents = flash.0.borrow_mut().contents_mut().to_vec();
    (contents, pair.addresses.iter().map(|at| at.0).collect())
}

/// Mounts a flash that shows one thing until the first record is replayed, and another from then on.
fn mounted(scanned: &[usize], replayed: &[usize]) -> Result<(), MountError> {
    let flash = blank();
    let show = |lengths: &[usize]| {
        let mut chip = flash.0.borrow_mut();
        chip.contents_mut().copy_from_slice(&appended(lengths).0);
    };
    show(scanned);
    let mut first = true;
    let mut replay = |_: Entry<'_>| {
        if first {
            show(replayed);
        }
        first = false;
        Ok(())
    };
    Journal::<_, CAPACITY>::mount(flash.clone(), &mut [0; MAX_BODY], &mut replay).map(drop)
}

/// What is forgotten could be used again.
#[test]
fn what_is_replayed_is_all_that_lies_there_and_what_was_scanned() {
    let (_, at) = appended(&[4, 4, 4]);
    let around = (at[2] - at[1]) as usize - 4;
    assert_eq!(mounted(&[4, 4], &[4, 4]), Ok(()));
    // One more behind them; one in the room of two; one that goes on beyond the end.
    for (scanned, replayed) in [
        (vec![4, 4], vec![4, 4, 4]),
        (vec![4, 4], vec![around + 8]),
        (vec![4, 4], vec![4, 8]),
    ] {
        let refused = mounted(&scanned, &replayed);
        assert_eq!(refused, Err(MountError::Unreadable), "{replayed:?}");
    }
}

#[test]
fn a_bad_record_is_neither_read_nor_copied() {
    let flash = blank();
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
