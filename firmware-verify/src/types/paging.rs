//! How an image is cut into pages.

use crate::limits::MAX_PAGE_LOG2;

/// An image of some length, in pages of one length; the last may be shorter.
#[derive(Clone, Copy)]
pub(crate) struct Paging {
    /// Length of the image in bytes.
    pub(crate) size: u32,
    /// Length of a page as a power of two.
    pub(crate) page_size_log2: u8,
}

impl Paging {
    /// Length of a page in bytes.
    pub(crate) fn page_size(self) -> u32 {
        1 << self.page_size_log2.min(MAX_PAGE_LOG2)
    }

    /// Number of pages.
    pub(crate) fn pages(self) -> u32 {
        self.size.div_ceil(self.page_size())
    }

    /// Length of one page in bytes; zero past the end.
    pub(crate) fn page_len(self, index: u32) -> u32 {
        let start = u64::from(index) * u64::from(self.page_size());
        let left = u64::from(self.size)
            .saturating_sub(start)
            .min(self.page_size().into());
        u32::try_from(left).unwrap_or_default()
    }
}
