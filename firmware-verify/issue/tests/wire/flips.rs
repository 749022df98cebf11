//! No bit of a statement can be changed: every one is tried.

use std::collections::BTreeMap;

use latch_issue::Statement;
use latch_verify::Reason;

use crate::{
    envelopes::judge,
    fixtures::{
        enrolment, full_code, manifest, receipts, revocations, root, state, successor, times,
        unlocking,
    },
};

/// Tries every bit; returns how often each reason was given.
fn flip_each_bit(statement: &Statement) -> BTreeMap<Reason, usize> {
    let kind = statement.kind();
    assert_eq!(
        judge(kind, statement.bytes()),
        Ok(()),
        "unchanged, it is taken"
    );
    let mut reasons = BTreeMap::new();
    let mut bytes = statement.bytes().to_vec();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        match judge(kind, &bytes) {
            Err(refusal) => *reasons.entry(refusal.reason).or_default() += 1,
            Ok(()) => panic!(
                "bit {} of byte {} of a {kind:?} can be flipped",
                bit % 8,
                bit / 8
            ),
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    reasons
}

/// The head, the ids and the signatures each meet the check that is theirs; and whatever
/// is flipped in the body meets the signature, before anything reads it.
fn expect(statement: &Statement) {
    let reasons = flip_each_bit(statement);
    let signers = statement.signers().len();
    let message = statement.message().len();
    // Version 0 becomes 1 by its last bit, and 1 becomes 0: of a kind that has both, that bit
    // meets the signature.
    let two_versions = usize::from(statement.kind().newest_version() == 1);
    let head = [
        (Reason::BadMagic, 8 * 8),
        (Reason::WrongKind, 8),
        (Reason::UnknownBodyVersion, 8 - two_versions),
    ];
    for (reason, bits) in head {
        assert_eq!(reasons.get(&reason), Some(&bits), "{reasons:?}");
    }
    assert_eq!(
        reasons.get(&Reason::UnknownKey),
        Some(&(signers * 8 * 8)),
        "{reasons:?}"
    );
    let signed = (message - 12 + signers * 64) * 8 + two_versions;
    assert_eq!(
        reasons.get(&Reason::BadSignature),
        Some(&signed),
        "{reasons:?}"
    );
}

#[test]
fn every_bit_of_a_code() {
    expect(&full_code());
}

#[test]
fn every_bit_of_a_manifest() {
    expect(&manifest());
}

#[test]
fn every_bit_of_a_root() {
    expect(&root());
}

#[test]
fn every_bit_of_an_enrolment() {
    expect(&enrolment());
}

#[test]
fn every_bit_of_a_code_of_the_newest_version() {
    expect(&unlocking());
}

#[test]
fn every_bit_of_an_attestation_of_the_time() {
    for (_, time) in times() {
        expect(&time);
    }
}

#[test]
fn every_bit_of_a_revocation_and_a_stop_slip() {
    for (_, revocation) in revocations() {
        expect(&revocation);
    }
}

#[test]
fn every_bit_of_a_successor_of_the_root() {
    expect(&successor());
}

#[test]
fn every_bit_of_a_receipt_and_a_state() {
    expect(&receipts()[0]);
    expect(&state());
}
