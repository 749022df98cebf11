//! Reader and writer against postcard, which defines the format.

mod shapes;

use std::{fmt::Debug, format, string::String, vec, vec::Vec};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use self::shapes::{Shapes, shapes};
use super::{Read, Run, deserializer::deserialize, encode, take};
use crate::{
    ledger::{OpenLatch, Record},
    reject::Reason,
    statement::{
        CloseCause, Code, CommandAssignment, Enrolment, Latch, Manifest, Outcome,
        PropertyAssignment, Receipt, Requirement, Revocation, Root, RootKey, Rule, State, StopSlip,
        TimeAttestation,
    },
    twin::Entry,
    types::{Challenge, StatementId, TenantId},
    verdict::{Burned, Floor},
};

/// Longer than any value of these tests.
const ROOM: usize = 4096;

/// What postcard makes of the bytes: the value as text, and how many follow it. That a value is
/// encoded in the one way allowed shows when it is encoded again.
fn by_postcard<'a, T: Serialize + Deserialize<'a> + Debug>(
    bytes: &'a [u8],
) -> Result<(String, usize), Reason> {
    let (value, rest) = postcard::take_from_bytes::<T>(bytes).map_err(|_| Reason::NotDecodable)?;
    let mut buffer = vec![0; ROOM];
    let again = postcard::to_slice(&value, &mut buffer).unwrap();
    let used = &bytes[..bytes.len() - rest.len()];
    if again != used {
        return Err(Reason::NotCanonical);
    }
    Ok((format!("{value:?}"), rest.len()))
}

fn by_reader<'a, T: Read<'a> + Debug>(bytes: &'a [u8]) -> Result<(String, usize), Reason> {
    let (value, rest) = take::<T>(bytes)?;
    Ok((format!("{value:?}"), rest.len()))
}

fn by_serde<'a, T: Deserialize<'a> + Debug>(bytes: &'a [u8]) -> Result<(String, usize), Reason> {
    let (value, rest) = deserialize::<T>(bytes)?;
    Ok((format!("{value:?}"), rest.len()))
}

/// Whether all read the same, and what they read.
fn agree<'a, T: Serialize + Deserialize<'a> + Read<'a> + Debug>(
    bytes: &'a [u8],
) -> Result<(), Reason> {
    let expected = by_postcard::<T>(bytes);
    for found in [by_reader::<T>(bytes), by_serde::<T>(bytes)] {
        assert_eq!(
            found,
            expected,
            "{} of {bytes:02x?}",
            core::any::type_name::<T>()
        );
    }
    expected.map(drop)
}

/// Number of ways in which [`read_all`] reads.
const TYPES: usize = 24;

/// Reads bytes as each type that the device reads.
fn read_all(bytes: &[u8]) -> [Result<(), Reason>; TYPES] {
    [
        agree::<Shapes<'_>>(bytes),
        agree::<Code<'_>>(bytes),
        agree::<Root<'_>>(bytes),
        agree::<Manifest<'_>>(bytes),
        agree::<TimeAttestation>(bytes),
        agree::<Revocation>(bytes),
        agree::<StopSlip>(bytes),
        agree::<Receipt>(bytes),
        agree::<State<'_>>(bytes),
        agree::<Enrolment>(bytes),
        agree::<Record<'_>>(bytes),
        agree::<Burned>(bytes),
        agree::<Floor>(bytes),
        agree::<OpenLatch>(bytes),
        agree::<Entry<'_>>(bytes),
        agree::<RootKey>(bytes),
        agree::<Rule>(bytes),
        agree::<Latch<'_>>(bytes),
        agree::<PropertyAssignment<'_>>(bytes),
        agree::<CommandAssignment<'_>>(bytes),
        agree::<Requirement>(bytes),
        agree::<Outcome>(bytes),
        agree::<(TenantId, u32)>(bytes),
        agree::<Option<CloseCause>>(bytes),
    ]
}

fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    let mut buffer = vec![0; ROOM];
    postcard::to_slice(value, &mut buffer).unwrap().to_vec()
}

/// What somebody may do to an encoding.
#[derive(Clone, Debug)]
enum Harm {
    Flip(usize, u8),
    Cut(usize),
    Grow(u8),
    /// The byte goes on, and a zero follows: where a varint ends, a longer one of the same number.
    Pad(usize),
    Insert(usize, u8),
}

fn harm() -> impl Strategy<Value = Harm> {
    let (at, byte) = (0_usize..256, || {
        prop_oneof![any::<u8>(), Just(0x80), Just(0xff), Just(0)]
    });
    prop_oneof![
        (at.clone(), byte()).prop_map(|(at, byte)| Harm::Flip(at, byte)),
        at.clone().prop_map(Harm::Cut),
        byte().prop_map(Harm::Grow),
        at.clone().prop_map(Harm::Pad),
        (at, byte()).prop_map(|(at, byte)| Harm::Insert(at, byte)),
    ]
}

