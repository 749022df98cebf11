//! What a verdict depends on besides the statement and the trust root.

use serde::{Deserialize, Serialize};

use crate::{
    statement::TimeStatus,
    types::{Challenge, DeviceId, Posture, ProductId, TenantId, Version},
};

/// Who the device is.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// Its tenant.
    pub tenant: TenantId,
    /// Its hardware class.
    pub product: ProductId,
    /// Its name.
    pub device: DeviceId,
    /// Its enrolment.
    pub incarnation: u32,
}

crate::wire::reads!(struct Identity { tenant, product, device, incarnation });

impl Identity {
    /// Nobody: what stands in memory before a journal was read.
    pub(crate) const fn none() -> Self {
        Self {
            tenant: TenantId([0; 16]),
            product: ProductId([0; 16]),
            device: DeviceId::none(),
            incarnation: 0,
        }
    }
}

/// The nonces that codes may answer now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Challenges {
    /// The one that the device publishes.
    pub current: Challenge,
    /// The one before, until it is too old.
    pub previous: Option<Challenge>,
}

impl Challenges {
    /// Whether a code with this answer is fresh.
    #[must_use]
    pub fn accept(&self, answer: Challenge) -> bool {
        self.current == answer || self.previous == Some(answer)
    }
}

/// What the device is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conditions {
    /// What it knows about the time.
    pub time: TimeStatus,
    /// How much later than a trusted time it may be by now, in milliseconds: what passed
    /// between an attestation's signature and its arrival.
    pub time_doubt_ms: u64,
    /// Whether everything is shut until a code behind `trust` lifts it.
    pub locked_down: bool,
    /// What it asks of codes that need no clock.
    pub challenges: Challenges,
    /// What runs.
    pub firmware: Version,
    /// Version of the twin.
    pub twin_version: u64,
    /// How often it has booted.
    pub boot: u32,
    /// What it knows about itself.
    pub posture: Posture,
}
