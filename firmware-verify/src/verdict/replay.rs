//! What the device remembers of codes it has used.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_BURNED, MAX_FLOORS},
    reject::{Reason, Refusal},
    types::{KeyId, Sequence, StatementId},
    wire::Item,
};

/// What came of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Use {
    /// It was not used: a stop slip named it first.
    Never,
    /// It was used.
    Once,
    /// It was used, and has changed the twin.
    Twin,
}

/// A code that opens nothing any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Burned {
    /// Who issued it.
    pub issuer: KeyId,
    /// Its place in the issuer's order.
    pub sequence: Sequence,
    /// Its id.
    pub statement: StatementId,
    /// Whether it was used.
    pub used: Use,
    /// Whether a stop slip has voided it.
    pub stopped: bool,
    /// Number of the last receipt that tells its outcome; zero while there is none.
    pub receipt: u64,
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
    /// Codes up to this one were revoked.
    pub revoked: Sequence,
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
    Used {
        /// Number of the last receipt that tells its outcome; zero while there is none.
        receipt: u64,
    },
    /// Another code with its issuer and sequence was used.
    OtherUsed,
    /// It was stopped before it was used.
    Stopped,
}

/// The memory of used codes of a device with the largest table.
pub type Replay = ReplayTable<MAX_BURNED>;

/// The memory of used codes: bounded, and never forgetful in the attacker's favour.
#[derive(Clone, Default, Debug)]
pub struct ReplayTable<const USED: usize> {
    burned: Vec<Burned, USED>,
    floors: Vec<Floor, MAX_FLOORS>,
}

