//! A statement of whatever kind.

use super::{
    Code, Enrolment, Manifest, Receipt, Revocation, Root, State, StopSlip, TimeAttestation,
};
use crate::{
    reject::Refusal,
    wire::{Envelope, Kind},
};

/// Decodes and checks the body of an envelope, whatever its kind. Says nothing about who has
/// signed it.
///
/// # Errors
/// As [`Envelope::read`] for the kind's body.
pub fn check_body(envelope: &Envelope<'_>) -> Result<(), Refusal> {
    match envelope.kind() {
        Kind::Code => envelope.read::<Code<'_>>().map(drop),
        Kind::Root => envelope.read::<Root<'_>>().map(drop),
        Kind::Manifest => envelope.read::<Manifest<'_>>().map(drop),
        Kind::Time => envelope.read::<TimeAttestation>().map(drop),
        Kind::Revocation => envelope.read::<Revocation>().map(drop),
        Kind::StopSlip => envelope.read::<StopSlip>().map(drop),
        Kind::Receipt => envelope.read::<Receipt>().map(drop),
        Kind::State => envelope.read::<State<'_>>().map(drop),
        Kind::Enrolment => envelope.read::<Enrolment>().map(drop),
    }
}
