//! Pages that have come and wait for the link, which is slower than the broker.

use std::collections::BTreeMap;

use latch_verify::{device::PagesWanted, image::Page};

use crate::core::download::WINDOW;

/// Pages of the window that is asked for, and no others: at most [`WINDOW`], of at most 17 KiB.
#[derive(Default)]
pub(super) struct Shelf(BTreeMap<u32, Vec<u8>>);

impl Shelf {
    /// Keeps a page if the device will ask for it soon. The first one of a number stays until the
    /// device has judged it.
    pub(super) fn put(&mut self, wanted: &PagesWanted, page: &Page<'_>, message: &[u8]) {
        let next = wanted.next;
        let end = (next - next % WINDOW).saturating_add(WINDOW).min(wanted.of);
        if page.manifest == wanted.manifest && (next..end).contains(&page.index) {
            self.0.entry(page.index).or_insert_with(|| message.to_vec());
        }
    }

    /// The page with this number.
    pub(super) fn get(&self, index: u32) -> Option<&Vec<u8>> {
        self.0.get(&index)
    }

    /// Forgets a page that the device does not take.
    pub(super) fn remove(&mut self, index: u32) {
        self.0.remove(&index);
    }

    /// Forgets the pages before this one.
    pub(super) fn keep_from(&mut self, next: u32) {
        self.0 = self.0.split_off(&next);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use latch_verify::{image::page_head, types::StatementId};

    use super::*;

    #[test]
    fn only_the_window_is_kept() {
        let release = StatementId([7; 16]);
        let wanted = PagesWanted {
            manifest: release,
            next: 3,
            of: 40,
        };
        let mut shelf = Shelf::default();
        for index in 0..40 {
            for manifest in [release, StatementId([8; 16])] {
                let message = page_head(manifest, index, 0).unwrap();
                shelf.put(&wanted, &Page::parse(&message).unwrap(), &message);
            }
        }
        let kept: Vec<u32> = shelf.0.keys().copied().collect();
        assert_eq!(kept, Vec::from_iter(3..WINDOW));
        shelf.keep_from(9);
        assert!(shelf.get(8).is_none() && shelf.get(9).is_some());
    }
}
