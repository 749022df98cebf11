//! Statements that every verifier takes.

use latch_issue::{
    DeviceState, EnrolmentRequest, Link, ProvisionBundle, ReceiptChain, SignedReceipt, Statement,
};
use latch_verify::{
    statement::{
        Code, Enrolment, Manifest, Receipt, Revocation, Root, State, StopSlip, TimeAttestation,
    },
    types::StatementId,
    wire::Kind,
};
use serde::Serialize;

use crate::{
    files::{hex, pin},
    fixtures::{
        added, codes, enrolment, enrolment_body, manifest, receipts, revocations, root, sealed,
        state, successor, times,
    },
    keys::{DEVICE, KEYS, ShownKey, ring, shown_keys},
};

#[derive(Serialize)]
struct File<'a> {
    about: &'static str,
    keys: Vec<ShownKey>,
    vectors: Vec<Vector<'a>>,
    provision_bundle: String,
}

#[derive(Serialize)]
struct Vector<'a> {
    name: String,
    kind: &'static str,
    kind_number: u8,
    body_version: u8,
    envelope: String,
    message: String,
    statement_id: StatementId,
    signers: Vec<&'static str>,
    body: Body<'a>,
}

/// Not a JSON value: this shows its fields in one order, however JSON objects are kept.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Code(Box<Code<'a>>),
    Root(Root<'a>),
    Manifest(Manifest<'a>),
    Time(TimeAttestation),
    Revocation(Revocation),
    StopSlip(StopSlip),
    Receipt(Box<Receipt>),
    State(Box<State<'a>>),
    Enrolment(Enrolment),
}

impl<'a> Body<'a> {
    fn of(statement: &'a Statement) -> (&'static str, Self) {
        match statement.kind() {
            Kind::Code => ("code", Self::Code(Box::new(statement.body().unwrap()))),
            Kind::Root => ("root", Self::Root(statement.body().unwrap())),
            Kind::Manifest => ("manifest", Self::Manifest(statement.body().unwrap())),
            Kind::Time => ("time", Self::Time(statement.body().unwrap())),
            Kind::Revocation => ("revocation", Self::Revocation(statement.body().unwrap())),
            Kind::StopSlip => ("stop-slip", Self::StopSlip(statement.body().unwrap())),
            Kind::Receipt => (
                "receipt",
                Self::Receipt(Box::new(statement.body().unwrap())),
            ),
            Kind::State => ("state", Self::State(Box::new(statement.body().unwrap()))),
            Kind::Enrolment => ("enrolment", Self::Enrolment(statement.body().unwrap())),
            other => panic!("no vector for {other:?}"),
        }
    }
}

const ABOUT: &str = "Statements that a verifier takes. message is what is signed; statement_id is the first \
half of its SHA-256. signers are names of keys, whose seeds stand here so that the signatures can be made again. \
provision_bundle holds the root and the enrolment.";

fn vector((name, statement): &(String, Statement)) -> Vector<'_> {
    assert!(statement.verify(&ring()).is_ok());
    let name_of = |id| {
        KEYS.iter()
            .find(|key| key.private().id() == id)
            .unwrap()
            .name
    };
    let (kind, body) = Body::of(statement);
    Vector {
        name: name.clone(),
        kind,
        kind_number: statement.kind().number(),
        body_version: statement.envelope().unwrap().version(),
        envelope: hex(statement.bytes()),
        message: hex(statement.message()),
        statement_id: statement.id(),
        signers: statement.signers().into_iter().map(name_of).collect(),
        body,
    }
}

#[test]
fn statements_of_every_kind_are_pinned() {
    let request = sealed(
        latch_issue::Draft::new(&enrolment_body()).unwrap(),
        &[DEVICE],
    );
    let mut statements: Vec<(String, Statement)> = Vec::new();
    let mut add = |name: &str, statement| statements.push((name.to_owned(), statement));
    for (name, code) in codes() {
        add(name, code);
    }
    add("a trust root", root());
    add("its successor", successor());
    add("a release manifest", manifest());
    for (name, statement) in times().into_iter().chain(revocations()) {
        add(name, statement);
    }
    add("a request to be enrolled", request);
    add("an enrolment", enrolment());
    for (number, receipt) in (1..).zip(receipts()) {
        add(&format!("receipt {number}"), receipt);
    }
    add("a receipt with additions of a later release", added());
    add("a state", state());
    let bundle = ProvisionBundle::new(root(), enrolment()).unwrap();
    let file = File {
        about: ABOUT,
        keys: shown_keys(),
        vectors: statements.iter().map(vector).collect(),
        provision_bundle: hex(&bundle.to_bytes().unwrap()),
    };
    pin("statements.json", &file);
}

/// The vectors of devices are also what the issuer's own readers take.
#[test]
fn receipts_make_a_chain_that_the_state_speaks_of() {
    let device = DEVICE.private().public();
    let mut chain = ReceiptChain::new("acme".parse().unwrap(), "pump-7".parse().unwrap());
    for receipt in receipts() {
        let receipt = SignedReceipt::verify(receipt.into_bytes(), &device).unwrap();
        assert_eq!(chain.push(&receipt), Ok(Link::Next));
    }
    let state = DeviceState::verify(state().into_bytes(), &device).unwrap();
    assert_eq!(chain.check_state(&state), Ok(()));
    let request = sealed(
        latch_issue::Draft::new(&enrolment_body()).unwrap(),
        &[DEVICE],
    );
    assert!(EnrolmentRequest::from_bytes(request.into_bytes()).is_ok());
}
