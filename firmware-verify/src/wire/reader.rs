//! Reads what serde and postcard define, by one cursor for every type.
//!
//! The format is postcard's, and what postcard's own deserializer would refuse is refused. It
//! differs in what it costs, and in what it notices:
//! - Each primitive is one function, and none of them returns an error: a reader that has failed
//!   remembers it, reads zeros from then on, and hands out no value. So a type is [read](Read) by a row of
//!   calls without branches, and nothing is moved on the way up.
//! - A varint with a needless last byte is noticed as it is read. Nothing else has two encodings,
//!   so that no value has to be encoded again to know that it was encoded in the one way allowed.
//!
//! What serde derives for the same types serves hosts, and the tests that compare both with postcard.

use crate::reject::{Reason, ensure};

/// Bits that one byte of a varint carries.
const GROUP: u32 = 7;

/// A type that is read field by field. Where that cannot be done it [fails](Reader::fail) the reader, and makes any value: nobody
/// gets to see it.
pub trait Read<'a>: Sized {
    /// Reads a value from the front.
    fn read(from: &mut Reader<'a>) -> Self;
}

/// Implements [`Read`]: for a struct by its fields, for an enum by its variants with their numbers and what stands for a number
/// that is none of them. Both in the order of their definition, which is that of serde.
macro_rules! reads {
    (struct $name:ident < $life:lifetime > { $($field:ident),+ $(,)? }) => {
        impl<$life> $crate::wire::Read<$life> for $name<$life> {
            #[inline(never)]
            fn read(from: &mut $crate::wire::Reader<$life>) -> Self {
                Self { $($field: $crate::wire::Read::read(from)),+ }
            }
        }
    };
    (struct $name:ident { $($field:ident),+ $(,)? }) => {
        impl<'a> $crate::wire::Read<'a> for $name {
            #[inline(never)]
            fn read(from: &mut $crate::wire::Reader<'a>) -> Self {
                Self { $($field: $crate::wire::Read::read(from)),+ }
            }
        }
    };
    (enum $name:ident < $life:lifetime > { $($variants:tt)+ }) => {
        impl<$life> $crate::wire::Read<$life> for $name<$life> {
            #[inline(never)]
            fn read(from: &mut $crate::wire::Reader<$life>) -> Self {
                $crate::wire::reads!(@match from { $($variants)+ })
            }
        }
    };
    (enum $name:ident { $($variants:tt)+ }) => {
        impl<'a> $crate::wire::Read<'a> for $name {
            #[inline(never)]
            fn read(from: &mut $crate::wire::Reader<'a>) -> Self {
                $crate::wire::reads!(@match from { $($variants)+ })
            }
        }
    };
    (@match $from:ident {
        $($number:literal $variant:ident $({ $($field:ident),+ })? $(( $($part:ident),+ ))?,)+
        _ $none:expr
    }) => {
        match $from.tag() {
            $($number => Self::$variant
                $({ $($field: $crate::wire::Read::read($from)),+ })?
                $(( $($crate::wire::Read::$part($from)),+ ))?,)+
            _ => {
                $from.fail();
                $none
            }
        }
    };
}

pub(crate) use reads;

/// Reads a value from the front of the bytes; also returns what follows it.
///
/// # Errors
/// [`Reason::NotDecodable`], or [`Reason::NotCanonical`].
pub(crate) fn take<'a, T: Read<'a>>(bytes: &'a [u8]) -> Result<(T, &'a [u8]), Reason> {
    let mut reader = Reader::new(bytes);
    let value = T::read(&mut reader);
    Ok((value, reader.finish()?))
}

/// Reads a value that fills the bytes.
///
/// # Errors
/// As [`take`]; [`Reason::TrailingBytes`].
pub(crate) fn decode_whole<'a, T: Read<'a>>(bytes: &'a [u8]) -> Result<T, Reason> {
    let mut reader = Reader::new(bytes);
    let value = T::read(&mut reader);
    reader.end()?;
    Ok(value)
}

/// What the bytes seem to begin with: good for looking away, never for trust. Does not ask that
/// they be canonical.
pub(crate) fn peek<'a, T: Read<'a>>(bytes: &'a [u8]) -> Option<T> {
    let mut reader = Reader::new(bytes);
    let value = T::read(&mut reader);
    (!reader.failed).then_some(value)
}

