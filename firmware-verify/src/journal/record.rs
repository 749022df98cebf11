//! One record.
//!
//! ```text
//!  begun     head                                                body          c1      c2
//! +---------+-------+------+---+---------+----------+----------+-------------+-------+-------+
//! | mark    | len   | kind | 0 | index   | CRC-32   | CRC-32   | len bytes   | word  | word  |
//! |         | u16   | u8   |   | u32     | of all   | of head  |             |       |       |
//! +---------+-------+------+---+---------+----------+----------+-------------+-------+-------+
//! ```
//!
//! Each of the five fields starts a write unit of its own and is padded with erased bytes;
//! numbers are little-endian. They are programmed from left to right, each unit once:
//!
//! 1. `begun` takes the blow of the cut before: see [`Mark`]. Its content never means anything.
//! 2. head and body are programmed and read back.
//! 3. `c1` commits the record. A record is committed if head, body and `c1` are right.
//! 4. `c2` testifies that the programming of `c1` had ended. While `c2` is missing at the last
//!    record, `c1` may be weak, so the record must be written again elsewhere before anybody
//!    learns of it.
//!
//! Both checksums start with the sequence number of the sector, so nothing that an earlier
//! life of the sector left is taken for a record of this one.
//!
//! CRC-32/ISCSI (Castagnoli, RFC 3720): it finds any five wrong bits in up to 655 bytes and any three in
//! all lengths used here (Koopman, "32-Bit Cyclic Redundancy Codes for Internet
//! Applications", DSN 2002). Without a table on bare metal, where one costs 1 KiB of flash at
//! least; a host has the room, and simulated fleets boot by the million.

#[cfg(target_os = "none")]
use crc::NoTable as Tables;
#[cfg(not(target_os = "none"))]
type Tables = crc::Table<16>;

use crc::{CRC_32_ISCSI, Crc};
use embedded_storage::nor_flash::NorFlash;

use super::{
    MAX_BODY,
    mark::{Mark, WORD},
    medium::{CHUNK, Fault, Field, Medium},
};

static CRC: Crc<u32, Tables> = Crc::<u32, Tables>::new(&CRC_32_ISCSI);

/// Kinds that the caller may use.
pub(super) const KINDS: core::ops::RangeInclusive<u8> = 1..=0x7f;

const HEAD: usize = 16;
/// Half of the bits are programmed; neither erased flash nor zeros look like them.
const C1: [u8; WORD] = [0x5a, 0xc3, 0x96, 0x0f];
const C2: [u8; WORD] = [0xa5, 0x3c, 0x69, 0xf0];

/// A checksum over the sector's sequence number and `parts`.
pub(super) fn checksum(sequence: u32, parts: &[&[u8]]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&sequence.to_le_bytes());
    for part in parts {
        digest.update(part);
    }
    digest.finalize()
}

/// The head of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) length: usize,
    pub(super) kind: u8,
    /// Place among the records of the sector, from 0.
    pub(super) index: u32,
    body_checksum: u32,
}

impl Head {
    /// What both checksums cover: length, kind, index.
    fn front(length: usize, kind: u8, index: u32) -> Option<[u8; 8]> {
        let [l0, l1] = u16::try_from(length).ok()?.to_le_bytes();
        let [i0, i1, i2, i3] = index.to_le_bytes();
        Some([l0, l1, kind, 0, i0, i1, i2, i3])
    }

    fn encode(&self, sequence: u32) -> Option<[u8; HEAD]> {
        let front = Self::front(self.length, self.kind, self.index)?;
        let body = self.body_checksum.to_le_bytes();
        let own = checksum(sequence, &[&front, &body]).to_le_bytes();
        let mut bytes = [0; HEAD];
        for (to, from) in bytes
            .iter_mut()
            .zip(front.into_iter().chain(body).chain(own))
        {
            *to = from;
        }
        Some(bytes)
    }

