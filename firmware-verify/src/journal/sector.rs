//! One sector.
//!
//! ```text
//!  head (32)     seal (12)    accepted  closed  records ...          accepted  closed
//! +-------------+------------+---------+-------+--------------------+---------+-------+
//! | see below   | end u32    | mark    | mark  | snapshot | later   | mark    | mark  |
//! |             | seq. u32   |         |       |                    |         |       |
//! |             | CRC-32     |         |       |                    |         |       |
//! +-------------+------------+---------+-------+--------------------+---------+-------+
//!
//!  head: magic 8 | format u8 | log2 of the unit u8 | 0 u16 | size u32
//!        | sequence u32 | previous u32 | base u32 | CRC-32 u32
//! ```
//!
//! Each field starts a write unit of its own; numbers are little-endian. A sector lives so:
//!
//! 1. It is erased, also if it looks erased: a cut may have left weak bits.
//! 2. The head is programmed. `sequence` is higher than that of any sector before; `previous` is
//!    the sequence of the sector that this one takes over from, 0 for the first; `base` is how
//!    far records of that one are taken over, as an offset in it.
//! 3. The records of the snapshot, each committed by itself.
//! 4. The seal, which says where the snapshot ends. From here on the sector is *complete*.
//! 5. The two `accepted` marks. A cut can hit one, then the next mount sets the other.
//! 6. In the sector before it, the two `closed` marks.
//!
//!    Marks come in pairs, one at each end, so that damage or an erase that is cut at one end
//!    does not undo them; and so that one unit which no longer takes writes does no harm.
//! 7. Records are appended.
//!
//! Nobody acts on a sector before step 6 was done. A mount that finds a complete sector, and
//! its predecessor without a record beyond `base`, does steps 5 and 6 first, but erases the
//! predecessor: it cannot know whether its units are fresh. If the predecessor
//! has gone on, some earlier mount decided against the new sector (its seal may have been weak
//! and looked missing), and that stays so, since records beyond `base` do not go away.

use core::marker::PhantomData;

use embedded_storage::nor_flash::NorFlash;

use super::{
    checksum::Checksum,
    mark::{Mark, WORD},
    medium::{Fault, Field, Medium},
};

const MAGIC: [u8; 8] = *b"latch-jl";
/// The format of the journal that this version writes, and the newest that it reads: of sectors, of records, and of what the
/// device says in them. It is raised by whatever a reader of the format before would take for something else. All formats
/// agree on the first 28 bytes of a sector's head as far as magic and format go, and on the checksum over them, so
/// that an older version can tell that it must not read on. JOURNAL.md has the rules.
pub const FORMAT: u8 = 0;
const HEAD: usize = 32;
const SEAL: usize = 12;

/// Where the fields of a sector lie, from its start.
pub(super) struct Layout<F, const CAPACITY: usize>(PhantomData<F>);

impl<F: NorFlash, const CAPACITY: usize> Layout<F, CAPACITY> {
    const WORD: usize = Medium::<F>::pad(WORD);
    pub(super) const SEAL: usize = Medium::<F>::pad(HEAD);
    pub(super) const ACCEPTED: [usize; 2] = [Self::SEAL + Medium::<F>::pad(SEAL), Self::LIMIT];
    pub(super) const CLOSED: [usize; 2] = [Self::RECORDS - Self::WORD, Self::SIZE - Self::WORD];
    /// Where records begin.
    pub(super) const RECORDS: usize = Self::SEAL + Medium::<F>::pad(SEAL) + 2 * Self::WORD;
    /// Where they must end.
    pub(super) const LIMIT: usize = Self::SIZE - 2 * Self::WORD;
    /// Whole erase blocks with room for `CAPACITY` bytes of records.
    pub(super) const SIZE: usize =
        (Self::RECORDS + CAPACITY + 2 * Self::WORD).next_multiple_of(F::ERASE_SIZE);
}

/// The head of a sector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) sequence: u32,
    pub(super) previous: u32,
    pub(super) base: usize,
}

/// What a sector's head was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeadFinding {
    /// Every bit is one.
    Erased,
    /// One of this format and geometry.
    Known(Head),
    /// Intact, but of a format that came later.
    Newer(u8),
    /// Intact and of this format, but for another geometry.
    OtherGeometry,
    /// Neither.
    Garbage,
    /// The flash refused to read it.
    Unreadable,
}

/// What the fixed fields of a sector say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) head: HeadFinding,
    /// Where the snapshot ends, if the seal is right.
    pub(super) sealed: Option<usize>,
    pub(super) accepted: [Mark; 2],
    pub(super) closed: [Mark; 2],
}

impl Look {
    /// The head, if the sector's snapshot was once complete.
    pub(super) fn complete(&self) -> Option<Head> {
        match self.head {
            HeadFinding::Known(head) if self.sealed.is_some() || self.is_accepted() => Some(head),
            _ => None,
        }
    }

    pub(super) fn known(&self) -> Option<Head> {
        match self.head {
            HeadFinding::Known(head) => Some(head),
            _ => None,
        }
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.accepted.iter().any(|mark| mark.is_set())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.iter().any(|mark| mark.is_set())
    }
}

