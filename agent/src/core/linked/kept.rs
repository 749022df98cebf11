//! Receipts of a device: those that are here, and those that are still to be asked for.

use std::collections::{BTreeMap, BTreeSet};

use latch_verify::limits::MAX_OUTCOMES;

/// Receipts that are published again after each connect: as many as a device itself can send
/// again. Each has less than a kilobyte.
const KEPT: usize = MAX_OUTCOMES;

/// Receipts by their numbers.
#[derive(Default)]
pub(super) struct Kept {
    receipts: BTreeMap<u64, Vec<u8>>,
    owed: BTreeSet<u64>,
    /// The newest number that the device has told of.
    newest: u64,
}

impl Kept {
    /// Takes a receipt.
    pub(super) fn keep(&mut self, number: u64, receipt: &[u8]) {
        self.owed.remove(&number);
        self.receipts.insert(number, receipt.to_vec());
        if self.receipts.len() > KEPT {
            self.receipts.pop_first();
        }
    }

    /// The device has made this many. What is not here will be asked for, once.
    pub(super) fn told_of(&mut self, newest: u64) {
        if newest < self.newest {
            // Another journal.
            *self = Self::default();
        }
        let oldest = newest.saturating_sub(KEPT as u64);
        for number in oldest.max(self.newest) + 1..=newest {
            if !self.receipts.contains_key(&number) {
                self.owed.insert(number);
            }
        }
        self.newest = newest;
    }

    /// The receipt to ask for next.
    pub(super) fn ask(&mut self) -> Option<u64> {
        self.owed.pop_first()
    }

    /// It was asked for, and nobody knows whether that arrived.
    pub(super) fn ask_again(&mut self, number: u64) {
        self.owed.insert(number);
    }

    /// Those that are here, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.receipts.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_that_may_still_be_had_is_asked_for_once() {
        let mut kept = Kept::default();
        kept.told_of(20);
        kept.keep(15, b"fifteen");
        let asked: Vec<u64> = std::iter::from_fn(|| kept.ask()).collect();
        assert_eq!(asked, [13, 14, 16, 17, 18, 19, 20]);
        kept.told_of(20);
        assert_eq!(kept.ask(), None);
        kept.keep(21, b"twenty-one");
        kept.told_of(22);
        assert_eq!(kept.ask(), Some(22));
        kept.ask_again(22);
        assert_eq!(kept.ask(), Some(22));
    }

    #[test]
    fn the_newest_are_kept() {
        let mut kept = Kept::default();
        for number in 1..30 {
            kept.keep(number, &[u8::try_from(number).unwrap()]);
        }
        let here: Vec<u8> = kept.iter().map(|receipt| receipt[0]).collect();
        assert_eq!(here, [22, 23, 24, 25, 26, 27, 28, 29]);
        kept.told_of(29);
        assert_eq!(kept.ask(), None);
        // As after the journal was erased.
        kept.told_of(3);
        assert_eq!((kept.iter().count(), kept.ask()), (0, Some(1)));
    }
}
