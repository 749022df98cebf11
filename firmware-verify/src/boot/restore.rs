//! The confirmed image's way back into its slot, for a recovery program that handles no code.

use embedded_storage::nor_flash::NorFlash;

use crate::{
    image::{Page, Paged, PagesWanted, check_slot, write_page},
    ledger::Image,
    reject::{Reason, Refusal, ensure},
};

/// A confirmed image whose slot does not hold it any more. Its pages need no code: the journal names their Merkle root.
///
/// How far it has come is kept in RAM only: after a loss of power it begins with the first page.
#[derive(Debug)]
pub struct Restoration {
    image: Image,
    next: u32,
    /// Once a start: a slot that holds nothing any more would be worn out by trying.
    is_over: bool,
}

impl Restoration {
    /// For the image that was confirmed last; `None` for one from the factory, of which nothing is known.
    #[must_use]
    pub fn new(confirmed: Image) -> Option<Self> {
        (confirmed.pages() > 0).then_some(Self {
            image: confirmed,
            next: 0,
            is_over: false,
        })
    }

    /// The pages that are wanted; `None` once all have come.
    #[must_use]
    pub fn wanted(&self) -> Option<PagesWanted> {
        (!self.is_over).then_some(self.place())
    }

    fn place(&self) -> PagesWanted {
        PagesWanted {
            manifest: self.image.manifest,
            next: self.next,
            of: self.image.pages(),
        }
    }

    /// Takes a page message: the page is checked in RAM before flash is erased or written for it. The last is
    /// [`Paged::Restored`] when the slot, read back, holds the image: then reset, and it starts.
    ///
    /// # Errors
    /// [`Reason::NoInstall`] when none is wanted, [`Reason::OtherRelease`], [`Reason::PageOrder`],
    /// [`Reason::PageLength`], [`Reason::PageHash`], [`Reason::StorageFault`], after which pages are wanted from the
    /// beginning of the erase block on; and [`Reason::SlotMismatch`] when the slot does not keep what was written.
    pub fn take<F: NorFlash>(
        &mut self,
        slots: &mut [F; 2],
        message: &[u8],
    ) -> Result<Paged, Refusal> {
        ensure(!self.is_over, Reason::NoInstall)?;
        let page = Page::parse(message)?;
        ensure(page.manifest == self.image.manifest, Reason::OtherRelease)?;
        ensure(
            page.index == self.next,
            Refusal::new(Reason::PageOrder, self.next.into(), page.index.into()),
        )?;
        let data = page.verify_for(&self.image)?;
        let offset = page
            .index
            .checked_mul(self.image.page_size())
            .ok_or(Reason::LogicFault)?;
        let slot = slots
            .get_mut(usize::from(self.image.slot))
            .ok_or(Reason::LogicFault)?;
        write_page(slot, offset, data).inspect_err(|_| self.rewind::<F>())?;
        self.next = page.index.saturating_add(1);
        if self.next < self.image.pages() {
            return Ok(Paged::Kept(self.place()));
        }
        self.is_over = true;
        check_slot(slots, &self.image)?;
        Ok(Paged::Restored)
    }

