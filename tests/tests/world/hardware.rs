//! What a device is made of, with a second handle on each part: a test cuts the power, sets the clock and breaks
//! parts while the device holds them.

use std::{
    cell::{Cell, Ref, RefCell, RefMut},
    rc::Rc,
};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError};
use latch_verify::{
    device::{Clock, CounterFault, Entropy, JOURNAL_SECTOR, NoEntropy, Parts, Platform},
    journal::Journal,
    wire::{DeviceKey, KeyFault, SeedKey},
};

use super::keys::{DEVICE, Signer};

/// Erase block in bytes, as common SPI NOR parts have.
pub(crate) const ERASE: usize = 4096;
/// Bytes of an image slot.
pub(crate) const SLOT: usize = 4 * ERASE;
/// When the clock starts: some moment of 2026, in Unix milliseconds.
pub(crate) const START_MS: u64 = 1_790_000_000_000;

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
    mishap: Rc<Cell<Option<(u64, Mishap)>>>,
}

impl Chip {
    fn new(nor: Nor, powered: &Rc<Cell<bool>>) -> Self {
        Self {
            cells: Rc::new(RefCell::new(nor)),
            powered: powered.clone(),
            mishap: Rc::default(),
        }
    }

    /// One write or erase goes wrong; `operation` 0 is the next.
    pub(crate) fn expect_mishap(&self, operation: u64, mishap: Mishap) {
        self.mishap.set(Some((operation, mishap)));
    }

    /// Whether the mishap has come.
    pub(crate) fn mishap_hit(&self) -> bool {
        self.mishap.get().is_none()
    }

    /// What becomes of the next write or erase.
    fn next_mishap(&self) -> Option<Mishap> {
        let (left, mishap) = self.mishap.get()?;
        self.mishap
            .set(left.checked_sub(1).map(|left| (left, mishap)));
        (left == 0).then_some(mishap)
    }

    fn change(
        &self,
        act: impl FnOnce(&mut Nor) -> Result<(), FlashError>,
    ) -> Result<(), FlashError> {
        match self.next_mishap() {
            None => self.through(act),
            Some(Mishap::Refused) => Err(FlashError::WriteError),
            Some(Mishap::Lost) => Ok(()),
        }
    }

    /// The chip as a test holds it.
    pub(crate) fn probe(&self) -> RefMut<'_, Nor> {
        self.cells.borrow_mut()
    }

    /// The chip, to look at.
    pub(crate) fn look(&self) -> Ref<'_, Nor> {
        self.cells.borrow()
    }

    /// Makes every write and erase fail, until [`Nor::clear_faults`].
    pub(crate) fn fail_writes(&self) {
        let end = u32::try_from(self.look().capacity()).expect("a small flash");
        self.probe().fail_writes_at(0..end);
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

/// A clock that a test sets.
#[derive(Clone, Default)]
pub(crate) struct Dial {
    ticks_ms: Rc<Cell<u64>>,
    trusted_ms: Rc<Cell<Option<u64>>>,
}

impl Dial {
    /// Lets time pass.
    pub(crate) fn advance(&self, ms: u64) {
        self.ticks_ms.set(self.ticks_ms.get() + ms);
        self.trusted_ms
            .set(self.trusted_ms.get().map(|now| now + ms));
    }

    /// What the product vouches for from now on.
    pub(crate) fn trust(&self, unix_ms: Option<u64>) {
        self.trusted_ms.set(unix_ms);
    }
}

impl Clock for Dial {
    fn ticks_ms(&self) -> u64 {
        self.ticks_ms.get()
    }

    fn trusted_ms(&self) -> Option<u64> {
        self.trusted_ms.get()
    }
}

/// Numbers that were never given out before, until it is broken.
#[derive(Clone, Default)]
pub(crate) struct Counter {
    next: Rc<Cell<u64>>,
    pub(crate) broken: Rc<Cell<bool>>,
}

impl Entropy for Counter {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        if self.broken.get() {
            return Err(NoEntropy);
        }
        self.next.set(self.next.get() + 1);
        let number = self.next.get().to_le_bytes();
        for (byte, from) in buffer.iter_mut().zip(number.into_iter().cycle()) {
            *byte = from;
        }
        Ok(())
    }
}

/// A number in hardware that never goes down, until it is broken. `None`: there is none.
#[derive(Clone)]
pub(crate) struct Tally {
    pub(crate) count: Rc<Cell<Option<u64>>>,
    pub(crate) broken: Rc<Cell<bool>>,
}

