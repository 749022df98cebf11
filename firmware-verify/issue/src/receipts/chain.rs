//! Receipts in a row: each names the one before it by its hash, so that none can be left
//! out, added or altered unseen.

use std::collections::BTreeMap;

use latch_verify::types::{DeviceId, Digest, TenantId};

use super::{DeviceState, SignedReceipt};

/// What a receipt that fits is to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The next one.
    Next,
    /// One that was seen before: devices send the last ones again.
    SeenBefore,
}

/// How receipts of a device contradict each other, or leave something out. Every one of
/// them was signed by the device's key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainBreak {
    /// Receipts are missing. It may be that they have not arrived yet.
    #[error("{}", missing(device, *first, *found))]
    Gap {
        /// The device.
        device: DeviceId,
        /// Number of the first that is missing.
        first: u64,
        /// Number of the receipt that came.
        found: u64,
    },
    /// Two different receipts have one number.
    #[error(
        "{device} has signed two different receipts with the number {number} ({kept} and {found}): its state was copied or set back, or its key is held by another"
    )]
    Fork {
        /// The device.
        device: DeviceId,
        /// The number.
        number: u64,
        /// Hash of the one that is kept.
        kept: Digest,
        /// Hash of the one that came.
        found: Digest,
    },
    /// A receipt follows another past than the one that is kept.
    #[error(
        "receipt {number} of {device} follows {named}, and the one before it here is {kept}: the past was rewritten, there or here"
    )]
    Rewritten {
        /// The device.
        device: DeviceId,
        /// Number of the receipt that came.
        number: u64,
        /// Hash of the receipt that is kept.
        kept: Digest,
        /// Hash that the receipt names as its predecessor.
        named: Digest,
    },
    /// A receipt of another device or tenant.
    #[error("this is a receipt of {found}, and the chain is that of {expected}")]
    OtherDevice {
        /// Whose chain it is.
        expected: DeviceId,
        /// Whose receipt came.
        found: DeviceId,
    },
    /// A receipt of another enrolment of the device: each enrolment has receipts of its own, from
    /// number 1 on.
    #[error(
        "this is a receipt of enrolment {found} of {device}, and the chain is that of enrolment {expected}: each has a chain of its own"
    )]
    OtherIncarnation {
        /// The device.
        device: DeviceId,
        /// Whose chain it is.
        expected: u32,
        /// Whose receipt came.
        found: u32,
    },
    /// A receipt from before the place at which the chain begins.
    #[error(
        "receipt {number} lies before {first}, where this chain begins: it can be neither confirmed nor denied"
    )]
    BeforeStart {
        /// Its number.
        number: u64,
        /// Number of the first receipt of the chain.
        first: u64,
    },
    /// The device's state speaks of more receipts than are here.
    #[error("the state of {device} speaks of {said} receipts, and {here} are here")]
    StateAhead {
        /// The device.
        device: DeviceId,
        /// Number of the last receipt by the state.
        said: u64,
        /// Number of the last receipt here.
        here: u64,
    },
}

fn missing(device: &DeviceId, first: u64, found: u64) -> String {
    let last = found.saturating_sub(1);
    if first == last {
        format!("receipt {first} of {device} is missing: ask the device or other keepers for it")
    } else {
        format!(
            "receipts {first} to {last} of {device} are missing: ask the device or other keepers for them"
        )
    }
}

/// The receipts of one enrolment of a device, checked as they come. The first one says which
/// enrolment that is. One statement may have several: a code that opened a latch is answered again
/// when the latch closes by itself.
///
/// Keeps the hash of every receipt, 40 bytes each.
#[derive(Debug, Clone)]
pub struct ReceiptChain {
    tenant: TenantId,
    device: DeviceId,
    first: u64,
    before_first: Digest,
    incarnation: Option<u32>,
    seen: BTreeMap<u64, Digest>,
}

impl ReceiptChain {
    /// A chain from the device's first receipt on.
    #[must_use]
    pub fn new(tenant: TenantId, device: DeviceId) -> Self {
        Self::after(tenant, device, 0, Digest::default())
    }

