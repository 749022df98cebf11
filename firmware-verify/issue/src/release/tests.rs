use latch_verify::{
    Reason,
    image::{Page, TreeHasher, leaf_hash, verify_inclusion},
    limits::MAX_IMAGE,
};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::{keys::RoleKey, sign::SignError};

fn release() -> Release {
    let range = VersionRange {
        least: "1.0.0".parse().unwrap(),
        most: "65535.65535.4294967295".parse().unwrap(),
    };
    Release {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        component: 0,
        version: "2.1.0".parse().unwrap(),
        security_version: 3,
        current: Some(range),
        requirements: vec![
            Requirement {
                component: 255,
                versions: VersionRange {
                    least: range.most,
                    most: range.most
                },
            };
            MAX_REQUIREMENTS
        ],
    }
}

fn image(len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from(at * at % 251).unwrap())
        .collect()
}

#[test]
fn a_manifest_says_what_the_image_and_the_release_say() {
    let bytes = image(10_000);
    let tree = ImageTree::read(&bytes[..], 12).unwrap();
    let release = release();
    let draft = release.manifest(&tree).unwrap();
    let manifest: Manifest<'_> = draft.body().unwrap();
    assert_eq!((manifest.size, manifest.pages()), (10_000, 3));
    assert_eq!(manifest.image_sha256, Digest(Sha256::digest(&bytes).into()));
    assert_eq!(manifest.version, release.version);
    assert_eq!(manifest.security_version, 3);
    assert_eq!(manifest.current, release.current);
    assert!(
        manifest
            .requirements
            .iter()
            .eq(release.requirements.iter().copied())
    );

    let key = RoleKey::from_seed(&[3; 32]).unwrap();
    let statement = draft.sign(&[&key]).unwrap();
    let manifest: Manifest<'_> = statement.body().unwrap();
    let tree = inspect(&manifest, &bytes[..]).unwrap();
    for (index, data) in (0..).zip(bytes.chunks(4096)) {
        let page = tree.page(statement.id(), index, data).unwrap();
        let page = Page::parse(&page).unwrap();
        assert_eq!((page.manifest, page.index), (statement.id(), index));
        assert_eq!(page.verify(&manifest).unwrap(), data);
    }
    let error = tree.proof(3).unwrap_err();
    assert!(matches!(
        error,
        ReleaseError::NoSuchPage { index: 3, pages: 3 }
    ));
}

proptest! {
    /// Two ways to the same tree: the verifier's, which keeps one path, and ours.
    #[test]
    fn trees_and_proofs_are_those_of_the_verifier(pages in 1_usize..200, last in 1_usize..=1024) {
        let bytes = image((pages - 1) * 1024 + last);
        let tree = ImageTree::read(&bytes[..], 10).unwrap();
        let mut hasher = TreeHasher::default();
        for page in bytes.chunks(1024) {
            hasher.push(leaf_hash(page)).unwrap();
        }
        prop_assert_eq!(tree.root(), hasher.finish());
        for (index, page) in (0..).zip(bytes.chunks(1024)) {
            let proof = tree.proof(index).unwrap().into_iter();
            let verdict = verify_inclusion(leaf_hash(page), index, tree.pages(), proof, &tree.root());
            prop_assert_eq!(verdict, Ok(()));
        }
    }
}

#[test]
fn an_image_that_is_not_the_manifests_is_told_apart() {
    let bytes = image(5000);
    let tree = ImageTree::read(&bytes[..], 12).unwrap();
    let draft = release().manifest(&tree).unwrap();
    let manifest: Manifest<'_> = draft.body().unwrap();
    let (expected, found) = (5000, 4999);
    let error = inspect(&manifest, &bytes[..4999]).unwrap_err();
    assert!(
        matches!(error, ReleaseError::OtherSize { expected: e, found: f } if (e, f) == (expected, found))
    );
    let mut other = bytes.clone();
    other[4999] ^= 1;
    let error = inspect(&manifest, &other[..]).unwrap_err();
    assert!(matches!(error, ReleaseError::OtherImage { .. }));
    let lying = Manifest {
        merkle_root: Digest([7; 32]),
        ..manifest
    };
    let error = inspect(&lying, &bytes[..]).unwrap_err();
    assert!(matches!(error, ReleaseError::OtherTree { found, .. } if found == tree.root()));
}

#[test]
fn what_no_manifest_may_describe_is_refused() {
    let read = |bytes: &[u8], page: u8| ImageTree::read(bytes, page);
    assert!(matches!(read(&[], 12), Err(ReleaseError::Empty)));
    for page in [9, 15, 255] {
        assert!(matches!(read(&[1], page), Err(ReleaseError::PageSize(found)) if found == page));
    }
    let longest = u64::from(MAX_IMAGE);
    let zeros = |len| ImageTree::read(io::repeat(0).take(len), 14);
    assert_eq!(zeros(longest).unwrap().size(), MAX_IMAGE);
    assert!(matches!(
        zeros(longest + 1),
        Err(ReleaseError::TooLong { .. })
    ));

    let tree = read(&[1], 12).unwrap();
    let mut many = release();
    many.requirements.push(many.requirements[0]);
    assert!(matches!(
        many.manifest(&tree),
        Err(ReleaseError::TooManyRequirements { found: 9 })
    ));
    let mut backwards = release();
    let range = backwards.current.as_mut().unwrap();
    std::mem::swap(&mut range.least, &mut range.most);
    let error = backwards.manifest(&tree).unwrap_err();
    let expected = SignError::Refused(Reason::BadManifest.into());
    assert!(matches!(error, ReleaseError::Refused(found) if found == expected));
}

/// A reader that gives a few bytes at a time, and is interrupted in between.
struct Slow<'a>(&'a [u8], bool);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = buffer.len().min(7);
        self.0.read(&mut buffer[..len])
    }
}

#[test]
fn how_an_image_is_read_does_not_matter() {
    let bytes = image(3000);
    let at_once = ImageTree::read(&bytes[..], 10).unwrap();
    assert_eq!(ImageTree::read(Slow(&bytes, false), 10).unwrap(), at_once);
}
