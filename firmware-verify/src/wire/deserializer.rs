//! serde's side of the [`Reader`]: values of types that other crates define, in the same format and as strictly read. What the
//! verifier itself is made of is [`Read`](super::reader::Read), which takes less flash.

use core::fmt;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, SeqAccess,
    VariantAccess, Visitor,
};

use super::reader::{Reader, zigzag, zigzag_u32};
use crate::reject::Reason;

/// As [`take`](super::reader::take), by what serde derives.
///
/// # Errors
/// [`Reason::NotDecodable`], or [`Reason::NotCanonical`].
pub(crate) fn deserialize<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), Reason> {
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader).map_err(|Malformed| Reason::NotDecodable)?;
    Ok((value, reader.finish()?))
}

/// A value is not what its type allows. Why is nothing that a sender has to know.
#[derive(Debug)]
pub struct Malformed;

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
        deserialize_u16 visit_u16 Reader::varint_u16;
        deserialize_u32 visit_u32 Reader::varint_u32;
        deserialize_u64 visit_u64 Reader::varint_u64;
        deserialize_i32 visit_i32 |reader| zigzag_u32(reader.varint_u32());
        deserialize_i64 visit_i64 |reader| zigzag(reader.varint_u64());
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
        if self.reader.has_failed() {
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
