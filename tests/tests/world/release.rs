//! Images and their release manifests.

use latch_issue::ImageTree;
use latch_verify::{
    statement::Manifest,
    types::{StatementId, Version},
    wire::{Envelope, Kind, Run},
};

use super::{
    keys::{RELEASE, Signer, seal},
    root::{PRODUCT, TENANT},
};

/// Pages of 1 KiB: four to an erase block, so that a resumed download has to go back.
pub(crate) const PAGE_LOG2: u8 = 10;
/// The version that the factory has put in.
pub(crate) const FACTORY: Version = version(1);

pub(crate) const fn version(major: u16) -> Version {
    Version {
        major,
        minor: 0,
        patch: 0,
    }
}

/// An image with its hashes.
pub(crate) struct Image {
    pub(crate) bytes: Vec<u8>,
    pub(crate) tree: ImageTree,
}

impl Image {
    /// An image of this length whose bytes begin at `first`.
    pub(crate) fn new(len: usize, first: u8) -> Self {
        Self::paged(len, first, PAGE_LOG2)
    }

    /// As [`new`](Self::new), with pages of another size.
    pub(crate) fn paged(len: usize, first: u8, page_log2: u8) -> Self {
        let bytes: Vec<u8> = (0..len)
            .map(|place| first.wrapping_add((place % 251) as u8))
            .collect();
        let tree =
            ImageTree::read(bytes.as_slice(), page_log2).expect("an image of one page at least");
        Self { bytes, tree }
    }

    /// What a release of this image says, without a requirement.
    pub(crate) fn manifest(&self, version: Version, security_version: u32) -> Manifest<'static> {
        Manifest {
            tenant: TENANT,
            product: PRODUCT,
            component: 0,
            version,
            security_version,
            size: self.tree.size(),
            page_size_log2: self.tree.page_size_log2(),
            merkle_root: self.tree.root(),
            image_sha256: self.tree.sha256(),
            current: None,
            requirements: Run::default(),
        }
    }

    /// The image as a release that can be installed.
    pub(crate) fn release(&self, version: Version, security_version: u32) -> Release {
        Release::sealed(&self.manifest(version, security_version), &RELEASE)
    }

    /// A page as it travels.
    pub(crate) fn page(&self, manifest: StatementId, index: u32) -> Vec<u8> {
        let page_log2 = self.tree.page_size_log2();
        let start = (index << page_log2) as usize;
        let end = self.bytes.len().min(start + (1 << page_log2));
        let page = self.tree.page(manifest, index, &self.bytes[start..end]);
        page.expect("the image has this page")
    }
}

/// A sealed manifest and its id.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) bytes: Vec<u8>,
    pub(crate) id: StatementId,
}

impl Release {
    pub(crate) fn sealed(manifest: &Manifest<'_>, signers: &[Signer]) -> Self {
        Self::from_bytes(seal(manifest, signers))
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        let id = Envelope::parse(Kind::Manifest, &bytes)
            .expect("an envelope")
            .id();
        Self { bytes, id }
    }
}
