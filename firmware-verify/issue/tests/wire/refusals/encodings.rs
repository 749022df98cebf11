//! Codes that are well signed, in encodings that are not the canonical one.

use latch_verify::{Reason, wire::Kind};

use super::{Case, bodies::body_of};
use crate::{
    envelopes::envelope,
    fixtures::{full_code, plain_code},
    keys::OPERATOR,
};

/// Where the epoch stands in a code: after tenant and issuer.
const EPOCH: usize = 24;
/// Where the incarnation stands.
const INCARNATION: usize = EPOCH + 1;

/// The plain code's body with part of it replaced.
fn spliced(range: std::ops::Range<usize>, by: &[u8]) -> Vec<u8> {
    let mut body = body_of(&plain_code());
    body.splice(range, by.iter().copied());
    body
}

pub(super) fn cases() -> Vec<Case> {
    let plain = body_of(&plain_code());
    // Epoch 3, no incarnation, audience 2 (tenant).
    assert_eq!(plain[EPOCH..EPOCH + 3], [3, 0, 2]);
    let last = plain.len() - 1;
    let full = body_of(&full_code());
    let mode = full
        .windows(5)
        .position(|window| window == b"\x04mode")
        .unwrap();
    let mut not_utf8 = full.clone();
    not_utf8[mode + 1] = 0xff;
    // The same list of leaves, its first path announced in two bytes: one byte longer.
    let mut padded_leaf = full.clone();
    let leaves = padded_leaf
        .windows(2)
        .position(|window| window == b"\x05e")
        .unwrap();
    padded_leaf.splice(leaves..=leaves, [0x85, 0x00]);
    padded_leaf[leaves - 1] += 1;
    let list = [
        (
            "a padded number",
            spliced(EPOCH..EPOCH + 1, &[0x83, 0x00]),
            Reason::NotCanonical,
        ),
        (
            "a padded tag",
            spliced(EPOCH + 2..EPOCH + 3, &[0x82, 0x00]),
            Reason::NotCanonical,
        ),
        (
            "a padded tag of the action",
            spliced(last..last + 1, &[0x88, 0x00]),
            Reason::NotCanonical,
        ),
        (
            "a padded number in a list of leaves",
            padded_leaf,
            Reason::NotCanonical,
        ),
        (
            "a byte after the body",
            [&plain[..], &[0]].concat(),
            Reason::TrailingBytes,
        ),
        (
            "a body cut short",
            plain[..last].to_vec(),
            Reason::NotDecodable,
        ),
        ("an empty body", Vec::new(), Reason::NotDecodable),
        (
            "an option that is neither there nor not",
            spliced(INCARNATION..INCARNATION + 1, &[2]),
            Reason::NotDecodable,
        ),
        (
            "an action that there is not",
            spliced(last..last + 1, &[10]),
            Reason::NotDecodable,
        ),
        (
            "an epoch past 32 bits",
            spliced(EPOCH..EPOCH + 1, &[0xff, 0xff, 0xff, 0xff, 0x1f]),
            Reason::NotDecodable,
        ),
        ("text that is not UTF-8", not_utf8, Reason::NotDecodable),
    ];
    let case = |(name, body, reason): (_, Vec<u8>, _)| {
        let bytes = envelope(Kind::Code, 0, &body, &[OPERATOR]);
        Case {
            name,
            kind: Kind::Code,
            bytes,
            reason,
        }
    };
    list.into_iter().map(case).collect()
}
