//! Reads what serde and postcard define, by one cursor for every type.
//!
//! The format is postcard's, and what postcard's own deserializer would refuse is refused. It
//! differs in what it costs, and in what it notices:
//! - Each primitive is one function, and none of them returns an error: a reader that has failed
//!   remembers it, reads zeros from then on, and hands out no value. So what serde derives for a
//!   type is a row of calls without branches.
//! - A varint with a needless last byte is noticed as it is read. Nothing else has two encodings,
//!   so that no value has to be encoded again to know that it was encoded in the one way allowed.

use core::fmt;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, SeqAccess,
    VariantAccess, Visitor,
};

use crate::reject::Reason;

/// Bits that one byte of a varint carries.
const GROUP: u32 = 7;

/// Reads a value from the front of the bytes; also returns what follows it.
///
/// # Errors
/// [`Reason::NotDecodable`], or [`Reason::NotCanonical`].
pub(crate) fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), Reason> {
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader).map_err(|Malformed| Reason::NotDecodable)?;
    Ok((value, reader.finish()?))
}

/// What the bytes seem to begin with: good for looking away, never for trust. Does not ask that
/// they be canonical.
pub(crate) fn peek<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader).ok()?;
    (!reader.failed).then_some(value)
}

/// A value is not what its type allows. Why is nothing that a sender has to know.
#[derive(Debug)]
struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed")
    }
}

impl core::error::Error for Malformed {}

impl de::Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Reader<'de> {
    rest: &'de [u8],
    /// Something could not be read: nothing that was read counts.
    failed: bool,
    /// A varint was longer than it had to be.
    padded: bool,
}

impl<'de> Reader<'de> {
    fn new(bytes: &'de [u8]) -> Self {
        Self {
            rest: bytes,
            failed: false,
            padded: false,
        }
    }

    fn finish(self) -> Result<&'de [u8], Reason> {
        match self {
            Self { failed: true, .. } => Err(Reason::NotDecodable),
            Self { padded: true, .. } => Err(Reason::NotCanonical),
            Self { rest, .. } => Ok(rest),
        }
    }

    fn fail(&mut self) {
        self.rest = &[];
        self.failed = true;
    }

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                byte
            }
            None => {
                self.fail();
                0
            }
        }
    }

    /// A boolean, or whether there is something in an option.
    #[inline(never)]
    fn flag(&mut self) -> bool {
        let byte = self.byte();
        if byte > 1 {
            self.fail();
        }
        byte == 1
    }

    /// A number of at most this many bits, seven a byte, the lowest first.
    #[inline(never)]
    fn varint(&mut self, bits: u32) -> u64 {
        let (mut value, mut at) = (0_u64, 0_u32);
        while at < bits {
            let byte = self.byte();
            let group = u64::from(byte & 0x7f);
            let room = bits.saturating_sub(at);
            if room < GROUP && group >> room != 0 {
                break;
            }
            value |= group << at;
            if byte & 0x80 == 0 {
                self.padded |= byte == 0 && at > 0;
                return value;
            }
            at = at.saturating_add(GROUP);
        }
        self.fail();
        0
    }

    fn varint_u32(&mut self) -> u32 {
        low_u32(self.varint(u32::BITS))
    }

    #[inline(never)]
    fn bytes(&mut self) -> &'de [u8] {
        let len = self.varint(usize::BITS);
        let found = usize::try_from(len)
            .ok()
            .and_then(|len| self.rest.split_at_checked(len));
        match found {
            Some((bytes, rest)) => {
                self.rest = rest;
                bytes
            }
            None => {
                self.fail();
                &[]
            }
        }
    }

    #[inline(never)]
    fn text(&mut self) -> &'de str {
        match core::str::from_utf8(self.bytes()) {
            Ok(text) => text,
            Err(_) => {
                self.fail();
                ""
            }
        }
    }
}

/// The lower half. Not `as`, and not a comparison that the compiler has to keep.
fn low_u32(number: u64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn low_u16(number: u64) -> u16 {
    let [a, b, ..] = number.to_le_bytes();
    u16::from_le_bytes([a, b])
}

/// Numbers with a sign alternate between those without: 0, -1, 1, -2.
fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
}

fn zigzag_u32(number: u32) -> i32 {
    (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
}

/// What no statement, record or message is made of.
macro_rules! not_used {
    ($($name:ident)+) => {$(
        fn $name<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Malformed> {
            Err(Malformed)
        }
    )+};
}

macro_rules! reads {
    ($($name:ident $visit:ident $read:expr;)+) => {$(
        #[inline(always)]
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
            let read: fn(&mut Reader<'de>) -> _ = $read;
            visitor.$visit(read(self))
        }
    )+};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Malformed;

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }

    reads! {
        deserialize_bool visit_bool Reader::flag;
        deserialize_u8 visit_u8 Reader::byte;
        deserialize_u16 visit_u16 |reader| low_u16(reader.varint(u16::BITS));
        deserialize_u32 visit_u32 Reader::varint_u32;
        deserialize_u64 visit_u64 |reader| reader.varint(u64::BITS);
        deserialize_i32 visit_i32 |reader| zigzag_u32(reader.varint_u32());
        deserialize_i64 visit_i64 |reader| zigzag(reader.varint(u64::BITS));
        deserialize_str visit_borrowed_str Reader::text;
        deserialize_string visit_borrowed_str Reader::text;
        deserialize_bytes visit_borrowed_bytes Reader::bytes;
        deserialize_byte_buf visit_borrowed_bytes Reader::bytes;
    }

    not_used! {
        deserialize_any deserialize_ignored_any deserialize_identifier deserialize_map
        deserialize_i8 deserialize_i16 deserialize_i128 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char
    }

    #[inline(always)]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.flag() {
            visitor.visit_some(self)
        } else {
            visitor.visit_none()
        }
    }

    #[inline(always)]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_unit()
    }

    #[inline(always)]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_unit()
    }

    #[inline(always)]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    #[inline(always)]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let left = self.varint(usize::BITS);
        visitor.visit_seq(Elements { reader: self, left })
    }

    #[inline(always)]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_seq(Fields(self))
    }

    #[inline(always)]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_seq(Fields(self))
    }

    #[inline(always)]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_seq(Fields(self))
    }

    #[inline(always)]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_enum(self)
    }
}

/// The fields of a struct or tuple, of which the visitor knows how many there are.
struct Fields<'r, 'de>(&'r mut Reader<'de>);

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Malformed;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        seed.deserialize(&mut *self.0).map(Some)
    }
}

/// The elements of a list, after their number.
struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    left: u64,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Malformed;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Malformed> {
        // A list may claim any length: it ends with the bytes.
        if self.reader.failed {
            return Err(Malformed);
        }
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Malformed;
    type Variant = Self;

    #[inline(always)]
    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Malformed> {
        let variant: de::value::U32Deserializer<Malformed> = self.varint_u32().into_deserializer();
        Ok((seed.deserialize(variant)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Malformed;

    #[inline(always)]
    fn unit_variant(self) -> Result<(), Malformed> {
        Ok(())
    }

    #[inline(always)]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Malformed> {
        seed.deserialize(self)
    }

    #[inline(always)]
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_seq(Fields(self))
    }

    #[inline(always)]
    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        visitor.visit_seq(Fields(self))
    }
}
