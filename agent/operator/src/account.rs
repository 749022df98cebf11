//! What a device says of itself: believed only when its recorded key has signed it, and it
//! speaks of the device that it should.

use std::time::Duration;

use latch_issue::{DeviceState, SignError, SignedReceipt, StateError, Statement};
use latch_mqtt::Topics;
use latch_verify::{
    Reason, Refusal,
    types::{DeviceId, TenantId},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    link::{Happening, Link, LinkError},
    registry::Record,
};

/// How long the broker may take to hand over a retained message after it has accepted the
/// subscription. Brokers send it at once; this leaves room for slow links.
const RETAINED_WAIT: Duration = Duration::from_secs(5);

/// Why the account of a device was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// Not signed by the recorded key, or no account at all.
    #[error("what claims to be said by `{device}` is not: {cause}")]
    Refused {
        /// The device.
        device: DeviceId,
        /// The verifier's reason.
        cause: Refusal,
    },
    /// The twin in it is none.
    #[error("`{device}` has signed a state whose twin is none: {cause}")]
    Twin {
        /// The device.
        device: DeviceId,
        /// What is wrong with it.
        cause: latch_issue::PatchError,
    },
    /// It is of another device, tenant or enrolment than the record.
    #[error(
        "this is said by `{found}` (incarnation {incarnation}), and not by `{device}` as it is enrolled here"
    )]
    OtherDevice {
        /// The device that was meant.
        device: DeviceId,
        /// The device that speaks.
        found: DeviceId,
        /// Its enrolment.
        incarnation: u32,
        /// What differs: tenant, device or incarnation.
        reason: Reason,
    },
    /// The broker holds no state of the device.
    #[error("the broker holds no state of `{0}`")]
    NoState(DeviceId),
    /// The broker.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl AccountError {
    /// The verifier's reason, if that is the cause.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused { cause, .. } => Some(*cause),
            Self::OtherDevice { reason, .. } => Some((*reason).into()),
            _ => None,
        }
    }
}

/// Takes the state of a device.
///
/// # Errors
/// [`AccountError::Refused`], [`AccountError::Twin`], [`AccountError::OtherDevice`].
pub fn state_of(
    bytes: Vec<u8>,
    record: &Record,
    tenant: TenantId,
) -> Result<DeviceState, AccountError> {
    let device = record.device.clone();
    let state = DeviceState::verify(bytes, &record.key).map_err(|error| match error {
        StateError::Twin(cause) => AccountError::Twin {
            device: device.clone(),
            cause,
        },
        StateError::Refused(error) => refused(device.clone(), &error),
        _ => AccountError::Refused {
            device: device.clone(),
            cause: Reason::NotDecodable.into(),
        },
    })?;
    let said = (state.tenant, &state.device, state.incarnation);
    match difference(said, record, tenant) {
        None => Ok(state),
        Some(error) => Err(error),
    }
}

/// Takes a receipt of a device.
///
/// # Errors
/// [`AccountError::Refused`], [`AccountError::OtherDevice`].
pub fn receipt_of(
    bytes: Vec<u8>,
    record: &Record,
    tenant: TenantId,
) -> Result<SignedReceipt, AccountError> {
    let device = record.device.clone();
    let signed = SignedReceipt::verify(bytes, &record.key)
        .map_err(|error| refused(device.clone(), &error))?;
    let receipt = signed.receipt();
    let said = (receipt.tenant, &receipt.device, receipt.incarnation);
    match difference(said, record, tenant) {
        None => Ok(signed),
        Some(error) => Err(error),
    }
}

/// Who speaks, if it is not the device as it is enrolled here.
fn difference(
    said: (TenantId, &DeviceId, u32),
    record: &Record,
    tenant: TenantId,
) -> Option<AccountError> {
    let (other_tenant, found, incarnation) = said;
    let reason = if other_tenant != tenant {
        Reason::OtherTenant
    } else if *found != record.device {
        Reason::OtherDevice
    } else if incarnation != record.incarnation {
        Reason::OtherIncarnation
    } else {
        return None;
    };
    Some(AccountError::OtherDevice {
        device: record.device.clone(),
        found: found.clone(),
        incarnation,
        reason,
    })
}

fn refused(device: DeviceId, error: &SignError) -> AccountError {
    let cause = match error {
        SignError::Refused(cause) => *cause,
        _ => Reason::BadSignature.into(),
    };
    AccountError::Refused { device, cause }
}

/// Fetches the state that a device has left with the broker.
///
/// Messages on the topic that are not the device's word are passed over for as long as a
/// true one may still come; if none does, the last of them is the error.
///
/// # Errors
/// [`AccountError`].
pub async fn fetch_state(
    link: &mut Link,
    topics: &Topics,
    record: &Record,
    tenant: TenantId,
) -> Result<(Statement, DeviceState), AccountError> {
    let topic = topics.device_state(&record.device);
    link.subscribe([topic.clone()]).await?;
    let until = Instant::now() + RETAINED_WAIT;
    let mut last = AccountError::NoState(record.device.clone());
    while let Ok(happening) = timeout_at(until, link.next()).await {
        let Happening::Message(message) = happening? else {
            continue;
        };
        if message.topic != topic {
            continue;
        }
        let taken = state_of(message.payload.clone(), record, tenant).and_then(|state| {
            let statement = Statement::from_bytes(message.payload)
                .map_err(|error| refused(record.device.clone(), &error))?;
            Ok((statement, state))
        });
        match taken {
            Ok(found) => return Ok(found),
            Err(error) => last = error,
        }
    }
    Err(last)
}
