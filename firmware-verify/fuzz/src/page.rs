//! Pages of an image, against the manifest that signs it.
//!
//! ```text
//! form 0   0, message                                      against an image of 2500 bytes
//! form 1   1, size (2), page size, index (2), changes...   a page made here, then changed
//! ```
//! A change is three bytes: where (2), and which bits.

use latch_verify::{
    image::{Page, TreeHasher, leaf_hash, node_hash, page_head},
    limits::{MAX_PAGE_LOG2, MAX_PROOF},
    statement::Manifest,
    types::{Digest, StatementId},
    wire::Run,
};

use crate::{
    input::Input,
    tenant::{FACTORY, PRODUCT, TENANT},
};

const NAME: StatementId = StatementId([0x5a; 16]);
/// Most pages of an image that is made here.
const MOST_PAGES: usize = 300;

/// Takes bytes as a page, or as the way in which one was changed.
///
/// # Panics
/// When the verifier panics, takes other data than the image's, or refuses a page of it.
pub fn page(input: &[u8]) {
    let mut input = Input::new(input);
    if input.byte().is_multiple_of(2) {
        take(&image(2500), 10, input.rest());
    } else {
        made(input);
    }
}

fn made(mut input: Input<'_>) {
    let size = input.number().max(1);
    let log2 = input.byte() % (MAX_PAGE_LOG2 + 1);
    let size = size.min(MOST_PAGES << log2);
    let image = image(size);
    let pages = size.div_ceil(1 << log2);
    let index = input.number() % pages;
    let mut message = message(&image, log2, index);
    let sound = take(&image, log2, &message);
    assert!(sound, "page {index} of {pages} is refused");
    let whole = message.clone();
    while !input.is_empty() {
        let (place, bits) = (input.number(), input.byte());
        let len = message.len();
        match place.checked_sub(len) {
            None => message[place] ^= bits,
            // Past the end, a change is one of length.
            Some(past) if bits.is_multiple_of(2) => message.truncate(past % len),
            Some(_) => message.push(bits),
        }
        if message.is_empty() {
            return;
        }
    }
    let taken = take(&image, log2, &message);
    // The manifest's name is compared by whoever knows which release is wanted.
    assert!(!taken || message[16..] == whole[16..], "a changed page");
}

/// Whether the page is taken. Its data must then be the image's.
fn take(image: &[u8], log2: u8, message: &[u8]) -> bool {
    let Ok(page) = Page::parse(message) else {
        return false;
    };
    let Ok(data) = page.verify(&manifest(image, log2)) else {
        return false;
    };
    let start = usize::try_from(page.index).expect("a small index") << log2;
    let end = image.len().min(start + (1 << log2));
    assert_eq!(data, &image[start..end], "data of another image");
    true
}

fn image(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place % 251) as u8).collect()
}

fn leaves(image: &[u8], log2: u8) -> Vec<Digest> {
    image.chunks(1 << log2).map(leaf_hash).collect()
}

fn manifest(image: &[u8], log2: u8) -> Manifest<'static> {
    let leaves = leaves(image, log2);
    let mut hasher = TreeHasher::default();
    for leaf in &leaves {
        hasher.push(*leaf).expect("few pages");
    }
    let merkle_root = root(&leaves);
    assert_eq!(
        hasher.finish(),
        merkle_root,
        "two trees over the same pages"
    );
    Manifest {
        tenant: TENANT,
        product: PRODUCT,
        component: 0,
        version: FACTORY,
        security_version: 0,
        size: u32::try_from(image.len()).expect("a small image"),
        page_size_log2: log2,
        merkle_root,
        image_sha256: Digest::default(),
        current: None,
        requirements: Run::default(),
    }
}

fn message(image: &[u8], log2: u8, index: usize) -> Vec<u8> {
    let mut hashes = Vec::new();
    proof(&leaves(image, log2), index, &mut hashes);
    assert!(hashes.len() <= MAX_PROOF);
    let place = u32::try_from(index).expect("a small index");
    let head = page_head(NAME, place, hashes.len()).expect("a short proof");
    let mut message = head.to_vec();
    for Digest(hash) in hashes {
        message.extend(hash);
    }
    let start = index << log2;
    message.extend(&image[start..image.len().min(start + (1 << log2))]);
    message
}

/// The root of a tree as RFC 9162, section 2.1.1, defines it.
fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves));
            node_hash(&root(left), &root(right))
        }
    }
}

/// A proof as RFC 9162, section 2.1.3.1, defines it.
fn proof(leaves: &[Digest], index: usize, hashes: &mut Vec<Digest>) {
    if leaves.len() < 2 {
        return;
    }
    let at = split(leaves);
    let (left, right) = leaves.split_at(at);
    if index < at {
        proof(left, index, hashes);
        hashes.push(root(right));
    } else {
        proof(right, index - at, hashes);
        hashes.push(root(left));
    }
}

/// The largest power of two below the number of leaves.
fn split(leaves: &[Digest]) -> usize {
    leaves.len().next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::{image, message, page, take};

    #[test]
    fn pages_of_all_sizes_are_made_and_changes_are_seen() {
        for (size, log2) in [(1, 0), (5, 0), (300, 0), (201, 3), (2500, 10), (16_385, 14)] {
            let [low, high] = u16::to_le_bytes(size);
            for index in 0..4 {
                page(&[1, low, high, log2, index, 0]);
                page(&[1, low, high, log2, index, 0, 20, 0, 1]);
            }
        }
    }

    #[test]
    fn a_page_of_the_fixed_image_is_taken() {
        let image = image(2500);
        assert!(take(&image, 10, &message(&image, 10, 2)));
        let other: Vec<u8> = image.iter().rev().copied().collect();
        assert!(!take(&image, 10, &message(&other, 10, 2)));
    }
}
