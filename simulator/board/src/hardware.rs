//! What the microcontroller is made of.

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError};
use latch_verify::{
    device::{Actuator, Entropy, JOURNAL_SECTOR, NoCounter, NoEntropy, Opened, Parts, Platform},
    statement::CloseCause,
    types::LatchId,
    wire::SeedKey,
};

use crate::clock::Clock;

const ERASE: usize = 4096;
/// Bytes of a slot.
pub(crate) const SLOT: usize = 64 * 1024;

/// A flash that is fast to make and easy to move.
pub struct Chip(Flash<1, 4, ERASE>);

impl Chip {
    fn new(capacity: usize) -> Self {
        Self(Flash::new(capacity))
    }
}

impl ErrorType for Chip {
    type Error = FlashError;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.0.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.0.write(offset, bytes)
    }
}

/// Never the same bytes twice.
pub struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        self.0 = self.0.wrapping_add(1);
        buffer.fill(self.0);
        Ok(())
    }
}

/// The platform of a board.
pub struct Micro;

impl Platform for Micro {
    type Journal = Chip;
    type Slot = Chip;
    type Clock = Clock;
    type Entropy = Counting;
    type Key = SeedKey;
    type Counter = NoCounter;
}

/// The parts of a board that has never run.
pub(crate) fn parts(seed: &[u8; 32], clock: Clock) -> Parts<Micro> {
    Parts {
        journal: Chip::new(2 * JOURNAL_SECTOR.next_multiple_of(ERASE)),
        slots: [Chip::new(SLOT), Chip::new(SLOT)],
        clock,
        entropy: Counting(0),
        key: SeedKey::new(seed),
        counter: NoCounter,
    }
}

/// Does everything, and counts it.
#[derive(Default)]
pub(crate) struct Hands {
    pub(crate) acts: usize,
}

impl Actuator for Hands {
    fn act(&mut self, _: Opened<'_>) -> Result<(), i32> {
        self.acts += 1;
        Ok(())
    }

    fn shut(&mut self, _: LatchId, _: CloseCause) {}
}
