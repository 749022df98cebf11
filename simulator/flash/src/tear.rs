//! What a cut leaves of the operation that it hits.

use crate::seed::mix;

/// What a cut leaves of the write or erase that it hits.
///
/// Each class decides for every bit that the operation had to change whether the change took place; all others keep what
/// they were. A write changes bits to 0, an erase to 1. The call errs with [`FlashError::PowerLost`] in every class, also
/// when all of it took place: its caller had no power left to hear of it.
///
/// [`FlashError::PowerLost`]: crate::FlashError::PowerLost
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tear {
    /// Nothing took place.
    Before,
    /// The first bytes did, this many (all of them if the operation is shorter).
    Prefix(usize),
    /// The last bytes did, this many (all of them if the operation is shorter).
    Suffix(usize),
    /// Some write units did, whole ones, chosen by the seed; others were not reached.
    Words(u64),
    /// Some bits did, chosen by the seed, which also sets how many: about an eighth, a quarter, half or seven eighths.
    /// Every unit of the operation was reached, but none is known to be complete.
    Bits(u64),
    /// All of it took place, and power went off before the call returned.
    After,
}

impl Tear {
    /// A sweep over an operation on `length` bytes: every class, cut at every byte, with `seeds` seeds for the classes
    /// that have them.
    pub fn every(length: usize, seeds: u64) -> impl Iterator<Item = Self> {
        let inner = 1..length;
        [Self::Before, Self::After]
            .into_iter()
            .chain(inner.clone().map(Self::Prefix))
            .chain(inner.map(Self::Suffix))
            .chain((0..seeds).map(Self::Words))
            .chain((0..seeds).map(Self::Bits))
    }

    /// The bits of byte `index` of an operation on `length` bytes whose change took place, where `unit` is the index
    /// of the byte's write unit within the operation.
    #[inline]
    pub(crate) fn landed(self, index: usize, unit: usize, length: usize) -> u8 {
        let all_if = |landed: bool| if landed { 0xff } else { 0 };
        match self {
            Self::Before => 0,
            Self::Prefix(count) => all_if(index < count),
            Self::Suffix(count) => all_if(length - index <= count),
            Self::Words(seed) => all_if(mix(seed, unit as u64) & 1 == 1),
            Self::Bits(seed) => some_bits(seed, index as u64),
            Self::After => 0xff,
        }
    }

    /// Whether every unit of the operation was reached and none is known to be complete.
    #[inline]
    pub(crate) fn shakes(self) -> bool {
        matches!(self, Self::Bits(_))
    }

    /// The bits that landed of those by which error correction checks the `unit`-th write unit of the operation. `None`:
    /// as its other bits did.
    #[inline]
    pub(crate) fn checks(self, unit: usize) -> Option<u8> {
        match self {
            // Far from the bytes of any operation.
            Self::Bits(seed) => Some(some_bits(seed, (1 << 40) + unit as u64)),
            _ => None,
        }
    }

    /// A number that differs between tears, for the noise of the weak bits that they leave.
    pub(crate) fn noise(self) -> u64 {
        match self {
            Self::Before | Self::After => 0,
            Self::Prefix(count) | Self::Suffix(count) => count as u64,
            Self::Words(seed) | Self::Bits(seed) => seed,
        }
    }
}

/// Eight bits, each set with the share that `seed` stands for.
#[inline]
fn some_bits(seed: u64, index: u64) -> u8 {
    let [a, b, c, ..] = mix(seed, index).to_le_bytes();
    match mix(seed, u64::MAX - 1) & 3 {
        0 => a & b & c,
        1 => a & b,
        2 => a,
        _ => a | b | c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landed(tear: Tear, length: usize) -> Vec<u8> {
        (0..length)
            .map(|index| tear.landed(index, index / 2, length))
            .collect()
    }

    #[test]
    fn ends_land_by_bytes() {
        assert_eq!(landed(Tear::Before, 3), [0, 0, 0]);
        assert_eq!(landed(Tear::After, 3), [0xff, 0xff, 0xff]);
        assert_eq!(landed(Tear::Prefix(0), 3), [0, 0, 0]);
        assert_eq!(landed(Tear::Prefix(2), 3), [0xff, 0xff, 0]);
        assert_eq!(landed(Tear::Prefix(9), 3), [0xff, 0xff, 0xff]);
        assert_eq!(landed(Tear::Suffix(0), 3), [0, 0, 0]);
        assert_eq!(landed(Tear::Suffix(2), 3), [0, 0xff, 0xff]);
        assert_eq!(landed(Tear::Suffix(9), 3), [0xff, 0xff, 0xff]);
    }

    #[test]
    fn words_land_whole_and_in_every_combination() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..64 {
            let bytes = landed(Tear::Words(seed), 6);
            for pair in bytes.chunks(2) {
                assert!(pair == [0, 0] || pair == [0xff, 0xff]);
            }
            seen.insert(bytes);
        }
        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn bits_land_in_four_shares() {
        const BYTES: usize = 512;
        let mut shares = std::collections::BTreeSet::new();
        for seed in 0..64 {
            let ones: u32 = landed(Tear::Bits(seed), BYTES)
                .iter()
                .map(|byte| byte.count_ones())
                .sum();
            shares.insert((ones as usize + BYTES / 2) / BYTES);
        }
        // Eighths.
        assert_eq!(Vec::from_iter(shares), [1, 2, 4, 7]);
    }

    #[test]
    fn a_sweep_has_every_class_and_every_byte() {
        let sweep: Vec<Tear> = Tear::every(3, 2).collect();
        assert_eq!(
            sweep,
            [
                Tear::Before,
                Tear::After,
                Tear::Prefix(1),
                Tear::Prefix(2),
                Tear::Suffix(1),
                Tear::Suffix(2),
                Tear::Words(0),
                Tear::Words(1),
                Tear::Bits(0),
                Tear::Bits(1),
            ]
        );
    }
}
