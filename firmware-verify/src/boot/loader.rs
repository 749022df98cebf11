//! A bootloader's view of the journal.

use core::fmt;

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

use super::choice::{Choice, Start, choose, standing};
use crate::{
    image::check_slot,
    journal::{Journal, MountError, Rejected},
    ledger::{Image, Images, ImagesFold, RECORD, Record},
    limits::{JOURNAL_SECTOR, MAX_RECORD},
    verdict::Identity,
    wire::{decode, encode},
};

/// Why a bootloader cannot say what may run. What starts is the recovery program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BootFault {
    /// The journal cannot be trusted.
    Journal(MountError),
    /// The journal was never written, or erased: the device was not provisioned.
    Blank,
    /// The journal lacks what every device's has.
    Incomplete,
}

impl fmt::Display for BootFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => fmt::Display::fmt(error, f),
            Self::Blank => f.write_str("the journal is blank: the device was not provisioned"),
            Self::Incomplete => {
                f.write_str("the journal lacks the counters that every device's has")
            }
        }
    }
}

impl core::error::Error for BootFault {}

/// A bootloader over the journal of a [`Device`](crate::device::Device).
///
/// ```no_run
/// use embedded_storage::nor_flash::NorFlash;
/// use latch_verify::{boot::{Bootloader, Start}, limits::MAX_RECORD};
///
/// fn boot<F: NorFlash>(journal: F, mut slots: [F; 2]) -> Start {
///     let mut buffer = [0; MAX_RECORD];
///     let Ok(mut bootloader) = Bootloader::read(journal, &mut buffer) else {
///         return Start::Recovery;
///     };
///     // A watchdog runs before this returns, then the program jumps to what was chosen.
///     bootloader.start(&mut slots, &mut buffer).start
/// }
/// ```
#[derive(Debug)]
pub struct Bootloader<F> {
    journal: Journal<F, JOURNAL_SECTOR>,
    images: Images,
    identity: Identity,
}

impl<F: NorFlash> Bootloader<F> {
    /// Reads the journal, after the repair of what a power cut has left.
    ///
    /// # Errors
    /// [`BootFault`]: nothing is known, and nothing in the slots may be started.
    pub fn read(flash: F, buffer: &mut [u8; MAX_RECORD]) -> Result<Self, BootFault> {
        let mut fold = ImagesFold::new();
        let mut identity = None;
        let journal = Journal::mount(flash, buffer, &mut |entry| {
            if entry.kind != RECORD {
                return Err(Rejected);
            }
            let record: Record<'_> = decode(entry.body).map_err(|_| Rejected)?;
            if let Record::Identity {
                identity: found, ..
            } = &record
            {
                identity = Some(found.clone());
            }
            fold.apply(&record)
        })
        .map_err(BootFault::Journal)?;
        if journal.is_blank() {
            return Err(BootFault::Blank);
        }
        let images = fold.finish().ok_or(BootFault::Incomplete)?;
        Ok(Self {
            journal,
            images,
            identity: identity.ok_or(BootFault::Incomplete)?,
        })
    }

    /// Whose device it is: what a recovery program tells whoever brings it pages.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The images that the journal tells of.
    #[must_use]
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// Chooses what to start, by reading the slots back, and notes it durably if it is an image on
    /// trial. One whose start cannot be noted is not started: it could try for ever.
    pub fn start<S: ReadNorFlash>(
        &mut self,
        slots: &mut [S; 2],
        buffer: &mut [u8; MAX_RECORD],
    ) -> Choice {
        self.start_by(|image| check_slot(slots, image).is_ok(), buffer)
    }

    /// As [`start`](Self::start), for images that lie elsewhere: `is_whole` says whether an image's slot holds it.
    pub fn start_by(
        &mut self,
        mut is_whole: impl FnMut(&Image) -> bool,
        buffer: &mut [u8; MAX_RECORD],
    ) -> Choice {
        let choice = choose(&self.images, &mut is_whole);
        if !matches!(choice.start, Start::Trial(_)) || self.note_attempt(buffer) {
            return choice;
        }
        Choice {
            start: standing(&self.images, is_whole),
            given_up: Some(crate::Reason::StorageFault),
        }
    }

    fn note_attempt(&mut self, buffer: &mut [u8; MAX_RECORD]) -> bool {
        encode(&Record::Attempt, buffer).is_ok_and(|body| self.journal.append(RECORD, body).is_ok())
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.journal.release()
    }
}
