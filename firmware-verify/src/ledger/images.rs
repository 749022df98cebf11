//! The images in the slots: what runs, what it would fall back to, what comes next. A bootloader
//! needs nothing else of the journal.

use serde::{Deserialize, Serialize};

use super::record::{Effect, Image, InstallPhase, Record};
use crate::{
    journal::Rejected,
    limits::TRIAL_BOOTS,
    statement::{MAIN_COMPONENT, Manifest, Outcome, Receipt},
    types::{Paging, StatementId},
    wire::{Body as _, Kind},
};

/// What runs and what it would fall back to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize)]
pub struct Firmware {
    /// The confirmed image.
    pub confirmed: Image,
    /// The confirmed image before it, while its slot has not been reused and the floor has not risen past it.
    pub fallback: Option<Image>,
    /// No release below this security version is installed.
    pub security_floor: u32,
}

crate::wire::reads!(struct Firmware { confirmed, fallback, security_floor });

impl Firmware {
    pub(super) const fn new() -> Self {
        Self {
            confirmed: Image::ZERO,
            fallback: None,
            security_floor: 0,
        }
    }
}

/// An image that is on its way, or on trial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Next {
    /// Where it lies.
    pub image: Image,
    /// How far it has come.
    pub phase: InstallPhase,
}

/// The images in the slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Images {
    /// What was confirmed.
    pub firmware: Firmware,
    /// What is to come.
    pub next: Option<Next>,
}

impl Images {
    const NONE: Self = Self {
        firmware: Firmware::new(),
        next: None,
    };

    /// The image of the main component that a boot tries.
    pub(crate) fn main_on_trial(&self) -> Option<Next> {
        self.next
            .filter(|next| next.phase.may_run() && next.image.component == MAIN_COMPONENT)
    }

    /// The image in a slot that may be running there.
    #[must_use]
    pub fn in_slot(&self, slot: u8) -> Option<Image> {
        let next = self.main_on_trial();
        let known = [
            next.map(|next| next.image),
            Some(self.firmware.confirmed),
            self.firmware.fallback,
        ];
        known.into_iter().flatten().find(|image| image.slot == slot)
    }
}

/// The images as a journal is read: the part of [`Facts`](super::Facts) that is theirs, changed by
/// the same steps.
pub(crate) struct ImagesFold {
    images: Images,
    /// Whether the state at the head of the journal's sector was read.
    begun: bool,
}

impl ImagesFold {
    pub(crate) const fn new() -> Self {
        Self {
            images: Images::NONE,
            begun: false,
        }
    }

    /// Takes the next record of the journal.
    ///
    /// # Errors
    /// What a sound journal does not hold.
    pub(crate) fn apply(&mut self, record: &Record<'_>) -> Result<(), Rejected> {
        let Images { firmware, next } = &mut self.images;
        match record {
            Record::Counters { .. } => self.begun = true,
            Record::Firmware(found) => *firmware = *found,
            Record::Install { image, phase, .. } => {
                *next = Some(Next {
                    image: *image,
                    phase: *phase,
                });
            }
            Record::Burn {
                effect: Effect::Install { image, .. },
                ..
            } => {
                firmware.make_way(image);
                *next = Some(Next {
                    image: *image,
                    phase: InstallPhase::Receiving { next: 0 },
                });
            }
            Record::Phase(phase) => next.as_mut().ok_or(Rejected)?.phase = *phase,
            Record::Attempt => {
                let next = next.as_mut().ok_or(Rejected)?;
                next.phase = next.phase.attempted();
            }
            Record::Boot { .. } => {
                if let Some(next) = next {
                    next.phase = next.phase.booted();
                }
            }
            // At the head of a snapshot stand receipts that were copied: the state that follows
            // them contains what they changed.
            Record::Outcome { receipt, .. } if self.begun => match outcome(receipt.0)? {
                Outcome::InstallConfirmed => {
                    let next = next.take().ok_or(Rejected)?;
                    firmware.confirm(&next.image);
                }
                Outcome::InstallReverted { .. } | Outcome::InstallFailed { .. } => *next = None,
                _ => {}
            },
            Record::Identity { .. }
            | Record::Root(_)
            | Record::Twin { .. }
            | Record::Burned(_)
            | Record::Floors(_)
            | Record::Components { .. }
            | Record::Pending(_)
            | Record::Open(_)
            | Record::Burn { .. }
            | Record::Outcome { .. } => {}
        }
        Ok(())
    }

