//! Receipts: what came of a statement, and what a device did by itself.

use serde::{Deserialize, Serialize};

use super::{before::ReceiptV0, more::More, state::Status};
use crate::{
    reject::{Reason, Refusal, ensure},
    types::{DeviceId, Digest, KeyId, LatchId, Sequence, StatementId, TenantId, TimeMs},
    wire::{Body, Kind, decode_whole},
};

/// Why a latch has closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseCause {
    /// A code has closed it.
    Code,
    /// Its time was over.
    Time,
    /// The device has booted.
    Reboot,
    /// No heartbeat came within the rule's time.
    Silence,
    /// The posture no longer satisfied the rule, for longer than its grace.
    Posture,
    /// The context that the code named no longer held, for longer than the rule's grace.
    Context,
    /// The code that had opened it was revoked or stopped.
    Revoked,
    /// A new trust root has voided the code that had opened it.
    Trust,
    /// The device was locked down.
    Lockdown,
    /// Its opening could not be recorded, or the device's memory is not whole any more. In no receipt: what shuts it learns it.
    Fault,
}

crate::wire::reads!(enum CloseCause {
    0 Code,
    1 Time,
    2 Reboot,
    3 Silence,
    4 Posture,
    5 Context,
    6 Revoked,
    7 Trust,
    8 Lockdown,
    9 Fault,
    _ Self::Fault
});

impl CloseCause {
    /// The cause in a word, as hooks and documents have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Time => "time",
            Self::Reboot => "reboot",
            Self::Silence => "silence",
            Self::Posture => "posture",
            Self::Context => "context",
            Self::Revoked => "revoked",
            Self::Trust => "trust",
            Self::Lockdown => "lockdown",
            Self::Fault => "fault",
        }
    }
}

/// What came of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Refused; nothing happened.
    Refused {
        /// Number of the [`Reason`].
        reason: u16,
        /// What would have been accepted.
        expected: u64,
        /// What was found instead.
        found: u64,
    },
    /// The twin was changed, and the change carried out.
    Applied {
        /// The twin's version now.
        twin_version: u64,
    },
    /// The command was carried out.
    Performed,
    /// The code was burned, and what should have acted reported a failure.
    ActuatorFailed {
        /// What it reported.
        code: i32,
    },
    /// The device was cut off between burning the code and recording the outcome: it
    /// may or may not have acted. It never tries again by itself.
    Interrupted,
    /// The code was burned, and the download has begun.
    InstallStarted,
    /// The new image runs, is healthy, and has confirmed itself.
    InstallConfirmed,
    /// The new image was given up, and the one before it runs.
    InstallReverted {
        /// Number of the [`Reason`].
        reason: u16,
    },
    /// The installation ended before a trial.
    InstallFailed {
        /// Number of the [`Reason`].
        reason: u16,
    },
    /// Every check passed, the code was burned, and nothing was done.
    Probed,
    /// The latch is open.
    Opened {
        /// Seconds from the burn until it closes by itself.
        seconds: u32,
    },
    /// The latch stays open.
    Renewed {
        /// Seconds from the burn until it closes by itself.
        seconds: u32,
    },
    /// The latch that this statement had opened, or that it names, is closed.
    Closed {
        /// The latch.
        latch: LatchId,
        /// Why.
        cause: CloseCause,
    },
    /// Everything is shut until a code behind `trust` lifts it.
    LockedDown,
    /// The lockdown is over. What it had closed stays closed.
    Unlocked,
    /// The trust root is in force.
    RootAccepted {
        /// Its version.
        version: u32,
        /// Its epoch.
        epoch: u32,
    },
    /// What the named issuer has signed up to the named sequence is void.
    Revoked,
    /// The code with this id is void.
    Stopped {
        /// The code.
        statement: StatementId,
        /// Whether it had been used before.
        used: bool,
    },
    /// The device knows that it is at least this late.
    TimeRaised {
        /// The floor.
        floor_ms: TimeMs,
    },
}

crate::wire::reads!(enum Outcome {
    0 Refused { reason, expected, found },
    1 Applied { twin_version },
    2 Performed,
    3 ActuatorFailed { code },
    4 Interrupted,
    5 InstallStarted,
    6 InstallConfirmed,
    7 InstallReverted { reason },
    8 InstallFailed { reason },
    9 Probed,
    10 Opened { seconds },
    11 Renewed { seconds },
    12 Closed { latch, cause },
    13 LockedDown,
    14 Unlocked,
    15 RootAccepted { version, epoch },
    16 Revoked,
    17 Stopped { statement, used },
    18 TimeRaised { floor_ms },
    _ Self::Interrupted
});

/// The body of a receipt, signed by the device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// The tenant.
    pub tenant: TenantId,
    /// The device that signs.
    pub device: DeviceId,
    /// Its enrolment.
    pub incarnation: u32,
    /// Counts the device's receipts from 1.
    pub number: u64,
    /// SHA-256 of the signed message of the receipt before; zeros in the first.
    pub previous: Digest,
    /// The statement that it answers.
    pub statement: StatementId,
    /// Number of that statement's kind.
    pub kind: u8,
    /// The issuer that the statement names.
    pub issuer: Option<KeyId>,
    /// The statement's place in the issuer's order.
    pub sequence: Option<Sequence>,
    /// Whether it was held to a break-glass rule.
    pub break_glass: bool,
    /// What came of it.
    pub outcome: Outcome,
    /// Number of the [`Reason`] for which a rule on trial would have refused it.
    pub trial: Option<u16>,
    /// Age of the statement when it was judged, in milliseconds, where the time was trusted.
    pub age_ms: Option<u64>,
    /// What the device is after it.
    pub status: Status,
    /// What later releases add.
    pub more: More,
}

crate::wire::reads!(struct Receipt { tenant, device, incarnation, number, previous, statement, kind, issuer, sequence, break_glass, outcome, trial, age_ms, status, more });

impl Body<'_> for Receipt {
    const KIND: Kind = Kind::Receipt;

    fn version(&self) -> u8 {
        1
    }

    fn parse(version: u8, bytes: &[u8]) -> Result<Self, Refusal> {
        let receipt = match version {
            0 => decode_whole::<ReceiptV0>(bytes)?.into(),
            _ => decode_whole::<Self>(bytes)?,
        };
        let since_1 = !matches!(
            receipt.outcome,
            Outcome::Refused { .. }
                | Outcome::Applied { .. }
                | Outcome::Performed
                | Outcome::ActuatorFailed { .. }
                | Outcome::Interrupted
                | Outcome::InstallStarted
                | Outcome::InstallConfirmed
                | Outcome::InstallReverted { .. }
                | Outcome::InstallFailed { .. }
                | Outcome::Probed
        );
        ensure(version > 0 || !since_1, Reason::NotDecodable)?;
        receipt.check()?;
        Ok(receipt)
    }

    fn check(&self) -> Result<(), Refusal> {
        let stays = matches!(
            self.outcome,
            Outcome::Closed {
                cause: CloseCause::Fault,
                ..
            }
        );
        Ok(ensure(
            self.number > 0 && Kind::from_number(self.kind).is_some() && !stays,
            Reason::BadValue,
        )?)
    }
}
