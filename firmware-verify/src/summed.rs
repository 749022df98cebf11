//! A value under a sum of all that it holds: whoever relies on it can ask whether anything has changed it but what may.
//!
//! What a device decides by lies in memory for as long as it runs. A bit of it flips, and no flash and no signature says so; an
//! instruction is skipped that takes a place from where it is kept, and what is written next lies somewhere in here. The sum
//! notices both, before anything comes of it.

use core::{
    hash::{Hash, Hasher},
    hint::black_box,
    ops::Deref,
};

use crate::reject::{Reason, ensure};

/// A value, and the sum of it. It can be read as it is, and changed by [`change`](Self::change) alone.
pub(crate) struct Summed<T> {
    value: T,
    sum: Word,
    /// It was not whole once: it does not come back by itself, whatever is read later.
    spoiled: bool,
}

impl<T> Summed<T> {
    /// A value that is not whole until it is [closed](Self::close): a static of zeros stays one.
    pub(crate) const fn unclosed(value: T) -> Self {
        Self {
            value,
            sum: 0,
            spoiled: false,
        }
    }

    /// The value to be made anew, whatever it was.
    pub(crate) fn anew(&mut self) -> &mut T {
        self.sum = 0;
        self.spoiled = false;
        &mut self.value
    }
}

impl<T: Hash> Summed<T> {
    /// What was made [anew](Self::anew) is done.
    pub(crate) fn close(&mut self) {
        self.sum = sum_of(&self.value);
    }

    /// Whether it is what it was made.
    #[inline(never)]
    pub(crate) fn is_whole(&self) -> bool {
        !self.spoiled && sum_of(black_box(&self.value)) == self.sum
    }

    /// Asks the same, and remembers the answer if it is not.
    ///
    /// # Errors
    /// [`Reason::MemoryFault`].
    pub(crate) fn whole(&mut self) -> Result<(), Reason> {
        self.spoiled |= !self.is_whole();
        ensure(!self.spoiled, Reason::MemoryFault)
    }

    /// Changes it, if it is whole.
    ///
    /// # Errors
    /// [`Reason::MemoryFault`]: nothing was changed. Those of the change: if it has done anything by then, the value is whole no
    /// more.
    pub(crate) fn change(
        &mut self,
        by: impl FnOnce(&mut T) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        self.whole()?;
        by(&mut self.value)?;
        self.close();
        Ok(())
    }
}

impl<T> Deref for Summed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[inline(never)]
fn sum_of<T: Hash>(value: &T) -> Word {
    let mut sum = Sum(BEGIN);
    value.hash(&mut sum);
    sum.0
}

/// What a sum goes by: as many bytes as a processor takes at a time.
#[cfg(target_pointer_width = "64")]
type Word = u64;
#[cfg(not(target_pointer_width = "64"))]
type Word = u32;

/// No sum on its way is the zero that stands for none, but for one in 2^32.
const BEGIN: Word = 0x6a09_e667;

/// Odd, so that a product with it can be undone: 2^32 by the golden ratio, or 2^64, which spreads (Knuth, The Art of Computer
/// Programming, volume 3, section 6.4).
#[cfg(target_pointer_width = "64")]
const SPREAD: Word = 0x9e37_79b9_7f4a_7c15;
#[cfg(not(target_pointer_width = "64"))]
const SPREAD: Word = 0x9e37_79b1;

/// A sum on its way.
///
/// Each step can be undone, if the word is known. So another number where one of up to four bytes lies, or other bytes in one
/// group of four, always come to another sum. What changes more, as a length or a variant does, comes to the same once in 2^32, if
/// what it puts there is random. It is no secret and no signature: whoever can write into a device's memory has it.
struct Sum(Word);

impl Sum {
    fn add(&mut self, word: Word) {
        let spread = (self.0.rotate_left(5) ^ word).wrapping_mul(SPREAD);
        // The highest bit of a word changes no other of the product: without this, one of the next word would undo it.
        self.0 = spread ^ (spread >> (Word::BITS / 2 - 1));
    }
}

