//! Whose signatures on a statement were found good.

use core::hint::black_box;

use super::signature::Sound;
use crate::reject::{Reason, ensure};

/// Which keys have signed: places in the key ring that verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signers {
    places: u32,
    /// What is wrong with their signatures: nothing, unless a fault has turned a comparison.
    faults: u32,
}

impl Signers {
    pub(crate) const NOBODY: Self = Self {
        places: 0,
        faults: 0,
    };

    /// Adds the key at this place, which has left this of its signature.
    ///
    /// # Errors
    /// [`Reason::LogicFault`] for a place that no ring has.
    pub(crate) fn insert(&mut self, place: u8, sound: Sound) -> Result<(), Reason> {
        self.places |= 1_u32.checked_shl(place.into()).ok_or(Reason::LogicFault)?;
        self.faults |= sound.fault();
        Ok(())
    }

    /// Adds the key at this place, which was found to have signed before, at another place of other keys.
    ///
    /// # Errors
    /// [`Reason::BadSignature`] where it was not; [`Reason::LogicFault`] for a place that no ring has.
    pub(crate) fn adopt(&mut self, place: u8, other: Self, there: u8) -> Result<(), Reason> {
        ensure(other.contains(there), Reason::BadSignature)?;
        self.places |= 1_u32.checked_shl(place.into()).ok_or(Reason::LogicFault)?;
        self.faults |= other.faults;
        Ok(())
    }

    /// Checks that they are as many as signatures were proven. Where the empty set was not written, since a fault has skipped
    /// that, those of a statement before would count too.
    ///
    /// # Errors
    /// [`Reason::LogicFault`].
    pub(crate) fn are(self, proven: usize) -> Result<(), Reason> {
        let places = usize::try_from(black_box(self.places).count_ones());
        ensure(places == Ok(proven), Reason::LogicFault)
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

#[cfg(test)]
mod tests {
    use super::Signers;
    use crate::reject::Reason;

    const FIRST: Signers = Signers {
        places: 0b01,
        faults: 0,
    };

    #[test]
    fn who_has_signed_elsewhere_is_adopted_and_nobody_else() {
        let mut signers = Signers::NOBODY;
        signers.adopt(3, FIRST, 0).unwrap();
        assert!(signers.contains(3) && !signers.contains(0));
        assert_eq!(
            signers.adopt(4, FIRST, 1).unwrap_err(),
            Reason::BadSignature
        );
        assert_eq!(signers.adopt(40, FIRST, 0).unwrap_err(), Reason::LogicFault);
        assert!(!signers.contains(4));
    }

    #[test]
    fn a_signature_with_a_fault_counts_for_nobody() {
        let faulty = Signers { faults: 1, ..FIRST };
        assert!(!faulty.contains(0));
        let mut signers = Signers::NOBODY;
        assert!(signers.adopt(3, faulty, 0).is_err());
    }

    #[test]
    fn more_signers_than_signatures_are_a_fault() {
        assert_eq!(FIRST.are(1), Ok(()));
        assert!(FIRST.are(0).is_err() && FIRST.are(2).is_err());
        assert_eq!(Signers::NOBODY.are(0), Ok(()));
    }
}
