//! Releases: from an image to the manifest that release keys sign, and to the pages that
//! devices take.

mod tree;

#[cfg(test)]
mod tests;

use std::io::{self, Read};

use latch_verify::{
    Refusal,
    limits::MAX_REQUIREMENTS,
    statement::{Manifest, Requirement},
    types::{Digest, ProductId, TenantId, Version, VersionRange},
    wire::{Run, RunWriter},
};

use crate::sign::{Draft, SignError};

pub use tree::ImageTree;

/// Bytes that a requirement takes at most: a component, and two versions of three varints.
const MAX_REQUIREMENT: usize = 1 + 2 * (3 + 3 + 5);
/// The page size for which none is asked: 4 KiB, a sector of common NOR flash.
pub const DEFAULT_PAGE_LOG2: u8 = 12;

/// Why a release was not built, or an image is not the one of a manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The image cannot be read.
    #[error("the image cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The image is empty.
    #[error("the image is empty: is it the right file?")]
    Empty,
    /// The image is longer than a device takes.
    #[error("the image is longer than {bound} bytes, the most that a manifest may describe")]
    TooLong {
        /// The bound in bytes.
        bound: u32,
    },
    /// No page size of a manifest.
    #[error("pages of 2^{0} bytes: a page has 2^10 to 2^14 bytes")]
    PageSize(u8),
    /// Too many requirements.
    #[error(
        "{found} requirements on other components: a manifest holds {MAX_REQUIREMENTS} at most"
    )]
    TooManyRequirements {
        /// How many there are.
        found: usize,
    },
    /// There is no such page.
    #[error("the image has no page {index}: it has {pages}")]
    NoSuchPage {
        /// The index that was asked for.
        index: u32,
        /// How many pages there are.
        pages: u32,
    },
    /// The image has another length than the manifest says.
    #[error("the image has {found} bytes, and the manifest describes one of {expected}")]
    OtherSize {
        /// The length in the manifest.
        expected: u32,
        /// The length of the image.
        found: u32,
    },
    /// The image has another hash than the manifest says.
    #[error(
        "the image is not the one that the manifest describes: its SHA-256 is {found}, not {expected}"
    )]
    OtherImage {
        /// The hash in the manifest.
        expected: Digest,
        /// The hash of the image.
        found: Digest,
    },
    /// The image is the one described, and its pages have another Merkle root: the manifest
    /// contradicts itself, and no device would take the image.
    #[error(
        "the manifest contradicts itself: its SHA-256 fits the image, and its Merkle root {expected} does not (it should be {found})"
    )]
    OtherTree {
        /// The root in the manifest.
        expected: Digest,
        /// The root of the image's pages.
        found: Digest,
    },
    /// The verifier would refuse the manifest.
    #[error(transparent)]
    Refused(#[from] SignError),
}

impl From<Refusal> for ReleaseError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

/// What a release says about an image, besides what the image itself says.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// The tenant for whose devices it is.
    pub tenant: TenantId,
    /// The product for which the image was built.
    pub product: ProductId,
    /// The component that the image replaces; 0 is the main one.
    pub component: u8,
    /// The image's version.
    pub version: Version,
    /// Raised when an image mends a weakness: devices never go below the highest confirmed.
    pub security_version: u32,
    /// Versions over which it installs, or any.
    pub current: Option<VersionRange>,
    /// Other components that it needs.
    pub requirements: Vec<Requirement>,
}

impl Release {
    /// The manifest of an image, ready to be signed by release keys.
    ///
    /// # Errors
    /// [`ReleaseError::TooManyRequirements`], [`ReleaseError::Refused`].
    pub fn manifest(&self, image: &ImageTree) -> Result<Draft, ReleaseError> {
        let mut buffer = [0; MAX_REQUIREMENTS * MAX_REQUIREMENT];
        let mut run = RunWriter::new(&mut buffer);
        let found = self.requirements.len();
        if found > MAX_REQUIREMENTS {
            return Err(ReleaseError::TooManyRequirements { found });
        }
        for requirement in &self.requirements {
            run.push(requirement)?;
        }
        let manifest = Manifest {
            tenant: self.tenant,
            product: self.product,
            component: self.component,
            version: self.version,
            security_version: self.security_version,
            size: image.size(),
            page_size_log2: image.page_size_log2(),
            merkle_root: image.root(),
            image_sha256: image.sha256(),
            current: self.current,
            requirements: Run::from_bytes(run.finish()),
        };
        Ok(Draft::new(&manifest)?)
    }
}

/// Checks that an image is the one that a manifest describes; returns its pages.
///
/// # Errors
/// [`ReleaseError::OtherSize`], [`ReleaseError::OtherImage`], [`ReleaseError::OtherTree`],
/// or as [`ImageTree::read`].
pub fn inspect(manifest: &Manifest<'_>, image: impl Read) -> Result<ImageTree, ReleaseError> {
    let tree = ImageTree::read(image, manifest.page_size_log2)?;
    let (expected, found) = (manifest.size, tree.size());
    if expected != found {
        return Err(ReleaseError::OtherSize { expected, found });
    }
    let (expected, found) = (manifest.image_sha256, tree.sha256());
    if expected != found {
        return Err(ReleaseError::OtherImage { expected, found });
    }
    let (expected, found) = (manifest.merkle_root, tree.root());
    if expected != found {
        return Err(ReleaseError::OtherTree { expected, found });
    }
    Ok(tree)
}
