//! The hardware of a device whose flash has write units of any size: `world::hardware` has units of four bytes.

use std::{
    cell::{Cell, Ref, RefCell, RefMut},
    rc::Rc,
};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError};
use latch_verify::{
    Reason,
    boot::{BootFault, Bootloader, Choice},
    device::{JOURNAL_SECTOR, MountFault, Parts, Platform},
    journal::Journal,
    ledger::Images,
    limits::MAX_RECORD,
};

use crate::world::hardware::{Counter, Dial, ERASE, Hardware, SLOT, Seal, Tally};

pub(crate) type Nor<const UNIT: usize> = Flash<1, UNIT, ERASE>;

/// A flash chip that notes the length of each write and erase. All chips of a board lose their power together.
#[derive(Clone)]
pub(crate) struct Chip<const UNIT: usize> {
    cells: Rc<RefCell<Nor<UNIT>>>,
    powered: Rc<Cell<bool>>,
    lengths: Rc<RefCell<Vec<usize>>>,
}

impl<const UNIT: usize> Chip<UNIT> {
    fn new(nor: Nor<UNIT>, powered: &Rc<Cell<bool>>) -> Self {
        Self {
            cells: Rc::new(RefCell::new(nor)),
            powered: powered.clone(),
            lengths: Rc::default(),
        }
    }

    /// The chip as a test holds it.
    pub(crate) fn probe(&self) -> RefMut<'_, Nor<UNIT>> {
        self.cells.borrow_mut()
    }

    /// The chip, to look at.
    pub(crate) fn look(&self) -> Ref<'_, Nor<UNIT>> {
        self.cells.borrow()
    }

    /// The lengths of the operations since the last call, in bytes.
    pub(crate) fn take_lengths(&self) -> Vec<usize> {
        self.lengths.take()
    }

    fn through<T>(
        &self,
        act: impl FnOnce(&mut Nor<UNIT>) -> Result<T, FlashError>,
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

impl<const UNIT: usize> ErrorType for Chip<UNIT> {
    type Error = FlashError;
}

impl<const UNIT: usize> ReadNorFlash for Chip<UNIT> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.through(|nor| nor.read(offset, bytes))
    }

    fn capacity(&self) -> usize {
        self.look().capacity()
    }
}

impl<const UNIT: usize> NorFlash for Chip<UNIT> {
    const WRITE_SIZE: usize = UNIT;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.lengths.borrow_mut().push((to - from) as usize);
        self.through(|nor| nor.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        if !bytes.is_empty() {
            self.lengths.borrow_mut().push(bytes.len());
        }
        self.through(|nor| nor.write(offset, bytes))
    }
}

/// The kind of device that has such flash.
pub(crate) enum Kit<const UNIT: usize> {}

impl<const UNIT: usize> Platform for Kit<UNIT> {
    type Journal = Chip<UNIT>;
    type Slot = Chip<UNIT>;
    type Clock = Dial;
    type Entropy = Counter;
    type Key = Seal;
    type Counter = Tally;
}

/// Everything of a device but its program and its RAM. A clone is another hand on the same parts.
#[derive(Clone)]
pub(crate) struct Board<const UNIT: usize> {
    pub(crate) journal: Chip<UNIT>,
    pub(crate) slots: [Chip<UNIT>; 2],
    /// Clock, randomness, key and counter; its flash lies idle.
    rest: Hardware,
    powered: Rc<Cell<bool>>,
}

impl<const UNIT: usize> Board<UNIT> {
    /// Empty flash of two sectors, a trusted clock, and the key that is enrolled.
    pub(crate) fn new() -> Self {
        let powered = Rc::new(Cell::new(true));
        let journal = Nor::new(2 * Journal::<Chip<UNIT>, JOURNAL_SECTOR>::SECTOR);
        Self {
            journal: Chip::new(journal, &powered),
            slots: [(); 2].map(|()| Chip::new(Nor::new(SLOT), &powered)),
            rest: Hardware::new(),
            powered,
        }
    }

    pub(crate) fn clock(&self) -> &Dial {
        &self.rest.clock
    }

    /// The parts, for a program to start with.
    pub(crate) fn parts(&self) -> Parts<Kit<UNIT>> {
        let Parts {
            clock,
            entropy,
            key,
            counter,
            ..
        } = self.rest.parts();
        Parts {
            journal: self.journal.clone(),
            slots: self.slots.clone(),
            clock,
            entropy,
            key,
            counter,
        }
    }

    /// The same hardware in the same state, sharing nothing.
    pub(crate) fn fork(&self) -> Self {
        let powered = Rc::new(Cell::new(self.powered.get()));
        let chip = |chip: &Chip<UNIT>| Chip::new(chip.look().clone(), &powered);
        Self {
            journal: chip(&self.journal),
            slots: self.slots.each_ref().map(chip),
            rest: self.rest.fork(),
            powered,
        }
    }

    /// What the bootloader does: it repairs the journal, chooses, and notes what it is about to try.
    pub(crate) fn choose(&self) -> Result<Choice, MountFault> {
        let mut buffer = [0; MAX_RECORD];
        let read = Bootloader::read(self.journal.clone(), &mut buffer);
        let mut loader = read.map_err(|fault| match fault {
            BootFault::Journal(error) => MountFault::Journal(error),
            BootFault::Blank => Reason::Unprovisioned.into(),
            BootFault::Incomplete => panic!("a journal without its counters"),
        })?;
        Ok(loader.start(&mut self.slots.clone(), &mut buffer))
    }

    /// The images, as a bootloader would read them now.
    pub(crate) fn images(&self) -> Images {
        let journal = Chip::new(self.journal.look().clone(), &Rc::new(Cell::new(true)));
        journal.probe().clear_faults();
        let loader = Bootloader::read(journal, &mut [0; MAX_RECORD]).expect("a journal");
        *loader.images()
    }

    /// The longest record that the journal still takes in its sector.
    pub(crate) fn room(&self) -> usize {
        let journal = self.fork().journal;
        let mounted: Journal<_, JOURNAL_SECTOR> =
            Journal::mount(journal, &mut [0; MAX_RECORD], &mut |_| Ok(())).expect("a journal");
        mounted.room()
    }

    /// Whether a cut has taken the power away.
    pub(crate) fn is_off(&self) -> bool {
        !self.powered.get()
    }

    /// Gives the power back, and forgets a cut that was planned and not reached.
    pub(crate) fn give_power_back(&self) {
        self.powered.set(true);
        for chip in [&self.journal, &self.slots[0], &self.slots[1]] {
            chip.probe().power_on();
            chip.probe().clear_faults();
        }
    }
}