impl Head {
    fn encode<F: NorFlash, const CAPACITY: usize>(&self) -> Option<[u8; HEAD]> {
        let log2 = u8::try_from(Medium::<F>::UNIT.ilog2()).ok()?;
        let size = u32::try_from(Layout::<F, CAPACITY>::SIZE).ok()?;
        let base = u32::try_from(self.base).ok()?;
        let [m0, m1, m2, m3, m4, m5, m6, m7] = MAGIC;
        let fields = [
            [m0, m1, m2, m3],
            [m4, m5, m6, m7],
            [FORMAT, log2, 0, 0],
            size.to_le_bytes(),
            self.sequence.to_le_bytes(),
            self.previous.to_le_bytes(),
            base.to_le_bytes(),
        ];
        let mut bytes = [0; HEAD];
        let (front, sum) = bytes.split_last_chunk_mut::<4>()?;
        front.copy_from_slice(fields.as_flattened());
        *sum = checksum(0, front).to_le_bytes();
        Some(bytes)
    }

    /// Programs the head of the erased sector at `at`.
    pub(super) fn write<F: NorFlash, const CAPACITY: usize>(
        &self,
        medium: &mut Medium<F>,
        at: usize,
    ) -> Result<(), Fault> {
        medium.write_field(at, self.encode::<F, CAPACITY>().ok_or(Fault)?)
    }
}

/// Looks at the fixed fields of the sector at `at`.
pub(super) fn look<F: NorFlash, const CAPACITY: usize>(medium: &mut Medium<F>, at: usize) -> Look {
    let head = look_head::<F, CAPACITY>(medium, at);
    let sealed = match head {
        HeadFinding::Known(head) => look_seal::<F, CAPACITY>(medium, at, head.sequence),
        _ => None,
    };
    Look {
        head,
        sealed,
        accepted: Layout::<F, CAPACITY>::ACCEPTED.map(|mark| Mark::look(medium, at + mark)),
        closed: Layout::<F, CAPACITY>::CLOSED.map(|mark| Mark::look(medium, at + mark)),
    }
}

/// What lies where a sector's head may.
pub(super) fn look_head<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
    at: usize,
) -> HeadFinding {
    let bytes = match medium.field::<HEAD>(at) {
        Field::Erased => return HeadFinding::Erased,
        Field::Unreadable => return HeadFinding::Unreadable,
        Field::Spoilt => return HeadFinding::Garbage,
        Field::Bytes(bytes) => bytes,
    };
    read_head::<F, CAPACITY>(bytes)
}

fn read_head<F: NorFlash, const CAPACITY: usize>(bytes: [u8; HEAD]) -> HeadFinding {
    let Some((front, sum)) = bytes.split_last_chunk::<4>() else {
        return HeadFinding::Garbage;
    };
    if *sum != checksum(0, front).to_le_bytes() || !bytes.starts_with(&MAGIC) {
        return HeadFinding::Garbage;
    }
    let Some((_, [format, ..])) = front.split_first_chunk::<{ MAGIC.len() }>() else {
        return HeadFinding::Garbage;
    };
    let [.., s0, s1, s2, s3, p0, p1, p2, p3, b0, b1, b2, b3] = *front else {
        return HeadFinding::Garbage;
    };
    if *format > FORMAT {
        return HeadFinding::Newer(*format);
    }
    let head = usize::try_from(u32::from_le_bytes([b0, b1, b2, b3]))
        .ok()
        .map(|base| Head {
            sequence: u32::from_le_bytes([s0, s1, s2, s3]),
            previous: u32::from_le_bytes([p0, p1, p2, p3]),
            base,
        });
    // The inverse must give the same bytes: this compares the geometry.
    match head {
        Some(head) if head.encode::<F, CAPACITY>() == Some(bytes) => HeadFinding::Known(head),
        _ => HeadFinding::OtherGeometry,
    }
}

/// The checksum of these bytes under a sequence number.
pub(super) fn checksum(sequence: u32, bytes: &[u8]) -> u32 {
    Checksum::of(sequence).then(bytes).end()
}

fn seal(end: u32, sequence: u32) -> [u8; SEAL] {
    let [e0, e1, e2, e3] = end.to_le_bytes();
    let [s0, s1, s2, s3] = sequence.to_le_bytes();
    let [c0, c1, c2, c3] = checksum(sequence, &end.to_le_bytes()).to_le_bytes();
    [e0, e1, e2, e3, s0, s1, s2, s3, c0, c1, c2, c3]
}

fn look_seal<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
    at: usize,
    sequence: u32,
) -> Option<usize> {
    let Field::Bytes(bytes) = medium.field::<SEAL>(at + Layout::<F, CAPACITY>::SEAL) else {
        return None;
    };
    let [e0, e1, e2, e3, ..] = bytes;
    let end = u32::from_le_bytes([e0, e1, e2, e3]);
    if bytes == seal(end, sequence) {
        usize::try_from(end).ok()
    } else {
        None
    }
}

/// Programs the seal of the sector at `at`, whose snapshot ends at the offset `end`.
pub(super) fn write_seal<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
    at: usize,
    end: usize,
    sequence: u32,
) -> Result<(), Fault> {
    let end = u32::try_from(end).map_err(|_| Fault)?;
    medium.write_field(at + Layout::<F, CAPACITY>::SEAL, seal(end, sequence))
}

/// Sets those `accepted` marks of the sector at `at` that are not.
pub(super) fn accept<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
    at: usize,
) -> Result<(), Fault> {
    Layout::<F, CAPACITY>::ACCEPTED
        .into_iter()
        .try_for_each(|mark| Mark::set_if_unset(medium, at + mark))
}

/// Sets those `closed` marks of the sector at `at` that are not. One is enough.
pub(super) fn close<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
    at: usize,
) -> Result<(), Fault> {
    let [first, second] =
        Layout::<F, CAPACITY>::CLOSED.map(|mark| Mark::set_if_unset(medium, at + mark));
    first.or(second)
}
