//! Numbers that are kept many times.

use crate::limits::MAX_TIME_MS;

/// A number of 64 bits that may lie anywhere: in a structure of bytes it takes eight, and none around them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(crate) struct Unaligned([u8; 8]);

impl Unaligned {
    pub(crate) const fn of(number: u64) -> Self {
        Self(number.to_le_bytes())
    }

    pub(crate) const fn get(self) -> u64 {
        u64::from_le_bytes(self.0)
    }
}

/// A number of milliseconds in six bytes, which nine thousand years of them fit into: ticks, and times. What is more than that is
/// the most that fits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(crate) struct Millis([u8; 6]);

impl Millis {
    pub(crate) const ZERO: Self = Self([0; 6]);

    // Not at each of the many places.
    #[inline(never)]
    pub(crate) const fn of(ms: u64) -> Self {
        let ms = if ms > MAX_TIME_MS { MAX_TIME_MS } else { ms };
        let [b0, b1, b2, b3, b4, b5, ..] = ms.to_le_bytes();
        Self([b0, b1, b2, b3, b4, b5])
    }

    pub(crate) const fn get(self) -> u64 {
        let [b0, b1, b2, b3, b4, b5] = self.0;
        u64::from_le_bytes([b0, b1, b2, b3, b4, b5, 0, 0])
    }
}

#[cfg(test)]
mod tests {
    use super::Millis;
    use crate::limits::MAX_TIME_MS;

    #[test]
    fn milliseconds_are_kept_up_to_the_most_that_fits() {
        for ms in [0, 1, 0x0102_0304_0506, MAX_TIME_MS - 1, MAX_TIME_MS] {
            assert_eq!(Millis::of(ms).get(), ms);
        }
        for ms in [MAX_TIME_MS + 1, u64::MAX] {
            assert_eq!(Millis::of(ms).get(), MAX_TIME_MS);
        }
    }
}
