//! How long messages and their parts may be, all from the verifier's bounds.

use latch_verify::limits::{
    ENVELOPE_HEAD, MAX_CODE_BODY, MAX_DEVICE, MAX_ENROLMENT_BODY, MAX_MANIFEST_BODY, MAX_PAGE_LOG2,
    MAX_PROOF, MAX_ROOT_BODY, MAX_SIGNATURES, MAX_STATE_ENVELOPE, SIGNATURE_LEN,
};

use super::table::MESSAGE_HEAD;

/// Around the body of an envelope with as many signatures as one may have.
const AROUND: usize = ENVELOPE_HEAD + 1 + MAX_SIGNATURES * SIGNATURE_LEN;

/// A device's name.
pub(super) const MAX_DEVICE_NAME: usize = MAX_DEVICE;
/// A trust root's envelope.
pub const MAX_ROOT_ENVELOPE: usize = MAX_ROOT_BODY + AROUND;
/// An enrolment's envelope, and that of a request for one.
pub const MAX_ENROLMENT_ENVELOPE: usize = MAX_ENROLMENT_BODY + AROUND;
/// A release manifest's envelope.
pub const MAX_MANIFEST_ENVELOPE: usize = MAX_MANIFEST_BODY + AROUND;
/// The longest statement that a device takes: a code or a trust root.
pub const MAX_STATEMENT: usize = if MAX_CODE_BODY > MAX_ROOT_BODY {
    MAX_CODE_BODY + AROUND
} else {
    MAX_ROOT_BODY + AROUND
};
/// Before the data of a page: release, index, count and proof.
const PAGE_HEAD: usize = 16 + 4 + 1 + 32 * MAX_PROOF;
/// The largest page message.
pub const MAX_PAGE_MESSAGE: usize = PAGE_HEAD + (1 << MAX_PAGE_LOG2);

/// `IN` of a device whose largest page has `page` bytes, and `OUT` of a host that serves it: room
/// for such a page with its proof, for the longest statement with its manifest, and for root and
/// enrolment. 4,632 bytes with pages of 4 KiB.
#[must_use]
pub const fn longest_to_device(page: usize) -> usize {
    let page = page.saturating_add(MESSAGE_HEAD + PAGE_HEAD);
    let statement = MESSAGE_HEAD + 1 + 2 + MAX_MANIFEST_ENVELOPE + MAX_STATEMENT;
    let provision = MESSAGE_HEAD + 2 + MAX_ROOT_ENVELOPE + MAX_ENROLMENT_ENVELOPE;
    let other = if statement > provision {
        statement
    } else {
        provision
    };
    if page > other { page } else { other }
}

/// `IN` of a host: room for a signed state, the longest that a device says.
pub const LONGEST_FROM_DEVICE: usize = MESSAGE_HEAD + MAX_STATE_ENVELOPE;
