//! The releases that a script can ask for, with their images.

use latch_verify::{
    image::{TreeHasher, leaf_hash, node_hash, page_head},
    statement::Manifest,
    types::{Digest, StatementId, Version},
    wire::{Envelope, Kind, Run},
};

use super::hardware::SLOT;
use crate::{
    keys::{Crew, OPERATOR, RELEASE, Signer, seal},
    tenant::{PRODUCT, TENANT},
};

/// A signed release.
pub(crate) struct Release {
    pub(crate) id: StatementId,
    pub(crate) envelope: Vec<u8>,
    pub(crate) image: Vec<u8>,
    /// Whether it may ever run.
    pub(crate) genuine: bool,
    pub(crate) version: Version,
    pub(crate) security_version: u32,
    page_size_log2: u8,
}

/// How many there are.
pub(crate) const COUNT: usize = 6;

thread_local! {
    static RELEASES: [Release; COUNT] = [
        release(2, 1, 2500, 10, RELEASE),
        release(3, 2, 1100, 10, RELEASE),
        // Older than the factory's, and below what the first two ask for.
        release(0, 0, 700, 10, RELEASE),
        // Two erase blocks.
        release(4, 2, 5000, 11, RELEASE),
        // Signed by somebody who may not.
        release(5, 3, 900, 10, OPERATOR),
        // Larger than a slot.
        release(6, 3, SLOT + 1, 12, RELEASE),
    ];
}

/// Looks at one of the releases; every number names one.
pub(crate) fn with<T>(number: usize, look: impl FnOnce(&Release) -> T) -> T {
    RELEASES.with(|releases| look(&releases[number % COUNT]))
}

/// Looks at the release with this id, if there is one.
pub(crate) fn find<T>(id: StatementId, look: impl FnOnce(&Release) -> T) -> Option<T> {
    RELEASES.with(|releases| releases.iter().find(|release| release.id == id).map(look))
}

fn release(
    major: u16,
    security_version: u32,
    size: usize,
    page_size_log2: u8,
    by: Signer,
) -> Release {
    let salt = usize::from(major) * 31;
    let image: Vec<u8> = (0..size)
        .map(|place| ((place + salt) % 251) as u8)
        .collect();
    let mut tree = TreeHasher::default();
    for page in image.chunks(1 << page_size_log2) {
        tree.push(leaf_hash(page)).expect("few pages");
    }
    let version = Version {
        major,
        minor: 0,
        patch: 0,
    };
    let manifest = Manifest {
        tenant: TENANT,
        product: PRODUCT,
        component: 0,
        version,
        security_version,
        size: u32::try_from(size).expect("a small image"),
        page_size_log2,
        merkle_root: tree.finish(),
        image_sha256: Digest::default(),
        current: None,
        requirements: Run::default(),
    };
    let envelope = seal(&manifest, Crew::of(&[by]));
    let parsed = Envelope::parse(Kind::Manifest, &envelope).expect("an envelope");
    Release {
        id: parsed.id(),
        genuine: by == RELEASE && size <= SLOT,
        version,
        security_version,
        page_size_log2,
        image,
        envelope,
    }
}

impl Release {
    pub(crate) fn pages(&self) -> u32 {
        let pages = self.image.len().div_ceil(1 << self.page_size_log2);
        u32::try_from(pages).expect("few pages")
    }

    /// A page as it travels; every index names one.
    pub(crate) fn page(&self, index: u32) -> Vec<u8> {
        let index = index % self.pages();
        let pages: Vec<&[u8]> = self.image.chunks(1 << self.page_size_log2).collect();
        let leaves: Vec<Digest> = pages.iter().map(|page| leaf_hash(page)).collect();
        // Images of at most three pages: their trees are written out.
        let hashes = match (leaves.as_slice(), index) {
            ([_], _) => vec![],
            ([_, right], 0) => vec![*right],
            ([left, _], _) => vec![*left],
            ([_, second, third], 0) => vec![*second, *third],
            ([first, _, third], 1) => vec![*first, *third],
            ([first, second, _], _) => vec![node_hash(first, second)],
            _ => panic!("an image of {} pages", leaves.len()),
        };
        let head = page_head(self.id, index, hashes.len()).expect("a short proof");
        let mut message = head.to_vec();
        for Digest(hash) in hashes {
            message.extend(hash);
        }
        message.extend(pages[index as usize]);
        message
    }
}
