//! The recovery program of a board: all its images are lost, and it takes the pages of the one that
//! was confirmed last. It judges no statement, as the one of a bootloader does not.

use embedded_storage::nor_flash::NorFlash as _;
use latch_link::{FromDevice, Handled, Paged, Pulse, ToDevice, Wanted};
use latch_verify::{
    Reason,
    boot::Restoration,
    device::{Device, Parts},
    ledger::Image,
    types::Posture,
    verdict::Identity,
};

use crate::hardware::{Micro, SLOT};

/// What the recovery program knows.
pub(crate) struct Recovery {
    pub(crate) identity: Identity,
    parts: Parts<Micro>,
    restoration: Restoration,
    image: Image,
    is_back: bool,
}

impl Recovery {
    /// Erases both slots of a device.
    ///
    /// # Panics
    /// When its image is the one from the factory, which nobody can bring back.
    pub(crate) fn of(device: Device<Micro>) -> Self {
        let identity = device.identity().clone();
        let confirmed = device.facts().firmware.confirmed;
        let mut parts = device.into_parts();
        let len = u32::try_from(SLOT).unwrap_or(u32::MAX);
        for slot in &mut parts.slots {
            slot.erase(0, len).expect("the flash works");
        }
        Self {
            identity,
            parts,
            restoration: Restoration::new(confirmed).expect("an image that was installed"),
            image: confirmed,
            is_back: false,
        }
    }

    /// After a reset: the parts of a device that has its image again, or the recovery program, which
    /// begins with the first page.
    pub(crate) fn reset(mut self: Box<Self>) -> Result<Parts<Micro>, Box<Self>> {
        if self.is_back {
            return Ok(self.parts);
        }
        let anew = Restoration::new(self.image);
        self.restoration = anew.expect("an image that was installed");
        Err(self)
    }

    /// It has no trust root in force, and no chain of receipts.
    pub(crate) const PULSE: Pulse = Pulse {
        receipts: 0,
        changes: 0,
        root_version: 0,
        junk: 0,
        posture: Posture { known: 0, value: 0 },
        pulse_every_ms: None,
    };

    pub(crate) fn wanted(&self) -> Option<Wanted> {
        self.restoration.wanted().map(|pages| Wanted {
            pages,
            merkle_root: Some(self.image.merkle_root),
        })
    }

    /// Answers what is no question about the standing.
    pub(crate) fn answer(&mut self, message: &ToDevice<'_>) -> FromDevice<'static> {
        let tag = message.tag();
        match message {
            ToDevice::Page { page, .. } => {
                let taken = self.restoration.take(&mut self.parts.slots, page);
                let paged = Paged::from(taken);
                self.is_back |= paged == Paged::Restored;
                FromDevice::Paged { tag, paged }
            }
            ToDevice::Statement { .. } => FromDevice::Handled {
                tag,
                handled: Handled::Ignored(Reason::ActionNotServed.into()),
            },
            _ => FromDevice::Done {
                tag,
                result: Err(Reason::ActionNotServed.into()),
            },
        }
    }
}
