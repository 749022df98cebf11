//! 1xx: what is no statement, or not signed as it should be. Counted, and never answered.

use latch_verify::{
    Reason, Refusal,
    limits::{ENVELOPE_HEAD, MAX_CODE_BODY, MAX_ENTRIES, MAX_SIGNATURES, SIGNATURE_LEN},
    statement::Action,
    twin::Value,
    types::LatchId,
    wire::Kind,
};

use crate::world::{
    bench::Bench,
    code::{leaves, set},
    keys::{CREW, OPERATOR, STRANGER, encoded, seal, seal_bytes, sign_message},
};

/// A device, and a statement that it would accept.
fn sound() -> (Bench, Vec<u8>) {
    let mut bench = Bench::new();
    let statement = bench.change("speed", 3);
    (bench, statement)
}

/// Puts in the statement with one change; then the statement itself is still accepted.
#[track_caller]
fn ignored(change: impl FnOnce(&mut Vec<u8>), expected: impl Into<Refusal>) {
    let (mut bench, statement) = sound();
    let mut changed = statement.clone();
    change(&mut changed);
    bench.ignores(&changed, expected);
    bench.submit(&statement).told();
    assert_eq!(bench.effects.len(), 1);
}

#[test]
fn bad_length() {
    ignored(|bytes| bytes.truncate(ENVELOPE_HEAD), Reason::BadLength);
    ignored(Vec::clear, Reason::BadLength);
    let longest = ENVELOPE_HEAD + MAX_CODE_BODY + 1 + MAX_SIGNATURES * SIGNATURE_LEN;
    ignored(|bytes| bytes.resize(longest + 1, 0), Reason::BadLength);
    ignored(|bytes| bytes.resize(longest, 0), Reason::LengthMismatch);
    let [low, high] = u16::try_from(MAX_CODE_BODY + 1)
        .expect("a short body")
        .to_le_bytes();
    ignored(
        |bytes| bytes[10..12].copy_from_slice(&[low, high]),
        Reason::BadLength,
    );
}

#[test]
fn bad_magic() {
    for place in 0..8 {
        ignored(|bytes| bytes[place] ^= 1, Reason::BadMagic);
    }
}

#[test]
fn wrong_kind() {
    ignored(|bytes| bytes[8] = 3, Refusal::new(Reason::WrongKind, 1, 3));
    ignored(
        |bytes| bytes[8] = 200,
        Refusal::new(Reason::WrongKind, 1, 200),
    );
}

#[test]
fn unknown_body_version() {
    ignored(
        |bytes| bytes[9] = 2,
        Refusal::new(Reason::UnknownBodyVersion, 1, 2),
    );
}

#[test]
fn length_mismatch() {
    ignored(|bytes| bytes.push(0), Reason::LengthMismatch);
    ignored(
        |bytes| bytes.truncate(bytes.len() - 1),
        Reason::LengthMismatch,
    );
    ignored(
        |bytes| bytes.truncate(ENVELOPE_HEAD + 20),
        Reason::LengthMismatch,
    );
}

#[test]
fn signature_count() {
    let (mut bench, statement) = sound();
    let message = message(&statement);
    bench.ignores(&sign_message(message, &[]), Reason::SignatureCount);
    let mut nine = sign_message(message, &CREW);
    nine[message.len()] = 9;
    bench.ignores(&nine, Reason::SignatureCount);
}

#[test]
fn duplicate_key() {
    let (mut bench, statement) = sound();
    let twice = sign_message(
        message(&statement),
        &[OPERATOR[0], OPERATOR[1], OPERATOR[0]],
    );
    bench.ignores(&twice, Reason::DuplicateKey);
}

#[test]
fn unknown_key() {
    let (mut bench, statement) = sound();
    let signers = [OPERATOR[0], OPERATOR[1], STRANGER];
    bench.ignores(
        &sign_message(message(&statement), &signers),
        Reason::UnknownKey,
    );
}

