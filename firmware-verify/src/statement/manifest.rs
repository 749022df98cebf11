//! The release manifest: the signed description of an image.

use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_IMAGE, MAX_PAGE_LOG2, MAX_REQUIREMENTS, MIN_PAGE_LOG2},
    reject::{Reason, Refusal, ensure},
    types::{Digest, Paging, ProductId, TenantId, Version, VersionRange},
    wire::{Body, Item, Kind, Run},
};

/// Another component that must run a version in a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Requirement {
    /// The component's number.
    pub component: u8,
    /// The versions that will do.
    pub versions: VersionRange,
}

crate::wire::reads!(struct Requirement { component, versions });

impl Item<'_> for Requirement {
    const MAX: usize = MAX_REQUIREMENTS;
}

/// The body of a release manifest.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Manifest<'a> {
    /// The tenant for whose devices it is.
    pub tenant: TenantId,
    /// The product for which the image was built.
    pub product: ProductId,
    /// The component that the image replaces; 0 is the main one.
    pub component: u8,
    /// The image's version.
    pub version: Version,
    /// Raised when an image mends a weakness; devices never go below the highest confirmed.
    pub security_version: u32,
    /// Length of the image in bytes, at least 1.
    pub size: u32,
    /// Length of a page as a power of two, 10 to 14. The last page may be shorter.
    pub page_size_log2: u8,
    /// Merkle tree hash over the pages (RFC 9162, 2.1.1, with SHA-256).
    pub merkle_root: Digest,
    /// SHA-256 of the whole image, for people and pipelines; devices check pages.
    pub image_sha256: Digest,
    /// Versions over which it installs, or any.
    pub current: Option<VersionRange>,
    /// Other components that it needs.
    #[serde(borrow)]
    pub requirements: Run<'a, Requirement>,
}

crate::wire::reads!(struct Manifest<'a> { tenant, product, component, version, security_version, size, page_size_log2, merkle_root, image_sha256, current, requirements });

impl Manifest<'_> {
    /// Length of a page in bytes.
    #[must_use]
    pub fn page_size(&self) -> u32 {
        self.paging().page_size()
    }

    /// Number of pages.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.paging().pages()
    }

    /// Length of one page in bytes; zero past the end.
    #[must_use]
    pub fn page_len(&self, index: u32) -> u32 {
        self.paging().page_len(index)
    }

    fn paging(&self) -> Paging {
        Paging {
            size: self.size,
            page_size_log2: self.page_size_log2,
        }
    }
}

impl<'a> Body<'a> for Manifest<'a> {
    const KIND: Kind = Kind::Manifest;

    fn check(&self) -> Result<(), Refusal> {
        self.requirements.sound()?;
        let ranges = self
            .current
            .iter()
            .copied()
            .chain(self.requirements.iter().map(|needed| needed.versions));
        let bounded = (1..=MAX_IMAGE).contains(&self.size)
            && (MIN_PAGE_LOG2..=MAX_PAGE_LOG2).contains(&self.page_size_log2)
            && ranges.into_iter().all(|range| range.least <= range.most);
        Ok(ensure(bounded, Reason::BadManifest)?)
    }
}
