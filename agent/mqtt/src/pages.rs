//! The holder of an image answers wants for its pages, each with its Merkle proof.
//!
//! I/O-free: wants go in, page messages come out; whoever calls decides on which topic.

use latch_verify::{
    Refusal,
    image::{leaf_hash, node_hash, page_head},
    statement::Manifest,
    types::{Digest, StatementId},
    wire::{Envelope, Kind},
};
use thiserror::Error;

use crate::want::{MAX_WINDOW, Want};

/// Why an image cannot be served.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PageServerError {
    /// The manifest is none.
    #[error("the release manifest cannot be read: {0}")]
    Manifest(Refusal),
    /// The image is not the one that the manifest describes.
    #[error(
        "the image is not the one that the manifest describes: give the file that the release was built from"
    )]
    OtherImage,
}

/// An image, cut into pages, with every level of its Merkle tree.
pub struct PageServer {
    manifest: StatementId,
    page_size: usize,
    image: Vec<u8>,
    /// Hashes by level, leaves first. A node without a sibling moves up as it is, which
    /// gives the tree of RFC 9162, section 2.1.1.
    levels: Vec<Vec<Digest>>,
}

impl PageServer {
    /// Takes a manifest's envelope and its image. Signatures are not checked: devices do.
    ///
    /// # Errors
    /// [`PageServerError::Manifest`], [`PageServerError::OtherImage`].
    pub fn new(manifest: &[u8], image: Vec<u8>) -> Result<Self, PageServerError> {
        let envelope =
            Envelope::parse(Kind::Manifest, manifest).map_err(PageServerError::Manifest)?;
        let body = envelope
            .read::<Manifest<'_>>()
            .map_err(PageServerError::Manifest)?;
        let page_size =
            usize::try_from(body.page_size()).map_err(|_| PageServerError::OtherImage)?;
        let levels = tree(image.chunks(page_size).map(leaf_hash).collect());
        let root = levels.last().and_then(|level| level.first());
        if usize::try_from(body.size) != Ok(image.len()) || root != Some(&body.merkle_root) {
            return Err(PageServerError::OtherImage);
        }
        Ok(Self {
            manifest: envelope.id(),
            page_size,
            image,
            levels,
        })
    }

    /// The release that is served.
    #[must_use]
    pub fn manifest(&self) -> StatementId {
        self.manifest
    }

    /// The Merkle root, which names the shared page topics.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.levels
            .last()
            .and_then(|level| level.first())
            .copied()
            .unwrap_or_default()
    }

    /// Number of pages.
    #[must_use]
    pub fn pages(&self) -> u32 {
        u32::try_from(self.image.len().div_ceil(self.page_size)).unwrap_or(u32::MAX)
    }

    /// The pages that a want asks for, if it is for this release.
    #[must_use]
    pub fn asked(&self, want: &Want) -> std::ops::Range<u32> {
        let Want::Pages {
            manifest,
            first,
            count,
        } = want;
        if *manifest != self.manifest {
            return 0..0;
        }
        *first
            ..first
                .saturating_add((*count).min(MAX_WINDOW))
                .min(self.pages())
    }

    /// The message for a page; `None` past the last.
    #[must_use]
    pub fn page(&self, index: u32) -> Option<Vec<u8>> {
        let place = usize::try_from(index).ok()?;
        let data = self.image.chunks(self.page_size).nth(place)?;
        let proof = self.proof(place);
        let mut message = page_head(self.manifest, index, proof.len()).ok()?.to_vec();
        proof
            .iter()
            .for_each(|hash| message.extend_from_slice(&hash.0));
        message.extend_from_slice(data);
        Some(message)
    }

    /// The siblings on the way from a leaf to the root, where there are some.
    fn proof(&self, leaf: usize) -> Vec<Digest> {
        let below_root = self.levels.len().saturating_sub(1);
        let siblings = self.levels.iter().take(below_root).enumerate();
        siblings
            .filter_map(|(height, level)| level.get((leaf >> height) ^ 1).copied())
            .collect()
    }
}

