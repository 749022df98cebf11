//! What the bootloader tells the program that it starts: three words in memory that neither clears.

use latch_verify::boot::{Start, Started};

use crate::registers::handoff;

/// "LtCh", in the order of bytes that the machine has.
const MARK: u32 = u32::from_le_bytes(*b"LtCh");

/// What was started, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handoff {
    /// The slot that the image comes from.
    pub slot: u8,
    /// Why this one.
    pub cause: Cause,
}

/// Why an image was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Cause {
    /// It was confirmed.
    Confirmed = 1,
    /// It is on trial.
    Trial = 2,
    /// The confirmed one is damaged.
    Fallback = 3,
    /// The journal is blank: the factory's program asks to be provisioned.
    Factory = 4,
}

impl Handoff {
    /// What a choice of the bootloader starts, where it is an image.
    #[must_use]
    pub fn of(start: Start) -> Option<Self> {
        let (image, cause) = match start {
            Start::Confirmed(image) => (image, Cause::Confirmed),
            Start::Trial(image) => (image, Cause::Trial),
            Start::Fallback(image) => (image, Cause::Fallback),
            Start::Recovery => return None,
        };
        Some(Self {
            slot: image.slot,
            cause,
        })
    }

    /// As the device wants to be told.
    #[must_use]
    pub fn started(self) -> Started {
        Started::Slot(self.slot)
    }

    /// Leaves it for the program that starts next.
    pub fn leave(self) {
        let word = u32::from(self.slot) | u32::from(self.cause as u8) << 8;
        let [mark, said, complement] = handoff();
        mark.set(MARK);
        said.set(word);
        complement.set(!word);
    }

    /// Takes what the bootloader has left, once.
    #[must_use]
    pub fn take() -> Option<Self> {
        let [mark, said, complement] = handoff();
        let (is_marked, word) = (mark.get() == MARK, said.get());
        mark.set(0);
        if !is_marked || complement.get() != !word {
            return None;
        }
        let [slot, cause, 0, 0] = word.to_le_bytes() else {
            return None;
        };
        let cause = match cause {
            1 => Cause::Confirmed,
            2 => Cause::Trial,
            3 => Cause::Fallback,
            4 => Cause::Factory,
            _ => return None,
        };
        Some(Self { slot, cause })
    }
}
