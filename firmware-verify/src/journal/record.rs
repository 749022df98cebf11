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

use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;

use super::{
    MAX_BODY,
    checksum::Checksum,
    mark::{Mark, WORD},
    medium::{CHUNK, Fault, Field, Medium},
};

/// Kinds that the caller may use.
pub(super) const KINDS: core::ops::RangeInclusive<u8> = 1..=0x7f;

const HEAD: usize = 16;
/// Half of the bits are programmed; neither erased flash nor zeros look like them.
const C1: [u8; WORD] = [0x5a, 0xc3, 0x96, 0x0f];
const C2: [u8; WORD] = [0xa5, 0x3c, 0x69, 0xf0];

/// The head of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) length: usize,
    pub(super) kind: u8,
    /// Place among the records of the sector, from 0.
    pub(super) index: u32,
    /// What both checksums begin with: the sector's sequence number, and the front of the head.
    begun: Checksum,
    body_checksum: u32,
}

impl Head {
    /// Under a sequence number, with the checksum of a body that is still to come.
    fn begin(sequence: u32, length: usize, kind: u8, index: u32) -> Option<Self> {
        let mut head = Self {
            length,
            kind,
            index,
            begun: Checksum::of(sequence),
            body_checksum: 0,
        };
        head.begun.add(&head.front()?);
        Some(head)
    }

    /// Length, kind, index.
    fn front(&self) -> Option<[u8; 8]> {
        let [l0, l1] = u16::try_from(self.length).ok()?.to_le_bytes();
        let [i0, i1, i2, i3] = self.index.to_le_bytes();
        Some([l0, l1, self.kind, 0, i0, i1, i2, i3])
    }

    fn encode(&self) -> Option<[u8; HEAD]> {
        let [f0, f1, f2, f3, f4, f5, f6, f7] = self.front()?;
        let body @ [b0, b1, b2, b3] = self.body_checksum.to_le_bytes();
        let [s0, s1, s2, s3] = self.begun.then(&body).end().to_le_bytes();
        Some([
            f0, f1, f2, f3, f4, f5, f6, f7, b0, b1, b2, b3, s0, s1, s2, s3,
        ])
    }

    fn decode(bytes: [u8; HEAD], sequence: u32) -> Option<Self> {
        let [l0, l1, kind, zero, i0, i1, i2, i3, b0, b1, b2, b3, sum @ ..] = bytes;
        let (front, _) = bytes.split_first_chunk::<8>()?;
        let begun = Checksum::of(sequence).then(front);
        let head = Self {
            length: usize::from(u16::from_le_bytes([l0, l1])),
            kind,
            index: u32::from_le_bytes([i0, i1, i2, i3]),
            begun,
            body_checksum: u32::from_le_bytes([b0, b1, b2, b3]),
        };
        let own = begun.then(&[b0, b1, b2, b3]).end();
        (own.to_le_bytes() == sum && zero == 0 && head.length <= MAX_BODY && KINDS.contains(&kind))
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
pub(super) fn look_body<F: NorFlash>(medium: &mut Medium<F>, at: usize, head: &Head) -> Finding {
    match body_checksums(medium, at, head, None) {
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
    buffer: &'b mut [u8],
) -> Result<&'b [u8], Fault> {
    let body = buffer.get_mut(..head.length).ok_or(Fault)?;
    medium.read(at + Places::of::<F>(head.length).body, body)?;
    if head.begun.then(body).end() == head.body_checksum {
        Ok(body)
    } else {
        Err(Fault)
    }
}

/// Passes part of a body on, in pieces that nobody has checked.
pub(super) fn pass<F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    head: &Head,
    part: Range<usize>,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), Fault> {
    let body = at + Places::of::<F>(head.length).body;
    let end = part.end.min(head.length);
    let mut chunk = [0; CHUNK];
    // A chunk is made of whole units, and is read from its beginning.
    let mut next = part.start - part.start % CHUNK;
    while next < end {
        let piece = chunk.get_mut(..CHUNK.min(end - next)).ok_or(Fault)?;
        medium.read(body + next, piece)?;
        take(piece.get(part.start.saturating_sub(next)..).ok_or(Fault)?);
        next += piece.len();
    }
    Ok(())
}

/// The checksum of the body as it lies there, and what it would be in `other`.
fn body_checksums<F: NorFlash>(
    medium: &mut Medium<F>,
    at: usize,
    head: &Head,
    other: Option<&Head>,
) -> Result<(u32, u32), Fault> {
    let mut here = head.begun;
    let mut there = other.map(|other| other.begun);
    let mut chunk = [0; CHUNK];
    let mut done = 0;
    while done < head.length {
        let part = chunk
            .get_mut(..CHUNK.min(head.length - done))
            .ok_or(Fault)?;
        medium.read(at + Places::of::<F>(head.length).body + done, part)?;
        here.add(part);
        if let Some(there) = &mut there {
            there.add(part);
        }
        done += part.len();
    }
    let here = here.end();
    Ok((here, there.map_or(here, Checksum::end)))
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
    let mut head = Head::begin(sequence, body.len(), kind, index).ok_or(Failure::Unbegun)?;
    head.body_checksum = head.begun.then(body).end();
    begin(medium, at, &head)?;
    let places = Places::of::<F>(head.length);
    medium
        .write(at + places.body, body)
        .and_then(|()| commit(medium, at, &head))
        .map_err(|Fault| Failure::Begun)
}

/// Writes at `at` what the record `from_head` at `from` says, checking that one on the way.
pub(super) fn copy<F: NorFlash>(
    medium: &mut Medium<F>,
    (from, from_head): (usize, &Head),
    at: usize,
    sequence: u32,
    index: u32,
) -> Result<(), Failure> {
    let Head { length, kind, .. } = *from_head;
    let mut head = Head::begin(sequence, length, kind, index).ok_or(Failure::Unbegun)?;
    let (found, body_checksum) =
        body_checksums(medium, from, from_head, Some(&head)).map_err(|Fault| Failure::Unbegun)?;
    if found != from_head.body_checksum {
        return Err(Failure::Unbegun);
    }
    head.body_checksum = body_checksum;
    begin(medium, at, &head)?;
    copy_body(medium, from, at, length)
        .and_then(|()| commit(medium, at, &head))
        .map_err(|Fault| Failure::Begun)
}

fn begin<F: NorFlash>(medium: &mut Medium<F>, at: usize, head: &Head) -> Result<(), Failure> {
    let bytes = head.encode().ok_or(Failure::Unbegun)?;
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

fn commit<F: NorFlash>(medium: &mut Medium<F>, at: usize, head: &Head) -> Result<(), Fault> {
    if look_body(medium, at, head) != Finding::Right {
        return Err(Fault);
    }
    let places = Places::of::<F>(head.length);
    medium.write_field(at + places.c1, C1)?;
    medium.write_field(at + places.c2, C2)
}
