//! Which pages a device waits for.

use crate::types::StatementId;

/// Pages that the device waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PagesWanted {
    /// The release.
    pub manifest: StatementId,
    /// The next page.
    pub next: u32,
    /// Pages in all.
    pub of: u32,
}

/// What came of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paged {
    /// It is in its slot; more are wanted.
    Kept(PagesWanted),
    /// It was the last: [`Device::arm`](crate::device::Device::arm) comes next.
    Complete,
    /// It was the last of the confirmed image, which its slot holds again: the next boot starts it.
    Restored,
}
