//! Reading the records of one sector: which are committed, and what lies behind the last of them.
//!
//! The strict rule: behind the last committed record lies nothing, or exactly what one cut
//! leaves of one record: a beginning of its fields in the order in which they are programmed,
//! then one field in any state, then nothing to the end of the sector. All else is damage.

use embedded_storage::nor_flash::NorFlash;

use super::{
    error::MountError,
    medium::{Fault, Medium},
    record::{Finding, Places, look_body, look_c1, look_c2, look_head},
    sector::Layout,
};

/// What a scan found. Offsets are from the start of the sector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scan {
    /// Where the committed records end.
    pub(super) tail: usize,
    /// How many there are.
    pub(super) count: u32,
    pub(super) state: Tail,
}

/// What lies behind the committed records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tail {
    /// Nothing, and the last record is surely durable.
    Clean,
    /// A cut struck in the last record, or at its end. All records must be written again elsewhere. `base` is the offset
    /// behind which this sector will never have a committed record, as long as the torn record is seen.
    Torn { base: usize },
}

/// Scans the sector at `at`. Up to the offset `end` there can be nothing but committed records.
pub(super) fn scan<F: NorFlash, const CAPACITY: usize>(
    medium: &mut Medium<F>,
    at: usize,
    sequence: u32,
    end: usize,
) -> Result<Scan, MountError> {
    let limit = Layout::<F, CAPACITY>::LIMIT;
    let mut tail = Layout::<F, CAPACITY>::RECORDS;
    let mut count = 0;
    let mut witnessed = true;
    while tail + Places::of::<F>(0).end <= limit {
        let (finding, head) = look_head(medium, at + tail, sequence);
        let Some(head) = head else {
            if tail < end {
                return Err(damage(finding));
            }
            let state = behind(
                medium,
                (at + tail, at + limit),
                finding,
                witnessed || tail == end,
            )?;
            return Ok(Scan {
                tail,
                count,
                state: if state {
                    Tail::Clean
                } else {
                    Tail::Torn { base: tail }
                },
            });
        };
        let next = tail + Places::of::<F>(head.length).end;
        if head.index != count || next > limit || (tail < end && next > end) {
            return Err(MountError::Corrupt);
        }
        let c1 = look_c1(medium, at + tail, &head);
        let c2 = look_c2(medium, at + tail, &head);
        let body = look_body(medium, at + tail, &head);
        if c1 != Finding::Right {
            // c1 is programmed only after the body was read back, and c2 only after c1.
            let cut = tail >= end
                && (c1 == Finding::Erased || body == Finding::Right)
                && c2 == Finding::Erased
                && is_erased(medium, at + next, at + limit)?;
            return if cut {
                Ok(Scan {
                    tail,
                    count,
                    state: Tail::Torn { base: next },
                })
            } else {
                Err(damage(c1))
            };
        }
        if body != Finding::Right {
            return Err(damage(body));
        }
        witnessed = c2 == Finding::Right;
        tail = next;
        count = count.checked_add(1).ok_or(MountError::Corrupt)?;
    }
    // What is left is too short for a record.
    if tail < end || !is_erased(medium, at + tail, at + limit)? {
        return Err(MountError::Corrupt);
    }
    let state = if witnessed || tail == end {
        Tail::Clean
    } else {
        Tail::Torn { base: tail }
    };
    Ok(Scan { tail, count, state })
}

/// Whether nothing was ever written behind the committed records, where `finding` is what lies in the place of a record's head.
/// Otherwise one cut struck while the mark or the head of a record was programmed.
fn behind<F: NorFlash>(
    medium: &mut Medium<F>,
    (tail, limit): (usize, usize),
    finding: Finding,
    witnessed: bool,
) -> Result<bool, MountError> {
    let places = Places::of::<F>(0);
    if !is_erased(medium, tail + places.body, limit)? {
        return Err(damage(finding));
    }
    // A mark that cannot be read is set.
    let begun = medium.is_erased(tail, tail + places.head) != Ok(true);
    match finding {
        Finding::Erased => Ok(!begun && witnessed),
        // The mark is surely set before the head is programmed.
        _ if begun => Ok(false),
        _ => Err(damage(finding)),
    }
}

fn is_erased<F: NorFlash>(
    medium: &mut Medium<F>,
    from: usize,
    to: usize,
) -> Result<bool, MountError> {
    medium
        .is_erased(from, to)
        .map_err(|Fault| MountError::Unreadable)
}

/// What a field that should be right means for the whole.
fn damage(finding: Finding) -> MountError {
    if finding == Finding::Unreadable {
        MountError::Unreadable
    } else {
        MountError::Corrupt
    }
}
