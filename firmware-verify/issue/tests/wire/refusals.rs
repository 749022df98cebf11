//! Messages that every verifier refuses, each with its reason.

mod bodies;
mod device;
mod encodings;
mod lists;
mod patches;
mod trust;

use latch_verify::{
    Reason,
    limits::{MAX_CODE_BODY, MAX_SIGNATURES, SIGNATURE_LEN},
    wire::Kind,
};
use serde::Serialize;

use crate::{
    envelopes::{head, judge, signed},
    files::{hex, pin},
    fixtures::{full_code, manifest},
    keys::{APPROVER, OPERATOR, STRANGER},
    rfc8032::plus_order,
};

#[derive(Serialize)]
struct File {
    about: &'static str,
    vectors: Vec<Vector>,
}

#[derive(Serialize)]
struct Vector {
    name: &'static str,
    /// The kind that the verifier was given the message as.
    kind_number: u8,
    message: String,
    reason: &'static str,
    reason_number: u16,
}

/// A message, given as one of a kind, and why it is refused.
struct Case {
    name: &'static str,
    kind: Kind,
    bytes: Vec<u8>,
    reason: Reason,
}

const ABOUT: &str = "Messages that a verifier refuses: the envelope's shape is checked first, then signatures \
under the keys of statements.json (all but the stranger's), then the body. kind_number is the kind that is expected.";

#[test]
fn refusals_are_pinned() {
    let groups = [
        envelopes(),
        encodings::cases(),
        bodies::cases(),
        device::cases(),
        trust::cases(),
        patches::cases(),
        lists::cases(),
    ];
    let cases: Vec<Case> = groups.into_iter().flatten().collect();
    for case in &cases {
        let refusal = judge(case.kind, &case.bytes).expect_err(case.name);
        assert_eq!(refusal.reason, case.reason, "{}", case.name);
    }
    let vectors = cases.into_iter().map(|case| Vector {
        name: case.name,
        kind_number: case.kind.number(),
        message: hex(&case.bytes),
        reason: case.reason.name(),
        reason_number: case.reason.number(),
    });
    pin(
        "refusals.json",
        &File {
            about: ABOUT,
            vectors: vectors.collect(),
        },
    );
}

/// What is wrong before the body is looked at.
fn envelopes() -> Vec<Case> {
    let good = full_code();
    let message = good.message().to_vec();
    let body = message[12..].to_vec();
    // The code with something in it replaced.
    let with = |at: usize, by: u8| {
        let mut bytes = good.bytes().to_vec();
        bytes[at] = by;
        bytes
    };
    let flipped = |at: usize| with(at, good.bytes()[at] ^ 1);
    let tail = good.bytes()[message.len() + 1..].to_vec();
    let counted = |count: u8, tail: &[u8]| [&message[..], &[count], tail].concat();
    let first = &tail[..SIGNATURE_LEN];
    let nine = tail.repeat(5)[..(MAX_SIGNATURES + 1) * SIGNATURE_LEN].to_vec();
    let low = u8::try_from(body.len() & 0xff).unwrap();
    let malleable = {
        let signature: [u8; 64] = first[8..].try_into().unwrap();
        let other = plus_order(signature);
        counted(1, &[&first[..8], &other].concat())
    };
    let long = [
        head(1, 0, MAX_CODE_BODY + 1),
        vec![0; MAX_CODE_BODY + 1],
        vec![1],
        first.to_vec(),
    ]
    .concat();
    let list = [
        ("nothing at all", Vec::new(), Reason::BadLength),
        ("the head alone", message[..12].to_vec(), Reason::BadLength),
        (
            "a body longer than its kind may be",
            long,
            Reason::BadLength,
        ),
        ("another magic", with(7, b'2'), Reason::BadMagic),
        ("a kind that there is not", with(8, 42), Reason::WrongKind),
        (
            "a manifest where a code belongs",
            manifest().into_bytes(),
            Reason::WrongKind,
        ),
        (
            "a body version that there is not",
            with(9, 2),
            Reason::UnknownBodyVersion,
        ),
        (
            "an announced body past the end",
            with(11, 0x05),
            Reason::LengthMismatch,
        ),
        (
            "a byte more than announced",
            with(10, low - 1),
            Reason::SignatureCount,
        ),
        (
            "a byte after the signatures",
            counted(2, &[&tail[..], &[0]].concat()),
            Reason::LengthMismatch,
        ),
        (
            "a signature cut short",
            counted(2, &tail[..143]),
            Reason::LengthMismatch,
        ),
        (
            "more signatures announced than there are",
            counted(3, &tail),
            Reason::LengthMismatch,
        ),
        ("no signature", counted(0, &[]), Reason::SignatureCount),
        ("nine signatures", counted(9, &nine), Reason::SignatureCount),
        (
            "one signature twice",
            counted(2, &first.repeat(2)),
            Reason::DuplicateKey,
        ),
        (
            "a signature by a key that is not known",
            signed(message.clone(), &[OPERATOR, STRANGER]),
            Reason::UnknownKey,
        ),
        (
            "a bit of the body flipped",
            flipped(40),
            Reason::BadSignature,
        ),
        (
            "the last bit of a signature flipped",
            flipped(good.bytes().len() - 1),
            Reason::BadSignature,
        ),
        (
            "signatures that have changed places",
            swapped(&message, &tail),
            Reason::BadSignature,
        ),
        (
            "a signature whose S is not reduced",
            malleable,
            Reason::BadSignature,
        ),
    ];
    assert_eq!(
        good.signers(),
        [OPERATOR.private().id(), APPROVER.private().id()]
    );
    let case = |(name, bytes, reason)| Case {
        name,
        kind: Kind::Code,
        bytes,
        reason,
    };
    list.into_iter().map(case).collect()
}

/// Two signatures, each under the other's key id.
fn swapped(message: &[u8], tail: &[u8]) -> Vec<u8> {
    let (first, second) = tail.split_at(SIGNATURE_LEN);
    [
        message,
        &[2],
        &first[..8],
        &second[8..],
        &second[..8],
        &first[8..],
    ]
    .concat()
}
