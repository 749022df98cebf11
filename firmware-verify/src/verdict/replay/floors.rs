//! How far the codes of each issuer are settled.

use serde::{Deserialize, Serialize};

use super::{ReplayTable, Use};
use crate::{
    limits::MAX_FLOORS,
    reject::{Reason, Refusal},
    types::{KeyId, Sequence},
    wire::Item,
};

/// How far an issuer's codes are settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Floor {
    /// Whose.
    pub issuer: KeyId,
    /// Codes up to this one are refused: the device no longer knows which were used.
    pub replay: Sequence,
    /// The newest code that changed the twin, and no less than `replay`; older changes are refused.
    pub twin: Sequence,
    /// Codes up to this one were revoked.
    pub revoked: Sequence,
}

impl Item<'_> for Floor {
    const MAX: usize = MAX_FLOORS;
}

impl Floor {
    pub(super) fn none(issuer: KeyId) -> Self {
        Self {
            issuer,
            replay: Sequence(0),
            twin: Sequence(0),
            revoked: Sequence(0),
        }
    }
}

/// An issuer's floors as the table keeps them. Its newest code that changed the twin is among its used ones, or it has left them
/// and the floor of those is not below it.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct KeptFloor {
    pub(super) issuer: KeyId,
    pub(super) replay: Sequence,
    pub(super) revoked: Sequence,
}

impl<const USED: usize, const ISSUERS: usize> ReplayTable<USED, ISSUERS> {
    /// Where an issuer's floors are.
    #[inline(never)]
    pub(super) fn place(&self, issuer: KeyId) -> Option<u8> {
        (0..=u8::MAX)
            .zip(self.floors.iter())
            .find(|(_, floor)| floor.issuer == issuer)
            .map(|(place, _)| place)
    }

    /// The floors of an issuer; zeros for one that has none.
    #[must_use]
    #[inline(never)]
    pub fn floor(&self, issuer: KeyId) -> Floor {
        let mut all = (0..=u8::MAX).zip(self.floors.iter());
        all.find(|(_, floor)| floor.issuer == issuer)
            .map_or(Floor::none(issuer), |(place, floor)| {
                self.told_floor(place, floor)
            })
    }

    /// The newest code that changed the twin of those in the table whose issuer has this place; zero where there is none.
    #[inline(never)]
    fn newest_twin(&self, issuer: u8) -> Sequence {
        let of_it = self.burned.iter();
        let of_it = of_it.filter(|burned| burned.issuer() == issuer && burned.used() == Use::Twin);
        let newest = of_it.map(|burned| burned.sequence.get()).max();
        Sequence(newest.unwrap_or(0))
    }

    /// Whether a code of this issuer can be remembered now.
    ///
    /// # Errors
    /// [`Reason::IssuersFull`] when every floor is taken by another issuer.
    pub fn has_room(&self, issuer: KeyId) -> Result<(), Refusal> {
        let known = self.floors.iter().any(|floor| floor.issuer == issuer);
        if known || !self.floors.is_full() {
            Ok(())
        } else {
            Err(Reason::IssuersFull.into())
        }
    }

    /// Voids everything that an issuer has signed up to a sequence.
    ///
    /// # Errors
    /// As [`has_room`](Self::has_room).
    pub fn revoke(&mut self, issuer: KeyId, through: Sequence) -> Result<(), Refusal> {
        self.set_floor(Floor {
            revoked: through,
            ..Floor::none(issuer)
        })
    }

    /// Sets an issuer's floors, as read from the journal, behind the used codes. Never lowers one. The one of the twin follows from
    /// those codes: where none of them has set it, it stands for all codes.
    ///
    /// # Errors
    /// As [`has_room`](Self::has_room).
    pub fn set_floor(&mut self, new: Floor) -> Result<(), Refusal> {
        let Floor {
            issuer,
            replay,
            twin,
            revoked,
        } = new;
        let place = self.place(issuer);
        let known = place.map_or(Sequence(0), |place| self.newest_twin(place));
        let replay = if twin > known {
            replay.max(twin)
        } else {
            replay
        };
        match self.floors.iter_mut().find(|floor| floor.issuer == issuer) {
            Some(floor) => {
                floor.replay = floor.replay.max(replay);
                floor.revoked = floor.revoked.max(revoked);
                Ok(())
            }
            None => self
                .floors
                .push(KeptFloor {
                    issuer,
                    replay,
                    revoked,
                })
                .map_err(|_| Reason::IssuersFull.into()),
        }
    }

    /// The floors.
    pub fn floors(&self) -> impl Iterator<Item = Floor> {
        (0..=u8::MAX)
            .zip(self.floors.iter())
            .map(|(place, floor)| self.told_floor(place, floor))
    }

    /// The floors that are kept at this place, with that of the twin.
    fn told_floor(&self, place: u8, floor: &KeptFloor) -> Floor {
        let KeptFloor {
            issuer,
            replay,
            revoked,
        } = *floor;
        Floor {
            issuer,
            replay,
            twin: self.newest_twin(place).max(replay),
            revoked,
        }
    }
}
