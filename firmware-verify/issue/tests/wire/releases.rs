//! Devices of other releases: what the release before has written is read as it was meant, and
//! what a later one adds is passed over.

use latch_issue::{DeviceState, SignError, SignedReceipt, Statement};
use latch_verify::{
    Reason, Refusal,
    limits::MAX_MORE,
    statement::{More, Outcome, Receipt},
    types::{Challenge, Digest, StatementId},
    wire::{Kind, PublicKey, encode},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    envelopes::{head, signed},
    files::{read, unhex},
    fixtures::{receipt_body, state},
    keys::DEVICE,
};

/// Recorded when body version 0 was the only one, and never written again.
#[derive(Deserialize)]
struct Before {
    device_key: Digest,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    kind_number: u8,
    envelope: String,
    statement_id: StatementId,
    body: Value,
}

/// Takes out of a status what the release before had not; it stands at what it is by default.
fn take_news(body: &mut Value) {
    let status = body["status"].as_object_mut().unwrap();
    let news = [
        ("pulse", json!(Challenge::default())),
        ("locked_down", json!(false)),
        ("open", json!(0)),
    ];
    for (name, default) in news {
        assert_eq!(status.remove(name), Some(default), "{name}");
    }
    if let Some(more) = body.as_object_mut().unwrap().remove("more") {
        assert_eq!(more, json!([]));
    }
}

#[test]
fn what_devices_of_the_release_before_say_is_read_as_they_meant_it() {
    let before: Before = read("before.json");
    let key = PublicKey::new(before.device_key.0).unwrap();
    let mut kinds = Vec::new();
    for vector in before.vectors {
        let bytes = unhex(&vector.envelope);
        let (statement, mut body) = match Kind::from_number(vector.kind_number) {
            Some(Kind::Receipt) => {
                let receipt = SignedReceipt::verify(bytes, &key).expect(&vector.name);
                let body = serde_json::to_value(receipt.receipt()).unwrap();
                (receipt.statement().clone(), body)
            }
            Some(Kind::State) => {
                let owned = DeviceState::verify(bytes.clone(), &key).expect(&vector.name);
                let statement = Statement::from_bytes(bytes).unwrap();
                let body: latch_verify::statement::State<'_> = statement.body().unwrap();
                assert_eq!((owned.receipts, owned.status), (body.receipts, body.status));
                let body = serde_json::to_value(&body).unwrap();
                (statement, body)
            }
            other => panic!("{}: {other:?}", vector.name),
        };
        kinds.push(vector.kind_number);
        assert_eq!(statement.envelope().unwrap().version(), 0);
        assert_eq!(statement.id(), vector.statement_id, "{}", vector.name);
        take_news(&mut body);
        assert_eq!(body, vector.body, "{}", vector.name);
    }
    kinds.dedup();
    assert_eq!(kinds, [Kind::Receipt.number(), Kind::State.number()]);
}

/// An envelope of the device around a body of any version.
fn said(kind: Kind, version: u8, body: &[u8]) -> Vec<u8> {
    let message = [head(kind.number(), version, body.len()), body.to_vec()].concat();
    signed(message, &[DEVICE])
}

#[test]
fn what_a_later_release_adds_is_passed_over() {
    let device = DEVICE.private().public();
    let known = receipt_body(1, Digest::default(), Outcome::Probed);
    // A fact by tag 1, of three bytes, and one by tag 300, of one.
    let mut added = vec![1, 3, 0xaa, 0xbb, 0xcc, 0xac, 0x02, 1, 7];
    for length in [added.len(), MAX_MORE] {
        added.resize(length, 0x55);
        let more = More(added.iter().copied().collect());
        let later = Receipt {
            more: more.clone(),
            ..known.clone()
        };
        let bytes = Statement::seal(&later, &[&DEVICE.private()]).unwrap();
        let read = SignedReceipt::verify(bytes.into_bytes(), &device).unwrap();
        assert_eq!(read.receipt().more, more);
        let passed_over = Receipt {
            more: More::default(),
            ..read.receipt().clone()
        };
        assert_eq!(passed_over, known);
    }

    let statement = state();
    let mut body = statement.message()[12..].to_vec();
    assert_eq!(body.pop(), Some(0), "nothing is added in this release");
    added.truncate(9);
    body.push(9);
    body.extend(&added);
    let read = DeviceState::verify(said(Kind::State, 1, &body), &device).unwrap();
    let known = DeviceState::verify(statement.into_bytes(), &device).unwrap();
    assert_eq!(read, known);
}

#[test]
fn more_than_may_be_added_is_refused() {
    let known = receipt_body(1, Digest::default(), Outcome::Probed);
    let mut buffer = [0; 512];
    let mut body = encode(&known, &mut buffer).unwrap().to_vec();
    assert_eq!(body.pop(), Some(0));
    body.push(u8::try_from(MAX_MORE + 1).unwrap());
    body.extend([0; MAX_MORE + 1]);
    let bytes = said(Kind::Receipt, 1, &body);
    let refused = SignedReceipt::verify(bytes, &DEVICE.private().public()).unwrap_err();
    assert_eq!(refused, SignError::Refused(Reason::NotDecodable.into()));
}

#[test]
fn a_body_version_of_a_later_release_is_refused_with_its_evidence() {
    let device = DEVICE.private().public();
    let receipt = receipt_body(1, Digest::default(), Outcome::Probed);
    let mut buffer = [0; 512];
    let body = encode(&receipt, &mut buffer).unwrap();
    let unknown = SignError::Refused(Refusal::new(Reason::UnknownBodyVersion, 1, 2));
    let bytes = said(Kind::Receipt, 2, body);
    assert_eq!(SignedReceipt::verify(bytes, &device), Err(unknown));
    let body = state().message()[12..].to_vec();
    let bytes = said(Kind::State, 2, &body);
    let refused = DeviceState::verify(bytes, &device).unwrap_err();
    assert_eq!(refused, unknown.into());
}

#[test]
fn a_body_is_read_in_the_version_that_it_claims() {
    let device = DEVICE.private().public();
    let receipt = receipt_body(1, Digest::default(), Outcome::Probed);
    let mut buffer = [0; 512];
    let new = encode(&receipt, &mut buffer).unwrap();
    assert!(SignedReceipt::verify(said(Kind::Receipt, 0, new), &device).is_err());
    let before: Before = read("before.json");
    for vector in before.vectors {
        let kind = Kind::from_number(vector.kind_number).unwrap();
        let envelope = unhex(&vector.envelope);
        let old = &envelope[12..envelope.len() - 73];
        let bytes = said(kind, 1, old);
        assert!(Statement::from_bytes(bytes).is_err(), "{}", vector.name);
    }
}

#[test]
fn a_device_says_which_bodies_it_understands() {
    let before: Before = read("before.json");
    for vector in before.vectors {
        assert_eq!(vector.body["status"]["body_versions"], json!([0, 0]));
    }
    let now = receipt_body(1, Digest::default(), Outcome::Probed);
    assert_eq!(now.status.body_versions, (0, 1));
}
