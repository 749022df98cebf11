//! Writes what serde and postcard define, by one cursor for every type: the inverse of
//! [`reader`](super::reader), and made like it. A writer whose buffer is full remembers it and
//! goes on without writing, so that no step in between has an error to hand up.

use core::fmt;

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::reject::{Reason, Refusal};

/// Encodes a value into the buffer and returns the part that was written.
///
/// # Errors
/// [`Reason::BufferTooSmall`].
pub fn encode<'b, T: Serialize + ?Sized>(
    value: &T,
    buffer: &'b mut [u8],
) -> Result<&'b mut [u8], Refusal> {
    write(value, buffer)
        .and_then(|len| buffer.get_mut(..len))
        .ok_or(Reason::BufferTooSmall.into())
}

/// As [`encode`]; returns how many bytes were written, if they fit.
#[inline(never)]
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, buffer: &mut [u8]) -> Option<usize> {
    let mut writer = Writer {
        buffer,
        len: Some(0),
    };
    let written = value.serialize(&mut writer);
    writer.len.filter(|_| written.is_ok())
}

/// A value that cannot be written: of a type that no statement, record or message is made of.
#[derive(Debug)]
struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unwritable")
    }
}

impl core::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Writer<'b> {
    buffer: &'b mut [u8],
    /// What was written; nothing when the buffer was too small.
    len: Option<usize>,
}

impl Writer<'_> {
    #[inline(never)]
    fn push(&mut self, bytes: &[u8]) {
        self.len = self.len.and_then(|len| {
            let end = len.checked_add(bytes.len())?;
            self.buffer.get_mut(len..end)?.copy_from_slice(bytes);
            Some(end)
        });
    }

    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        self.push(&[byte]);
    }

    /// Seven bits a byte, the lowest first.
    #[inline(never)]
    fn varint(&mut self, mut number: u64) {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80);
        }
    }

    #[inline(never)]
    fn word(&mut self, number: u32) {
        self.varint(number.into());
    }

    fn length(&mut self, len: usize) {
        self.varint(u64::try_from(len).unwrap_or(u64::MAX));
    }

    /// The length, then as many bytes.
    #[inline(never)]
    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.push(bytes);
    }
}

/// Numbers with a sign alternate between those without: 0, -1, 1, -2.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

macro_rules! writes {
    ($($name:ident $type:ty, |$writer:ident, $value:ident| $write:expr;)+) => {$(
        #[inline(always)]
        fn $name(self, $value: $type) -> Result<(), Unwritable> {
            let $writer = self;
            $write;
            Ok(())
        }
    )+};
}

/// What no statement, record or message is made of.
macro_rules! not_used {
    ($($name:ident $type:ty;)+) => {$(
        fn $name(self, _: $type) -> Result<(), Unwritable> {
            Err(Unwritable)
        }
    )+};
}

impl Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }

    writes! {
        serialize_bool bool, |writer, value| writer.byte(value.into());
        serialize_u8 u8, |writer, value| writer.byte(value);
        serialize_u16 u16, |writer, value| writer.word(value.into());
        serialize_u32 u32, |writer, value| writer.word(value);
        serialize_u64 u64, |writer, value| writer.varint(value);
        serialize_i32 i32, |writer, value| writer.varint(zigzag(value.into()));
        serialize_i64 i64, |writer, value| writer.varint(zigzag(value));
        serialize_str &str, |writer, value| writer.bytes(value.as_bytes());
        serialize_bytes &[u8], |writer, value| writer.bytes(value);
    }

    not_used! {
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_f32 f32;
        serialize_f64 f64;
        serialize_char char;
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<(), Unwritable> {
        Err(Unwritable)
    }

    #[inline(always)]
    fn serialize_none(self) -> Result<(), Unwritable> {
        self.byte(0);
        Ok(())
    }

    #[inline(always)]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        self.byte(1);
        value.serialize(self)
    }

    #[inline(always)]
    fn serialize_unit(self) -> Result<(), Unwritable> {
        Ok(())
    }

    #[inline(always)]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        Ok(())
    }

    #[inline(always)]
    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<(), Unwritable> {
        self.word(index);
        Ok(())
    }

    #[inline(always)]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    #[inline(always)]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.word(index);
        value.serialize(self)
    }

    #[inline(always)]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self, Unwritable> {
        self.length(len.ok_or(Unwritable)?);
        Ok(self)
    }

    #[inline(always)]
    fn serialize_tuple(self, _: usize) -> Result<Self, Unwritable> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Unwritable> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Unwritable> {
        self.word(index);
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Unwritable> {
        Err(Unwritable)
    }

    #[inline(always)]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unwritable> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Unwritable> {
        self.word(index);
        Ok(self)
    }
}

/// What lies one after the other, with nothing between.
macro_rules! in_a_row {
    ($($group:ident $next:ident $(($name:ty))?;)+) => {$(
        impl $group for &mut Writer<'_> {
            type Ok = ();
            type Error = Unwritable;

            #[inline(always)]
            fn $next<T: Serialize + ?Sized>(
                &mut self,
                $(_: $name,)?
                value: &T,
            ) -> Result<(), Unwritable> {
                value.serialize(&mut **self)
            }

            #[inline(always)]
            fn end(self) -> Result<(), Unwritable> {
                Ok(())
            }
        }
    )+};
}

in_a_row! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
    SerializeStruct serialize_field (&'static str);
    SerializeStructVariant serialize_field (&'static str);
}

impl SerializeMap for &mut Writer<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Unwritable> {
        Err(Unwritable)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Unwritable> {
        Err(Unwritable)
    }

    fn end(self) -> Result<(), Unwritable> {
        Err(Unwritable)
    }
}
