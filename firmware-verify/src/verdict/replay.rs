//! What the device remembers of codes it has used.

mod floors;
mod kept;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_BURNED, MAX_FLOORS},
    reject::{Reason, Refusal},
    types::{KeyId, Sequence, StatementId, Unaligned},
    wire::Item,
};

pub use floors::Floor;
use floors::KeptFloor;
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
#[derive(Clone, Default, Debug, Hash)]
pub struct ReplayTable<const USED: usize, const ISSUERS: usize = MAX_FLOORS> {
    burned: Vec<Kept, USED>,
    floors: Vec<KeptFloor, ISSUERS>,
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

    /// Whether a code that was used has been revoked or stopped since.
    #[must_use]
    pub fn is_void(&self, issuer: KeyId, sequence: Sequence, statement: StatementId) -> bool {
        let stopped = self
            .entry(issuer, sequence)
            .is_some_and(|burned| burned.is(statement) && burned.is_stopped());
        stopped || sequence <= self.floor(issuer).revoked
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
}

#[cfg(test)]
mod tests;
