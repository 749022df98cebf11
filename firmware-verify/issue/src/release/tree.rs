//! The Merkle tree over an image's pages (RFC 9162, 2.1), with the proofs that go along.

use std::io::{self, Read};

use latch_verify::{
    image::{leaf_hash, node_hash, page_head},
    limits::{MAX_IMAGE, MAX_PAGE_LOG2, MIN_PAGE_LOG2},
    types::{Digest, StatementId},
};
use sha2::{Digest as _, Sha256};

use super::ReleaseError;

/// The hashes of an image, read once from front to back: 64 bytes for each page, and the
/// image itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTree {
    size: u32,
    page_size_log2: u8,
    sha256: Digest,
    /// Hashes of the leaves first, of the root last. A node without a sibling goes up as
    /// it is, which makes the tree of RFC 9162.
    levels: Vec<Vec<Digest>>,
}

impl ImageTree {
    /// Reads an image to its end.
    ///
    /// # Errors
    /// [`ReleaseError::PageSize`], [`ReleaseError::Read`], [`ReleaseError::Empty`],
    /// [`ReleaseError::TooLong`].
    pub fn read(mut image: impl Read, page_size_log2: u8) -> Result<Self, ReleaseError> {
        if !(MIN_PAGE_LOG2..=MAX_PAGE_LOG2).contains(&page_size_log2) {
            return Err(ReleaseError::PageSize(page_size_log2));
        }
        let mut page = vec![0; 1 << page_size_log2];
        let mut leaves = Vec::new();
        let mut whole = Sha256::new();
        let mut size = 0_u32;
        loop {
            let data = fill(&mut image, &mut page)?;
            if data.is_empty() {
                break;
            }
            size = u32::try_from(data.len())
                .ok()
                .and_then(|len| size.checked_add(len))
                .filter(|size| *size <= MAX_IMAGE)
                .ok_or(ReleaseError::TooLong { bound: MAX_IMAGE })?;
            whole.update(data);
            leaves.push(leaf_hash(data));
        }
        if leaves.is_empty() {
            return Err(ReleaseError::Empty);
        }
        Ok(Self {
            size,
            page_size_log2,
            sha256: Digest(whole.finalize().into()),
            levels: levels(leaves),
        })
    }

    /// Length of the image in bytes.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Length of a page as a power of two.
    #[must_use]
    pub fn page_size_log2(&self) -> u8 {
        self.page_size_log2
    }

    /// Number of pages.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.size.div_ceil(1 << self.page_size_log2)
    }

    /// SHA-256 of the whole image.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    /// Merkle tree hash over the pages.
    #[must_use]
    pub fn root(&self) -> Digest {
        let last = self.levels.last().and_then(|level| level.first());
        last.copied().unwrap_or_default()
    }

    /// The hashes that lead from a page to the root (RFC 9162, 2.1.3.1), the page's own
    /// neighbour first.
    ///
    /// # Errors
    /// [`ReleaseError::NoSuchPage`].
    pub fn proof(&self, index: u32) -> Result<Vec<Digest>, ReleaseError> {
        let pages = self.pages();
        if index >= pages {
            return Err(ReleaseError::NoSuchPage { index, pages });
        }
        let mut place = usize::try_from(index).unwrap_or(usize::MAX);
        let mut proof = Vec::new();
        for level in &self.levels {
            proof.extend(level.get(place ^ 1).copied());
            place >>= 1;
        }
        Ok(proof)
    }

    /// A page as it travels: its manifest, place, proof and data. The layout is that of
    /// [`latch_verify::image::Page`].
    ///
    /// # Errors
    /// [`ReleaseError::NoSuchPage`].
    pub fn page(
        &self,
        manifest: StatementId,
        index: u32,
        data: &[u8],
    ) -> Result<Vec<u8>, ReleaseError> {
        let proof = self.proof(index)?;
        let mut page = page_head(manifest, index, proof.len())?.to_vec();
        for Digest(hash) in proof {
            page.extend_from_slice(&hash);
        }
        page.extend_from_slice(data);
        Ok(page)
    }
}

fn levels(leaves: Vec<Digest>) -> Vec<Vec<Digest>> {
    let mut levels = Vec::new();
    let mut level = leaves;
    while level.len() > 1 {
        let above = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node_hash(left, right),
                alone => alone.first().copied().unwrap_or_default(),
            })
            .collect();
        levels.push(level);
        level = above;
    }
    levels.push(level);
    levels
}

/// Reads until the buffer is full or the image ends.
fn fill<'b>(image: &mut impl Read, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
    let mut len = 0;
    while let Some(room) = buffer.get_mut(len..).filter(|room| !room.is_empty()) {
        match image.read(room) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(buffer.get(..len).unwrap_or_default())
}
