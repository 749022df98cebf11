//! Attestations of the time, revocations and stop slips that are well signed and cannot be.

use latch_issue::Statement;
use latch_verify::{Reason, limits::MAX_TIME_MS, wire::Kind};

use super::{Case, bodies::body_of};
use crate::{
    envelopes::{envelope, head, signed},
    fixtures::{revocations, times},
    keys::{Key, OPERATOR, TIME},
};

/// Where the time stands in an attestation, and the sequence in a revocation: behind the tenant,
/// and behind tenant and issuer.
const TIME_AT: usize = 16;
const SEQUENCE_AT: usize = 16 + 8;

pub(super) fn cases() -> Vec<Case> {
    let [(_, answer), (_, broadcast)] = times();
    let [(_, some), (_, all), (_, slip)] = revocations();
    let mut cases = attestations(&answer, &broadcast);
    cases.extend(revoked(&some, &all, &slip));
    for (kind, key, names) in [
        (
            Kind::Time,
            TIME,
            [
                "an attestation of a later version",
                "an attestation longer than one may be",
            ],
        ),
        (
            Kind::Revocation,
            OPERATOR,
            [
                "a revocation of a later version",
                "a revocation longer than one may be",
            ],
        ),
        (
            Kind::StopSlip,
            OPERATOR,
            [
                "a stop slip of a later version",
                "a stop slip longer than one may be",
            ],
        ),
    ] {
        cases.extend(sizes(kind, key, names));
    }
    cases
}

fn refused(name: &'static str, kind: Kind, body: &[u8], key: Key, reason: Reason) -> Case {
    Case {
        name,
        kind,
        bytes: envelope(kind, 0, body, &[key]),
        reason,
    }
}

/// Another version, and one byte more than the bound.
fn sizes(kind: Kind, key: Key, [later, long]: [&'static str; 2]) -> [Case; 2] {
    let body = vec![0; kind.max_body() + 1];
    let message = [head(kind.number(), 0, body.len()), body].concat();
    let too_long = Case {
        name: long,
        kind,
        bytes: signed(message, &[key]),
        reason: Reason::BadLength,
    };
    let later = Case {
        name: later,
        kind,
        bytes: envelope(kind, 1, &[0; 16], &[key]),
        reason: Reason::UnknownBodyVersion,
    };
    [later, too_long]
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

fn attestations(answer: &Statement, broadcast: &Statement) -> Vec<Case> {
    let (answer, broadcast) = (body_of(answer), body_of(broadcast));
    let pulse_at = broadcast.len() - 1;
    assert_eq!(broadcast[pulse_at], 0, "no pulse");
    assert_eq!(answer[pulse_at], 1, "a pulse");
    let with_time = |time: &[u8]| [&broadcast[..TIME_AT], time, &[0]].concat();
    let mut padded = broadcast[TIME_AT..pulse_at].to_vec();
    *padded.last_mut().unwrap() |= 0x80;
    padded.push(0);
    let refused = |name, body: &[u8], reason| refused(name, Kind::Time, body, TIME, reason);
    vec![
        refused(
            "an attested time past 48 bits",
            &with_time(&varint(MAX_TIME_MS + 1)),
            Reason::NotDecodable,
        ),
        refused("a padded time", &with_time(&padded), Reason::NotCanonical),
        refused(
            "a pulse that is neither there nor not",
            &[&broadcast[..pulse_at], &[2]].concat(),
            Reason::NotDecodable,
        ),
        refused(
            "a pulse cut short",
            &answer[..answer.len() - 1],
            Reason::NotDecodable,
        ),
        refused(
            "a byte after a pulse",
            &[&answer[..], &[0]].concat(),
            Reason::TrailingBytes,
        ),
        refused(
            "a broadcast with a pulse behind it",
            &[&broadcast[..], &answer[pulse_at + 1..]].concat(),
            Reason::TrailingBytes,
        ),
    ]
}

fn revoked(some: &Statement, all: &Statement, slip: &Statement) -> Vec<Case> {
    let (some, all, slip) = (body_of(some), body_of(all), body_of(slip));
    let everything = varint(u64::MAX);
    assert_eq!(all[SEQUENCE_AT..], everything);
    let beyond = {
        let mut beyond = everything;
        *beyond.last_mut().unwrap() = 2;
        [&all[..SEQUENCE_AT], &beyond].concat()
    };
    let revocation =
        |name, body: &[u8], reason| refused(name, Kind::Revocation, body, OPERATOR, reason);
    let stop = |name, body: &[u8], reason| refused(name, Kind::StopSlip, body, OPERATOR, reason);
    vec![
        revocation("a sequence past 64 bits", &beyond, Reason::NotDecodable),
        revocation(
            "a revocation cut short",
            &some[..some.len() - 1],
            Reason::NotDecodable,
        ),
        revocation(
            "a byte after a revocation",
            &[&some[..], &[0]].concat(),
            Reason::TrailingBytes,
        ),
        revocation("a stop slip as a revocation", &slip, Reason::TrailingBytes),
        stop(
            "a stop slip cut short",
            &slip[..slip.len() - 1],
            Reason::NotDecodable,
        ),
        stop(
            "a byte after a stop slip",
            &[&slip[..], &[0]].concat(),
            Reason::TrailingBytes,
        ),
        stop("a revocation as a stop slip", &some, Reason::NotDecodable),
    ]
}
