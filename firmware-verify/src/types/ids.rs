//! Identifiers: bytes on the wire, text for people (and in formats that people read).

use core::{fmt, str::FromStr};

use super::hash::Hasher;
use super::text::{Malformed, is_name_byte, read_hex, write_hex};
use crate::{
    limits::{MAX_DEVICE, MAX_LATCHES},
    wire::{Read, Reader},
};
use heapless::String;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, SeqAccess, Visitor},
};

/// Serialises as bytes where machines read, as `Display` where people do.
macro_rules! serde_bytes_or_text {
    ($name:ident, $len:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::<64>::deserialize(deserializer)?
                        .parse()
                        .map_err(D::Error::custom)
                } else {
                    deserializer
                        .deserialize_tuple($len, Filled([0; $len]))
                        .map(Self)
                }
            }
        }

        impl<'a> Read<'a> for $name {
            fn read(from: &mut Reader<'a>) -> Self {
                Self(Read::read(from))
            }
        }
    };
}

/// Reads as many bytes as there are, in a loop: serde's own visitor of an array is as long as the
/// array.
struct Filled<const LEN: usize>([u8; LEN]);

impl<'de, const LEN: usize> Visitor<'de> for Filled<LEN> {
    type Value = [u8; LEN];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{LEN} bytes")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut bytes: A) -> Result<[u8; LEN], A::Error> {
        fill(&mut self.0, &mut bytes)?;
        Ok(self.0)
    }
}

#[inline(never)]
fn fill<'de, A: SeqAccess<'de>>(buffer: &mut [u8], bytes: &mut A) -> Result<(), A::Error> {
    for byte in buffer {
        *byte = bytes
            .next_element()?
            .ok_or_else(|| A::Error::custom("too few bytes"))?;
    }
    Ok(())
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                read_hex(text).map(Self).ok_or(Malformed($what))
            }
        }

        serde_bytes_or_text!($name, $len);
    };
}

hex_id!(
    /// First 8 bytes of the SHA-256 of a 32-byte Ed25519 public key.
    KeyId, 8, "a key id is 16 hexadecimal digits"
);
hex_id!(
    /// First 16 bytes of the SHA-256 of a statement's signed message.
    StatementId, 16, "a statement id is 32 hexadecimal digits"
);
hex_id!(
    /// A SHA-256 digest (FIPS 180-4).
    Digest, 32, "a digest is 64 hexadecimal digits"
);
hex_id!(
    /// A nonce of the device, published only in what it signs.
    Challenge, 16, "a challenge is 32 hexadecimal digits"
);

impl StatementId {
    /// The id of a statement whose signed message has this digest.
    pub(crate) fn of(digest: &[u8; 32]) -> Self {
        Self(digest.first_chunk().copied().unwrap_or_default())
    }
}

impl Digest {
    /// SHA-256 of parts, one after the other.
    #[inline(never)]
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Hasher::new();
        for part in parts {
            hasher.add(part);
        }
        hasher.finish()
    }
}

/// Sixteen bytes that people write as a short name, or as 32 hexadecimal digits.
macro_rules! name16 {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match name_of(&self.0) {
                    Some(name) => f.write_str(name),
                    None => write_hex(f, &self.0),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                if let Some(bytes) = read_hex(text) {
                    return Ok(Self(bytes));
                }
                name_bytes(text).map(Self).ok_or(Malformed($what))
            }
        }

        serde_bytes_or_text!($name, 16);
    };
}

name16!(
    /// A partition of the world: a code of one tenant means nothing in another.
    TenantId,
    "a tenant is a name of 1 to 16 of A-Z a-z 0-9 . _ -, or 32 hexadecimal digits"
);
name16!(
    /// A hardware class: firmware is built for a product.
    ProductId,
    "a product is a name of 1 to 16 of A-Z a-z 0-9 . _ -, or 32 hexadecimal digits"
);

/// The name in 16 zero-padded bytes, where there is one.
fn name_of(bytes: &[u8; 16]) -> Option<&str> {
    let len = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    let (name, padding) = bytes.split_at_checked(len)?;
    let plain = !name.is_empty()
        && name.iter().copied().all(is_name_byte)
        && padding.iter().all(|&byte| byte == 0);
    plain.then(|| core::str::from_utf8(name).ok()).flatten()
}