    /// What was read, if it was whole.
    pub(crate) fn finish(self) -> Option<Images> {
        self.begun.then_some(self.images)
    }
}

#[inline(never)]
fn outcome(receipt: &[u8]) -> Result<Outcome, Rejected> {
    Receipt::parse(Kind::Receipt.newest_version(), receipt)
        .map(|receipt| receipt.outcome)
        .map_err(|_| Rejected)
}

impl Image {
    /// The image of a release, in this slot.
    #[must_use]
    pub fn of(id: StatementId, slot: u8, manifest: &Manifest<'_>) -> Self {
        Self {
            slot,
            version: manifest.version,
            manifest: id,
            merkle_root: manifest.merkle_root,
            size: manifest.size,
            page_size_log2: manifest.page_size_log2,
            security_version: manifest.security_version,
            component: manifest.component,
        }
    }

    /// Whether it is what a manifest describes. Its length and its pages are held by the root of their tree.
    #[inline(never)]
    pub(crate) fn is_described_by(&self, manifest: &Manifest<'_>) -> bool {
        let numbers = (
            self.component,
            self.security_version,
            self.version.ordinal(),
        );
        let signed = (
            manifest.component,
            manifest.security_version,
            manifest.version.ordinal(),
        );
        self.merkle_root == manifest.merkle_root && numbers == signed
    }

    /// Length of a page in bytes.
    #[must_use]
    pub fn page_size(&self) -> u32 {
        self.paging().page_size()
    }

    /// Number of pages.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.paging().pages()
    }

    /// Length of one page in bytes; zero past the end.
    #[must_use]
    pub fn page_len(&self, index: u32) -> u32 {
        self.paging().page_len(index)
    }

    fn paging(&self) -> Paging {
        Paging {
            size: self.size,
            page_size_log2: self.page_size_log2,
        }
    }

    /// Whether it is the image from the factory, of whose content nothing is known: what the first slot held before
    /// anything was installed.
    #[must_use]
    pub fn from_factory(&self) -> bool {
        *self
            == Self {
                version: self.version,
                ..Self::ZERO
            }
    }
}

impl Firmware {
    /// The slot of this image is about to be overwritten.
    pub(super) fn make_way(&mut self, image: &Image) {
        self.fallback = self.fallback.filter(|fallback| fallback.slot != image.slot);
    }

    /// The image on trial has shown that it is healthy: it stays, and the floor rises to it. What it can fall back to lies
    /// in the other slot, and not below the floor: a slot that somebody damages must bring no weakness back.
    pub(super) fn confirm(&mut self, image: &Image) {
        if image.component != MAIN_COMPONENT {
            return;
        }
        self.security_floor = self.security_floor.max(image.security_version);
        let before = [Some(self.confirmed), self.fallback];
        self.fallback = before
            .into_iter()
            .flatten()
            .find(|other| other.slot != image.slot)
            .filter(|other| other.security_version >= self.security_floor);
        self.confirmed = *image;
    }
}

impl InstallPhase {
    /// The boots that an image may still take; of one that no boot tries, none are counted.
    pub(crate) fn boots_left(self) -> Option<u8> {
        match self {
            Self::Receiving { .. } | Self::Received => None,
            Self::Armed => Some(TRIAL_BOOTS),
            Self::Trial { boots_left, .. } => Some(boots_left),
        }
    }

    /// Whether a boot tries the image.
    pub(crate) fn may_run(self) -> bool {
        self.boots_left().is_some()
    }

    /// Whether a bootloader has noted that it starts the image, and it has not come up since.
    pub(crate) fn is_started(self) -> bool {
        matches!(self, Self::Trial { started: true, .. })
    }

    /// After a bootloader has noted that it starts the image.
    pub(super) fn attempted(self) -> Self {
        match self.counted() {
            Self::Trial { boots_left, .. } => Self::Trial {
                boots_left,
                started: true,
            },
            phase => phase,
        }
    }

    /// After a boot. A boot that a bootloader has counted is not counted again.
    pub(super) fn booted(self) -> Self {
        match self {
            Self::Trial {
                boots_left,
                started: true,
            } => Self::Trial {
                boots_left,
                started: false,
            },
            phase => phase.counted(),
        }
    }

    /// With one boot less.
    fn counted(self) -> Self {
        let Some(left) = self.boots_left() else {
            return self;
        };
        Self::Trial {
            boots_left: left.saturating_sub(1),
            started: false,
        }
    }
}
