//! A bootloader's view of the journal.

use core::fmt;

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

use super::choice::{Choice, Chosen, Cleared, Start, choose_into, choose_standing, hold};
use crate::{
    image::check_slot,
    journal::{Journal, MountError, Rejected},
    ledger::{Image, Images, ImagesFold, RECORD, Record},
    limits::{JOURNAL_SECTOR, MAX_RECORD},
    types::Digest,
    verdict::Identity,
    wire::{decode_whole, encode},
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
///     // A watchdog runs before this returns, then the program jumps to what was chosen, if `may_jump_to` says so there.
///     bootloader.start(&mut slots, &mut buffer).start
/// }
/// ```
#[derive(Debug)]
pub struct Bootloader<F> {
    journal: Journal<F, JOURNAL_SECTOR>,
    images: Images,
    /// The same, read a second time: for the second judgement.
    again: Images,
    cleared: Cleared,
    identity: Identity,
}

impl<F: NorFlash> Bootloader<F> {
    /// Reads the journal, after the repair of what a power cut has left.
    ///
    /// # Errors
    /// [`BootFault`]: nothing is known, and nothing in the slots may be started.
    pub fn read(flash: F, buffer: &mut [u8; MAX_RECORD]) -> Result<Self, BootFault> {
        let (journal, images, _) = read_images(flash, buffer)?;
        let (journal, again, identity) = read_images(journal.release(), buffer)?;
        Ok(Self {
            journal,
            images,
            again,
            cleared: Cleared::NOWHERE,
            identity,
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
    #[inline(always)]
    pub fn start<S: ReadNorFlash>(
        &mut self,
        slots: &mut [S; 2],
        buffer: &mut [u8; MAX_RECORD],
    ) -> Choice {
        let read_back = |image: &Image, found: &mut Digest| {
            if let Ok(root) = check_slot(slots, image) {
                *found = root;
            }
        };
        self.start_by(read_back, buffer)
    }

    /// As [`start`](Self::start), for images that lie elsewhere: `read_back` puts the Merkle root of what lies in an image's slot
    /// where it is told to, and leaves that alone where it cannot be read.
    // Part of its caller: what a skipped call leaves is what was written here, and not what a start before has left.
    #[inline(always)]
    pub fn start_by(
        &mut self,
        read_back: impl FnMut(&Image, &mut Digest),
        buffer: &mut [u8; MAX_RECORD],
    ) -> Choice {
        let mut chosen = Chosen::nothing();
        self.choose(&mut chosen, read_back, buffer);
        self.cleared = Cleared::NOWHERE;
        hold(&mut chosen, &self.again, &mut self.cleared);
        chosen.choice
    }

    /// Whether the image that was chosen last lies in this slot: to be asked right before the program jumps there, since one
    /// skipped instruction turns the branch that has led to the jump. Where it does not, the recovery program starts.
    #[must_use]
    pub fn may_jump_to(&self, slot: u8) -> bool {
        self.cleared.is(slot)
    }

    #[inline(never)]
    fn choose(
        &mut self,
        chosen: &mut Chosen,
        mut read_back: impl FnMut(&Image, &mut Digest),
        buffer: &mut [u8; MAX_RECORD],
    ) {
        choose_into(chosen, &self.images, &mut read_back);
        if matches!(chosen.choice.start, Start::Trial(_)) && !self.note_attempt(buffer) {
            choose_standing(chosen, &self.images, read_back);
            chosen.choice.given_up = Some(crate::Reason::StorageFault);
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

/// Reads what the journal tells of the images.
#[inline(never)]
fn read_images<F: NorFlash>(
    flash: F,
    buffer: &mut [u8; MAX_RECORD],
) -> Result<(Journal<F, JOURNAL_SECTOR>, Images, Identity), BootFault> {
    let mut fold = ImagesFold::new();
    let mut identity = None;
    let journal = Journal::mount(flash, buffer, &mut |entry| {
        if entry.kind != RECORD {
            return Err(Rejected);
        }
        let record: Record<'_> = decode_whole(entry.body).map_err(|_| Rejected)?;
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
    let identity = identity.ok_or(BootFault::Incomplete)?;
    Ok((journal, images, identity))
}
