//! What the device remembers of codes it has used.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_BURNED, MAX_FLOORS},
    reject::{Reason, Refusal},
    types::{KeyId, Sequence, StatementId},
    wire::Item,
};

/// A code that was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Burned {
    /// Who issued it.
    pub issuer: KeyId,
    /// Its place in the issuer's order.
    pub sequence: Sequence,
    /// Its id.
    pub statement: StatementId,
    /// Whether it changed the twin.
    pub twin: bool,
}

impl Item<'_> for Burned {
    const MAX: usize = MAX_BURNED;
}

/// How far an issuer's codes are settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Floor {
    /// Whose.
    pub issuer: KeyId,
    /// Codes up to this one are refused: the device no longer knows which were used.
    pub replay: Sequence,
    /// The newest code that changed the twin; older changes are refused.
    pub twin: Sequence,
}

impl Item<'_> for Floor {
    const MAX: usize = MAX_FLOORS;
}

/// What is known about a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recall {
    /// Nothing.
    New,
    /// It was used.
    Used,
    /// Another code with its issuer and sequence was used.
    OtherUsed,
}

/// The memory of used codes: bounded, and never forgetful in the attacker's favour.
#[derive(Clone, Default, Debug)]
pub struct Replay {
    burned: Vec<Burned, MAX_BURNED>,
    floors: Vec<Floor, MAX_FLOORS>,
}

impl Replay {
    /// What is known about a code.
    #[must_use]
    pub fn recall(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> Recall {
        let used = self
            .burned
            .iter()
            .find(|burned| burned.issuer == issuer && burned.sequence == sequence);
        match used {
            None => Recall::New,
            Some(burned) if burned.statement == statement => Recall::Used,
            Some(_) => Recall::OtherUsed,
        }
    }

    /// The floors of an issuer; zeros for one that has none.
    #[must_use]
    pub fn floor(&self, issuer: KeyId) -> Floor {
        let none = Floor {
            issuer,
            replay: Sequence(0),
            twin: Sequence(0),
        };
        self.floors
            .iter()
            .find(|floor| floor.issuer == issuer)
            .copied()
            .unwrap_or(none)
    }

    /// Whether a code of this issuer can be remembered now.
    ///
    /// # Errors
    /// [`Reason::TooManyEntries`] when every floor is taken by another issuer.
    pub fn has_room(&self, issuer: KeyId) -> Result<(), Refusal> {
        let known = self.floors.iter().any(|floor| floor.issuer == issuer);
        if known || !self.floors.is_full() {
            Ok(())
        } else {
            Err(Reason::TooManyEntries.into())
        }
    }

    /// Remembers a used code. When the table is full, the oldest leaves it, and the
    /// floor of its issuer rises to it.
    ///
    /// # Errors
    /// As [`has_room`](Self::has_room); nothing is forgotten then.
    pub fn burn(&mut self, code: Burned) -> Result<(), Refusal> {
        let mut floor = self.floor(code.issuer);
        if code.twin {
            floor.twin = floor.twin.max(code.sequence);
        }
        self.set_floor(floor)?;
        if self.burned.is_full()
            && let Some((place, oldest)) = self
                .burned
                .iter()
                .copied()
                .enumerate()
                .min_by_key(|(_, burned)| burned.sequence)
        {
            let mut floor = self.floor(oldest.issuer);
            floor.replay = floor.replay.max(oldest.sequence);
            self.set_floor(floor)?;
            self.burned.remove(place);
        }
        self.burned
            .push(code)
            .map_err(|_| Reason::LogicFault.into())
    }

    /// Sets an issuer's floors, as read from the journal. Never lowers one.
    ///
    /// # Errors
    /// As [`has_room`](Self::has_room).
    pub fn set_floor(&mut self, new: Floor) -> Result<(), Refusal> {
        match self
            .floors
            .iter_mut()
            .find(|floor| floor.issuer == new.issuer)
        {
            Some(floor) => {
                floor.replay = floor.replay.max(new.replay);
                floor.twin = floor.twin.max(new.twin);
                Ok(())
            }
            None => self
                .floors
                .push(new)
                .map_err(|_| Reason::TooManyEntries.into()),
        }
    }

    /// The codes in the table, the first remembered first.
    pub fn burned(&self) -> impl Iterator<Item = &Burned> {
        self.burned.iter()
    }

    /// The floors.
    pub fn floors(&self) -> impl Iterator<Item = &Floor> {
        self.floors.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Burned, Recall, Replay};
    use crate::{
        limits::{MAX_BURNED, MAX_FLOORS},
        reject::Reason,
        types::{KeyId, Sequence, StatementId},
    };

    fn code(issuer: u8, sequence: u64) -> Burned {
        let statement = StatementId([u8::try_from(sequence % 251).unwrap_or(0); 16]);
        Burned {
            issuer: KeyId([issuer; 8]),
            sequence: Sequence(sequence),
            statement,
            twin: false,
        }
    }

    #[test]
    fn a_used_code_is_known_and_so_is_another_in_its_place() {
        let mut replay = Replay::default();
        let used = code(1, 7);
        assert_eq!(
            replay.recall(used.issuer, used.sequence, used.statement),
            Recall::New
        );
        replay.burn(used).unwrap();
        assert_eq!(
            replay.recall(used.issuer, used.sequence, used.statement),
            Recall::Used
        );
        assert_eq!(
            replay.recall(used.issuer, used.sequence, StatementId([9; 16])),
            Recall::OtherUsed
        );
        assert_eq!(
            replay.recall(KeyId([2; 8]), used.sequence, used.statement),
            Recall::New
        );
    }

    #[test]
    fn what_the_table_forgets_the_floor_remembers() {
        let mut replay = Replay::default();
        let oldest = code(1, 3);
        replay.burn(code(1, 50)).unwrap();
        replay.burn(oldest).unwrap();
        for sequence in 0..(MAX_BURNED as u64 - 1) {
            replay.burn(code(2, 100 + sequence)).unwrap();
        }
        assert_eq!(
            replay.recall(oldest.issuer, oldest.sequence, oldest.statement),
            Recall::New
        );
        assert_eq!(replay.floor(oldest.issuer).replay, oldest.sequence);
        assert_eq!(replay.floor(KeyId([2; 8])).replay, Sequence(0));
    }

    #[test]
    fn floors_never_fall() {
        let mut replay = Replay::default();
        replay
            .burn(Burned {
                twin: true,
                ..code(1, 9)
            })
            .unwrap();
        replay
            .burn(Burned {
                twin: true,
                ..code(1, 5)
            })
            .unwrap();
        assert_eq!(replay.floor(KeyId([1; 8])).twin, Sequence(9));
    }

    #[test]
    fn an_issuer_without_room_for_its_floor_is_refused_before_anything_is_forgotten() {
        let mut replay = Replay::default();
        for issuer in 0..u8::try_from(MAX_FLOORS).unwrap() {
            replay.burn(code(issuer, 10 + u64::from(issuer))).unwrap();
        }
        let before = replay.burned().copied().collect::<std::vec::Vec<_>>();
        let refusal = replay.burn(code(200, 99)).unwrap_err();
        assert_eq!(refusal.reason, Reason::TooManyEntries);
        assert_eq!(
            replay.burned().copied().collect::<std::vec::Vec<_>>(),
            before
        );
    }
}
