//! A set of write units.

use core::ops::Range;

/// One bit a write unit. The words appear when the first unit is inserted: a set that is never used costs a clone
/// nothing.
#[derive(Debug, Default)]
pub(crate) struct Units {
    words: Vec<u64>,
}

impl Clone for Units {
    fn clone(&self) -> Self {
        Self {
            words: self.words.clone(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.words.clone_from(&source.words);
    }
}

impl Units {
    #[inline]
    pub(crate) fn contains(&self, unit: usize) -> bool {
        self.words
            .get(unit / 64)
            .is_some_and(|word| word >> (unit % 64) & 1 == 1)
    }

    /// Inserts `unit`, which is below `total`, the number of units that there are.
    #[inline]
    pub(crate) fn insert(&mut self, unit: usize, total: usize) {
        if self.words.is_empty() {
            self.words.resize(total.div_ceil(64), 0);
        }
        self.words[unit / 64] |= 1 << (unit % 64);
    }

    /// Whether a unit of `range` is there, a word at a time.
    #[inline]
    pub(crate) fn contains_any(&self, range: Range<usize>) -> bool {
        !self.words.is_empty() && masks(range).any(|(word, mask)| self.words[word] & mask != 0)
    }

    /// Inserts all units of `range`, which are below `total`, a word at a time.
    #[inline]
    pub(crate) fn insert_all(&mut self, range: Range<usize>, total: usize) {
        if self.words.is_empty() {
            self.words.resize(total.div_ceil(64), 0);
        }
        for (word, mask) in masks(range) {
            self.words[word] |= mask;
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, unit: usize) {
        if let Some(word) = self.words.get_mut(unit / 64) {
            *word &= !(1 << (unit % 64));
        }
    }

    /// Removes all units.
    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Removes all units of `range`, a word at a time.
    pub(crate) fn remove_all(&mut self, range: Range<usize>) {
        if self.words.is_empty() {
            return;
        }
        for (word, mask) in masks(range) {
            self.words[word] &= !mask;
        }
    }

    /// Whether no unit was ever inserted: a quick "no" for every unit.
    #[inline]
    pub(crate) fn is_unused(&self) -> bool {
        self.words.is_empty()
    }
}

/// The words in which units of `range` have their bits, and which bits.
#[inline]
fn masks(range: Range<usize>) -> impl Iterator<Item = (usize, u64)> {
    let mut unit = range.start;
    core::iter::from_fn(move || {
        let word = unit / 64;
        let next = range.end.min((word + 1) * 64);
        let bits = next.checked_sub(unit).filter(|bits| *bits > 0)?;
        let mask = (u64::MAX >> (64 - bits)) << (unit % 64);
        unit = next;
        Some((word, mask))
    })
}

#[cfg(test)]
mod tests {
    use super::Units;

    #[test]
    fn ranges_are_removed_and_nothing_beside_them() {
        const TOTAL: usize = 200;
        for start in 0..TOTAL {
            for end in start..=TOTAL {
                let mut units = Units::default();
                (0..TOTAL).for_each(|unit| units.insert(unit, TOTAL));
                units.remove_all(start..end);
                for unit in 0..TOTAL {
                    assert_eq!(units.contains(unit), !(start..end).contains(&unit));
                }
                assert!(!units.contains_any(start..end));
                assert_eq!(units.contains_any(start..TOTAL), end < TOTAL);
                assert_eq!(units.contains_any(0..end), start > 0);

                units.clear();
                units.insert_all(start..end, TOTAL);
                for unit in 0..TOTAL {
                    assert_eq!(units.contains(unit), (start..end).contains(&unit));
                }
            }
        }
    }

    #[test]
    fn one_unit_goes_in_and_out() {
        let mut units = Units::default();
        assert!(units.is_unused() && !units.contains(70));
        units.insert(70, 100);
        assert!(units.contains(70) && !units.contains(6) && !units.contains(71));
        units.remove(70);
        assert!(!units.contains(70));
    }
}
