//! Whether an attestation of the time is to be believed.

use super::{conditions::Identity, trust::InForce};
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::TimeAttestation,
    wire::{Kind, Role, Verified},
};

/// Checks an attestation's signatures and tenant. What it is worth depends on the pulse that
/// it answers, which only the device knows.
///
/// # Errors
/// As [`crate::wire::Envelope::parse`] and [`crate::wire::Envelope::verify`];
/// [`Reason::OtherTenant`], [`Reason::TooFewTime`].
pub fn judge_time(
    bytes: &[u8],
    trust: &InForce,
    identity: &Identity,
) -> Result<TimeAttestation, Refusal> {
    attested(&trust.verify(Kind::Time, bytes)?, trust, identity)
}

/// What remains once the signatures were found good.
#[inline(never)]
fn attested(
    verified: &Verified<'_>,
    trust: &InForce,
    identity: &Identity,
) -> Result<TimeAttestation, Refusal> {
    let attestation: TimeAttestation = verified.body()?;
    ensure(attestation.tenant == identity.tenant, Reason::OtherTenant)?;
    let asked = trust.terms()?.thresholds.time;
    let signed = trust.ring().count(verified.signers(), Role::Time, |_| true);
    ensure(
        asked > 0 && signed >= asked,
        Refusal::new(Reason::TooFewTime, asked.into(), signed.into()),
    )?;
    Ok(attestation)
}
