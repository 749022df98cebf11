//! What the device remembers of codes it has used.

mod kept;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_BURNED, MAX_FLOORS},
    reject::{Reason, Refusal},
    types::{KeyId, Sequence, StatementId, Unaligned},
    wire::Item,
};

use kept::Kept;

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
    /// Its id: of a code that comes out of the [table](ReplayTable::burned) the first eight bytes, and zeros.
    pub statement: StatementId,
    /// Whether it was used.
    pub used: Use,
    /// Whether a stop slip has voided it.
    pub stopped: bool,
    /// Number of the last receipt that tells its outcome; zero while there is none.
    pub receipt: u64,
}

impl Burned {
    /// Whether it is the code with this id, as far as is known of its own.
    #[must_use]
    pub fn is(&self, statement: StatementId) -> bool {
        Kept::of(self, 0).is(statement)
    }
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
    /// The newest code that changed the twin, and no less than `replay`; older changes are refused.
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
pub struct ReplayTable<const USED: usize, const ISSUERS: usize = MAX_FLOORS> {
    burned: Vec<Kept, USED>,
    floors: Vec<KeptFloor, ISSUERS>,
}

/// An issuer's floors as the table keeps them. Its newest code that changed the twin is among its used ones, or it has left them
/// and the floor of those is not below it.
#[derive(Clone, Copy, Debug)]
struct KeptFloor {
    issuer: KeyId,
    replay: Sequence,
    revoked: Sequence,
}

impl<const USED: usize, const ISSUERS: usize> ReplayTable<USED, ISSUERS> {
    /// A memory of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            burned: Vec::new(),
            floors: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        let Self { burned, floors } = self;
        burned.clear();
        floors.clear();
    }

    /// What is known about a code.
    #[must_use]
    pub fn recall(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> Recall {
        match self.entry(issuer, sequence) {
            None => Recall::New,
            Some(burned) if !burned.is(statement) => Recall::OtherUsed,
            Some(burned) if burned.used() == Use::Never => Recall::Stopped,
            Some(burned) => Recall::Used {
                receipt: burned.receipt(),
            },
        }
    }

    #[inline(never)]
    fn entry(&self, issuer: KeyId, sequence: Sequence) -> Option<&Kept> {
        let issuer = self.place(issuer)?;
        let sequence = Unaligned::of(sequence.0);
        self.burned
            .iter()
            .find(|burned| burned.issuer() == issuer && burned.sequence == sequence)
    }

    fn entry_mut(&mut self, issuer: KeyId, sequence: Sequence) -> Option<&mut Kept> {
        let issuer = self.place(issuer)?;
        let sequence = Unaligned::of(sequence.0);
        self.burned
            .iter_mut()
            .find(|burned| burned.issuer() == issuer && burned.sequence == sequence)
    }

    /// Where an issuer's floors are.
    #[inline(never)]
    fn place(&self, issuer: KeyId) -> Option<u8> {
        (0..=u8::MAX)
            .zip(self.floors.iter())
            .find(|(_, floor)| floor.issuer == issuer)
            .map(|(place, _)| place)
    }

    /// Whether a code that was used has been revoked or stopped since.
    #[must_use]
    pub fn is_void(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> bool {
        let stopped = self
            .entry(issuer, sequence)
            .is_some_and(|burned| burned.is(statement) && burned.is_stopped());
        stopped || sequence <= self.floor(issuer).revoked
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

    /// Remembers a used code.
    ///
    /// When the table is full, the issuer with the most codes in it loses its oldest, and its
    /// floor rises to that: whoever signs much, or far ahead, settles only codes of its own.
    ///
    /// # Errors
    /// As [`has_room`](Self::has_room); nothing is forgotten then.
    pub fn burn(&mut self, code: Burned) -> Result<(), Refusal> {
        const { assert!(ISSUERS <= MAX_FLOORS) };
        self.set_floor(Floor::none(code.issuer))?;
        let issuer = self.place(code.issuer).ok_or(Reason::LogicFault)?;
        let kept = Kept::of(&code, issuer);
        if self.burned.is_full() {
            self.forget_one(kept)
        } else {
            let kept = self.burned.push(kept);
            kept.map_err(|_| Reason::LogicFault.into())
        }
    }

    /// Remembers a code in the place of another one. It counts with those that its issuer has.
    fn forget_one(&mut self, code: Kept) -> Result<(), Refusal> {
        let comes = code.issuer();
        let count = |issuer: u8| {
            let of_it = self
                .burned
                .iter()
                .filter(|burned| burned.issuer() == issuer);
            of_it.count().saturating_add(usize::from(issuer == comes))
        };
        let mut leaves: Option<(usize, usize, Kept)> = None;
        for (place, burned) in self.burned.iter().copied().enumerate() {
            let held = count(burned.issuer());
            let goes_first = leaves.is_none_or(|(_, most, oldest)| {
                let older = burned.sequence.get() < oldest.sequence.get();
                held > most || (held == most && older)
            });
            if goes_first {
                leaves = Some((place, held, burned));
            }
        }
        let (place, _, oldest) = leaves.ok_or(Reason::LogicFault)?;
        let floor = self.floors.get_mut(usize::from(oldest.issuer()));
        let floor = floor.ok_or(Reason::LogicFault)?;
        floor.replay = floor.replay.max(Sequence(oldest.sequence.get()));
        // Each moves up by one place, from the newest to the one that leaves.
        let mut carried = code;
        for burned in self.burned.iter_mut().skip(place).rev() {
            core::mem::swap(burned, &mut carried);
        }
        Ok(())
    }

    /// Notes which receipt tells a code's outcome. The id alone does not name the code: a stop
    /// slip may have put it here beside another issuer.
    pub(crate) fn told(
        &mut self,
        issuer: KeyId,
        sequence: Sequence,
        statement: StatementId,
        receipt: u64,
    ) {
        let entry = self.entry_mut(issuer, sequence);
        if let Some(burned) = entry.filter(|burned| burned.is(statement)) {
            burned.tell(receipt);
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
        if let Some(burned) = self.entry_mut(issuer, sequence) {
            // Where another code has used the sequence, this one is void by that.
            let same = burned.is(statement);
            if same {
                burned.stop();
            }
            return Ok(same && burned.used() != Use::Never);
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
            Some(burned) => !burned.is(statement) || burned.is_stopped(),
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

    /// Begins a new epoch, which voids every code of those before: only what was revoked is
    /// still remembered, of keys that are still listed.
    pub fn begin_epoch(&mut self, is_listed: impl Fn(KeyId) -> bool) {
        self.burned.clear();
        self.floors
            .retain(|floor| floor.revoked > Sequence(0) && is_listed(floor.issuer));
        for floor in self.floors.iter_mut() {
            floor.replay = Sequence(0);
        }
    }

    /// The codes in the table, the first remembered first, with what it knows of their ids.
    pub fn burned(&self) -> impl Iterator<Item = Burned> {
        self.burned.iter().filter_map(|kept| {
            Some(Burned {
                issuer: self.floors.get(usize::from(kept.issuer()))?.issuer,
                sequence: Sequence(kept.sequence.get()),
                statement: kept.statement(),
                used: kept.used(),
                stopped: kept.is_stopped(),
                receipt: kept.receipt(),
            })
        })
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
mod tests;
