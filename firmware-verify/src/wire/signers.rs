//! Whose signatures on a statement were found good.

use super::signature::Sound;
use crate::reject::{Reason, Refusal};

/// Which keys have signed: places in the key ring that verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signers {
    places: u32,
    /// What is wrong with their signatures: nothing, unless a fault has turned a comparison.
    faults: u32,
}

impl Signers {
    pub(super) const NOBODY: Self = Self {
        places: 0,
        faults: 0,
    };

    /// Adds the key at this place, which has left this of its signature.
    ///
    /// # Errors
    /// [`Reason::LogicFault`] for a place that no ring has.
    pub(super) fn insert(&mut self, place: u8, sound: Sound) -> Result<(), Refusal> {
        self.places |= 1_u32.checked_shl(place.into()).ok_or(Reason::LogicFault)?;
        self.faults |= sound.fault();
        Ok(())
    }

    /// Whether the key at this place has signed.
    #[must_use]
    pub fn contains(self, place: u8) -> bool {
        self.faults == 0
            && 1_u32
                .checked_shl(place.into())
                .is_some_and(|bit| self.places & bit != 0)
    }
}
