//! Forks: many flashes that begin as one and the same.

use std::sync::Arc;

use super::Flash;

/// A flash as it was, kept for [`Flash::restore`].
///
/// Nothing changes it, so a flash that was restored from it knows which of its blocks may have come to differ: restoring
/// it again copies those alone.
pub struct Snapshot<const READ: usize, const WRITE: usize, const ERASE: usize> {
    flash: Flash<READ, WRITE, ERASE>,
}

/// The snapshot from which a flash was made.
#[derive(Clone, Debug)]
pub(super) struct Origin(Arc<()>);

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> Flash<READ, WRITE, ERASE> {
    /// Keeps the flash as it is, power, plans, faults and counters with it.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<READ, WRITE, ERASE> {
        let mut flash = self.clone();
        flash.origin = Some(Origin(Arc::new(())));
        flash.touched.clear();
        Snapshot { flash }
    }

    /// Becomes what the snapshot is. Copies no more than the blocks that were written or erased since it was last restored
    /// from the same snapshot, and allocates nothing then.
    pub fn restore(&mut self, snapshot: &Snapshot<READ, WRITE, ERASE>) {
        let source = &snapshot.flash;
        if self.origin != source.origin {
            self.clone_from(source);
            return;
        }
        for block in 0..self.wear.len() {
            if self.touched.contains(block) {
                let range = block * ERASE..(block + 1) * ERASE;
                self.cells.data[range.clone()].copy_from_slice(&source.cells.data[range]);
            }
        }
        self.cells.clone_marks(&source.cells);
        self.clone_rest(source);
        self.touched.clear();
    }

    /// Takes over all but the memory array and where it comes from.
    pub(super) fn clone_rest(&mut self, source: &Self) {
        self.wear.clone_from(&source.wear);
        self.faults.clone_from(&source.faults);
        self.cut = source.cut;
        self.cut_length = source.cut_length;
        self.halted.clone_from(&source.halted);
        self.off = source.off;
        self.reads = source.reads;
        self.writes = source.writes;
        self.erases = source.erases;
    }

    /// Notes that the bytes of a range are about to change.
    #[inline]
    pub(super) fn touch(&mut self, range: &core::ops::Range<usize>) {
        let total = self.wear.len();
        for block in range.start / ERASE..range.end.div_ceil(ERASE) {
            self.touched.insert(block, total);
        }
    }
}

#[cfg(test)]
mod tests {
    use embedded_storage::nor_flash::NorFlash;

    use crate::{Flash, Tear};

    type Small = Flash<1, 4, 64>;

    fn told(flash: &Small) -> String {
        format!("{flash:?} {:?} {:?}", flash.contents(), flash.wear())
    }

    #[test]
    fn what_is_restored_is_what_was_kept_whatever_came_between() {
        let mut flash = Small::new(512);
        flash.write(60, b"overends").unwrap();
        let first = flash.snapshot();
        flash.write(200, b"more").unwrap();
        let second = flash.snapshot();

        let (was_first, was_second) = (told(&first.flash), told(&second.flash));
        let mut fork = Small::new(512);
        for seed in 0..100 {
            let (from, was) = match seed % 3 {
                0 => (&first, &was_first),
                _ => (&second, &was_second),
            };
            fork.restore(from);
            assert_eq!(told(&fork), *was);
            fork.set_weak(seed % 4 == 0);
            fork.write(300, b"unit").unwrap();
            match seed % 5 {
                0 => fork.contents_mut()[500] = 0,
                1 => fork.erase(0, 128).unwrap(),
                2 => fork = fork.clone(),
                _ => {
                    fork.cut(0, Tear::Bits(seed));
                    fork.erase(128, 512).unwrap_err();
                    fork.fail_reads_at(0..4);
                }
            }
        }
        fork.restore(&first);
        // Units that had been programmed may be so once again, those of the snapshot may not.
        fork.write(300, b"unit").unwrap();
        let twice = std::panic::catch_unwind(move || fork.write(60, b"over"));
        assert!(twice.is_err());
    }
}
