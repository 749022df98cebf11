//! Attestations of the time: what time keys sign for devices that have no clock of their own.

#[cfg(test)]
mod tests;

use latch_verify::{
    Refusal,
    statement::TimeAttestation,
    types::{DeviceId, TenantId, TimeMs},
    verdict::{TrustRoot, judge_time},
};

use crate::{
    audience::anybody,
    receipts::DeviceState,
    sign::{Draft, SignError, Statement},
};

/// The first body version of a state that carries a pulse.
const PULSE_SINCE: u8 = 1;

/// Why the time was not attested to a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// The device is of a release without pulses.
    #[error(
        "{0} is of a release that asks for no attestation of the time: update its firmware first"
    )]
    NoPulse(DeviceId),
    /// The verifier would refuse the body.
    #[error(transparent)]
    Refused(#[from] SignError),
}

/// Answers the pulse in a device's last state with the time, ready to be signed by as many time
/// keys as the root asks for.
///
/// The device trusts it for a day, and its open latches count it as a heartbeat. What passes
/// between the state and the answer is in doubt, so answer at once.
///
/// # Errors
/// [`TimeError::NoPulse`], [`TimeError::Refused`].
pub fn answer_pulse(state: &DeviceState, now: TimeMs) -> Result<Draft, TimeError> {
    if state.status.body_versions.1 < PULSE_SINCE {
        return Err(TimeError::NoPulse(state.device.clone()));
    }
    Ok(Draft::new(&TimeAttestation {
        tenant: state.tenant,
        time_ms: now,
        pulse: Some(state.status.pulse),
    })?)
}

/// Says to all devices of a tenant that it is at least this late, ready to be signed by as many
/// time keys as the root asks for. No device trusts its time by it: it only refuses what is
/// surely over.
///
/// # Errors
/// [`SignError::Refused`].
pub fn broadcast_time(tenant: TenantId, now: TimeMs) -> Result<Draft, SignError> {
    Draft::new(&TimeAttestation {
        tenant,
        time_ms: now,
        pulse: None,
    })
}

/// Checks an attestation as a device under this root would, before it is published. Whether the
/// pulse is still asked for, only the device knows.
///
/// # Errors
/// As [`judge_time`].
pub fn verify_time(attestation: &Statement, trust: &TrustRoot) -> Result<TimeAttestation, Refusal> {
    judge_time(attestation.bytes(), trust, &anybody(trust)?)
}
