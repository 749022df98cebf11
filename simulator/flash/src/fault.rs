//! Addresses that were told to fail.

use core::ops::Range;

/// What goes wrong at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Reads err.
    Read,
    /// Writes and erases err, and change nothing.
    Write,
    /// Writes and erases say that they succeeded, and change nothing.
    Lost,
}

/// Ranges of addresses with what goes wrong there. Mostly empty, at most a handful: a list is the quickest set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Vec<(Fault, Range<u32>)>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault, range: Range<u32>) {
        self.0.push((fault, range));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether some byte of `range` was told to fail in this way.
    #[inline]
    pub(crate) fn hit(&self, fault: Fault, range: &Range<usize>) -> bool {
        self.0.iter().any(|(kind, bad)| {
            *kind == fault && (bad.start as usize) < range.end && range.start < bad.end as usize
        })
    }
}
