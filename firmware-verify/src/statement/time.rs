//! The time attestation: what time it is, by keys that are trusted for nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    reject::Refusal,
    types::{Challenge, TenantId, TimeMs},
    wire::{Body, Kind},
};

/// The body of a time attestation, signed by as many time keys as the root asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TimeAttestation {
    /// The tenant for whose devices it is.
    pub tenant: TenantId,
    /// The time when it was signed.
    pub time_ms: TimeMs,
    /// The device's pulse that it answers. Without one it is a broadcast, which says only that
    /// it is at least this late.
    pub pulse: Option<Challenge>,
}

crate::wire::reads!(struct TimeAttestation { tenant, time_ms, pulse });

impl Body<'_> for TimeAttestation {
    const KIND: Kind = Kind::Time;

    fn check(&self) -> Result<(), Refusal> {
        Ok(())
    }
}
