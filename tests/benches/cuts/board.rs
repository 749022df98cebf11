//! A device that is forked, cut and booted as fast as its flash can be copied.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError, Snapshot, Tear};
use latch_verify::{
    device::{
        Clock, Device, Entropy, JOURNAL_SECTOR, MountFault, NoCounter, NoEntropy, Parts, Platform,
    },
    journal::Journal,
    limits::MAX_RECEIPT_ENVELOPE,
    statement::{Action, Audience, Code, Context, Enrolment, KeyKept, RuleChoice},
    types::{Digest, LatchId, Sequence},
    wire::{DeviceKey, KeyFault, SeedKey},
};

use crate::world::{
    bench::{FIT, device_id},
    code::{BEGUN_MS, CODE_LIFE_MS, moment},
    hardware::START_MS,
    keys::{DEVICE, OPERATOR, ROOT, seal},
    release::FACTORY,
    root::{EPOCH, PRODUCT, RootSpec, TENANT},
};

/// Erase block in bytes.
const ERASE: usize = 4096;
/// Bytes of an image slot.
const SLOT: usize = 12 * ERASE;

type Nor = Flash<1, 4, ERASE>;

/// A flash that loses its power together with the others. A clone is another hand on the same one.
#[derive(Clone)]
pub(crate) struct Chip {
    nor: Rc<RefCell<Nor>>,
    on: Rc<Cell<bool>>,
}

impl Chip {
    fn through<T>(
        &self,
        act: impl FnOnce(&mut Nor) -> Result<T, FlashError>,
    ) -> Result<T, FlashError> {
        if !self.on.get() {
            return Err(FlashError::PowerLost);
        }
        let mut nor = self.nor.borrow_mut();
        let done = act(&mut nor);
        self.on.set(!nor.is_off());
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
        self.nor.borrow().capacity()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.through(|nor| nor.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.through(|nor| nor.write(offset, bytes))
    }
}

/// A clock that stands.
pub(crate) struct Still;

impl Clock for Still {
    fn ticks_ms(&self) -> u64 {
        0
    }

    fn trusted_ms(&self) -> Option<u64> {
        Some(START_MS)
    }
}

/// Numbers instead of randomness.
pub(crate) struct Numbers(u64);

impl Entropy for Numbers {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        self.0 += 1;
        let number = self.0.to_le_bytes();
        for (byte, from) in buffer.iter_mut().zip(number.into_iter().cycle()) {
            *byte = from;
        }
        Ok(())
    }
}

/// One key for all forks: deriving it costs as much as signing with it.
#[derive(Clone)]
pub(crate) struct Held(Rc<RefCell<SeedKey>>);

impl DeviceKey for Held {
    fn public(&self) -> [u8; 32] {
        DeviceKey::public(&*self.0.borrow())
    }

    fn sign(&mut self, message: &[u8]) -> Result<[u8; 64], KeyFault> {
        self.0.borrow_mut().sign(message)
    }
}

pub(crate) enum Kit {}

impl Platform for Kit {
    type Journal = Chip;
    type Slot = Chip;
    type Clock = Still;
    type Entropy = Numbers;
    type Key = Held;
    type Counter = NoCounter;
}

pub(crate) type Machine = Device<Kit>;

/// A chip of a board, and one of its operations.
pub(crate) type Place = (usize, u64);

/// The state of a board at some moment.
pub(crate) struct Kept([Snapshot<1, 4, ERASE>; 3]);

/// Everything of a device that outlives a cut.
pub(crate) struct Board {
    journal: Chip,
    slots: [Chip; 2],
    key: Held,
}

impl Board {
    fn blank() -> Self {
        let on = Rc::new(Cell::new(true));
        let chip = |bytes| Chip {
            nor: Rc::new(RefCell::new(Nor::new(bytes))),
            on: on.clone(),
        };
        Self {
            journal: chip(2 * Journal::<Chip, JOURNAL_SECTOR>::SECTOR),
            slots: [(); 2].map(|()| chip(SLOT)),
            key: Held(Rc::new(RefCell::new(SeedKey::new(&DEVICE.seed())))),
        }
    }