fn name_bytes(text: &str) -> Option<[u8; 16]> {
    let mut out = [0; 16];
    out.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    (!text.is_empty() && text.bytes().all(is_name_byte)).then_some(out)
}

/// A device's name: 1 to 32 of `A-Z a-z 0-9 . _ -`, and neither `.` nor `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(String<MAX_DEVICE>);

impl DeviceId {
    /// No name yet: what stands in memory before a journal was read. Equal to none that a
    /// statement can hold.
    pub(crate) const fn none() -> Self {
        Self(String::new())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        const WHAT: Malformed =
            Malformed("a device is named by 1 to 32 of A-Z a-z 0-9 . _ -, and neither . nor ..");
        if text.is_empty() || matches!(text, "." | "..") || !text.bytes().all(is_name_byte) {
            return Err(WHAT);
        }
        String::try_from(text).map(Self).map_err(|_| WHAT)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DeviceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::<MAX_DEVICE>::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl<'a> Read<'a> for DeviceId {
    #[inline(never)]
    fn read(from: &mut Reader<'a>) -> Self {
        from.text().parse().unwrap_or_else(|_| {
            from.fail();
            Self::none()
        })
    }
}

/// One of a device's latches: 0 to 15. Names for them stand in the trust root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct LatchId(u8);

impl LatchId {
    /// Desired properties that the root assigns to no other latch.
    pub const TWIN: Self = Self(0);
    /// Installation of firmware.
    pub const FIRMWARE: Self = Self(1);
    /// Trust keys.
    pub const TRUST: Self = Self(2);

    /// The latch with this number, if there can be one.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (usize::from(number) < MAX_LATCHES).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for LatchId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u8::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("latches are numbered 0 to 15"))
    }
}

impl<'a> Read<'a> for LatchId {
    #[inline(never)]
    fn read(from: &mut Reader<'a>) -> Self {
        Self::new(from.byte()).unwrap_or_else(|| {
            from.fail();
            Self::TWIN
        })
    }
}

impl fmt::Display for LatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TWIN => f.write_str("twin"),
            Self::FIRMWARE => f.write_str("firmware"),
            Self::TRUST => f.write_str("trust"),
            Self(number) => write!(f, "latch {number}"),
        }
    }
}

impl fmt::Debug for LatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::{string::ToString, vec::Vec};

    use super::{DeviceId, KeyId, LatchId, ProductId, TenantId};

    #[test]
    fn names_and_hex_are_read_as_they_are_written() {
        for text in [
            "acme",
            "a",
            "plant-7_north.eu",
            "00112233445566778899aabbccddeeff",
        ] {
            assert_eq!(text.parse::<TenantId>().unwrap().to_string(), text);
            assert_eq!(text.parse::<ProductId>().unwrap().to_string(), text);
        }
        assert_eq!(
            "acme".parse::<TenantId>().unwrap().0,
            *b"acme\0\0\0\0\0\0\0\0\0\0\0\0"
        );
        for wrong in ["", "seventeen-letters", "a b", "é", "a/b"] {
            assert!(wrong.parse::<TenantId>().is_err(), "{wrong}");
        }
        // Bytes after a zero are no name, and are shown as they are.
        assert_eq!(
            TenantId(*b"a\0b\0\0\0\0\0\0\0\0\0\0\0\0\0")
                .to_string()
                .len(),
            32
        );
        assert!("00".parse::<KeyId>().is_err() && "zz00000000000000".parse::<KeyId>().is_err());
    }

    #[test]
    fn device_names_are_safe_as_topic_levels_and_file_names() {
        for good in ["d", "Door-7", "a.b_c", &"x".repeat(32)] {
            assert_eq!(good.parse::<DeviceId>().unwrap().as_str(), good);
        }
        for wrong in ["", ".", "..", "a/b", "a+b", "#", "a b", &"x".repeat(33)] {
            assert!(wrong.parse::<DeviceId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn latches_are_numbered_to_fifteen() {
        let numbers: Vec<_> = (0..=255)
            .filter_map(LatchId::new)
            .map(LatchId::number)
            .collect();
        assert_eq!(numbers, (0..16).collect::<Vec<_>>());
    }
}
