//! Statements of one kind, from bytes to a verdict.
//!
//! ```text
//! form 0   0, envelope                             taken as it is, by every kind
//! form 1   1, version, crew, body                  sealed here
//! form 2   2, version, crew, place (2), bits, body sealed here, then changed in one byte
//! ```
//! `crew` says who signs besides those who should, and who of those does not.

#[cfg(test)]
mod tests;
mod verdicts;

pub(crate) use verdicts::may_revoke;

use latch_verify::{
    statement::{Receipt, State, check_body},
    types::KeyId,
    wire::{Body, Envelope, Keys, Kind, PublicKey, peek_kind},
};

use crate::{
    input::Input,
    keys::{
        APPROVER, Crew, DEVICE, OPERATOR, RELEASE, ROOT, SECOND_OPERATOR, Signer, TIME, encoded,
        seal_bytes,
    },
};

/// Every kind, with those who sign it.
const KINDS: [(Kind, &[Signer]); 9] = [
    (Kind::Code, &[OPERATOR, SECOND_OPERATOR, APPROVER]),
    (Kind::Root, &[ROOT]),
    (Kind::Manifest, &[RELEASE]),
    (Kind::Time, &[TIME]),
    (Kind::Revocation, &[ROOT]),
    (Kind::StopSlip, &[OPERATOR]),
    (Kind::Receipt, &[DEVICE]),
    (Kind::State, &[DEVICE]),
    (Kind::Enrolment, &[DEVICE, OPERATOR]),
];

/// Parses the body of an envelope and looks closer at it.
fn examine(envelope: &Envelope<'_>, crew: Crew) {
    match envelope.kind() {
        Kind::Code => canonical(envelope, crew, verdicts::code),
        Kind::Root => canonical(envelope, crew, verdicts::root),
        Kind::Manifest => canonical(envelope, crew, verdicts::manifest),
        Kind::Time => canonical(envelope, crew, verdicts::time),
        Kind::Revocation => canonical(envelope, crew, verdicts::revocation),
        Kind::StopSlip => canonical(envelope, crew, verdicts::stop_slip),
        Kind::Receipt => canonical(envelope, crew, |_: &Receipt, _, _| ()),
        Kind::State => canonical(envelope, crew, |_: &State<'_>, _, _| ()),
        Kind::Enrolment => canonical(envelope, crew, verdicts::enrolment),
        kind => panic!("no line here for {kind:?}"),
    }
}

/// Takes bytes as a statement of this kind.
///
/// # Panics
/// When the verifier panics, takes a changed or forged statement, or decides what it must not.
pub fn statement(kind: Kind, input: &[u8]) {
    let mut input = Input::new(input);
    match input.byte() % 3 {
        0 => raw(input.rest()),
        1 => sealed(kind, input),
        _ => tampered(kind, input),
    }
}

fn raw(bytes: &[u8]) {
    let claimed = peek_kind(bytes);
    for (kind, _) in KINDS {
        let Ok(envelope) = Envelope::parse(kind, bytes) else {
            continue;
        };
        assert_eq!(claimed, Some(kind), "two kinds claim one statement");
        whole(&envelope, bytes);
        let crew = Crew::on(&envelope);
        if envelope.verify(&Everybody).is_ok() {
            assert_eq!(
                crew.signers().count(),
                envelope.signatures().count(),
                "a forgery"
            );
        }
        examine(&envelope, crew);
    }
}

fn sealed(kind: Kind, mut input: Input<'_>) {
    let (version, crew) = (input.byte(), crew(kind, input.byte()));
    let body = input.rest();
    let bytes = seal_bytes(kind, version, body, crew);
    let Ok(envelope) = Envelope::parse(kind, &bytes) else {
        return;
    };
    whole(&envelope, &bytes);
    assert_eq!(envelope.body(), body);
    envelope
        .verify(&Everybody)
        .expect("what was signed a moment ago");
    examine(&envelope, crew);
}

fn tampered(kind: Kind, mut input: Input<'_>) {
    let (version, crew) = (input.byte(), crew(kind, input.byte()));
    let (place, bits) = (input.number(), input.byte().max(1));
    let mut bytes = seal_bytes(kind, version, input.rest(), crew);
    let place = place % bytes.len();
    bytes[place] ^= bits;
    for (kind, _) in KINDS {
        let verified = Envelope::parse(kind, &bytes).and_then(|found| found.verify(&Everybody));
        assert!(verified.is_err(), "byte {place} can be changed");
    }
}

fn crew(kind: Kind, change: u8) -> Crew {
    let (_, usual) = KINDS
        .into_iter()
        .find(|(known, _)| *known == kind)
        .expect("a kind of the table");
    Crew::of(usual).changed(change)
}

/// The parts of an envelope are all of it.
fn whole(envelope: &Envelope<'_>, bytes: &[u8]) {
    let mut parts = envelope.message().to_vec();
    parts.push(u8::try_from(envelope.signatures().count()).expect("few signatures"));
    for (id, signature) in envelope.signatures() {
        parts.extend(id.0);
        parts.extend(signature);
    }
    assert_eq!(parts, bytes, "an envelope has other parts than bytes");
    assert!(envelope.message().ends_with(envelope.body()));
    assert_eq!(envelope.bytes(), bytes);
}

/// A body that parses has one encoding.
fn canonical<'a, B: Body<'a>>(
    envelope: &Envelope<'a>,
    crew: Crew,
    look: impl FnOnce(&B, &Envelope<'a>, Crew),
) {
    let read = envelope.read::<B>();
    assert_eq!(check_body(envelope).is_ok(), read.is_ok(), "two readings");
    let Ok(body) = read else {
        return;
    };
    // What older releases wrote is read, never written.
    if body.version() == envelope.version() {
        assert_eq!(encoded(&body), envelope.body(), "not the one encoding");
    } else {
        assert!(
            body.version() > envelope.version(),
            "a version not written yet"
        );
    }
    look(&body, envelope, crew);
}

/// The keys of everybody who could sign.
struct Everybody;

impl Keys for Everybody {
    fn find(&self, id: KeyId) -> Option<(u8, PublicKey)> {
        let place = (0..9).find(|bit| Crew(1 << bit).contains(id))?;
        let signer = Crew(1 << place).signers().next()?;
        Some((place, signer.key()))
    }
}
