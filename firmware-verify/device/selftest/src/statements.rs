//! Statements that are taken: shape, signatures, body, and what the body says.

use latch_verify::{
    statement::{
        Code, Enrolment, Manifest, Receipt, Revocation, Root, State, StopSlip, TimeAttestation,
        check_body,
    },
    types::{KeyId, StatementId},
    wire::{DeviceKey as _, Envelope, KeyRing, Keys, Kind, PublicKey, SeedKey, Verified},
};

use crate::{
    report::{Difference, Judged, expect},
    shown::is_shown_as,
    tables::{BEFORE_KEY, KEYS, Known, Spoken},
};

/// A seed gives its public key, and this its id.
pub(crate) fn knows_key(known: &Known) -> Judged {
    let public = SeedKey::new(&known.seed).public();
    expect(public == known.key, "the public key")?;
    expect(PublicKey::new(public)?.id() == KeyId(known.id), "the id")
}

/// All keys of the vectors but the stranger's.
pub(crate) fn ring() -> KeyRing {
    let mut ring = KeyRing::new();
    for known in KEYS.iter().map(|case| &case.of) {
        // What is not taken makes its statements fail.
        if let (Some(role), Ok(key)) = (known.role, PublicKey::new(known.key)) {
            let _ = ring.add(role, key);
        }
    }
    ring
}

/// A statement of the release before, by its device's key.
pub(crate) fn takes_of_the_release_before(vector: &Spoken) -> Judged {
    takes(vector, &PublicKey::new(BEFORE_KEY)?)
}

pub(crate) fn takes(vector: &Spoken, keys: &impl Keys) -> Judged {
    let kind = Kind::from_number(vector.kind).ok_or(Difference::Not("a kind"))?;
    let envelope = Envelope::parse(kind, vector.envelope)?;
    expect(envelope.version() == vector.version, "the body version")?;
    let message = vector.envelope.get(..vector.message_len);
    expect(Some(envelope.message()) == message, "the message")?;
    expect(envelope.id() == StatementId(vector.id), "the id")?;
    let signers = vector.signers.iter().copied().map(KeyId);
    let found = envelope.signatures().map(|(id, _)| id);
    expect(signers.clone().eq(found), "the signers")?;

    let verified = envelope.verify(keys)?;
    for id in signers {
        let (place, _) = keys.find(id).ok_or(Difference::Not("a known key"))?;
        let has_signed = verified.signers().contains(place);
        expect(has_signed, "among those who have signed")?;
    }
    check_body(verified.envelope())?;
    expect(says(&verified, &vector.body)?, "what the body says")
}

/// Whether the body says what has this digest.
fn says(verified: &Verified<'_>, body: &[u8; 32]) -> Result<bool, Difference> {
    Ok(match verified.envelope().kind() {
        Kind::Code => is_shown_as(&verified.body::<Code<'_>>()?, body),
        Kind::Root => is_shown_as(&verified.body::<Root<'_>>()?, body),
        Kind::Manifest => is_shown_as(&verified.body::<Manifest<'_>>()?, body),
        Kind::Time => is_shown_as(&verified.body::<TimeAttestation>()?, body),
        Kind::Revocation => is_shown_as(&verified.body::<Revocation>()?, body),
        Kind::StopSlip => is_shown_as(&verified.body::<StopSlip>()?, body),
        Kind::Receipt => is_shown_as(&verified.body::<Receipt>()?, body),
        Kind::State => is_shown_as(&verified.body::<State<'_>>()?, body),
        Kind::Enrolment => is_shown_as(&verified.body::<Enrolment>()?, body),
        _ => return Err(Difference::Not("a kind of this program")),
    })
}
