//! One operation with the power gone in it: where, how, and what must hold afterwards.

use std::thread;

use latch_flash::Tear;
use latch_verify::Reason;

use super::{
    board::{Board, Chip},
    operation::{Act, Case, Operation},
    rig::{Rig, enrol},
    standing::Standing,
    sweep::{Past, noise},
};

/// How an operation of the flash tears: each class of [`Tear`], and bits that stay weak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    Before,
    After,
    Prefix,
    Suffix,
    Words,
    Bits,
    Weak,
}

impl Class {
    pub(crate) const ALL: [Self; 7] = [
        Self::Before,
        Self::After,
        Self::Prefix,
        Self::Suffix,
        Self::Words,
        Self::Bits,
        Self::Weak,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Words => "words",
            Self::Bits => "bits",
            Self::Weak => "weak",
        }
    }

    /// A tear of this class of an operation on this many bytes.
    fn tear(self, length: usize, seed: u64) -> Tear {
        // A single byte has no inside: then none of it, or all.
        let inside = usize::try_from(seed % (length.max(2) as u64 - 1)).unwrap_or(0) + 1;
        match self {
            Self::Before => Tear::Before,
            Self::After => Tear::After,
            Self::Prefix => Tear::Prefix(inside),
            Self::Suffix => Tear::Suffix(inside),
            Self::Words => Tear::Words(seed),
            Self::Bits | Self::Weak => Tear::Bits(seed),
        }
    }
}

/// A loss of power.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// The operation of the flash, counted from where the device's operation begins.
    pub(crate) at: usize,
    pub(crate) class: Class,
    pub(crate) tear: Tear,
    /// Whether the part has error correction: what was torn, or programmed twice, reads as an error.
    pub(crate) ecc: bool,
}

impl Cut {
    pub(crate) fn new(at: usize, class: Class, length: usize, seed: u64, ecc: bool) -> Self {
        let tear = class.tear(length, noise(at as u64, seed));
        Self {
            at,
            class,
            tear,
            ecc,
        }
    }

    fn plan<const UNIT: usize>(&self, chip: &Chip<UNIT>) {
        let mut chip = chip.probe();
        chip.set_ecc(self.ecc);
        chip.set_weak(self.class == Class::Weak);
        chip.cut(self.at as u64, self.tear);
    }
}

/// Names the cuts when a check fails.
struct Place {
    name: &'static str,
    unit: usize,
    cuts: Vec<Cut>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if thread::panicking() {
            let Self { name, unit, cuts } = self;
            eprintln!("in `{name}`, units of {unit}: {cuts:?}");
        }
    }
}

/// An operation of a device, ready to be cut.
pub(crate) struct Stage<const UNIT: usize> {
    operation: Operation<UNIT>,
    case: Case<UNIT>,
    /// The lengths of the flash's operations in it, in bytes, in order.
    pub(crate) lengths: Vec<usize>,
}

impl<const UNIT: usize> Stage<UNIT> {
    /// Also checks the operation without a cut.
    pub(crate) fn new(operation: Operation<UNIT>) -> Self {
        let _place = Place {
            name: operation.name,
            unit: UNIT,
            cuts: Vec::new(),
        };
        let mut stage = Self {
            operation,
            case: (operation.make)(),
            lengths: Vec::new(),
        };
        let mut past = Past::default();
        let (board, _) = stage.perform(&mut past, |chip| drop(chip.take_lengths()));
        stage.lengths = (operation.chip)(&board).take_lengths();
        // A record alone takes five.
        assert!(stage.lengths.len() >= 5, "{:?}", stage.lengths);
        let rig = stage.boot(&board).expect("power");
        stage.ends(rig, past);
        stage
    }

