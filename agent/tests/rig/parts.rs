//! What a device in memory is made of, with a second handle for the test.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError, Tear};
use latch_verify::{
    device::{Clock, Entropy, NoCounter, NoEntropy, Platform},
    wire::SeedKey,
};

use super::{BEGIN_MS, ERASE};

/// Flash that the test can reach while the device holds it.
#[derive(Clone)]
pub(crate) struct TestFlash(Rc<RefCell<Flash<1, 4, ERASE>>>);

impl TestFlash {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Rc::new(RefCell::new(Flash::new(capacity))))
    }

    /// From now on it neither writes nor erases.
    pub(crate) fn wear_out(&self) {
        self.0.borrow_mut().fail_writes_at(0..u32::MAX);
    }

    /// It works again.
    pub(crate) fn mend(&self) {
        self.0.borrow_mut().clear_faults();
        self.0.borrow_mut().power_on();
    }

    /// It fails in the middle of so many operations from now, and after that in all.
    pub(crate) fn fail_at(&self, operation: u64) {
        self.0.borrow_mut().cut(operation, Tear::Prefix(3));
    }

    /// Whether it has failed as planned.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.borrow().cut_hit()
    }
}

impl ErrorType for TestFlash {
    type Error = FlashError;
}

impl ReadNorFlash for TestFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.0.borrow_mut().read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl NorFlash for TestFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.0.borrow_mut().erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.0.borrow_mut().write(offset, bytes)
    }
}

/// A clock that the test moves, and can take the device's trust from.
#[derive(Clone, Default)]
pub(crate) struct TestClock {
    pub(super) ticks_ms: Rc<Cell<u64>>,
    pub(super) lost: Rc<Cell<bool>>,
}

impl Clock for TestClock {
    fn ticks_ms(&self) -> u64 {
        self.ticks_ms.get()
    }

    fn trusted_ms(&self) -> Option<u64> {
        (!self.lost.get()).then(|| BEGIN_MS + self.ticks_ms.get())
    }
}

pub(crate) struct Counting(pub(super) u8);

impl Entropy for Counting {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        self.0 += 1;
        buffer.fill(self.0);
        Ok(())
    }
}

pub(crate) struct InMemory;

impl Platform for InMemory {
    type Journal = TestFlash;
    type Slot = TestFlash;
    type Clock = TestClock;
    type Entropy = Counting;
    type Key = SeedKey;
    type Counter = NoCounter;
}
