//! Numbers that are kept many times.

/// A number of 64 bits that may lie anywhere: in a structure of bytes it takes eight, and none around them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Unaligned([u8; 8]);

impl Unaligned {
    pub(crate) const ZERO: Self = Self([0; 8]);

    pub(crate) const fn of(number: u64) -> Self {
        Self(number.to_le_bytes())
    }

    pub(crate) const fn get(self) -> u64 {
        u64::from_le_bytes(self.0)
    }
}