    /// A board with a provisioned journal: one operator signs for the twin and the firmware.
    pub(crate) fn provisioned() -> Self {
        let board = Self::blank();
        let mut root = RootSpec::default();
        for latch in [LatchId::TWIN, LatchId::FIRMWARE] {
            let rule = &mut root.latch_mut(latch).rule;
            (rule.operators, rule.approvers) = (1, 0);
        }
        let enrolment = Enrolment {
            tenant: TENANT,
            product: PRODUCT,
            device: device_id(),
            incarnation: 2,
            device_key: Digest(DEVICE.public()),
            key_kept: KeyKept::Software,
        };
        let enrolled = seal(&enrolment, &[DEVICE, OPERATOR[0]]);
        Machine::provision(board.parts(), &root.sealed(&ROOT), &enrolled, FACTORY)
            .expect("a provisioned device");
        board
    }

    fn chips(&self) -> [&Chip; 3] {
        let [first, second] = &self.slots;
        [&self.journal, first, second]
    }

    /// Keeps the state of all chips.
    pub(crate) fn snapshot(&self) -> Kept {
        Kept(self.chips().map(|chip| chip.nor.borrow().snapshot()))
    }

    /// Goes back to a state.
    pub(crate) fn restore(&self, kept: &Kept) {
        for (chip, kept) in self.chips().into_iter().zip(&kept.0) {
            chip.nor.borrow_mut().restore(kept);
        }
        let off = self.chips().iter().any(|chip| chip.nor.borrow().is_off());
        self.journal.on.set(!off);
    }

    /// Plans that the power goes before an operation: in which chip, the journal's or a slot's, and in which of its
    /// operations from now on.
    pub(crate) fn halt(&self, (chip, operation): Place) {
        self.chips()[chip].nor.borrow_mut().halt(operation);
    }

    /// Tears the operation before which a chip has halted.
    pub(crate) fn tear(&self, (chip, _): Place, tear: Tear) {
        self.chips()[chip].nor.borrow_mut().tear(tear);
    }

    /// Gives the power back that the cut has taken.
    pub(crate) fn power_on(&self) {
        let mut chips = self.chips().into_iter();
        assert!(chips.any(|chip| chip.nor.borrow().cut_hit()), "no cut");
        self.journal.on.set(true);
        for chip in self.chips() {
            chip.nor.borrow_mut().power_on();
        }
    }

    fn parts(&self) -> Parts<Kit> {
        Parts {
            journal: self.journal.clone(),
            slots: self.slots.clone(),
            clock: Still,
            entropy: Numbers(0),
            key: self.key.clone(),
            counter: NoCounter,
        }
    }

    /// Boots a device on the board; fails where the power goes.
    pub(crate) fn boot(&self) -> Result<Machine, MountFault> {
        let mut device = Machine::boot(self.parts())?;
        device.set_posture(FIT);
        Ok(device)
    }

    /// Operations of each chip so far.
    pub(crate) fn operations(&self) -> [u64; 3] {
        self.chips().map(|chip| chip.nor.borrow().operations())
    }
}

/// A code that is good on every fork of a board.
pub(crate) fn code(number: u16, latch: LatchId, action: Action<'_>) -> Vec<u8> {
    let begin = START_MS - BEGUN_MS;
    let code = Code {
        tenant: TENANT,
        issuer: OPERATOR[0].id(),
        epoch: EPOCH,
        incarnation: Some(2),
        audience: Audience::Device(device_id()),
        product: Some(PRODUCT),
        latch,
        rule: RuleChoice::Normal,
        sequence: Sequence::at(moment(START_MS), number),
        not_before_ms: moment(begin),
        not_after_ms: moment(begin + CODE_LIFE_MS),
        challenge: None,
        context: Context::default(),
        action,
    };
    seal(&code, &OPERATOR[..1])
}

/// Room for an answer.
pub(crate) type Out = [u8; MAX_RECEIPT_ENVELOPE];