fn harmed(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        let place = |at: usize| at % bytes.len().max(1);
        match *harm {
            Harm::Flip(at, byte) => {
                let at = place(at);
                bytes
                    .get_mut(at)
                    .into_iter()
                    .for_each(|found| *found ^= byte);
            }
            Harm::Cut(at) => bytes.truncate(place(at)),
            Harm::Grow(byte) => bytes.push(byte),
            Harm::Pad(at) => {
                let at = place(at);
                if let Some(found) = bytes.get_mut(at) {
                    *found |= 0x80;
                    bytes.insert(at + 1, 0);
                }
            }
            Harm::Insert(at, byte) => bytes.insert(place(at), byte),
        }
    }
    bytes
}

/// Small numbers, which lead far into a type, and what ends its reading.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        6 => 0_u8..4,
        2 => 4_u8..20,
        1 => Just(0x80_u8),
        1 => any::<u8>(),
    ];
    proptest::collection::vec(byte, 0..220)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_type_reads_what_postcard_reads(bytes in likely()) {
        let _ = read_all(&bytes);
    }

    #[test]
    fn harmed_encodings_are_read_and_refused_as_by_postcard(
        value in shapes(),
        harms in proptest::collection::vec(harm(), 0..3),
    ) {
        let bytes = encoded(&value);
        prop_assert_eq!(take::<Shapes<'_>>(&bytes).unwrap().0, value);
        let _ = agree::<Shapes<'_>>(&harmed(bytes, &harms));
    }

    #[test]
    fn the_writer_writes_what_postcard_writes(value in shapes()) {
        let expected = encoded(&value);
        for room in 0..expected.len() {
            let refusal = encode(&value, &mut vec![0; room]).unwrap_err();
            prop_assert_eq!(refusal.reason, Reason::BufferTooSmall);
        }
        for room in [expected.len(), ROOM] {
            let mut buffer = vec![0; room];
            prop_assert_eq!(&*encode(&value, &mut buffer).unwrap(), &*expected);
        }
    }
}

#[test]
fn likely_bytes_lead_to_the_end_of_every_type_but_names() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut read = [0_u32; TYPES];
    let mut padded = [0_u32; TYPES];
    for _ in 0..4000 {
        let bytes = likely().new_tree(&mut runner).unwrap().current();
        for (place, found) in read_all(&bytes).into_iter().enumerate() {
            read[place] += u32::from(found.is_ok());
            padded[place] += u32::from(found == Err(Reason::NotCanonical));
        }
    }
    // Those with a device's name, whose characters small numbers are not, are read in the
    // vectors of statements and in the lives of devices.
    let unread = read.iter().filter(|count| **count == 0).count();
    assert!(unread <= 6, "{read:?}");
    assert!(
        padded.iter().filter(|count| **count > 0).count() >= TYPES / 2,
        "{padded:?}"
    );
}

#[test]
fn varints_are_read_to_the_width_of_their_type() {
    let widest = |bytes: usize, last: u8| {
        let mut varint = vec![0xff; bytes - 1];
        varint.push(last);
        varint
    };
    for (bytes, last) in [(3, 3), (5, 15), (10, 1)] {
        for last in [last, last + 1, 0x80, 0] {
            let varint = widest(bytes, last);
            let _ = agree::<u16>(&varint);
            let _ = agree::<u32>(&varint);
            let _ = agree::<u64>(&varint);
            let _ = agree::<i32>(&varint);
            let _ = agree::<i64>(&varint);
        }
    }
    assert_eq!(agree::<u64>(&widest(10, 1)), Ok(()));
    assert_eq!(agree::<u64>(&widest(10, 2)), Err(Reason::NotDecodable));
    assert_eq!(agree::<u64>(&widest(10, 0)), Err(Reason::NotCanonical));
    assert_eq!(agree::<u16>(&[0x80, 0]), Err(Reason::NotCanonical));
}

#[test]
fn what_cannot_be_read_at_all_counts_before_what_is_padded() {
    // A padded number, then a flag that is none.
    assert_eq!(
        agree::<(u32, bool)>(&[0x81, 0, 2]),
        Err(Reason::NotDecodable)
    );
    assert_eq!(
        agree::<(u32, bool)>(&[0x81, 0, 1]),
        Err(Reason::NotCanonical)
    );
    assert_eq!(
        agree::<(u32, StatementId)>(&[0x81, 0, 1]),
        Err(Reason::NotDecodable)
    );
    assert_eq!(
        agree::<Run<'_, Entry<'_>>>(&[0x81, 0, 1]),
        Err(Reason::NotCanonical)
    );
    assert_eq!(agree::<Challenge>(&[7; 16]), Ok(()));
}
