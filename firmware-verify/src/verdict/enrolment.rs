//! Whether a device is who it says, with an operator's word for it.

use super::trust::InForce;
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::Enrolment,
    types::KeyId,
    wire::{Envelope, KeyRing, Keys, Kind, PublicKey, Role},
};

/// Place of the device's own key: behind all that a root can list.
const DEVICE_PLACE: u8 = 31;

/// A root's keys, and the device's own.
struct WithDevice<'a> {
    ring: &'a KeyRing,
    device: PublicKey,
}

impl Keys for WithDevice<'_> {
    fn find(&self, id: KeyId) -> Option<(u8, PublicKey)> {
        if id == self.device.id() {
            Some((DEVICE_PLACE, self.device))
        } else {
            self.ring.find(id)
        }
    }
}

/// Checks an enrolment: signed by the key that it names and by at least one operator.
///
/// # Errors
/// As [`Envelope::parse`] and [`Envelope::verify`]; [`Reason::WeakKey`],
/// [`Reason::KeyTwice`] for a key of the trust root, [`Reason::OtherTenant`], [`Reason::NotDeviceKey`], [`Reason::NotCountersigned`].
#[inline(never)]
pub fn judge_enrolment(bytes: &[u8], trust: &InForce) -> Result<Enrolment, Refusal> {
    let envelope = Envelope::parse(Kind::Enrolment, bytes)?;
    // As with a root, the body names a key that its signatures are checked with.
    let enrolment: Enrolment = envelope.read()?;
    let device = enrolment.key()?;
    // A key has one role: the device's own is none of the tenant's.
    ensure(trust.ring().role(device.id()).is_none(), Reason::KeyTwice)?;
    let verified = envelope.verify(&WithDevice {
        ring: trust.ring(),
        device,
    })?;
    ensure(
        enrolment.tenant == trust.terms()?.tenant,
        Reason::OtherTenant,
    )?;
    ensure(
        verified.signers().contains(DEVICE_PLACE),
        Reason::NotDeviceKey,
    )?;
    let operators = trust
        .ring()
        .count(verified.signers(), Role::Operator, |_| true);
    ensure(operators > 0, Reason::NotCountersigned)?;
    Ok(enrolment)
}

/// Checks a device's request to be enrolled: signed by the key that it names, alone.
///
/// # Errors
/// As [`Envelope::parse`] and [`Envelope::verify`]; [`Reason::WeakKey`].
pub fn judge_request(bytes: &[u8]) -> Result<Enrolment, Refusal> {
    let envelope = Envelope::parse(Kind::Enrolment, bytes)?;
    let enrolment: Enrolment = envelope.read()?;
    envelope.verify(&enrolment.key()?)?;
    Ok(enrolment)
}
