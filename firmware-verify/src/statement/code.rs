//! The latch code: one signed, single-use, time-bound change.

use serde::{Deserialize, Serialize};

use super::root::check_name;
use crate::{
    division::divide,
    reject::{Reason, Refusal, ensure},
    twin::{Entries, check_patch, check_values},
    types::{
        Challenge, DeviceId, Digest, KeyId, LatchId, ProductId, Sequence, StatementId, TenantId,
        TimeMs, VersionRange,
    },
    wire::{Body, Kind},
};

/// The devices that a code is for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// One device.
    Device(DeviceId),
    /// The devices that fall into a part of ten thousand.
    Cohort {
        /// Makes cohorts of different codes independent.
        salt: StatementId,
        /// First part inside, 0 to 9999.
        from: u16,
        /// First part outside, 1 to 10000.
        below: u16,
    },
    /// Every device of the tenant.
    Tenant,
}

crate::wire::reads!(enum Audience {
    0 Device(read),
    1 Cohort { salt, from, below },
    2 Tenant,
    _ Self::Tenant
});

impl Audience {
    /// Parts into which devices fall.
    pub const PARTS: u16 = 10_000;

    /// The part into which a device falls under a salt: the first 8 bytes of
    /// `SHA-256(salt || device)`, big-endian, modulo 10000.
    #[must_use]
    pub fn part(salt: StatementId, device: &DeviceId) -> u16 {
        let Digest(digest) = Digest::of(&[&salt.0, device.as_str().as_bytes()]);
        let number = u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
        divide(number, Self::PARTS).1
    }

    /// Whether a device is inside, as a refusal if not.
    pub(crate) fn admit(&self, device: &DeviceId) -> Result<(), Refusal> {
        match self {
            Self::Device(named) => Ok(ensure(named == device, Reason::OtherDevice)?),
            Self::Cohort { salt, from, below } => {
                let part = Self::part(*salt, device);
                let inside = (*from..*below).contains(&part);
                ensure(
                    inside,
                    Refusal::new(Reason::OutsideCohort, (*below).into(), part.into()),
                )
            }
            Self::Tenant => Ok(()),
        }
    }
}

/// Which of a latch's rules the code is to be held to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleChoice {
    /// The enforced rule.
    Normal,
    /// The break-glass rule.
    BreakGlass,
}

crate::wire::reads!(enum RuleChoice {
    0 Normal,
    1 BreakGlass,
    _ Self::Normal
});

/// What must be so on the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Context {
    /// The running firmware lies in this range.
    pub firmware: Option<VersionRange>,
    /// The twin has this version.
    pub twin_version: Option<u64>,
    /// The device has booted this many times.
    pub boot: Option<u32>,
}

crate::wire::reads!(struct Context { firmware, twin_version, boot });

/// What the code does.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action<'a> {
    /// Change desired properties by a merge patch.
    SetTwin(#[serde(borrow)] Entries<'a>),
    /// Run a command.
    Command {
        /// Its name, which the trust root assigns to a latch.
        name: &'a str,
        /// Its arguments.
        #[serde(borrow)]
        arguments: Entries<'a>,
    },
    /// Open the latch for a time.
    Open {
        /// Seconds.
        seconds: u32,
    },
    /// Keep an open latch open for longer.
    Renew {
        /// Seconds from now.
        seconds: u32,
    },
    /// Close the latch.
    Close,
    /// Install a release.
    Install {
        /// The release manifest's id.
        manifest: StatementId,
    },
    /// Install a release that is older than the running one, never below the security floor.
    Downgrade {
        /// The release manifest's id.
        manifest: StatementId,
    },
    /// Shut everything, until a code behind `trust` lifts it.
    Lockdown,
    /// Every check, burned, without an effect: for drills.
    Probe,
    /// Lift a lockdown. Since body version 1.
    Unlock,
}

crate::wire::reads!(enum Action<'a> {
    0 SetTwin(read),
    1 Command { name, arguments },
    2 Open { seconds },
    3 Renew { seconds },
    4 Close,
    5 Install { manifest },
    6 Downgrade { manifest },
    7 Lockdown,
    8 Probe,
    9 Unlock,
    _ Self::Probe
});

impl Action<'_> {
    /// Whether it only ever shuts: such codes ask for less than those that open.
    #[must_use]
    pub fn closes(&self) -> bool {
        matches!(self, Self::Close | Self::Lockdown)
    }
}

/// The body of a latch code.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Code<'a> {
    /// The tenant in which it means something.
    pub tenant: TenantId,
    /// The key that issues it, and must have signed it.
    pub issuer: KeyId,
    /// The epoch of the trust root under which it was signed.
    pub epoch: u32,
    /// The enrolment of the device, for codes for one device.
    pub incarnation: Option<u32>,
    /// The devices that it is for.
    pub audience: Audience,
    /// The product that it is for, or any.
    pub product: Option<ProductId>,
    /// The latch that it opens.
    pub latch: LatchId,
    /// The rule that it is held to.
    pub rule: RuleChoice,
    /// Its place in the issuer's order.
    pub sequence: Sequence,
    /// Refused before this moment.
    pub not_before_ms: TimeMs,
    /// Refused from this moment on.
    pub not_after_ms: TimeMs,
    /// The device's challenge that it answers.
    pub challenge: Option<Challenge>,
    /// What must be so on the device.
    pub context: Context,
    /// What it does.
    #[serde(borrow)]
    pub action: Action<'a>,
}

crate::wire::reads!(struct Code<'a> { tenant, issuer, epoch, incarnation, audience, product, latch, rule, sequence, not_before_ms, not_after_ms, challenge, context, action });

impl<'a> Body<'a> for Code<'a> {
    const KIND: Kind = Kind::Code;

    fn version(&self) -> u8 {
        match self.action {
            Action::Unlock => 1,
            _ => 0,
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        if let Audience::Cohort { from, below, .. } = &self.audience {
            ensure(from < below && *below <= Audience::PARTS, Reason::BadValue)?;
        }
        if let Some(range) = self.context.firmware {
            ensure(range.least <= range.most, Reason::BadValue)?;
        }
        match &self.action {
            Action::SetTwin(patch) => check_patch(patch),
            Action::Command { name, arguments } => {
                check_name(name)?;
                check_values(arguments)
            }
            Action::Open { seconds } | Action::Renew { seconds } => {
                Ok(ensure(*seconds > 0, Reason::BadValue)?)
            }
            _ => Ok(()),
        }
    }
}
