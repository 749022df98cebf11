//! How long records are at most, and that each of them, and a snapshot of all, has room.

use crate::{
    journal::MAX_FRAME,
    limits::{
        ENVELOPE_HEAD, JOURNAL_TAIL, MAX_BURNED, MAX_COMPONENTS, MAX_ENVELOPE, MAX_FLOORS,
        MAX_LATCHES, MAX_MANIFEST_BODY, MAX_NEEDS, MAX_OUTCOMES, MAX_PATCH, MAX_RECEIPT_BODY,
        MAX_RECORD, MAX_ROOT_BODY, MAX_SIGNATURES, MAX_SNAPSHOT, MAX_TWIN, SIGNATURE_LEN,
    },
};

/// Encoded length of a manifest's envelope at most.
const MAX_MANIFEST: usize = ENVELOPE_HEAD + MAX_MANIFEST_BODY + 1 + MAX_SIGNATURES * SIGNATURE_LEN;
/// Encoded length of a root's envelope at most.
pub(crate) const MAX_ROOT: usize =
    ENVELOPE_HEAD + MAX_ROOT_BODY + 1 + MAX_SIGNATURES * SIGNATURE_LEN;
/// The table of used codes: issuer, varint sequence, id, use, flag, varint receipt.
pub(super) const BURNED_TABLE: usize = MAX_BURNED * (8 + 10 + 16 + 1 + 1 + 10);
/// The table of floors: issuer and three varint sequences.
pub(super) const FLOOR_TABLE: usize = MAX_FLOORS * (8 + 10 + 10 + 10);
/// The table of components: number, version of varints, varint floor.
pub(super) const COMPONENT_TABLE: usize = MAX_COMPONENTS * (1 + 11 + 5);
/// The table of what they need: two numbers and two versions.
pub(super) const NEED_TABLE: usize = MAX_NEEDS * (2 + 22);
/// The table of open latches: latch, issuer, varint sequence, id, flag.
pub(super) const OPEN_TABLE: usize = MAX_LATCHES * (1 + 8 + 10 + 16 + 1);
/// An image: two bytes, a version of varints, an id, a root, two varints, two bytes.
const IMAGE: usize = 2 + 11 + 16 + 32 + 2 * 5 + 2;
/// Fields around the long ones in any record, generously: an installation's image and the code that began it.
const AROUND: usize = IMAGE + 96;
/// Tag, version and lengths around a table.
const HEAD: usize = 16;
/// What the journal adds to a record at most.
const FRAME: usize = MAX_FRAME;

/// A snapshot's largest size, by its records.
const SNAPSHOT_NEED: usize = (AROUND + FRAME)
    + (MAX_ROOT + HEAD + FRAME)
    + (AROUND + FRAME)
    + (MAX_TWIN + HEAD + FRAME)
    + (BURNED_TABLE + HEAD + FRAME)
    + (FLOOR_TABLE + HEAD + FRAME)
    + (OPEN_TABLE + HEAD + FRAME)
    + (COMPONENT_TABLE + NEED_TABLE + HEAD + FRAME)
    + (2 * IMAGE + HEAD + FRAME)
    + (MAX_MANIFEST + AROUND + FRAME)
    + (AROUND + FRAME)
    + MAX_OUTCOMES * (MAX_RECEIPT_BODY + 36 + FRAME);

const _: () = assert!(
    SNAPSHOT_NEED <= MAX_SNAPSHOT,
    "a full snapshot must fit its part of a sector"
);
// A snapshot reads the record of an installation into one half of the buffer, and makes a new one in the other.
const _: () = assert!(2 * (MAX_MANIFEST + AROUND) <= MAX_RECORD);
const _: () = assert!(MAX_ROOT + HEAD <= MAX_RECORD && MAX_TWIN + HEAD <= MAX_RECORD);
const _: () = assert!(MAX_PATCH + AROUND <= MAX_RECORD && MAX_ENVELOPE <= 4096);
// A burn and its outcome always fit together after a snapshot.
const _: () = assert!(JOURNAL_TAIL >= MAX_RECORD + MAX_RECEIPT_BODY + AROUND + 2 * FRAME);
