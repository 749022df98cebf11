//! Slots: where images lie.

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

use super::merkle::TreeHasher;
use crate::{
    flash::{self, CHUNK},
    ledger::Image,
    limits::MAX_PAGE_LOG2,
    reject::{Reason, ensure},
    types::{Digest, Hasher},
};

/// Erases what a page needs and writes it.
///
/// Pages come in order. The erase blocks that begin inside a page are erased right before
/// it is written, so a slot is never erased for pages that do not come.
///
/// # Errors
/// [`Reason::StorageFault`].
pub(crate) fn write_page<F: NorFlash>(
    slot: &mut F,
    offset: u32,
    data: &[u8],
) -> Result<(), Reason> {
    let erase = u32::try_from(F::ERASE_SIZE).map_err(|_| Reason::StorageFault)?;
    let len = u32::try_from(data.len()).map_err(|_| Reason::StorageFault)?;
    let end = offset.checked_add(len).ok_or(Reason::StorageFault)?;
    let first = offset
        .checked_next_multiple_of(erase)
        .ok_or(Reason::StorageFault)?;
    let after = end
        .checked_next_multiple_of(erase)
        .ok_or(Reason::StorageFault)?;
    if first < after {
        slot.erase(first, after).map_err(|_| Reason::StorageFault)?;
    }
    flash::write(slot, offset, data).map_err(|_| Reason::StorageFault)
}

/// Reads part of a slot.
///
/// # Errors
/// [`Reason::StorageFault`].
pub(crate) fn read<F: ReadNorFlash>(
    slot: &mut F,
    offset: u32,
    out: &mut [u8],
) -> Result<(), Reason> {
    flash::read(slot, offset, out).map_err(|_| Reason::StorageFault)
}

/// Computes the Merkle root of what lies in a slot.
///
/// # Errors
/// [`Reason::StorageFault`], [`Reason::ImageTooLarge`].
fn read_root<F: ReadNorFlash>(
    slot: &mut F,
    size: u32,
    page_size_log2: u8,
) -> Result<Digest, Reason> {
    let capacity = u32::try_from(slot.capacity()).unwrap_or(u32::MAX);
    ensure(
        size <= capacity && page_size_log2 <= MAX_PAGE_LOG2,
        Reason::ImageTooLarge,
    )?;
    let page_size: u32 = 1 << page_size_log2;
    let mut tree = TreeHasher::default();
    let mut chunk = [0; CHUNK];
    let mut offset = 0;
    while offset < size {
        let end = offset.saturating_add(page_size).min(size);
        // A leaf is SHA-256 of a zero byte and the page (RFC 9162, 2.1.1).
        let mut leaf = Hasher::new();
        leaf.add(&[0x00]);
        while offset < end {
            let len = usize::try_from(end - offset).unwrap_or(CHUNK).min(CHUNK);
            let part = chunk.get_mut(..len).ok_or(Reason::LogicFault)?;
            read(slot, offset, part)?;
            leaf.add(part);
            offset = offset.saturating_add(u32::try_from(len).unwrap_or_default());
        }
        tree.add(leaf.finish())?;
    }
    Ok(tree.finish())
}

/// Reads a slot back and compares it with an image: its Merkle root.
///
/// # Errors
/// As [`read_root`]; [`Reason::SlotMismatch`].
pub(crate) fn check_slot<F: ReadNorFlash>(
    slots: &mut [F; 2],
    image: &Image,
) -> Result<Digest, Reason> {
    let slot = slots
        .get_mut(usize::from(image.slot))
        .ok_or(Reason::LogicFault)?;
    let found = read_root(slot, image.size, image.page_size_log2)?;
    ensure(found == image.merkle_root, Reason::SlotMismatch)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use latch_flash::Flash;

    use super::{read, read_root, write_page};
    use crate::image::{TreeHasher, leaf_hash};

    fn image(len: usize) -> Vec<u8> {
        (0..len)
            .map(|n| u8::try_from(n % 253).unwrap_or(0))
            .collect()
    }

    fn through<const R: usize, const W: usize, const E: usize>(page: usize, len: usize) {
        let mut slot = Flash::<R, W, E>::new(32 * 1024);
        let image = image(len);
        let mut tree = TreeHasher::default();
        for (index, data) in image.chunks(page).enumerate() {
            write_page(&mut slot, u32::try_from(index * page).unwrap(), data).unwrap();
            tree.push(leaf_hash(data)).unwrap();
        }
        let log2 = u8::try_from(page.trailing_zeros()).unwrap();
        let root = read_root(&mut slot, u32::try_from(len).unwrap(), log2).unwrap();
        assert_eq!(root, tree.finish());
        let mut part = [0; 777];
        read(&mut slot, 301, &mut part).unwrap();
        assert_eq!(part, image[301..301 + 777]);
    }

    #[test]
    fn pages_of_any_size_lie_in_slots_of_any_geometry() {
        through::<1, 1, 512>(1024, 5000);
        if cfg!(miri) {
            return; // One geometry takes it minutes.
        }
        through::<1, 4, 4096>(1024, 9001);
        through::<4, 8, 4096>(4096, 12_345);
        through::<8, 32, 16_384>(2048, 20_001);
    }

    #[test]
    fn a_page_is_erased_again_when_it_is_written_again() {
        let mut slot = Flash::<1, 4, 4096>::new(16 * 1024);
        write_page(&mut slot, 0, &image(4096)).unwrap();
        write_page(&mut slot, 4096, &image(4096)).unwrap();
        write_page(&mut slot, 4096, &[7; 4096]).unwrap();
        let mut found = [0; 4];
        read(&mut slot, 4096, &mut found).unwrap();
        assert_eq!(found, [7; 4]);
    }
}
