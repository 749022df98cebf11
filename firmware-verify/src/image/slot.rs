//! Slots: where images lie.

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

use super::merkle::TreeHasher;
use crate::{
    flash::{self, CHUNK},
    limits::MAX_PAGE_LOG2,
    reject::{Reason, Refusal, ensure},
    types::Digest,
};
use sha2::{Digest as _, Sha256};

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
) -> Result<(), Refusal> {
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
    flash::write(slot, offset, data).map_err(|_| Reason::StorageFault.into())
}

/// Reads part of a slot.
///
/// # Errors
/// [`Reason::StorageFault`].
pub(crate) fn read<F: ReadNorFlash>(slot: &mut F, offset: u32, out: &mut [u8]) -> Result<(), Refusal> {
    flash::read(slot, offset, out).map_err(|_| Reason::StorageFault.into())
}

/// Computes the Merkle root of what lies in a slot.
///
/// # Errors
/// [`Reason::StorageFault`], [`Reason::ImageTooLarge`].
pub(crate) fn read_root<F: ReadNorFlash>(
    slot: &mut F,
    size: u32,
    page_size_log2: u8,
) -> Result<Digest, Refusal> {
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
        let mut leaf = Sha256::new_with_prefix([0x00]);
        while offset < end {
            let len = usize::try_from(end - offset).unwrap_or(CHUNK).min(CHUNK);
            let part = chunk.get_mut(..len).ok_or(Reason::LogicFault)?;
            read(slot, offset, part)?;
            leaf.update(&*part);
            offset = offset.saturating_add(u32::try_from(len).unwrap_or_default());
        }
        tree.push(Digest(leaf.finalize().into()))?;
    }
    Ok(tree.finish())
}
