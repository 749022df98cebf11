//! Time and order.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    limits::MAX_TIME_MS,
    wire::{Read, Reader},
};

/// A moment in Unix milliseconds, at most 48 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct TimeMs(u64);

impl TimeMs {
    /// The beginning of the count.
    pub(crate) const ZERO: Self = Self(0);

    /// The moment, if it fits 48 bits.
    #[must_use]
    pub fn new(unix_ms: u64) -> Option<Self> {
        (unix_ms <= MAX_TIME_MS).then_some(Self(unix_ms))
    }

    /// Unix milliseconds.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for TimeMs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("a time has at most 48 bits"))
    }
}

impl<'a> Read<'a> for TimeMs {
    #[inline(never)]
    fn read(from: &mut Reader<'a>) -> Self {
        Self::new(Read::read(from)).unwrap_or_else(|| {
            from.fail();
            Self::ZERO
        })
    }
}

impl fmt::Debug for TimeMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// An issuer's order of codes: 48 bits of Unix milliseconds, then 16 random bits, so
/// that issuers need to remember nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Sequence(pub u64);

impl<'a> Read<'a> for Sequence {
    fn read(from: &mut Reader<'a>) -> Self {
        Self(Read::read(from))
    }
}

impl Sequence {
    /// The sequence of a code signed at a moment, told apart by 16 random bits.
    #[must_use]
    pub fn at(time: TimeMs, random: u16) -> Self {
        Self((time.get() << 16) | u64::from(random))
    }

    /// The moment inside.
    #[must_use]
    pub fn time(self) -> TimeMs {
        TimeMs(self.0 >> 16)
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}
