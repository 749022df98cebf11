//! What a device is: its status, and the state message that it signs.

use serde::{Deserialize, Serialize};

use super::{before::StateV0, more::More};
use crate::{
    reject::Refusal,
    twin::{Entries, check_document},
    types::{
        Challenge, DeviceId, Digest, Posture, ProductId, StatementId, TenantId, TimeMs, Version,
    },
    wire::{Body, Kind, decode_whole},
};

/// What the device knows about the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeStatus {
    /// Nothing.
    Unknown,
    /// It is at least this late.
    Floor(TimeMs),
    /// It is this late, by a source that the device trusts.
    Trusted(TimeMs),
}

crate::wire::reads!(enum TimeStatus {
    0 Unknown,
    1 Floor(read),
    2 Trusted(read),
    _ Self::Unknown
});

/// What runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FirmwareStatus {
    /// The running version.
    pub version: Version,
    /// The manifest of the running image; zeros for the one from the factory.
    pub manifest: StatementId,
    /// No release below this security version is installed.
    pub security_floor: u32,
    /// Boots that an image on trial has left, of whichever component; zero when none is on trial.
    pub trial_boots_left: u8,
}

crate::wire::reads!(struct FirmwareStatus { version, manifest, security_floor, trial_boots_left });

/// Messages that were not worth a record: counted since the last boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Junk {
    /// How many.
    pub count: u32,
    /// Number of the last one's [`Reason`](crate::Reason); zero for none.
    pub last_reason: u16,
}

crate::wire::reads!(struct Junk { count, last_reason });

/// What an issuer needs in order to sign the next code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// What the device knows about the time.
    pub time: TimeStatus,
    /// The nonce that the next challenge-bound code answers.
    pub challenge: Challenge,
    /// The nonce that the next time attestation answers.
    pub pulse: Challenge,
    /// Whether everything is shut until a code behind `trust` lifts it.
    pub locked_down: bool,
    /// The latches that are open: bit n for latch n.
    pub open: u16,
    /// Version of the trust root in force.
    pub root_version: u32,
    /// Epoch of the trust root in force.
    pub epoch: u32,
    /// Version of the twin.
    pub twin_version: u64,
    /// What runs.
    pub firmware: FirmwareStatus,
    /// How often the device has booted.
    pub boot: u32,
    /// What the device knows about itself.
    pub posture: Posture,
    /// What it did not answer.
    pub junk: Junk,
    /// Oldest and newest body version that its verifier understands.
    pub body_versions: (u8, u8),
}

crate::wire::reads!(struct Status { time, challenge, pulse, locked_down, open, root_version, epoch, twin_version, firmware, boot, posture, junk, body_versions });

/// The body of a state message, signed by the device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct State<'a> {
    /// The tenant.
    pub tenant: TenantId,
    /// The hardware class.
    pub product: ProductId,
    /// The device that signs.
    pub device: DeviceId,
    /// Its enrolment.
    pub incarnation: u32,
    /// Number of the last receipt.
    pub receipts: u64,
    /// SHA-256 of the signed message of the last receipt; zeros before the first.
    pub head: Digest,
    /// What the device is now.
    pub status: Status,
    /// The twin.
    #[serde(borrow)]
    pub twin: Entries<'a>,
    /// What later releases add.
    pub more: More,
}

crate::wire::reads!(struct State<'a> { tenant, product, device, incarnation, receipts, head, status, twin, more });

impl<'a> Body<'a> for State<'a> {
    const KIND: Kind = Kind::State;

    fn version(&self) -> u8 {
        1
    }

    fn parse(version: u8, bytes: &'a [u8]) -> Result<Self, Refusal> {
        let state = match version {
            0 => decode_whole::<StateV0<'a>>(bytes)?.into(),
            _ => decode_whole::<Self>(bytes)?,
        };
        state.check()?;
        Ok(state)
    }

    fn check(&self) -> Result<(), Refusal> {
        check_document(&self.twin)
    }
}