    /// Goes back to the page with which an erase block begins: what was written of a page has to be erased.
    fn rewind<F: NorFlash>(&mut self) {
        let erase = u64::try_from(F::ERASE_SIZE.max(1)).unwrap_or(1);
        let is_begun = |page: u32| u64::from(page) * u64::from(self.image.page_size()) % erase != 0;
        while is_begun(self.next) {
            self.next = self.next.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use latch_flash::{Flash, Tear};

    use super::Restoration;
    use crate::{
        image::{Paged, PagesWanted, leaf_hash, node_hash, page_head},
        ledger::Image,
        reject::Reason,
        types::StatementId,
    };

    const RELEASE: StatementId = StatementId([7; 16]);
    type Slots = [Flash<1, 4, 4096>; 2];

    /// An image of two pages of 2 KiB, which share an erase block, and its page messages.
    fn image() -> (Image, [Vec<u8>; 2]) {
        let pages = [[1_u8; 2048].to_vec(), [2; 100].to_vec()];
        let [first, second] = [leaf_hash(&pages[0]), leaf_hash(&pages[1])];
        let message = |index: usize, proof| {
            let head = page_head(RELEASE, index.try_into().unwrap(), 1).unwrap();
            [&head[..], proof, &pages[index]].concat()
        };
        let messages = [message(0, &second.0[..]), message(1, &first.0[..])];
        let image = Image {
            slot: 1,
            manifest: RELEASE,
            merkle_root: node_hash(&first, &second),
            size: 2148,
            page_size_log2: 11,
            ..Image::default()
        };
        (image, messages)
    }

    fn slots() -> Slots {
        let mut slots = [Flash::new(8192), Flash::new(8192)];
        embedded_storage::nor_flash::NorFlash::write(&mut slots[1], 0, &[0; 4096]).unwrap();
        slots
    }

    #[test]
    fn the_confirmed_image_comes_back_page_by_page() {
        let (image, [first, second]) = image();
        let (mut slots, mut restoration) = (slots(), Restoration::new(image).unwrap());
        let refused = restoration.take(&mut slots, &second).unwrap_err();
        assert_eq!(refused.reason, Reason::PageOrder);
        let mut forged = first.clone();
        *forged.last_mut().unwrap() ^= 1;
        let refused = restoration.take(&mut slots, &forged).unwrap_err();
        assert_eq!(refused.reason, Reason::PageHash);
        let mut other = first.clone();
        other[0] ^= 1;
        let refused = restoration.take(&mut slots, &other).unwrap_err();
        assert_eq!(refused.reason, Reason::OtherRelease);

        let next = PagesWanted {
            manifest: RELEASE,
            next: 1,
            of: 2,
        };
        let kept = restoration.take(&mut slots, &first).unwrap();
        assert_eq!(
            (kept, restoration.wanted()),
            (Paged::Kept(next), Some(next))
        );
        assert_eq!(
            restoration.take(&mut slots, &second).unwrap(),
            Paged::Restored
        );
        assert!(crate::image::check_slot(&mut slots, &image).is_ok());
        assert_eq!(restoration.wanted(), None);
        let refused = restoration.take(&mut slots, &first).unwrap_err();
        assert_eq!(refused.reason, Reason::NoInstall);
    }

    #[test]
    fn a_page_that_was_not_kept_is_wanted_from_its_erase_block_on() {
        let (image, [first, second]) = image();
        let (mut slots, mut restoration) = (slots(), Restoration::new(image).unwrap());
        restoration.take(&mut slots, &first).unwrap();
        slots[1].cut(0, Tear::Prefix(8));
        let refused = restoration.take(&mut slots, &second).unwrap_err();
        assert_eq!(refused.reason, Reason::StorageFault);
        slots[1].power_on();
        assert_eq!(restoration.wanted().map(|wanted| wanted.next), Some(0));
        restoration.take(&mut slots, &first).unwrap();
        assert_eq!(
            restoration.take(&mut slots, &second).unwrap(),
            Paged::Restored
        );
    }

    #[test]
    fn a_slot_that_keeps_nothing_is_tried_once() {
        let (image, [first, second]) = image();
        let (mut slots, mut restoration) = (slots(), Restoration::new(image).unwrap());
        restoration.take(&mut slots, &first).unwrap();
        // A cell decays between its writing and the look at the whole slot.
        slots[1].contents_mut()[5] ^= 4;
        let refused = restoration.take(&mut slots, &second).unwrap_err();
        assert_eq!(refused.reason, Reason::SlotMismatch);
        assert_eq!(restoration.wanted(), None);
    }

    #[test]
    fn an_image_from_the_factory_is_known_by_nothing() {
        assert!(Restoration::new(Image::default()).is_none());
    }
}
