//! Pages of an image on their way into its slot.

use core::ops::DerefMut;

use embedded_storage::nor_flash::NorFlash;

use super::{Device, Memory, Platform};
use crate::{
    boot::Started,
    image::{Page, Paged, PagesWanted, check_slot, write_page},
    journal::Address,
    ledger::{Image, Install, InstallPhase, Record},
    reject::{Reason, Refusal, ensure},
    statement::MAIN_COMPONENT,
};

impl<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
    M,
> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED, LATCHES, ISSUERS>>,
{
    /// The pages that the device waits for: of a release that is downloaded; in the recovery
    /// program otherwise of the confirmed image, which needs no code to come back.
    #[must_use]
    pub fn wanted(&self) -> Option<PagesWanted> {
        let (image, next) = self.awaited()?;
        Some(PagesWanted {
            manifest: image.manifest,
            next,
            of: image.pages(),
        })
    }

    /// The image of which pages are awaited, and the next of them. What the device runs comes before other components.
    fn awaited(&self) -> Option<(Image, u32)> {
        let facts = &self.memory.ledger.facts;
        let install = facts.install.as_ref();
        if self.restores() {
            return Some((facts.firmware.confirmed, self.restored));
        }
        match install {
            Some(Install {
                image,
                phase: InstallPhase::Receiving { next },
                ..
            }) => Some((*image, *next)),
            _ => None,
        }
    }

    /// Whether pages of the confirmed image are awaited: in the recovery program, unless another main image is on its way.
    fn restores(&self) -> bool {
        let facts = &self.memory.ledger.facts;
        let other = facts
            .install
            .as_ref()
            .is_some_and(|install| install.image.component == MAIN_COMPONENT);
        let lost = self.restored < facts.firmware.confirmed.pages();
        self.started == Started::Recovery && lost && !other
    }

    /// Takes a page message. The page is checked against the signed image in RAM before
    /// flash is erased or written for it. A boot asks again for pages of the erase block that
    /// the download had reached.
    ///
    /// # Errors
    /// Counted as junk: [`Reason::NoInstall`], [`Reason::OtherRelease`],
    /// [`Reason::PageOrder`], [`Reason::PageLength`], [`Reason::PageHash`]; and
    /// [`Reason::StorageFault`], [`Reason::MemoryFault`].
    pub fn page(&mut self, message: &[u8]) -> Result<Paged, Refusal> {
        self.take_page(message).map_err(|refusal| {
            if self.half_written {
                // Cannot fail for an installation that was there a moment ago.
                let _ = self.rewind();
            }
            self.count(refusal)
        })
    }

    fn take_page(&mut self, message: &[u8]) -> Result<Paged, Refusal> {
        self.memory.ledger.whole()?;
        if self.half_written {
            self.rewind()?;
        }
        let (image, next) = self.awaited().ok_or(Reason::NoInstall)?;
        let page = Page::parse(message)?;
        ensure(page.manifest == image.manifest, Reason::OtherRelease)?;
        ensure(
            page.index == next,
            Refusal::new(Reason::PageOrder, next.into(), page.index.into()),
        )?;
        let data = page.verify_for(&image)?;
        let offset = page
            .index
            .checked_mul(image.page_size())
            .ok_or(Reason::LogicFault)?;
        let slot = self
            .slots
            .get_mut(usize::from(image.slot))
            .ok_or(Reason::LogicFault)?;
        self.half_written = true;
        write_page(slot, offset, data)?;
        let paged = self.took_page(&image, page.index.saturating_add(1))?;
        self.half_written = false;
        Ok(paged)
    }

    /// Notes that all pages before this one are in their slot.
    fn took_page(&mut self, image: &Image, next: u32) -> Result<Paged, Reason> {
        let of = image.pages();
        let complete = next == of;
        if self.restores() {
            self.restored = next;
            if complete {
                // Once a boot: a slot that holds nothing any more would be worn out by trying.
                check_slot(&mut self.slots, image)?;
                return Ok(Paged::Restored);
            }
        } else if complete {
            self.make_room(0)?;
            self.append(&Record::Phase(InstallPhase::Received))?;
            return Ok(Paged::Complete);
        } else {
            self.note_page(next, image.page_size())?;
        }
        Ok(Paged::Kept(PagesWanted {
            manifest: image.manifest,
            next,
            of,
        }))
    }

    /// Notes how far the download is: durably where an erase block ends, since a boot goes back to
    /// the beginning of one anyway, and in RAM otherwise.
    fn note_page(&mut self, next: u32, page_size: u32) -> Result<(), Reason> {
        let phase = Record::Phase(InstallPhase::Receiving { next });
        if is_block_start::<P>(next, page_size)? {
            self.make_room(0)?;
            self.append(&phase)
        } else {
            self.note(&phase)
        }
    }

    /// Goes back to the first page of the erase block that the download has reached, since
    /// what was written of a page that is not whole has to be erased.
    pub(super) fn rewind(&mut self) -> Result<(), Reason> {
        let Some((image, mut first)) = self.awaited() else {
            return Ok(());
        };
        while !is_block_start::<P>(first, image.page_size())? {
            first = first.saturating_sub(1);
        }
        if self.restores() {
            self.restored = first;
        } else {
            let phase = Record::Phase(InstallPhase::Receiving { next: first });
            self.note(&phase)?;
        }
        self.half_written = false;
        Ok(())
    }

    /// Notes it in RAM only.
    fn note(&mut self, phase: &Record<'_>) -> Result<(), Reason> {
        self.memory
            .ledger
            .change(|ledger| ledger.facts.apply(phase, None, Address::default()))
    }
}

/// Whether an erase block begins where a page does.
fn is_block_start<P: Platform>(page: u32, page_size: u32) -> Result<bool, Reason> {
    let erase = u64::try_from(<P::Slot as NorFlash>::ERASE_SIZE.max(1))
        .map_err(|_| Reason::StorageFault)?;
    Ok(u64::from(page) * u64::from(page_size) % erase == 0)
}
