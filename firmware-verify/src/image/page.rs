//! A page of an image on its way to a device. It is not signed: its proof leads to the
//! Merkle root in the signed manifest.
//!
//! ```text
//! offset  0             16          20        21          21+32n
//!         +-------------+-----------+---------+-----------+------------------+
//!         | manifest id | index u32 | n proof | n x hash  | data             |
//!         |     16      |    LE     | hashes  |    32     | one page or less |
//!         +-------------+-----------+---------+-----------+------------------+
//! ```

use super::merkle::{leaf_hash, verify_inclusion};
use crate::{
    ledger::Image,
    limits::MAX_PROOF,
    reject::{Reason, Refusal, ensure},
    statement::Manifest,
    types::{Digest, StatementId},
};

/// Bytes before the proof.
const HEAD: usize = 21;
/// Bytes of a hash.
const HASH: usize = 32;

/// A page message. Its data is not trusted before [`verify`](Self::verify).
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The release that it says it belongs to.
    pub manifest: StatementId,
    /// Its place in the image.
    pub index: u32,
    proof: &'a [u8],
    data: &'a [u8],
}

/// Writes the bytes before the proof of a page.
///
/// # Errors
/// [`Reason::PageLength`] for more hashes than a proof holds.
pub fn page_head(manifest: StatementId, index: u32, hashes: usize) -> Result<[u8; HEAD], Refusal> {
    let count = u8::try_from(hashes)
        .ok()
        .filter(|_| hashes <= MAX_PROOF)
        .ok_or(Reason::PageLength)?;
    let mut head = [0; HEAD];
    let (id, rest) = head.split_at_mut(16);
    id.copy_from_slice(&manifest.0);
    let (place, rest) = rest.split_at_mut(4);
    place.copy_from_slice(&index.to_le_bytes());
    rest.fill(count);
    Ok(head)
}

impl<'a> Page<'a> {
    /// Finds the parts of a page message.
    ///
    /// # Errors
    /// [`Reason::PageLength`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let (id, rest) = bytes.split_first_chunk::<16>().ok_or(Reason::PageLength)?;
        let (index, rest) = rest.split_first_chunk::<4>().ok_or(Reason::PageLength)?;
        let (&count, rest) = rest.split_first().ok_or(Reason::PageLength)?;
        let count = usize::from(count);
        ensure(count <= MAX_PROOF, Reason::PageLength)?;
        let (proof, data) = rest
            .split_at_checked(count * HASH)
            .ok_or(Reason::PageLength)?;
        Ok(Self {
            manifest: StatementId(*id),
            index: u32::from_le_bytes(*index),
            proof,
            data,
        })
    }

    /// The data, once it is known to be this page of the manifest's image.
    ///
    /// # Errors
    /// [`Reason::PageLength`] when data or proof have the wrong length,
    /// [`Reason::PageHash`] when the page is not part of the image.
    pub fn verify(&self, manifest: &Manifest<'_>) -> Result<&'a [u8], Refusal> {
        self.verify_for(&Image::of(self.manifest, 0, manifest))
    }

    /// As [`verify`](Self::verify), by what the journal says of an image.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_for(&self, image: &Image) -> Result<&'a [u8], Refusal> {
        let len = usize::try_from(image.page_len(self.index)).unwrap_or_default();
        ensure(len > 0 && self.data.len() == len, Reason::PageLength)?;
        let proof = self
            .proof
            .chunks_exact(HASH)
            .map(|hash| Digest(hash.try_into().unwrap_or_default()));
        verify_inclusion(
            leaf_hash(self.data),
            self.index,
            image.pages(),
            proof,
            &image.merkle_root,
        )?;
        Ok(self.data)
    }
}