    pub(crate) fn name(&self) -> &'static str {
        self.operation.name
    }

    /// The cut of this class at an operation of the flash.
    pub(crate) fn cut_at(&self, at: usize, class: Class, seed: u64, ecc: bool) -> Cut {
        Cut::new(at, class, self.lengths[at], seed, ecc)
    }

    /// Cuts the operation, then the recoveries from it, one after the other. Whether each of the cuts was reached.
    pub(crate) fn cut(&self, first: Cut, others: &[Cut]) -> Vec<bool> {
        let _place = Place {
            name: self.name(),
            unit: UNIT,
            cuts: [&[first], others].concat(),
        };
        let mut past = Past::default();
        let (board, mut known) = self.perform(&mut past, |chip| first.plan(chip));
        let mut hits = vec![(self.operation.chip)(&board).look().cut_hit()];
        assert_eq!(board.is_off(), hits[0]);
        past.cuts = u32::from(hits[0]);
        for other in others {
            board.give_power_back();
            other.plan(&board.journal);
            let booted = self.boot(&board);
            let hit = board.journal.look().cut_hit();
            assert_eq!(board.is_off(), hit);
            // Whether it was reached or not: the power goes before the next boot.
            past.cuts += 1;
            hits.push(hit);
            if let Some(rig) = booted {
                known = Some(grown(known, &rig, &past));
            }
        }
        board.give_power_back();
        let rig = self.boot(&board).expect("power");
        grown(known, &rig, &past);
        self.ends(rig, past);
        hits
    }

    /// The lengths of the journal's flash operations in the boot after this cut.
    pub(crate) fn recovery(&self, first: Cut) -> Vec<usize> {
        let (board, _) = self.perform(&mut Past::default(), |chip| first.plan(chip));
        board.give_power_back();
        board.journal.take_lengths();
        self.boot(&board);
        board.journal.take_lengths()
    }

    /// Does the operation on a fork of the board; `plan` comes right before it. Also returns what the device knew then.
    fn perform(
        &self,
        past: &mut Past,
        plan: impl FnOnce(&Chip<UNIT>),
    ) -> (Board<UNIT>, Option<Standing>) {
        let Self {
            operation, case, ..
        } = self;
        let board = case.board.fork();
        let chip = (operation.chip)(&board);
        let mut known = None;
        match operation.act {
            Act::Enrol => {
                plan(chip);
                let enrolled = enrol(&board);
                assert!(enrolled.is_ok() || board.is_off());
            }
            Act::Boot => {
                plan(chip);
                self.boot(&board);
            }
            Act::Running { ready, act } => {
                let mut rig = Rig::start(board.clone()).expect("a boot");
                ready(case, &mut rig, past);
                known = Some(Standing::of(&rig));
                plan(chip);
                act(case, &mut rig, past);
            }
        }
        (board, known)
    }

    /// Boots, or provisions a board on which nothing was committed. None when the power goes.
    #[track_caller]
    fn boot(&self, board: &Board<UNIT>) -> Option<Rig<UNIT>> {
        match Rig::start(board.clone()) {
            Ok(rig) => Some(rig),
            Err(_) if board.is_off() => None,
            Err(fault) if matches!(self.operation.act, Act::Enrol) => {
                let blank = Reason::Unprovisioned.into();
                assert_eq!(fault, blank, "neither blank nor provisioned");
                match enrol(board) {
                    Ok(_) => self.boot(board),
                    Err(_) if board.is_off() => None,
                    Err(fault) => panic!("a blank device was not provisioned: {fault}"),
                }
            }
            Err(fault) => panic!("no boot, though the power is on: {fault}"),
        }
    }

    /// The device carries on to the end of what was begun, takes new codes, and still knows all of it after a boot.
    fn ends(&self, mut rig: Rig<UNIT>, mut past: Past) {
        rig.skip_sequences(1000);
        let mut rig = (self.operation.check)(&self.case, rig, &mut past);
        rig.goes_on(&mut past);
        let known = Standing::of(&rig);
        grown(Some(known), &rig.reboot(), &past);
    }
}

/// Nothing that was known is lost, and nothing that was told. Returns what is known now.
#[track_caller]
fn grown<const UNIT: usize>(known: Option<Standing>, rig: &Rig<UNIT>, past: &Past) -> Standing {
    let standing = Standing::of(rig);
    if let Some(known) = known {
        known.is_kept_by(&standing);
    }
    past.holds(standing.receipts);
    standing
}
