//! What no device says: enrolments, receipts and states that are well signed and cannot be.

use latch_verify::{
    Reason,
    limits::{ENVELOPE_HEAD, MAX_MORE, MAX_RECEIPT_BODY, SIGNATURE_LEN},
    statement::{CloseCause, Enrolment, Outcome, Receipt, State},
    twin::{Entries, Entry, Path, Value},
    types::{Digest, LatchId},
    wire::{Kind, RunWriter, encode},
};

use super::{
    Case,
    bodies::{body_of, case},
};
use crate::{
    envelopes::{envelope, head, signed},
    files::{read, unhex},
    fixtures::{enrolment_body, receipt_body, state},
    keys::DEVICE,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = values();
    cases.extend(outcomes());
    cases.extend(endings());
    cases
}

fn values() -> Vec<Case> {
    let weak = Enrolment {
        device_key: Digest([0; 32]),
        ..enrolment_body()
    };
    let not_reduced = Enrolment {
        device_key: Digest(not_reduced()),
        ..enrolment_body()
    };
    let receipt = receipt_body(0, Digest::default(), Outcome::Probed);
    let unknown = Receipt {
        number: 1,
        kind: 42,
        ..receipt.clone()
    };
    let mut buffer = [0; 64];
    let mut leaves = RunWriter::new(&mut buffer);
    let path = Path::new("a").unwrap();
    leaves
        .push(&Entry {
            path,
            value: Value::Null,
        })
        .unwrap();
    let statement = state();
    let mut deleting: State<'_> = statement.body().unwrap();
    deleting.twin = Entries::from_bytes(leaves.finish());
    vec![
        case(
            "an enrolment with a key of small order",
            &weak,
            DEVICE,
            Reason::WeakKey,
        ),
        case(
            "an enrolment with a key that is not reduced",
            &not_reduced,
            DEVICE,
            Reason::WeakKey,
        ),
        case(
            "a receipt with the number 0",
            &receipt,
            DEVICE,
            Reason::BadValue,
        ),
        case(
            "a receipt for a kind that there is not",
            &unknown,
            DEVICE,
            Reason::BadValue,
        ),
        case(
            "a twin with a deletion in it",
            &deleting,
            DEVICE,
            Reason::BadValue,
        ),
    ]
}

/// A body of a device, as these bytes of this version.
fn said(name: &'static str, kind: Kind, version: u8, body: &[u8], reason: Reason) -> Case {
    Case {
        name,
        kind,
        bytes: envelope(kind, version, body, &[DEVICE]),
        reason,
    }
}

fn receipt(outcome: Outcome) -> Vec<u8> {
    let mut buffer = [0; MAX_RECEIPT_BODY];
    let receipt = receipt_body(1, Digest::default(), outcome);
    encode(&receipt, &mut buffer).unwrap().to_vec()
}

/// Outcomes that there are not.
fn outcomes() -> Vec<Case> {
    let latch = LatchId::new(3).unwrap();
    let cause = CloseCause::Lockdown;
    let closed = receipt(Outcome::Closed { latch, cause });
    // Outcome 12, latch 3, cause 8; then the reason of a trial rule, 408.
    let at = closed
        .windows(5)
        .position(|window| window == b"\x0c\x03\x08\x01\x98")
        .unwrap();
    let with = |place: usize, by: &[u8]| {
        let mut body = closed.clone();
        body.splice(at + place..=at + place, by.iter().copied());
        body
    };
    let refused = |name, body: Vec<u8>, reason| said(name, Kind::Receipt, 1, &body, reason);
    vec![
        refused(
            "an outcome that there is not",
            with(0, &[19]),
            Reason::NotDecodable,
        ),
        refused(
            "a latch past the last, closed",
            with(1, &[16]),
            Reason::NotDecodable,
        ),
        refused(
            "a cause of closing that there is not",
            with(2, &[10]),
            Reason::NotDecodable,
        ),
        refused(
            "a padded cause of closing",
            with(2, &[0x88, 0x00]),
            Reason::NotCanonical,
        ),
    ]
}

/// The body of a receipt as the release before wrote it.
fn before() -> Vec<u8> {
    let file: serde_json::Value = read("before.json");
    let envelope = unhex(file["vectors"][0]["envelope"].as_str().unwrap());
    envelope[ENVELOPE_HEAD..envelope.len() - 1 - SIGNATURE_LEN].to_vec()
}

/// The same, of a lockdown: an outcome that version 0 has not.
fn locked_down_before() -> Vec<u8> {
    let file: serde_json::Value = read("before.json");
    let probed = unhex(file["vectors"][9]["envelope"].as_str().unwrap());
    let mut body = probed[ENVELOPE_HEAD..probed.len() - 1 - SIGNATURE_LEN].to_vec();
    // Outcome 9; then the reason of a trial rule, 408.
    let at = body
        .windows(4)
        .position(|window| window == b"\x09\x01\x98\x03")
        .unwrap();
    body[at] = 13;
    body
}

/// What stands behind the last field, or in another version.
fn endings() -> Vec<Case> {
    let probed = receipt(Outcome::Probed);
    let said_more = |length: usize| {
        let mut body = probed.clone();
        assert_eq!(body.pop(), Some(0), "no additions in this release");
        body.push(u8::try_from(length).unwrap());
        body.resize(body.len() + length, 0x55);
        body
    };
    let cut = probed[..probed.len() - 1].to_vec();
    let trailing = [&probed[..], &[0]].concat();
    let state = body_of(&state());
    let long = vec![0; MAX_RECEIPT_BODY + 1];
    let message = [head(Kind::Receipt.number(), 1, long.len()), long].concat();
    let too_long = Case {
        name: "a receipt longer than one may be",
        kind: Kind::Receipt,
        bytes: signed(message, &[DEVICE]),
        reason: Reason::BadLength,
    };
    vec![
        said(
            "a receipt of a later version",
            Kind::Receipt,
            2,
            &probed,
            Reason::UnknownBodyVersion,
        ),
        said(
            "a state of a later version",
            Kind::State,
            2,
            &state,
            Reason::UnknownBodyVersion,
        ),
        said(
            "more additions than a receipt holds",
            Kind::Receipt,
            1,
            &said_more(MAX_MORE + 1),
            Reason::NotDecodable,
        ),
        said(
            "a receipt without its additions",
            Kind::Receipt,
            1,
            &cut,
            Reason::NotDecodable,
        ),
        said(
            "a byte after a receipt's additions",
            Kind::Receipt,
            1,
            &trailing,
            Reason::TrailingBytes,
        ),
        said(
            "a receipt of version 1 as one of version 0",
            Kind::Receipt,
            0,
            &probed,
            Reason::NotDecodable,
        ),
        said(
            "a receipt of version 0 as one of version 1",
            Kind::Receipt,
            1,
            &before(),
            Reason::NotDecodable,
        ),
        said(
            "an outcome of version 1 in version 0",
            Kind::Receipt,
            0,
            &locked_down_before(),
            Reason::NotDecodable,
        ),
        too_long,
    ]
}

/// A y coordinate of 2^255 - 19 + 3: a point that has an encoding of its own, 3.
fn not_reduced() -> [u8; 32] {
    let mut key = [0xff; 32];
    key[0] = 0xed + 3;
    key[31] = 0x7f;
    key
}

#[test]
fn the_key_that_is_not_reduced_is_a_point() {
    let reduced = [[3].as_slice(), &[0; 31]].concat();
    let reduced = latch_verify::wire::PublicKey::new(reduced.try_into().unwrap());
    assert!(
        reduced.is_ok(),
        "otherwise the vector is refused for another reason"
    );
}