impl<const USED: usize> ReplayTable<USED> {
    /// What is known about a code.
    #[must_use]
    pub fn recall(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> Recall {
        match self.entry(issuer, sequence) {
            None => Recall::New,
            Some(burned) if burned.statement != statement => Recall::OtherUsed,
            Some(burned) if burned.used == Use::Never => Recall::Stopped,
            Some(burned) => Recall::Used {
                receipt: burned.receipt,
            },
        }
    }

    fn entry(&self, issuer: KeyId, sequence: Sequence) -> Option<&Burned> {
        self.burned
            .iter()
            .find(|burned| burned.issuer == issuer && burned.sequence == sequence)
    }

    /// Whether a code that was used has been revoked or stopped since.
    #[must_use]
    pub fn is_void(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> bool {
        let stopped = self
            .entry(issuer, sequence)
            .is_some_and(|burned| burned.statement == statement && burned.stopped);
        stopped || sequence <= self.floor(issuer).revoked
    }

    /// The floors of an issuer; zeros for one that has none.
    #[must_use]
    pub fn floor(&self, issuer: KeyId) -> Floor {
        self.floors
            .iter()
            .find(|floor| floor.issuer == issuer)
            .copied()
            .unwrap_or(Floor::none(issuer))
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

    /// Remembers a used code.
    ///
    /// When the table is full, the issuer with the most codes in it loses its oldest, and its
    /// floor rises to that: whoever signs much, or far ahead, settles only codes of its own.
    ///
    /// # Errors
    /// As [`has_room`](Self::has_room); nothing is forgotten then.
    pub fn burn(&mut self, code: Burned) -> Result<(), Refusal> {
        let mut floor = self.floor(code.issuer);
        if code.used == Use::Twin {
            floor.twin = floor.twin.max(code.sequence);
        }
        self.set_floor(floor)?;
        if self.burned.is_full() {
            self.forget_one(code.issuer)?;
        }
        self.burned
            .push(code)
            .map_err(|_| Reason::LogicFault.into())
    }

    /// Makes room for a code of this issuer, which counts with those that it has.
    fn forget_one(&mut self, comes: KeyId) -> Result<(), Refusal> {
        let count = |issuer: KeyId| {
            let of_it = self.burned.iter().filter(|burned| burned.issuer == issuer);
            of_it.count().saturating_add(usize::from(issuer == comes))
        };
        let mut leaves: Option<(usize, usize, Burned)> = None;
        for (place, burned) in self.burned.iter().copied().enumerate() {
            let held = count(burned.issuer);
            let goes_first = leaves.is_none_or(|(_, most, oldest)| {
                held > most || (held == most && burned.sequence < oldest.sequence)
            });
            if goes_first {
                leaves = Some((place, held, burned));
            }
        }
        let (place, _, oldest) = leaves.ok_or(Reason::LogicFault)?;
        let floor = self.floor(oldest.issuer);
        self.set_floor(Floor {
            replay: floor.replay.max(oldest.sequence),
            ..floor
        })?;
        self.burned.remove(place);
        Ok(())
    }

    /// Notes which receipt tells a code's outcome.
    pub(crate) fn told(&mut self, statement: StatementId, receipt: u64) {
        let mut burned = self.burned.iter_mut();
        if let Some(burned) = burned.find(|burned| burned.statement == statement) {
            burned.receipt = receipt;
        }
    }

    /// Voids one code. Says whether it had been used.
    ///
    /// # Errors
    /// As [`burn`](Self::burn).
    pub fn stop(
        &mut self,
        issuer: KeyId,
        sequence: Sequence,
        statement: StatementId,
    ) -> Result<bool, Refusal> {
        let mut entries = self.burned.iter_mut();
        let entry = entries.find(|burned| burned.issuer == issuer && burned.sequence == sequence);
        if let Some(burned) = entry {
            // Where another code has used the sequence, this one is void by that.
            let same = burned.statement == statement;
            burned.stopped |= same;
            return Ok(same && burned.used != Use::Never);
        }
        self.burn(Burned {
            issuer,
            sequence,
            statement,
            used: Use::Never,
            stopped: true,
            receipt: 0,
        })?;
        Ok(false)
    }

    /// Whether this very code was used.
    #[must_use]
    pub fn is_used(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> bool {
        matches!(
            self.recall(issuer, sequence, statement),
            Recall::Used { .. }
        )
    }

    /// Whether a stop slip would change nothing.
    #[must_use]
    pub fn is_stopped(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> bool {
        let floor = self.floor(issuer);
        match self.entry(issuer, sequence) {
            Some(burned) => burned.statement != statement || burned.stopped,
            None => sequence <= floor.replay.max(floor.revoked),
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
                floor.revoked = floor.revoked.max(new.revoked);
                Ok(())
            }
            None => self
                .floors
                .push(new)
                .map_err(|_| Reason::IssuersFull.into()),
        }
    }

    /// Begins a new epoch, which voids every code of those before: only what was revoked is
    /// still remembered, of keys that are still listed.
    pub fn begin_epoch(&mut self, is_listed: impl Fn(KeyId) -> bool) {
        self.burned.clear();
        self.floors
            .retain(|floor| floor.revoked > Sequence(0) && is_listed(floor.issuer));
        for floor in self.floors.iter_mut() {
            *floor = Floor {
                revoked: floor.revoked,
                ..Floor::none(floor.issuer)
            };
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

impl Floor {
    fn none(issuer: KeyId) -> Self {
        Self {
            issuer,
            replay: Sequence(0),
            twin: Sequence(0),
            revoked: Sequence(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Burned, Recall, Replay, Use};
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
            used: Use::Once,
            stopped: false,
            receipt: 0,
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
            Recall::Used { receipt: 0 }
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
            replay.burn(code(1, 100 + sequence)).unwrap();
        }
        assert_eq!(
            replay.recall(oldest.issuer, oldest.sequence, oldest.statement),
            Recall::New
        );
        assert_eq!(replay.floor(oldest.issuer).replay, oldest.sequence);
    }

    #[test]
    fn whoever_signs_much_or_far_ahead_settles_only_codes_of_its_own() {
        let mut replay = Replay::default();
        let other = code(1, 3);
        replay.burn(other).unwrap();
        for sequence in 0..2 * MAX_BURNED as u64 {
            replay.burn(code(2, u64::MAX / 2 + sequence)).unwrap();
        }
        assert_eq!(
            replay.recall(other.issuer, other.sequence, other.statement),
            Recall::Used { receipt: 0 }
        );
        assert_eq!(replay.floor(other.issuer).replay, Sequence(0));
        assert!(replay.floor(KeyId([2; 8])).replay > Sequence(u64::MAX / 2));
        // Nor does the far one push out what the other uses from now on.
        let next = code(1, 4);
        replay.burn(next).unwrap();
        replay.burn(code(2, u64::MAX)).unwrap();
        assert_eq!(
            replay.recall(next.issuer, next.sequence, next.statement),
            Recall::Used { receipt: 0 }
        );
    }

    #[test]
    fn a_stopped_code_is_void_used_or_not() {
        let mut replay = Replay::default();
        let (used, unused) = (code(1, 5), code(1, 6));
        replay.burn(used).unwrap();
        let stop = |replay: &mut Replay, code: &Burned| {
            replay.stop(code.issuer, code.sequence, code.statement)
        };
        assert!(!replay.is_void(used.issuer, used.sequence, used.statement));
        assert_eq!(stop(&mut replay, &used), Ok(true));
        assert_eq!(stop(&mut replay, &unused), Ok(false));
        for code in [used, unused] {
            assert!(replay.is_void(code.issuer, code.sequence, code.statement));
            assert!(replay.is_stopped(code.issuer, code.sequence, code.statement));
        }
        assert_eq!(
            replay.recall(unused.issuer, unused.sequence, unused.statement),
            Recall::Stopped
        );
        // A slip for another code in a used place voids nothing.
        let other = StatementId([0xee; 16]);
        assert_eq!(replay.stop(used.issuer, Sequence(5), other), Ok(false));
        assert_eq!(
            replay.recall(used.issuer, Sequence(5), other),
            Recall::OtherUsed
        );
    }

    #[test]
    fn a_revocation_voids_up_to_its_sequence_and_one_issuer_only() {
        let mut replay = Replay::default();
        replay.revoke(KeyId([1; 8]), Sequence(7)).unwrap();
        replay.revoke(KeyId([1; 8]), Sequence(5)).unwrap();
        let is_void = |issuer: u8, sequence| {
            replay.is_void(KeyId([issuer; 8]), Sequence(sequence), StatementId([0; 16]))
        };
        assert!(is_void(1, 7) && !is_void(1, 8) && !is_void(2, 7));
    }

    #[test]
    fn a_new_epoch_remembers_only_what_was_revoked_of_keys_still_listed() {
        let mut replay = Replay::default();
        let (listed, gone) = (KeyId([1; 8]), KeyId([2; 8]));
        replay.burn(code(1, 5)).unwrap();
        replay.burn(code(3, 5)).unwrap();
        replay.revoke(listed, Sequence(7)).unwrap();
        replay.revoke(gone, Sequence(8)).unwrap();
        replay.begin_epoch(|key| key != gone);
        assert_eq!(replay.burned().count(), 0);
        assert_eq!(replay.floor(listed).revoked, Sequence(7));
        assert_eq!(replay.floor(gone).revoked, Sequence(0));
        assert_eq!(replay.floors().count(), 1);
    }

    #[test]
    fn floors_never_fall() {
        let mut replay = Replay::default();
        replay
            .burn(Burned {
                used: Use::Twin,
                ..code(1, 9)
            })
            .unwrap();
        replay
            .burn(Burned {
                used: Use::Twin,
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
        assert_eq!(refusal.reason, Reason::IssuersFull);
        assert_eq!(
            replay.burned().copied().collect::<std::vec::Vec<_>>(),
            before
        );
    }
}
