//! What the device is made of, with a second hand on each part: the script cuts the power, sets
//! the clock and breaks parts while the device holds them.

use std::{cell::Cell, rc::Rc};

use latch_verify::{
    device::{
        Clock, Counter, CounterFault, Device, Entropy, JOURNAL_SECTOR, NoEntropy, Parts, Platform,
    },
    journal::Journal,
    wire::{DeviceKey, KeyFault},
};

use super::chip::{Chip, ERASE, Nor};
use crate::{
    keys::DEVICE,
    tenant::{FACTORY, START_MS, sealed_enrolment, sealed_root},
};

/// Bytes of an image slot.
pub(crate) const SLOT: usize = 2 * ERASE;

/// A clock that the script sets.
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

    /// The time, whether the device knows it or not.
    pub(crate) fn now_ms(&self) -> u64 {
        let ticking = START_MS + self.ticks_ms.get();
        self.trusted_ms.get().unwrap_or(ticking)
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
pub(crate) struct Tally {
    next: Rc<Cell<u64>>,
    pub(crate) broken: Rc<Cell<bool>>,
}

impl Entropy for Tally {
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

/// The device's key, until it is broken.
pub(crate) struct Seal {
    broken: Rc<Cell<bool>>,
}

impl DeviceKey for Seal {
    fn public(&self) -> [u8; 32] {
        DEVICE.public()
    }

    fn sign(&mut self, message: &[u8]) -> Result<[u8; 64], KeyFault> {
        if self.broken.get() {
            return Err(KeyFault);
        }
        Ok(DEVICE.sign(message))
    }
}

/// A number that never goes down, where the hardware has one.
#[derive(Clone, Default)]
pub(crate) struct Ratchet(Rc<Cell<Option<u64>>>);

impl Counter for Ratchet {
    fn read(&mut self) -> Result<Option<u64>, CounterFault> {
        Ok(self.0.get())
    }

    fn raise(&mut self, to: u64) -> Result<(), CounterFault> {
        let before = self.0.replace(Some(to));
        assert!(before < Some(to), "a counter that is not raised");
        Ok(())
    }
}

/// The kind of device that is attacked: with a table of used codes that a script can fill, and
/// that remembers some whose receipts are gone.
pub(crate) type Machine = Device<Kit, 1200, 12>;

/// The platform of the [`Machine`].
pub(crate) enum Kit {}

impl Platform for Kit {
    type Journal = Chip;
    type Slot = Chip;
    type Clock = Dial;
    type Entropy = Tally;
    type Key = Seal;
    type Counter = Ratchet;
}

/// Everything of a device but its program and its RAM.
pub(crate) struct Hardware {
    pub(crate) journal: Chip,
    pub(crate) slots: [Chip; 2],
    pub(crate) clock: Dial,
    pub(crate) entropy: Tally,
    pub(crate) key_broken: Rc<Cell<bool>>,
    counter: Ratchet,
    powered: Rc<Cell<bool>>,
}

thread_local! {
    static PROVISIONED: Hardware = {
        let hardware = Hardware::blank();
        let (root, enrolment) = (sealed_root(), sealed_enrolment());
        Machine::provision(hardware.parts(), &root, &enrolment, FACTORY)
            .expect("a provisioned device");
        hardware
    };
}

impl Hardware {
    /// Empty flash and a clock that is trusted.
    pub(crate) fn blank() -> Self {
        let powered = Rc::new(Cell::new(true));
        let clock = Dial::default();
        clock.trust(Some(START_MS));
        let journal = Nor::new(2 * Journal::<Chip, JOURNAL_SECTOR>::SECTOR);
        Self {
            journal: Chip::new(journal, &powered),
            slots: [(); 2].map(|()| Chip::new(Nor::new(SLOT), &powered)),
            clock,
            entropy: Tally::default(),
            key_broken: Rc::default(),
            counter: Ratchet::default(),
            powered,
        }
    }

    /// A device that was provisioned and has booted once.
    pub(crate) fn provisioned() -> Self {
        PROVISIONED.with(Self::fork)
    }

    /// The same hardware in the same state, sharing nothing, with its parts in order.
    pub(crate) fn fork(&self) -> Self {
        let powered = Rc::new(Cell::new(true));
        let chip = |chip: &Chip| Chip::new(chip.look().clone(), &powered);
        let clock = Dial::default();
        clock.advance(self.clock.ticks_ms());
        clock.trust(self.clock.trusted_ms());
        let entropy = Tally::default();
        entropy.next.set(self.entropy.next.get());
        Self {
            journal: chip(&self.journal),
            slots: self.slots.each_ref().map(chip),
            clock,
            entropy,
            key_broken: Rc::default(),
            counter: Ratchet(Rc::new(Cell::new(self.counter.0.get()))),
            powered,
        }
    }

    /// Gives the hardware a counter, which has counted nothing yet.
    pub(crate) fn add_counter(&self) {
        self.counter.0.set(Some(0));
    }

    /// The parts, for a program to start with.
    pub(crate) fn parts(&self) -> Parts<Kit> {
        Parts {
            journal: self.journal.clone(),
            slots: self.slots.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            key: Seal {
                broken: self.key_broken.clone(),
            },
            counter: self.counter.clone(),
        }
    }

    /// Whether something is still to go wrong.
    pub(crate) fn expects_mishap(&self) -> bool {
        let chips = [&self.journal, &self.slots[0], &self.slots[1]];
        chips.into_iter().any(|chip| chip.mishap.get().is_some())
    }

    /// Whether a cut has taken the power away.
    pub(crate) fn is_off(&self) -> bool {
        !self.powered.get()
    }

    /// Gives the power back, and puts broken parts in order.
    pub(crate) fn power_on(&self) {
        self.powered.set(true);
        self.key_broken.set(false);
        self.entropy.broken.set(false);
        for chip in [&self.journal, &self.slots[0], &self.slots[1]] {
            chip.probe().power_on();
        }
    }
}
