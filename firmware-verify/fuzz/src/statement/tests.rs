//! Every form of input is understood, and what the vectors hold is taken.

use std::panic::{AssertUnwindSafe, catch_unwind};

use latch_verify::{
    statement::{Receipt, Revocation, StopSlip, TimeAttestation},
    types::{Sequence, StatementId, TimeMs},
    wire::{Envelope, Kind},
};
use serde_json::Value;

use super::{KINDS, canonical, examine, statement, verdicts::granted};
use crate::{
    keys::{Crew, OPERATOR, ROOT, SECOND_OPERATOR, TIME, seal, seal_bytes},
    tenant::{EPOCH, TENANT, successor},
};

const VECTORS: &str = include_str!("../../../../tests/vectors/statements.json");

/// The envelopes of the vectors, by their kinds.
fn envelopes() -> Vec<(Kind, String, Vec<u8>)> {
    let document: Value = serde_json::from_str(VECTORS).expect("a document");
    let vectors = document["vectors"].as_array().expect("vectors");
    let text = |vector: &Value, field: &str| vector[field].as_str().expect("text").to_owned();
    let bytes = |text: String| -> Vec<u8> {
        let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16);
        let bytes: Result<_, _> = (0..text.len() / 2).map(byte).collect();
        bytes.expect("hexadecimal digits")
    };
    let one = |vector: &Value| {
        let envelope = bytes(text(vector, "envelope"));
        let kind = Kind::from_number(envelope[8]).expect("a kind");
        (kind, text(vector, "name"), envelope)
    };
    vectors.iter().map(one).collect()
}

/// Statements that a device takes, of the kinds that are no code.
fn orders() -> Vec<(Kind, String, Vec<u8>)> {
    let attestation = TimeAttestation {
        tenant: TENANT,
        time_ms: TimeMs::default(),
        pulse: None,
    };
    let revocation = Revocation {
        tenant: TENANT,
        issuer: OPERATOR.id(),
        through: Sequence(1),
    };
    let slip = StopSlip {
        tenant: TENANT,
        issuer: OPERATOR.id(),
        sequence: Sequence(1),
        statement: StatementId([1; 16]),
    };
    let successor = successor(2, EPOCH, Crew::of(&[ROOT]));
    vec![
        (Kind::Time, seal(&attestation, Crew::of(&[TIME]))),
        (Kind::Revocation, seal(&revocation, Crew::of(&[ROOT]))),
        (Kind::StopSlip, seal(&slip, Crew::of(&[OPERATOR]))),
        (Kind::Root, successor),
    ]
    .into_iter()
    .map(|(kind, envelope)| (kind, "an order".to_owned(), envelope))
    .collect()
}

#[test]
fn the_vectors_and_orders_are_taken_in_every_form() {
    let mut seen = Vec::new();
    for (kind, _, envelope) in envelopes().into_iter().chain(orders()) {
        let parsed = Envelope::parse(kind, &envelope).expect("an envelope");
        let (version, body) = (envelope[9], parsed.body());
        statement(kind, &[&[0], envelope.as_slice()].concat());
        statement(kind, &[&[1, version, 0], body].concat());
        for place in 0..u8::MAX {
            statement(kind, &[&[2, version, 0, place, 0, 1], body].concat());
        }
        seen.push(kind);
    }
    assert!(
        KINDS.iter().all(|(kind, _)| seen.contains(kind)),
        "a kind without a statement"
    );
}

#[test]
fn orders_are_judged() {
    for (kind, _, envelope) in orders() {
        let parsed = Envelope::parse(kind, &envelope).expect("an envelope");
        // Taken as it is; had nobody signed it, the second opinion would have objected.
        examine(&parsed, Crew::on(&parsed));
        let unsigned = AssertUnwindSafe(|| examine(&parsed, Crew(0)));
        assert!(catch_unwind(unsigned).is_err(), "{kind:?}");
    }
}

#[test]
fn a_vector_is_granted_but_not_without_its_issuer() {
    let (_, _, envelope) = envelopes()
        .into_iter()
        .find(|(_, name, _)| name == "a probe for a whole tenant with no optional field")
        .expect("this vector");
    let parsed = Envelope::parse(Kind::Code, &envelope).expect("an envelope");
    assert!(granted(&parsed, Crew::on(&parsed)));
    let others = Crew::of(&[SECOND_OPERATOR]);
    let sealed = seal_bytes(Kind::Code, envelope[9], parsed.body(), others);
    let parsed = Envelope::parse(Kind::Code, &sealed).expect("an envelope");
    assert!(!granted(&parsed, others));
    // Had it been granted, the second opinion would have objected.
    let wrong = catch_unwind(|| {
        granted(
            &Envelope::parse(Kind::Code, &envelope).expect("an envelope"),
            others,
        )
    });
    assert!(wrong.is_err());
}

#[test]
fn bytes_that_are_no_body_are_not_looked_at() {
    let sealed = seal_bytes(Kind::Receipt, 0, &[0; 40], Crew(1));
    let parsed = Envelope::parse(Kind::Receipt, &sealed).expect("an envelope");
    canonical(&parsed, Crew(1), |_: &Receipt, _, _| panic!("looked at"));
}