// On bare metal each is one function, and a call for each field; hosts have the room to do without the calls.
impl Hasher for Sum {
    #[cfg_attr(target_os = "none", inline(never))]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.add(Word::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let last = rest
                .iter()
                .fold(0, |last, byte| last << 8 | Word::from(*byte));
            self.add(last);
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u32(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.write_u32(number.into());
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn write_u32(&mut self, number: u32) {
        self.add(number.into());
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        // No length in a device's memory is longer, and no variant's number.
        self.write_u32(u32::try_from(number).unwrap_or(u32::MAX));
    }

    fn write_isize(&mut self, number: isize) {
        self.write_usize(number.cast_unsigned());
    }

    #[allow(clippy::useless_conversion, reason = "of a word of 32 bits it is one")]
    fn finish(&self) -> u64 {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::Summed;
    use crate::reject::Reason;

    #[derive(Hash, Clone, PartialEq, Debug)]
    struct Kept {
        count: u64,
        choice: Option<u8>,
        bytes: [u8; 7],
        list: Vec<u16>,
        open: bool,
    }

    fn kept() -> Kept {
        Kept {
            count: 0,
            choice: None,
            bytes: [0; 7],
            list: Vec::from([1, 2, 3]),
            open: false,
        }
    }

    fn closed() -> Summed<Kept> {
        let mut summed = Summed::unclosed(kept());
        assert!(!summed.is_whole());
        summed.close();
        summed
    }

    #[test]
    fn what_changes_by_itself_is_noticed() {
        let spoilers: [fn(&mut Kept); 9] = [
            |kept| kept.count ^= 1 << 40,
            |kept| kept.choice = Some(0),
            |kept| kept.bytes[6] ^= 0x80,
            |kept| kept.bytes[0] ^= 1,
            |kept| kept.list.truncate(2),
            |kept| kept.list.swap(0, 1),
            |kept| kept.list.clear(),
            |kept| kept.list.push(0),
            |kept| kept.open = true,
        ];
        for (which, spoil) in spoilers.into_iter().enumerate() {
            let mut summed = closed();
            assert_eq!(summed.whole(), Ok(()));
            spoil(&mut summed.value);
            assert_eq!(summed.whole(), Err(Reason::MemoryFault), "{which}");
            let spoiled = summed.value.clone();
            let changed = summed.change(|kept| {
                kept.count = 9;
                Ok(())
            });
            assert_eq!(changed, Err(Reason::MemoryFault), "{which}");
            assert_eq!(*summed, spoiled, "{which}");
        }
    }

    #[test]
    fn any_bit_is_noticed() {
        for bit in 0..64 {
            let mut summed = closed();
            summed.value.count ^= 1 << bit;
            assert!(!summed.is_whole(), "{bit}");
            let mut summed = closed();
            summed.value.bytes[bit / 8 % 7] ^= 1 << (bit % 8);
            assert!(!summed.is_whole(), "{bit}");
        }
    }

    #[test]
    fn what_may_change_it_leaves_it_whole() {
        let mut summed = closed();
        let add = |kept: &mut Kept| {
            kept.count += 1;
            Ok(())
        };
        assert_eq!(summed.change(add), Ok(()));
        assert_eq!(summed.change(add), Ok(()));
        assert!(summed.is_whole() && summed.count == 2);
    }

    #[test]
    fn a_change_that_fails_half_way_spoils_it() {
        let mut summed = closed();
        let failed = summed.change(|_| Err(Reason::TwinTooLarge));
        assert_eq!(
            (failed, summed.is_whole()),
            (Err(Reason::TwinTooLarge), true)
        );
        let failed = summed.change(|kept| {
            kept.open = true;
            Err(Reason::LogicFault)
        });
        assert_eq!(
            (failed, summed.is_whole()),
            (Err(Reason::LogicFault), false)
        );
    }

    #[test]
    fn what_was_not_whole_once_does_not_come_back_by_itself() {
        let mut summed = closed();
        summed.value.count ^= 1;
        assert_eq!(summed.whole(), Err(Reason::MemoryFault));
        summed.value.count ^= 1;
        assert!(!summed.is_whole());
        assert_eq!(summed.whole(), Err(Reason::MemoryFault));
        summed.anew();
        summed.close();
        assert_eq!(summed.whole(), Ok(()));
    }

    /// Pairs of flips of which one would undo the other, if the highest bits of a word were not brought down.
    #[test]
    fn two_bits_of_neighbours_are_noticed() {
        for (high, low) in (0..32).flat_map(|high| (0..32).map(move |low| (high, low))) {
            let mut summed = closed();
            summed.value.count ^= 1 << high | 1 << (32 + low);
            assert!(!summed.is_whole(), "{high} and {low}");
        }
    }

    #[test]
    fn what_is_made_anew_is_not_whole_before_it_is_closed() {
        let mut summed = closed();
        summed.anew().count = 7;
        assert!(!summed.is_whole());
        summed.close();
        assert!(summed.is_whole());
    }
}
