//! Merkle trees over the pages of an image: RFC 9162, section 2.1, with SHA-256.

use heapless::Vec;

use crate::{
    limits::MAX_PROOF,
    reject::{Reason, Refusal, ensure},
    types::Digest,
};

/// Hash of a leaf: SHA-256 of a zero byte and the page.
#[must_use]
pub fn leaf_hash(page: &[u8]) -> Digest {
    Digest::of(&[&[0x00], page])
}

/// Hash of an inner node: SHA-256 of a one byte and both children.
#[must_use]
#[inline(never)]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of(&[&[0x01], &left.0, &right.0])
}

/// Checks that a leaf lies at a place of a tree (RFC 9162, section 2.1.3.2).
///
/// # Errors
/// [`Reason::PageLength`] when the proof has another length than the place asks for,
/// [`Reason::PageHash`] when it leads to another root.
pub fn verify_inclusion(
    leaf: Digest,
    index: u32,
    leaves: u32,
    proof: impl ExactSizeIterator<Item = Digest>,
    root: &Digest,
) -> Result<(), Refusal> {
    ensure(
        index < leaves && proof.len() == proof_len(index, leaves),
        Reason::PageLength,
    )?;
    let (mut place, mut last) = (index, leaves - 1);
    let mut hash = leaf;
    for sibling in proof {
        if place & 1 == 1 || place == last {
            hash = node_hash(&sibling, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, &sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    Ok(ensure(last == 0 && hash == *root, Reason::PageHash)?)
}

/// Hashes in the proof of a place: one for each level at which it has a sibling.
fn proof_len(index: u32, leaves: u32) -> usize {
    let (mut place, mut last) = (index, leaves.saturating_sub(1));
    let mut len = 0_usize;
    while last > 0 {
        if place & 1 == 1 || place < last {
            len = len.saturating_add(1);
        }
        place >>= 1;
        last >>= 1;
    }
    len
}

/// Computes the root of a tree from its leaves in order, in the space of one path.
#[derive(Default)]
pub struct TreeHasher {
    /// Roots of complete subtrees, from the largest, each with its height.
    subtrees: Vec<(u32, Digest), { MAX_PROOF + 1 }>,
}

impl TreeHasher {
    /// Takes the hash of the next leaf.
    ///
    /// # Errors
    /// [`Reason::ImageTooLarge`] past the leaves that the largest image has.
    pub fn push(&mut self, leaf: Digest) -> Result<(), Refusal> {
        Ok(self.add(leaf)?)
    }

    /// As [`push`](Self::push).
    pub(super) fn add(&mut self, leaf: Digest) -> Result<(), Reason> {
        let mut node = (0, leaf);
        while let Some((height, left)) = self
            .subtrees
            .last()
            .copied()
            .filter(|(height, _)| *height == node.0)
        {
            self.subtrees.pop();
            node = (height.saturating_add(1), node_hash(&left, &node.1));
        }
        self.subtrees.push(node).map_err(|_| Reason::ImageTooLarge)
    }

    /// The root; of no leaves, SHA-256 of nothing.
    #[must_use]
    pub fn finish(mut self) -> Digest {
        let Some((_, mut root)) = self.subtrees.pop() else {
            return Digest::of(&[]);
        };
        while let Some((_, left)) = self.subtrees.pop() {
            root = node_hash(&left, &root);
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::{TreeHasher, leaf_hash, node_hash, verify_inclusion};
    use crate::{reject::Reason, types::Digest};

    /// The definition of RFC 9162, section 2.1.1, word by word: split at the largest power
    /// of two below the number of leaves.
    fn by_definition(leaves: &[Digest]) -> Digest {
        let [leaf] = leaves else {
            let split = leaves.len().next_power_of_two() / 2;
            return node_hash(
                &by_definition(&leaves[..split]),
                &by_definition(&leaves[split..]),
            );
        };
        *leaf
    }

    /// The definition of RFC 9162, section 2.1.3.1.
    fn proof(leaves: &[Digest], index: usize) -> Vec<Digest> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let split = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(split);
        let (mut path, sibling) = if index < split {
            (proof(left, index), by_definition(right))
        } else {
            (proof(right, index - split), by_definition(left))
        };
        path.push(sibling);
        path
    }

    fn leaves(count: usize) -> Vec<Digest> {
        (0..count)
            .map(|n| leaf_hash(&[u8::try_from(n).unwrap_or(0); 3]))
            .collect()
    }

    #[test]
    fn the_running_root_is_that_of_the_definition() {
        for count in 1..if cfg!(miri) { 10 } else { 70 } {
            let leaves = leaves(count);
            let mut tree = TreeHasher::default();
            leaves.iter().for_each(|leaf| tree.push(*leaf).unwrap());
            assert_eq!(tree.finish(), by_definition(&leaves), "{count} leaves");
        }
    }

    #[test]
    fn every_leaf_proves_its_own_place_and_no_other() {
        for count in 1..if cfg!(miri) { 6 } else { 20_u32 } {
            let leaves = leaves(count as usize);
            let root = by_definition(&leaves);
            for index in 0..count {
                let path = proof(&leaves, index as usize);
                let leaf = leaves[index as usize];
                let check = |leaf, index, path: &[Digest]| {
                    verify_inclusion(leaf, index, count, path.iter().copied(), &root)
                };
                check(leaf, index, &path).unwrap();
                for other in (0..count).filter(|other| *other != index) {
                    assert!(
                        check(leaf, other, &path).is_err(),
                        "{count} leaves, {index} as {other}"
                    );
                }
                let mut longer = path.clone();
                longer.push(root);
                assert_eq!(
                    check(leaf, index, &longer).unwrap_err().reason,
                    Reason::PageLength
                );
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(
                        check(leaf, index, shorter).unwrap_err().reason,
                        Reason::PageLength
                    );
                }
                assert_eq!(check(root, index, &path).is_ok(), count == 1);
            }
            let past = verify_inclusion(root, count, count, [].into_iter(), &root);
            assert_eq!(past.unwrap_err().reason, Reason::PageLength);
        }
    }

    #[test]
    fn no_leaves_hash_to_sha256_of_nothing() {
        // RFC 9162, section 2.1.1, and FIPS 180-4 for the value.
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(std::format!("{}", TreeHasher::default().finish()), expected);
    }
}