/// A cursor over bytes that are read as values.
pub struct Reader<'de> {
    rest: &'de [u8],
    /// Something could not be read: nothing that was read counts.
    failed: bool,
    /// A varint was longer than it had to be.
    padded: bool,
}

impl<'de> Reader<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Self {
            rest: bytes,
            failed: false,
            padded: false,
        }
    }

    #[inline(never)]
    pub(super) fn finish(self) -> Result<&'de [u8], Reason> {
        match self {
            Self { failed: true, .. } => Err(Reason::NotDecodable),
            Self { padded: true, .. } => Err(Reason::NotCanonical),
            Self { rest, .. } => Ok(rest),
        }
    }

    /// As [`finish`](Self::finish), where nothing may follow.
    #[inline(never)]
    pub(super) fn end(self) -> Result<(), Reason> {
        let rest = self.finish()?;
        ensure(rest.is_empty(), Reason::TrailingBytes)
    }

    /// Something could not be read.
    pub(crate) fn fail(&mut self) {
        self.rest = &[];
        self.failed = true;
    }

    #[inline(never)]
    pub(crate) fn byte(&mut self) -> u8 {
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
    pub(crate) fn flag(&mut self) -> bool {
        let byte = self.byte();
        if byte > 1 {
            self.fail();
        }
        byte == 1
    }

    /// A number of at most this many bits, seven a byte, the lowest first.
    #[inline(never)]
    pub(crate) fn varint(&mut self, bits: u32) -> u64 {
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

    #[inline(never)]
    pub(super) fn varint_u16(&mut self) -> u16 {
        let [a, b, ..] = self.varint(u16::BITS).to_le_bytes();
        u16::from_le_bytes([a, b])
    }

    #[inline(never)]
    pub(super) fn varint_u32(&mut self) -> u32 {
        // The lower half. Not `as`, and not a comparison that the compiler has to keep.
        let [a, b, c, d, ..] = self.varint(u32::BITS).to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    #[inline(never)]
    pub(super) fn varint_u64(&mut self) -> u64 {
        self.varint(u64::BITS)
    }

    /// The number of a variant.
    pub(crate) fn tag(&mut self) -> u32 {
        self.varint_u32()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self) -> &'de [u8] {
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
    pub(crate) fn text(&mut self) -> &'de str {
        match core::str::from_utf8(self.bytes()) {
            Ok(text) => text,
            Err(_) => {
                self.fail();
                ""
            }
        }
    }
}

/// Numbers with a sign alternate between those without: 0, -1, 1, -2.
pub(super) fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
}

pub(super) fn zigzag_u32(number: u32) -> i32 {
    (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
}

macro_rules! reads_by {
    ($($type:ty: $read:expr;)+) => {$(
        impl<'a> Read<'a> for $type {
            #[inline(always)]
            fn read(from: &mut Reader<'a>) -> Self {
                let read: fn(&mut Reader<'a>) -> Self = $read;
                read(from)
            }
        }
    )+};
}

reads_by! {
    bool: Reader::flag;
    u8: Reader::byte;
    u16: Reader::varint_u16;
    u32: Reader::varint_u32;
    u64: Reader::varint_u64;
    i32: |from| zigzag_u32(from.varint_u32());
    i64: |from| zigzag(from.varint_u64());
    &'a str: Reader::text;
    &'a [u8]: Reader::bytes;
}

impl<'a, const LEN: usize> Read<'a> for [u8; LEN] {
    #[inline(never)]
    fn read(from: &mut Reader<'a>) -> Self {
        let Some((bytes, rest)) = from.rest.split_first_chunk() else {
            from.fail();
            return [0; LEN];
        };
        from.rest = rest;
        *bytes
    }
}

impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    #[inline(never)]
    fn read(from: &mut Reader<'a>) -> Self {
        from.flag().then(|| T::read(from))
    }
}

impl<'a, A: Read<'a>, B: Read<'a>> Read<'a> for (A, B) {
    fn read(from: &mut Reader<'a>) -> Self {
        (A::read(from), B::read(from))
    }
}