#[test]
fn bad_signature() {
    // A bit of each part of the last signature: R and S.
    for back in [64, 33, 32, 1] {
        ignored(
            |bytes| {
                let place = bytes.len() - back;
                bytes[place] ^= 1;
            },
            Reason::BadSignature,
        );
    }
    // A bit of the body.
    ignored(|bytes| bytes[ENVELOPE_HEAD + 3] ^= 1, Reason::BadSignature);
    // The signatures of another statement.
    let (mut bench, statement) = sound();
    let other = bench.change("speed", 4);
    let signatures = &other[message(&other).len()..];
    bench.ignores(
        &[message(&statement), signatures].concat(),
        Reason::BadSignature,
    );
    // Two signatures with their key ids swapped.
    ignored(
        |bytes| {
            let first = bytes.len() - CREW.len() * SIGNATURE_LEN;
            for place in first..first + 8 {
                bytes.swap(place, place + SIGNATURE_LEN);
            }
        },
        Reason::BadSignature,
    );
}

/// A malleable signature: S + L in place of S (RFC 8032, 5.1.7 wants S below L).
#[test]
fn a_signature_with_a_second_encoding_is_a_bad_signature() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    ignored(
        |bytes| {
            let start = bytes.len() - 32;
            let mut carry = 0_u16;
            for (byte, add) in bytes[start..].iter_mut().zip(ORDER) {
                let sum = u16::from(*byte) + u16::from(add) + carry;
                (*byte, carry) = (sum as u8, sum >> 8);
            }
        },
        Reason::BadSignature,
    );
}

/// A code's body with a change that its signers agree to.
#[track_caller]
fn ignored_body(change: impl FnOnce(&mut Vec<u8>), expected: Reason) {
    let mut bench = Bench::new();
    let leaves = leaves(&[("speed", Value::Int(3))]);
    let code = bench.code(LatchId::TWIN, set(&leaves));
    let mut body = encoded(&code);
    change(&mut body);
    bench.ignores(&seal_bytes(Kind::Code, &body, &CREW), expected);
}

/// Where the epoch's varint lies: after the tenant and the issuer.
const EPOCH_AT: usize = 16 + 8;

#[test]
fn not_decodable() {
    ignored_body(|body| body.truncate(body.len() - 1), Reason::NotDecodable);
    ignored_body(Vec::clear, Reason::NotDecodable);
    // An option that is neither none nor some.
    ignored_body(|body| body[EPOCH_AT + 1] = 2, Reason::NotDecodable);
    // A name that is not UTF-8.
    ignored_body(
        |body| {
            let last = body.len() - 3;
            body[last] = 0xff;
        },
        Reason::NotDecodable,
    );
}

#[test]
fn trailing_bytes() {
    ignored_body(|body| body.push(0), Reason::TrailingBytes);
}

#[test]
fn not_canonical() {
    // The epoch as a padded varint: the same number, one byte longer.
    ignored_body(
        |body| {
            body[EPOCH_AT] |= 0x80;
            body.insert(EPOCH_AT + 1, 0);
        },
        Reason::NotCanonical,
    );
}

#[test]
fn too_many_entries() {
    let mut bench = Bench::new();
    let many = leaves(&vec![("a", Value::Null); MAX_ENTRIES + 1]);
    let code = bench.code(LatchId::TWIN, set(&many));
    bench.ignores(&seal(&code, &CREW), Reason::TooManyEntries);
}

#[test]
fn a_code_of_another_kind_is_not_taken_for_one() {
    // A manifest's body in a code's envelope, and the other way round, signed by all.
    let mut bench = Bench::new();
    let code = bench.code(LatchId::TWIN, Action::Probe);
    let sealed = seal_bytes(Kind::Enrolment, &encoded(&code), &CREW);
    bench.ignores(&sealed, Refusal::new(Reason::WrongKind, 1, 9));
}

fn message(statement: &[u8]) -> &[u8] {
    &statement[..statement.len() - 1 - CREW.len() * SIGNATURE_LEN]
}
