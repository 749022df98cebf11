//! Enrolment: an operator agrees to a device's name and key, and hands it what it is to
//! trust.

#[cfg(test)]
mod tests;

use latch_verify::{
    Refusal,
    limits::{ENVELOPE_HEAD, MAX_ROOT_BODY, MAX_SIGNATURES, SIGNATURE_LEN},
    statement::Enrolment,
    types::KeyId,
    verdict::{TrustRoot, judge_enrolment, judge_request},
};

use crate::{
    keys::RoleKey,
    sign::{SignError, Statement},
};

/// Bytes before the root in a bundle.
const LENGTH: usize = 2;
/// Longest root in a bundle; its length fits the `u16` before it.
const MAX_ROOT: usize = ENVELOPE_HEAD + MAX_ROOT_BODY + 1 + MAX_SIGNATURES * SIGNATURE_LEN;

/// Why a device was not enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// The request is not one: not signed by the key that it names, and by nothing else.
    #[error("this is no request of a device to be enrolled: {0}")]
    Request(Refusal),
    /// The enrolment could not be countersigned.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The root would not be taken by a device.
    #[error("a device would not take this trust root at its provisioning: {0}")]
    Root(Refusal),
    /// The enrolment would not be taken under this root.
    #[error("a device would not take this enrolment under this trust root: {0}")]
    Enrolment(Refusal),
    /// The bytes are no bundle.
    #[error("this is no provisioning bundle: its lengths do not add up")]
    NotBundle,
}

/// What a device asks for: to be known by this name and key. Its signature shows that it
/// holds the key, and nothing about who it is: compare the key's id with what the device
/// itself shows before agreeing.
#[derive(Debug, Clone, PartialEq)]
pub struct EnrolmentRequest {
    statement: Statement,
    enrolment: Enrolment,
}

impl EnrolmentRequest {
    /// Takes a request that a device has signed with the key that it names.
    ///
    /// # Errors
    /// [`EnrolmentError::Request`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, EnrolmentError> {
        let enrolment = judge_request(&bytes).map_err(EnrolmentError::Request)?;
        let statement = Statement::from_bytes(bytes)?;
        Ok(Self {
            statement,
            enrolment,
        })
    }

    /// What is asked for.
    #[must_use]
    pub fn enrolment(&self) -> &Enrolment {
        &self.enrolment
    }

    /// Id of the device's key: what the device shows, and people compare.
    ///
    /// # Errors
    /// [`EnrolmentError::Request`], which cannot be for a request that was taken.
    pub fn key_id(&self) -> Result<KeyId, EnrolmentError> {
        let key = self.enrolment.key().map_err(EnrolmentError::Request)?;
        Ok(key.id())
    }

    /// The request as a statement, for signatures that are made elsewhere.
    #[must_use]
    pub fn into_statement(self) -> Statement {
        self.statement
    }

    /// Agrees to the request as an operator.
    ///
    /// # Errors
    /// [`EnrolmentError::Sign`].
    pub fn countersign(self, operator: &RoleKey) -> Result<Statement, EnrolmentError> {
        let mut statement = self.statement;
        statement.countersign(operator)?;
        Ok(statement)
    }
}

/// What provisions a device: the first trust root, and its own enrolment under it.
///
/// ```text
/// offset  0            2            2+n
///         +------------+------------+--------------------+
///         | n (u16 LE) | root       | enrolment          |
///         |            | envelope n | envelope, the rest |
///         +------------+------------+--------------------+
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ProvisionBundle {
    root: Statement,
    enrolment: Statement,
}

impl ProvisionBundle {
    /// Puts both together, once they are found to be what a device takes: a root, the newest
    /// best, with its threshold of root signatures, and an enrolment that the device and an
    /// operator of that root have signed.
    ///
    /// # Errors
    /// [`EnrolmentError::Root`], [`EnrolmentError::Enrolment`].
    pub fn new(root: Statement, enrolment: Statement) -> Result<Self, EnrolmentError> {
        let trust = TrustRoot::first(root.bytes()).map_err(EnrolmentError::Root)?;
        judge_enrolment(enrolment.bytes(), &trust).map_err(EnrolmentError::Enrolment)?;
        Ok(Self { root, enrolment })
    }

    /// Reads a bundle, and checks it as [`new`](Self::new).
    ///
    /// # Errors
    /// [`EnrolmentError::NotBundle`], [`EnrolmentError::Sign`], or as [`new`](Self::new).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnrolmentError> {
        let (length, rest) = bytes
            .split_first_chunk::<LENGTH>()
            .ok_or(EnrolmentError::NotBundle)?;
        let length = usize::from(u16::from_le_bytes(*length));
        let (root, enrolment) = rest
            .split_at_checked(length)
            .filter(|(root, _)| root.len() <= MAX_ROOT)
            .ok_or(EnrolmentError::NotBundle)?;
        Self::new(
            Statement::from_bytes(root.to_vec())?,
            Statement::from_bytes(enrolment.to_vec())?,
        )
    }

    /// The bundle as it is handed over.
    ///
    /// # Errors
    /// [`EnrolmentError::NotBundle`], which cannot be: a root's length fits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EnrolmentError> {
        let root = self.root.bytes();
        let length = u16::try_from(root.len()).map_err(|_| EnrolmentError::NotBundle)?;
        Ok([&length.to_le_bytes(), root, self.enrolment.bytes()].concat())
    }

    /// The trust root.
    #[must_use]
    pub fn root(&self) -> &Statement {
        &self.root
    }

    /// The enrolment.
    #[must_use]
    pub fn enrolment(&self) -> &Statement {
        &self.enrolment
    }
}