    fn decode(bytes: [u8; HEAD], sequence: u32) -> Option<Self> {
        let [l0, l1, kind, _, i0, i1, i2, i3, b0, b1, b2, b3, ..] = bytes;
        let head = Self {
            length: usize::from(u16::from_le_bytes([l0, l1])),
            kind,
            index: u32::from_le_bytes([i0, i1, i2, i3]),
            body_checksum: u32::from_le_bytes([b0, b1, b2, b3]),
        };
        // The inverse must give the same bytes: this checks the checksum and the zero byte.
        (head.encode(sequence) == Some(bytes) && head.length <= MAX_BODY && KINDS.contains(&kind))
            .then_some(head)
    }
}

/// Where the fields of a record of a given length lie, from its start.
#[derive(Clone, Copy)]
pub(super) struct Places {
    pub(super) head: usize,
    pub(super) body: usize,
    pub(super) c1: usize,
    pub(super) c2: usize,
    pub(super) end: usize,
}

impl Places {
    pub(super) const fn of<F: NorFlash>(length: usize) -> Self {
        let head = Medium::<F>::pad(WORD);
        let body = head + Medium::<F>::pad(HEAD);
        let c1 = body + Medium::<F>::pad(length);
        let c2 = c1 + Medium::<F>::pad(WORD);
        Self {
            head,
            body,
            c1,
            c2,
            end: c2 + Medium::<F>::pad(WORD),
        }
    }
}

/// What one field of a record, or its body, was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Finding {
    Erased,
    Right,
    Wrong,
    Unreadable,
}

/// The head of the record that starts at `at`, and what was found there.
pub(super) fn look_head<F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    sequence: u32,
) -> (Finding, Option<Head>) {
    match medium.field::<HEAD>(at + Places::of::<F>(0).head) {
        Field::Erased => (Finding::Erased, None),
        Field::Unreadable => (Finding::Unreadable, None),
        Field::Spoilt => (Finding::Wrong, None),
        Field::Bytes(bytes) => match Head::decode(bytes, sequence) {
            Some(head) => (Finding::Right, Some(head)),
            None => (Finding::Wrong, None),
        },
    }
}

/// What the body is; a body has no erased state of its own.
pub(super) fn look_body<F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    head: &Head,
    sequence: u32,
) -> Finding {
    match body_checksums(medium, at, head, sequence, None) {
        Ok((found, _)) if found == head.body_checksum => Finding::Right,
        Ok(_) => Finding::Wrong,
        Err(Fault) => Finding::Unreadable,
    }
}

pub(super) fn look_c1<F: NorFlash>(medium: &mut Medium<F>, at: usize, head: &Head) -> Finding {
    look_word(medium, at + Places::of::<F>(head.length).c1, C1)
}

pub(super) fn look_c2<F: NorFlash>(medium: &mut Medium<F>, at: usize, head: &Head) -> Finding {
    look_word(medium, at + Places::of::<F>(head.length).c2, C2)
}

fn look_word<F: NorFlash>(medium: &mut Medium<F>, at: usize, word: [u8; WORD]) -> Finding {
    match medium.field(at) {
        Field::Erased => Finding::Erased,
        Field::Bytes(bytes) if bytes == word => Finding::Right,
        Field::Bytes(_) | Field::Spoilt => Finding::Wrong,
        Field::Unreadable => Finding::Unreadable,
    }
}

/// Reads a body into `buffer` and checks it.
pub(super) fn read_body<'b, F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    head: &Head,
    sequence: u32,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], Fault> {
    let body = buffer.get_mut(..head.length).ok_or(Fault)?;
    medium.read(at + Places::of::<F>(head.length).body, body)?;
    let front = Head::front(head.length, head.kind, head.index).ok_or(Fault)?;
    if checksum(sequence, &[&front, body]) == head.body_checksum {
        Ok(body)
    } else {
        Err(Fault)
    }
}