impl latch_verify::device::Counter for Tally {
    fn read(&mut self) -> Result<Option<u64>, CounterFault> {
        if self.broken.get() {
            return Err(CounterFault);
        }
        Ok(self.count.get())
    }

    fn raise(&mut self, to: u64) -> Result<(), CounterFault> {
        let count = self.read()?.expect("a counter to raise");
        assert!(to > count, "a counter never goes down");
        self.count.set(Some(to));
        Ok(())
    }
}

/// A device's key that counts what it signs, until it is broken.
pub(crate) struct Seal {
    key: SeedKey,
    pub(crate) signed: Rc<Cell<u64>>,
    pub(crate) broken: Rc<Cell<bool>>,
}

impl DeviceKey for Seal {
    fn public(&self) -> [u8; 32] {
        self.key.public()
    }

    fn sign(&mut self, message: &[u8]) -> Result<[u8; 64], KeyFault> {
        if self.broken.get() {
            return Err(KeyFault);
        }
        self.signed.set(self.signed.get() + 1);
        self.key.sign(message)
    }
}

/// The kind of device that stands on the bench.
pub(crate) enum Kit {}

impl Platform for Kit {
    type Journal = Chip;
    type Slot = Chip;
    type Clock = Dial;
    type Entropy = Counter;
    type Key = Seal;
    type Counter = Tally;
}

/// Everything of a device but its program and its RAM. A clone is another hand on the same parts.
#[derive(Clone)]
pub(crate) struct Hardware {
    pub(crate) journal: Chip,
    pub(crate) slots: [Chip; 2],
    pub(crate) clock: Dial,
    pub(crate) entropy: Counter,
    pub(crate) tally: Tally,
    pub(crate) signed: Rc<Cell<u64>>,
    pub(crate) key_broken: Rc<Cell<bool>>,
    pub(crate) signer: Signer,
    powered: Rc<Cell<bool>>,
}

impl Hardware {
    /// Empty flash, a trusted clock, and the key that is enrolled.
    pub(crate) fn new() -> Self {
        Self::with_slots(SLOT)
    }

    /// As [`new`](Self::new), with slots of so many bytes.
    pub(crate) fn with_slots(bytes: usize) -> Self {
        let powered = Rc::new(Cell::new(true));
        let clock = Dial::default();
        clock.trust(Some(START_MS));
        Self {
            journal: Chip::new(
                Nor::new(2 * Journal::<Chip, JOURNAL_SECTOR>::SECTOR),
                &powered,
            ),
            slots: [(); 2].map(|()| Chip::new(Nor::new(bytes), &powered)),
            clock,
            entropy: Counter::default(),
            tally: Tally {
                count: Rc::new(Cell::new(Some(0))),
                broken: Rc::default(),
            },
            signed: Rc::default(),
            key_broken: Rc::default(),
            signer: DEVICE,
            powered,
        }
    }

    /// The parts, for a program to start with.
    pub(crate) fn parts(&self) -> Parts<Kit> {
        Parts {
            journal: self.journal.clone(),
            slots: self.slots.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            key: Seal {
                key: SeedKey::new(&self.signer.seed()),
                signed: self.signed.clone(),
                broken: self.key_broken.clone(),
            },
            counter: self.tally.clone(),
        }
    }

    /// The same hardware in the same state, sharing nothing.
    pub(crate) fn fork(&self) -> Self {
        let powered = Rc::new(Cell::new(self.powered.get()));
        let chip = |chip: &Chip| Chip::new(chip.look().clone(), &powered);
        Self {
            journal: chip(&self.journal),
            slots: self.slots.each_ref().map(chip),
            clock: Dial {
                ticks_ms: Rc::new(Cell::new(self.clock.ticks_ms())),
                trusted_ms: Rc::new(Cell::new(self.clock.trusted_ms())),
            },
            entropy: Counter {
                next: Rc::new(Cell::new(self.entropy.next.get())),
                broken: Rc::default(),
            },
            tally: Tally {
                count: Rc::new(Cell::new(self.tally.count.get())),
                broken: Rc::default(),
            },
            signed: Rc::default(),
            key_broken: Rc::default(),
            signer: self.signer,
            powered,
        }
    }

    /// Whether a cut has taken the power away.
    pub(crate) fn is_off(&self) -> bool {
        !self.powered.get()
    }

    /// Gives the power back.
    pub(crate) fn power_on(&self) {
        self.powered.set(true);
        for chip in [&self.journal, &self.slots[0], &self.slots[1]] {
            chip.probe().power_on();
        }
    }
}
