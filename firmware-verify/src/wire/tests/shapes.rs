//! A value of every shape that bodies and records are made of, and such values by chance.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    twin::Bytes,
    types::{Digest, KeyId},
    wire::{Read, Reader, reads},
};

/// Everything that bodies and records are made of.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Shapes<'a> {
    flag: bool,
    byte: u8,
    short: u16,
    word: u32,
    long: u64,
    signed: i32,
    signed_long: i64,
    text: &'a str,
    #[serde(borrow)]
    bytes: Bytes<'a>,
    bare: &'a [u8],
    id: KeyId,
    digest: Digest,
    pair: (u8, u32),
    array: [u16; 3],
    maybe: Option<u64>,
    maybe_shape: Option<Shape<'a>>,
    list: heapless::Vec<u16, 4>,
    name: heapless::String<8>,
    newtype: Newtype,
    nothing: (),
    last: Shape<'a>,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Newtype(i64);

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum Shape<'a> {
    Unit,
    Number(u32),
    Pair(u8, i32),
    Fields {
        long: u64,
        #[serde(borrow)]
        text: &'a str,
    },
}

reads!(struct Shapes<'a> {
    flag, byte, short, word, long, signed, signed_long, text, bytes, bare, id, digest, pair, array, maybe, maybe_shape, list, name,
    newtype, nothing, last,
});
reads!(enum Shape<'a> {
    0 Unit,
    1 Number(read),
    2 Pair(read, read),
    3 Fields { long, text },
    _ Self::Unit
});

// What no statement or record is made of.

impl<'a> Read<'a> for Newtype {
    fn read(from: &mut Reader<'a>) -> Self {
        Self(Read::read(from))
    }
}

impl<'a> Read<'a> for () {
    fn read(_: &mut Reader<'a>) -> Self {}
}

impl<'a> Read<'a> for [u16; 3] {
    fn read(from: &mut Reader<'a>) -> Self {
        core::array::from_fn(|_| Read::read(from))
    }
}

impl<'a> Read<'a> for heapless::Vec<u16, 4> {
    fn read(from: &mut Reader<'a>) -> Self {
        let mut list = Self::new();
        for _ in 0..u64::read(from) {
            let item = Read::read(from);
            if list.push(item).is_err() {
                from.fail();
                break;
            }
        }
        list
    }
}

impl<'a> Read<'a> for heapless::String<8> {
    fn read(from: &mut Reader<'a>) -> Self {
        Self::try_from(from.text()).unwrap_or_else(|_| {
            from.fail();
            Self::new()
        })
    }
}

fn shape() -> impl Strategy<Value = Shape<'static>> {
    prop_oneof![
        Just(Shape::Unit),
        any::<u32>().prop_map(Shape::Number),
        (any::<u8>(), any::<i32>()).prop_map(|(byte, number)| Shape::Pair(byte, number)),
        (edges(), text()).prop_map(|(long, text)| Shape::Fields { long, text }),
    ]
}

fn text() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just("a"), Just("pump/limit"), Just("é\u{1f512}")]
}

fn edges() -> impl Strategy<Value = u64> {
    let edges =
        (0_u32..64, -1_i64..2).prop_map(|(bit, off)| (1_u64 << bit).wrapping_add_signed(off));
    prop_oneof![any::<u64>(), edges, 0_u64..300]
}

pub(super) fn shapes() -> impl Strategy<Value = Shapes<'static>> {
    let numbers = (any::<bool>(), any::<u8>(), edges(), edges(), edges());
    let long = (
        text(),
        any::<[u8; 8]>(),
        any::<[u8; 32]>(),
        any::<[u16; 3]>(),
    );
    let nested = (
        proptest::option::of(edges()),
        proptest::option::of(shape()),
        shape(),
    );
    let lists = (proptest::collection::vec(any::<u16>(), 0..5), "[a-z]{0,8}");
    (numbers, long, nested, lists).prop_map(
        |(
            (flag, byte, a, b, c),
            (text, id, digest, array),
            (maybe, maybe_shape, last),
            (list, name),
        )| {
            Shapes {
                flag,
                byte,
                short: a as u16,
                word: b as u32,
                long: c,
                signed: a as i32,
                signed_long: b as i64,
                text,
                bytes: Bytes(text.as_bytes()),
                bare: &[0x80, 0xff, 0],
                id: KeyId(id),
                digest: Digest(digest),
                pair: (byte, c as u32),
                array,
                maybe,
                maybe_shape,
                list: list.into_iter().collect(),
                name: name.as_str().try_into().unwrap(),
                newtype: Newtype(c as i64),
                nothing: (),
                last,
            }
        },
    )
}