fn tree(leaves: Vec<Digest>) -> Vec<Vec<Digest>> {
    let mut levels = vec![leaves];
    while let Some(level) = levels.last().filter(|level| level.len() > 1) {
        let above = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node_hash(left, right),
                rest => rest.first().copied().unwrap_or_default(),
            })
            .collect();
        levels.push(above);
    }
    levels
}

#[cfg(test)]
mod tests {
    use latch_verify::{image::Page, statement::Manifest, types::StatementId, wire::Run};

    use super::{Digest, Kind, PageServer, PageServerError, leaf_hash, tree};
    use crate::Want;

    const PAGE: usize = 1024;

    fn body(image: &[u8]) -> Manifest<'static> {
        let root = tree(image.chunks(PAGE).map(leaf_hash).collect())
            .last()
            .map(|level| level[0]);
        Manifest {
            tenant: "acme".parse().unwrap(),
            product: "door".parse().unwrap(),
            component: 0,
            version: "1.0.0".parse().unwrap(),
            security_version: 0,
            size: u32::try_from(image.len()).unwrap(),
            page_size_log2: 10,
            merkle_root: root.unwrap(),
            image_sha256: Digest::default(),
            current: None,
            requirements: Run::default(),
        }
    }

    fn envelope(manifest: &Manifest<'_>) -> Vec<u8> {
        let mut buffer = [0; 256];
        let body = latch_verify::wire::encode(manifest, &mut buffer).unwrap();
        let mut bytes = latch_verify::wire::seal_head(Kind::Manifest, 0, body.len())
            .unwrap()
            .to_vec();
        bytes.extend_from_slice(body);
        bytes.push(1);
        bytes.extend_from_slice(&[0; 72]);
        bytes
    }

    fn image(pages: usize) -> Vec<u8> {
        (0..pages * PAGE - 7)
            .map(|n| u8::try_from(n % 251).unwrap())
            .collect()
    }

    #[test]
    fn every_page_proves_itself_to_the_device() {
        for pages in 1..=17 {
            let image = image(pages);
            let manifest = body(&image);
            let server = PageServer::new(&envelope(&manifest), image.clone()).unwrap();
            let mut received = Vec::new();
            for index in 0..server.pages() {
                let message = server.page(index).unwrap();
                let page = Page::parse(&message).unwrap();
                assert_eq!((page.manifest, page.index), (server.manifest(), index));
                received.extend_from_slice(page.verify(&manifest).unwrap());
            }
            assert_eq!(received, image);
            assert_eq!(server.page(server.pages()), None);
        }
    }

    #[test]
    fn another_image_is_not_served() {
        let envelope = envelope(&body(&image(3)));
        let mut other = image(3);
        other[5] ^= 1;
        assert_eq!(
            PageServer::new(&envelope, other).err(),
            Some(PageServerError::OtherImage)
        );
        assert_eq!(
            PageServer::new(&envelope, image(4)).err(),
            Some(PageServerError::OtherImage)
        );
        assert!(matches!(
            PageServer::new(&[], image(3)).err(),
            Some(PageServerError::Manifest(_))
        ));
    }

    #[test]
    fn a_want_is_answered_within_its_bounds() {
        let image = image(100);
        let server = PageServer::new(&envelope(&body(&image)), image).unwrap();
        let want = |manifest, first, count| {
            server.asked(&Want::Pages {
                manifest,
                first,
                count,
            })
        };
        assert_eq!(want(server.manifest(), 3, 4), 3..7);
        assert_eq!(want(server.manifest(), 0, u32::MAX), 0..64);
        assert_eq!(want(server.manifest(), 90, 64), 90..100);
        assert_eq!(want(server.manifest(), 100, 1).count(), 0);
        assert_eq!(want(server.manifest(), u32::MAX, u32::MAX).count(), 0);
        assert_eq!(want(StatementId::default(), 0, 4).count(), 0);
    }
}
