//! Enrolment: a device's name, product and key, agreed to by an operator.

use serde::{Deserialize, Serialize};

use crate::{
    reject::Refusal,
    types::{DeviceId, Digest, ProductId, TenantId},
    wire::{Body, Kind, PublicKey},
};

/// How a device keeps its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKept {
    /// In a file or in flash that software can read.
    Software,
    /// In a secure element, TPM or key slot that does not give it out.
    Hardware,
}

crate::wire::reads!(enum KeyKept {
    0 Software,
    1 Hardware,
    _ Self::Software
});

/// The body of an enrolment, signed by the device's key and at least one operator.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// The tenant.
    pub tenant: TenantId,
    /// The hardware class.
    pub product: ProductId,
    /// The device's name, one of a kind in its tenant.
    pub device: DeviceId,
    /// Raised at every enrolment of the name; codes for earlier ones are void.
    pub incarnation: u32,
    /// The key that signs the device's receipts.
    pub device_key: Digest,
    /// How that key is kept.
    pub key_kept: KeyKept,
}

crate::wire::reads!(struct Enrolment { tenant, product, device, incarnation, device_key, key_kept });

impl Enrolment {
    /// The device's key.
    ///
    /// # Errors
    /// [`crate::Reason::WeakKey`].
    pub fn key(&self) -> Result<PublicKey, Refusal> {
        PublicKey::new(self.device_key.0)
    }
}

impl Body<'_> for Enrolment {
    const KIND: Kind = Kind::Enrolment;

    fn check(&self) -> Result<(), Refusal> {
        self.key().map(|_| ())
    }
}
