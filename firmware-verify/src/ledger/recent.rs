//! The last receipts: enough to find each again.

use heapless::Vec;

use crate::{journal::Address, limits::MAX_OUTCOMES, reject::Reason, types::StatementId};

/// One of the last receipts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recent {
    /// Its number in the chain.
    pub number: u64,
    /// The statement that it answers.
    pub statement: StatementId,
    /// Number of the reason, if it refuses.
    pub refused: Option<u16>,
    /// Where its body lies.
    pub at: Address,
}

/// One as it is kept, in 28 bytes.
#[derive(Clone, Copy, Debug, Hash)]
struct Kept {
    statement: StatementId,
    at: Address,
    /// The low half of its number: flash is worn out long before that is used up.
    number: u32,
    refused: Option<u16>,
}

impl Kept {
    fn of(recent: &Recent) -> Self {
        let [n0, n1, n2, n3, ..] = recent.number.to_le_bytes();
        Self {
            statement: recent.statement,
            at: recent.at,
            number: u32::from_le_bytes([n0, n1, n2, n3]),
            refused: recent.refused,
        }
    }

    fn get(&self) -> Recent {
        Recent {
            number: self.number.into(),
            statement: self.statement,
            refused: self.refused,
            at: self.at,
        }
    }
}

const _: () = assert!(size_of::<Kept>() == 28);

/// The last receipts, the newest last.
#[derive(Clone, Debug, Default, Hash)]
pub struct Recents(Vec<Kept, MAX_OUTCOMES>);

impl Recents {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// All of them, the newest last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Recent> {
        self.0.iter().map(Kept::get)
    }

    /// The last one for a statement.
    #[inline(never)]
    pub(super) fn last_for(&self, statement: StatementId) -> Option<Recent> {
        let mut of_it = self.0.iter().rev();
        let found = of_it.find(|recent| recent.statement == statement);
        found.map(Kept::get)
    }

    /// Adds the newest. The oldest refusal goes first, so that nobody can push the receipt of an effect out by repeating codes that
    /// are refused.
    pub(super) fn remember(&mut self, recent: &Recent) -> Result<(), Reason> {
        let mut carried = Kept::of(recent);
        if !self.0.is_full() {
            return self.0.push(carried).map_err(|_| Reason::LogicFault);
        }
        let mut all = self.0.iter();
        let place = all.position(|recent| recent.refused.is_some());
        // Each moves up by one place, from the newest to the one that leaves.
        for kept in self.0.iter_mut().skip(place.unwrap_or(0)).rev() {
            core::mem::swap(kept, &mut carried);
        }
        Ok(())
    }

    /// Their bodies lie elsewhere now.
    pub(super) fn follow(&mut self, moved: &[Address]) {
        for (recent, at) in self.0.iter_mut().zip(moved) {
            recent.at = *at;
        }
    }
}
