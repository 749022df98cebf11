//! Compares what a value says with JSON, by its digest: the texts would not fit the flash of the smallest machine, and nothing
//! is kept of what is written, so a text of any length takes no memory.

use core::fmt::{self, Display, Write as _};

use serde::{
    Serialize, Serializer,
    ser::{
        Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple,
    },
};
use sha2::{Digest as _, Sha256};

/// Whether a value is written as the JSON with this SHA-256: no spaces, members in their order (RFC 8259).
pub(crate) fn is_shown_as(value: &impl Serialize, digest: &[u8; 32]) -> bool {
    let mut written = Written(Sha256::new());
    let is_written = value.serialize(&mut written).is_ok();
    let found: [u8; 32] = written.0.finalize().into();
    is_written && found == *digest
}

/// What was written so far.
struct Written(Sha256);

/// JSON cannot say it, or not as it is written here.
#[derive(Debug)]
struct Unsaid;

impl Display for Unsaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing here says it")
    }
}

impl core::error::Error for Unsaid {}

impl serde::ser::Error for Unsaid {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

impl Written {
    fn put(&mut self, part: &str) {
        self.0.update(part.as_bytes());
    }

    fn put_plain(&mut self, value: impl Display) -> Result<(), Unsaid> {
        write!(self, "{value}").map_err(|_| Unsaid)
    }

    fn put_text(&mut self, value: impl Display) -> Result<(), Unsaid> {
        self.put("\"");
        write!(Text(self), "{value}").map_err(|_| Unsaid)?;
        self.put("\"");
        Ok(())
    }
}

impl fmt::Write for Written {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.put(part);
        Ok(())
    }
}

/// Inside of quotation marks. What has to be escaped there is in none of the vectors.
struct Text<'w>(&'w mut Written);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let is_escaped = |letter: char| matches!(letter, '"' | '\\' | '\0'..='\x1f');
        if part.contains(is_escaped) {
            return Err(fmt::Error);
        }
        self.0.write_str(part)
    }
}

/// The members of an object, or the items of a list.
struct Members<'w> {
    written: &'w mut Written,
    is_first: bool,
    close: &'static str,
}

impl<'w> Members<'w> {
    fn open(written: &'w mut Written, open: &str, close: &'static str) -> Self {
        written.put(open);
        Self {
            written,
            is_first: true,
            close,
        }
    }

    fn next(&mut self) {
        if !core::mem::take(&mut self.is_first) {
            self.written.put(",");
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Unsaid> {
        self.next();
        item.serialize(&mut *self.written)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Unsaid> {
        self.next();
        self.written.put_text(name)?;
        self.written.put(":");
        value.serialize(&mut *self.written)
    }

    fn close(self) -> Result<(), Unsaid> {
        self.written.put(self.close);
        Ok(())
    }
}

macro_rules! lists {
    ($($list:ident $item:ident;)*) => {
        $(impl $list for Members<'_> {
            type Ok = ();
            type Error = Unsaid;

            fn $item<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Unsaid> {
                self.item(item)
            }

            fn end(self) -> Result<(), Unsaid> {
                self.close()
            }
        })*
    };
}

lists! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
}

macro_rules! structs {
    ($($object:ident)*) => {
        $(impl $object for Members<'_> {
            type Ok = ();
            type Error = Unsaid;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unsaid> {
                self.member(name, value)
            }

            fn end(self) -> Result<(), Unsaid> {
                self.close()
            }
        })*
    };
}

structs! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Unsaid;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unsaid> {
        self.item(key)?;
        self.written.put(":");
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsaid> {
        value.serialize(&mut *self.written)
    }

    fn end(self) -> Result<(), Unsaid> {
        self.close()
    }
}

macro_rules! plain {
    ($($method:ident $kind:ty;)*) => {
        $(fn $method(self, value: $kind) -> Result<(), Unsaid> {
            self.put_plain(value)
        })*
    };
}

macro_rules! never_said {
    ($($method:ident $kind:ty;)*) => {
        $(fn $method(self, _: $kind) -> Result<(), Unsaid> {
            Err(Unsaid)
        })*
    };
}

impl<'w> Serializer for &'w mut Written {
    type Ok = ();
    type Error = Unsaid;
    type SerializeSeq = Members<'w>;
    type SerializeTuple = Members<'w>;
    type SerializeTupleStruct = Impossible<(), Unsaid>;
    type SerializeTupleVariant = Impossible<(), Unsaid>;
    type SerializeMap = Members<'w>;
    type SerializeStruct = Members<'w>;
    type SerializeStructVariant = Members<'w>;

    plain! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
    }

    never_said! {
        serialize_f32 f32;
        serialize_f64 f64;
        serialize_char char;
        serialize_bytes &[u8];
    }

    fn serialize_str(self, value: &str) -> Result<(), Unsaid> {
        self.put_text(value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Unsaid> {
        self.put_text(value)
    }

    fn serialize_none(self) -> Result<(), Unsaid> {
        self.put("null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unsaid> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unsaid> {
        self.put("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unsaid> {
        self.put("null");
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<(), Unsaid> {
        self.put_text(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unsaid> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unsaid> {
        let mut object = Members::open(self, "{", "}");
        object.member(name, value)?;
        object.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'w>, Unsaid> {
        Ok(Members::open(self, "[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'w>, Unsaid> {
        Ok(Members::open(self, "[", "]"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unsaid> {
        Err(Unsaid)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unsaid> {
        Err(Unsaid)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'w>, Unsaid> {
        Ok(Members::open(self, "{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'w>, Unsaid> {
        Ok(Members::open(self, "{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Members<'w>, Unsaid> {
        self.put("{");
        self.put_text(name)?;
        Ok(Members::open(self, ":{", "}}"))
    }
}
