//! Versions of firmware.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::text::Malformed;

/// `major.minor.patch`, ordered in that order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Version {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number.
    pub patch: u32,
}

crate::wire::reads!(struct Version { major, minor, patch });

impl Version {
    /// One number with the order of versions, for evidence.
    #[must_use]
    pub fn ordinal(self) -> u64 {
        (u64::from(self.major) << 48) | (u64::from(self.minor) << 32) | u64::from(self.patch)
    }

    /// The version with this [`ordinal`](Self::ordinal).
    #[must_use]
    pub fn from_ordinal(ordinal: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = ordinal.to_be_bytes();
        Self {
            major: u16::from_be_bytes([a, b]),
            minor: u16::from_be_bytes([c, d]),
            patch: u32::from_be_bytes([e, f, g, h]),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Version {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let read = || {
            let mut parts = text.split('.');
            let version = Self {
                major: parts.next()?.parse().ok()?,
                minor: parts.next()?.parse().ok()?,
                patch: parts.next()?.parse().ok()?,
            };
            parts.next().is_none().then_some(version)
        };
        read().ok_or(Malformed("a version is major.minor.patch, three numbers"))
    }
}

/// Versions from `least` to `most`, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VersionRange {
    /// The oldest version inside.
    pub least: Version,
    /// The newest version inside.
    pub most: Version,
}

crate::wire::reads!(struct VersionRange { least, most });

impl VersionRange {
    /// Whether the version lies inside.
    #[must_use]
    pub fn contains(&self, version: Version) -> bool {
        self.least <= version && version <= self.most
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.least, self.most)
    }
}