    /// A chain that goes on from a receipt that was checked elsewhere: its number, and the
    /// SHA-256 of its signed message.
    #[must_use]
    pub fn after(tenant: TenantId, device: DeviceId, number: u64, digest: Digest) -> Self {
        Self {
            tenant,
            device,
            first: number.saturating_add(1),
            before_first: digest,
            incarnation: None,
            seen: BTreeMap::new(),
        }
    }

    /// Checks a receipt against those before it, and keeps it if it fits. One that does not
    /// fit changes nothing.
    ///
    /// # Errors
    /// Every [`ChainBreak`] but [`ChainBreak::StateAhead`].
    pub fn push(&mut self, signed: &SignedReceipt) -> Result<Link, ChainBreak> {
        let receipt = signed.receipt();
        let digest = signed.statement().digest();
        let number = receipt.number;
        self.check_device(receipt.tenant, &receipt.device, receipt.incarnation)?;
        if number < self.first {
            let first = self.first;
            return Err(ChainBreak::BeforeStart { number, first });
        }
        if let Some(kept) = self.seen.get(&number) {
            return self.same(number, *kept, digest).map(|()| Link::SeenBefore);
        }
        let (last, kept) = self.head();
        let first = last.saturating_add(1);
        if number != first {
            return Err(ChainBreak::Gap {
                device: self.device.clone(),
                first,
                found: number,
            });
        }
        if receipt.previous != kept {
            return Err(ChainBreak::Rewritten {
                device: self.device.clone(),
                number,
                kept,
                named: receipt.previous,
            });
        }
        self.incarnation = Some(receipt.incarnation);
        self.seen.insert(number, digest);
        Ok(Link::Next)
    }

    /// Checks that a state of the device speaks of these receipts. A state may be older
    /// than the last receipt.
    ///
    /// # Errors
    /// [`ChainBreak::OtherDevice`], [`ChainBreak::OtherIncarnation`], [`ChainBreak::StateAhead`],
    /// [`ChainBreak::Fork`], [`ChainBreak::BeforeStart`].
    pub fn check_state(&self, state: &DeviceState) -> Result<(), ChainBreak> {
        self.check_device(state.tenant, &state.device, state.incarnation)?;
        let (here, _) = self.head();
        let said = state.receipts;
        if said > here {
            return Err(ChainBreak::StateAhead {
                device: self.device.clone(),
                said,
                here,
            });
        }
        match self.seen.get(&said) {
            Some(kept) => self.same(said, *kept, state.head),
            None if said.saturating_add(1) == self.first => {
                self.same(said, self.before_first, state.head)
            }
            None => Err(ChainBreak::BeforeStart {
                number: said,
                first: self.first,
            }),
        }
    }

    /// Number and hash of the last receipt.
    #[must_use]
    pub fn head(&self) -> (u64, Digest) {
        let before = (self.first.saturating_sub(1), self.before_first);
        let last = self.seen.last_key_value();
        last.map_or(before, |(number, digest)| (*number, *digest))
    }

    fn same(&self, number: u64, kept: Digest, found: Digest) -> Result<(), ChainBreak> {
        if kept == found {
            return Ok(());
        }
        Err(ChainBreak::Fork {
            device: self.device.clone(),
            number,
            kept,
            found,
        })
    }

    fn check_device(
        &self,
        tenant: TenantId,
        device: &DeviceId,
        incarnation: u32,
    ) -> Result<(), ChainBreak> {
        if (tenant, device) != (self.tenant, &self.device) {
            return Err(ChainBreak::OtherDevice {
                expected: self.device.clone(),
                found: device.clone(),
            });
        }
        match self.incarnation {
            Some(expected) if expected != incarnation => Err(ChainBreak::OtherIncarnation {
                device: self.device.clone(),
                expected,
                found: incarnation,
            }),
            _ => Ok(()),
        }
    }
}
