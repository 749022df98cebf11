//! What devices say: receipts and states, checked against the device's key, and receipts
//! in a row.

mod chain;

#[cfg(test)]
mod tests;

use latch_verify::{
    statement::{ComponentVersion, Receipt, State, Status},
    types::{DeviceId, Digest, ProductId, TenantId},
    wire::PublicKey,
};
use serde::Serialize;

use crate::{
    patch::{Document, PatchError},
    sign::{SignError, Statement},
};

pub use chain::{ChainBreak, Link, ReceiptChain};

/// A receipt that the device's key has signed.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedReceipt {
    statement: Statement,
    receipt: Receipt,
}

impl SignedReceipt {
    /// Takes an envelope signed by the device's key, and by nothing else.
    ///
    /// # Errors
    /// [`SignError::Refused`] with the verifier's reason.
    pub fn verify(bytes: Vec<u8>, device: &PublicKey) -> Result<Self, SignError> {
        let statement = Statement::from_bytes(bytes)?;
        let receipt = statement.verify(device)?.body()?;
        Ok(Self { statement, receipt })
    }

    /// What the device says.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The statement, as it was received.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }
}

/// A device's own account of what it is, signed by its key: the owned form of [`State`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceState {
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
    pub twin: Document,
    /// What runs on its components besides the main one.
    pub components: Vec<ComponentVersion>,
}

/// Why a state was not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The verifier refuses it.
    #[error(transparent)]
    Refused(#[from] SignError),
    /// Its twin is none.
    #[error("the twin in the state is none: {0}")]
    Twin(#[from] PatchError),
}

impl DeviceState {
    /// Takes an envelope signed by the device's key, and by nothing else.
    ///
    /// # Errors
    /// [`StateError::Refused`] with the verifier's reason.
    pub fn verify(bytes: Vec<u8>, device: &PublicKey) -> Result<Self, StateError> {
        let statement = Statement::from_bytes(bytes)?;
        let verified = statement.verify(device)?;
        let state: State<'_> = verified.body().map_err(SignError::from)?;
        Ok(Self {
            tenant: state.tenant,
            product: state.product,
            device: state.device,
            incarnation: state.incarnation,
            receipts: state.receipts,
            head: state.head,
            status: state.status,
            twin: Document::from_entries(state.twin)?,
            components: state.more.told_components().collect(),
        })
    }
}
