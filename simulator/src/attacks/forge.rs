//! Bytes as a relay can make them: it holds no key, but it can cut, flip and glue.

use latch_issue::Statement;
use latch_verify::limits::{ENVELOPE_HEAD, SIGNATURE_LEN};

/// Bytes of a page message before the proof: manifest id, page number, number of hashes.
const PAGE_HEAD: usize = 21;
/// Where the page number stands in it.
const PAGE_NUMBER: std::ops::Range<usize> = 16..20;

/// A statement with one of its signatures only.
pub(super) fn keep_signature(statement: &Statement, place: usize) -> Vec<u8> {
    let message = statement.message();
    let signatures = &statement.bytes()[message.len() + 1..];
    let kept = signatures
        .chunks(SIGNATURE_LEN)
        .nth(place)
        .unwrap_or_default();
    [message, &[1], kept].concat()
}

/// The signatures of one statement under the message of another.
pub(super) fn transplant(signed: &Statement, message: &[u8]) -> Vec<u8> {
    let signatures = &signed.bytes()[signed.message().len()..];
    [message, signatures].concat()
}

/// A statement with one bit in the middle of its body flipped.
pub(super) fn flip_body(statement: &Statement) -> Vec<u8> {
    let mut bytes = statement.bytes().to_vec();
    let middle = (ENVELOPE_HEAD + statement.message().len()) / 2;
    bytes[middle] ^= 0x10;
    bytes
}

/// A statement with one bit in the middle of its last signature flipped.
pub(super) fn flip_signature(statement: &Statement) -> Vec<u8> {
    let mut bytes = statement.bytes().to_vec();
    let middle = bytes.len() - 48;
    bytes[middle] ^= 0x10;
    bytes
}

/// A page with its last byte altered.
pub(super) fn alter(mut page: Vec<u8>) -> Vec<u8> {
    if let Some(last) = page.last_mut() {
        *last ^= 1;
    }
    page
}

/// A page that says it is another one.
pub(super) fn renumber(mut page: Vec<u8>, number: u32) -> Vec<u8> {
    page[PAGE_NUMBER].copy_from_slice(&number.to_le_bytes());
    page
}

/// A page that says what another one says of itself: release and number.
pub(super) fn relabel(mut page: Vec<u8>, as_this: &[u8]) -> Vec<u8> {
    page[..PAGE_HEAD].copy_from_slice(&as_this[..PAGE_HEAD]);
    page
}