/// The checksum of the body as it lies there, and what it would be under another sequence
/// number and index.
fn body_checksums<F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    head: &Head,
    sequence: u32,
    other: Option<(u32, u32)>,
) -> Result<(u32, u32), Fault> {
    let (other_sequence, other_index) = other.unwrap_or((sequence, head.index));
    let mut here = CRC.digest();
    here.update(&sequence.to_le_bytes());
    here.update(&Head::front(head.length, head.kind, head.index).ok_or(Fault)?);
    let mut there = CRC.digest();
    there.update(&other_sequence.to_le_bytes());
    there.update(&Head::front(head.length, head.kind, other_index).ok_or(Fault)?);

    let mut chunk = [0; CHUNK];
    let mut done = 0;
    while done < head.length {
        let part = chunk
            .get_mut(..CHUNK.min(head.length - done))
            .ok_or(Fault)?;
        medium.read(at + Places::of::<F>(head.length).body + done, part)?;
        here.update(part);
        if other.is_some() {
            there.update(part);
        }
        done += part.len();
    }
    Ok((here.finalize(), there.finalize()))
}

/// How far a failed record came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// Its mark was not set: the place may still look untouched.
    Unbegun,
    /// Its mark is set: the place can never look untouched again.
    Begun,
}

/// Writes a record at `at` and reads it back. Committed and durable when `Ok`.
pub(super) fn write<F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    sequence: u32,
    index: u32,
    kind: u8,
    body: &[u8],
) -> Result<(), Failure> {
    let front = Head::front(body.len(), kind, index).ok_or(Failure::Unbegun)?;
    let head = Head {
        length: body.len(),
        kind,
        index,
        body_checksum: checksum(sequence, &[&front, body]),
    };
    begin(medium, at, &head, sequence)?;
    let places = Places::of::<F>(head.length);
    medium
        .write(at + places.body, body)
        .and_then(|()| commit(medium, at, &head, sequence))
        .map_err(|Fault| Failure::Begun)
}

/// Writes at `at` what the record `head` at `from` says, checking that one on the way.
pub(super) fn copy<F: NorFlash>(
    medium: &mut Medium<F>,
    (from, from_sequence, from_head): (usize, u32, &Head),
    at: usize,
    sequence: u32,
    index: u32,
) -> Result<(), Failure> {
    let (found, body_checksum) = body_checksums(
        medium,
        from,
        from_head,
        from_sequence,
        Some((sequence, index)),
    )
    .map_err(|Fault| Failure::Unbegun)?;
    if found != from_head.body_checksum {
        return Err(Failure::Unbegun);
    }
    let head = Head {
        index,
        body_checksum,
        ..*from_head
    };
    begin(medium, at, &head, sequence)?;
    copy_body(medium, from, at, head.length)
        .and_then(|()| commit(medium, at, &head, sequence))
        .map_err(|Fault| Failure::Begun)
}

fn begin<F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    head: &Head,
    sequence: u32,
) -> Result<(), Failure> {
    let bytes = head.encode(sequence).ok_or(Failure::Unbegun)?;
    Mark::set(medium, at).map_err(|Fault| Failure::Unbegun)?;
    medium
        .write_field(at + Places::of::<F>(head.length).head, bytes)
        .map_err(|Fault| Failure::Begun)
}

fn copy_body<F: NorFlash>(
    medium: &mut Medium<F>,
    from: usize,
    to: usize,
    length: usize,
) -> Result<(), Fault> {
    let body = Places::of::<F>(length).body;
    let mut chunk = [0; CHUNK];
    let mut done = 0;
    while done < length {
        let part = chunk.get_mut(..CHUNK.min(length - done)).ok_or(Fault)?;
        medium.read(from + body + done, part)?;
        medium.write(to + body + done, part)?;
        done += part.len();
    }
    Ok(())
}

fn commit<F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    head: &Head,
    sequence: u32,
) -> Result<(), Fault> {
    if look_body(medium, at, head, sequence) != Finding::Right {
        return Err(Fault);
    }
    let places = Places::of::<F>(head.length);
    medium.write_field(at + places.c1, C1)?;
    medium.write_field(at + places.c2, C2)
}
