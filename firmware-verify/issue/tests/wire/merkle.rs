//! Merkle trees of one to nine leaves, with every proof.

use latch_verify::{
    Reason,
    image::{TreeHasher, leaf_hash, node_hash, verify_inclusion},
    types::Digest,
};
use serde::Serialize;

use crate::files::{hex, pin};

#[derive(Serialize)]
struct File {
    about: &'static str,
    vectors: Vec<Vector>,
}

#[derive(Serialize)]
struct Vector {
    leaves: Vec<String>,
    root: Digest,
    /// For each leaf, its neighbour's hash first.
    proofs: Vec<Vec<Digest>>,
}

/// The largest power of two below a number of leaves: RFC 9162, 2.1.1.
fn split(leaves: usize) -> usize {
    let mut half = 1;
    while half * 2 < leaves {
        half *= 2;
    }
    half
}

/// MTH of RFC 9162, 2.1.1, as it is written there.
fn tree_hash(leaves: &[Vec<u8>]) -> Digest {
    match leaves {
        [leaf] => leaf_hash(leaf),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&tree_hash(left), &tree_hash(right))
        }
    }
}

/// PATH of RFC 9162, 2.1.3.1, as it is written there.
fn path(index: usize, leaves: &[Vec<u8>]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let half = split(leaves.len());
    let (left, right) = leaves.split_at(half);
    let (mut path, sibling) = if index < half {
        (path(index, left), tree_hash(right))
    } else {
        (path(index - half, right), tree_hash(left))
    };
    path.push(sibling);
    path
}

#[test]
fn trees_are_pinned_and_the_verifier_agrees_with_the_rfc() {
    let mut vectors = Vec::new();
    for count in 1..=9_u8 {
        let leaves: Vec<Vec<u8>> = (0..count)
            .map(|leaf| vec![leaf; usize::from(leaf)])
            .collect();
        let root = tree_hash(&leaves);
        let mut hasher = TreeHasher::default();
        for leaf in &leaves {
            hasher.push(leaf_hash(leaf)).unwrap();
        }
        assert_eq!(hasher.finish(), root);

        let proofs: Vec<Vec<Digest>> = (0..leaves.len())
            .map(|index| path(index, &leaves))
            .collect();
        for (index, proof) in (0_u32..).zip(&proofs) {
            let leaf = leaf_hash(&leaves[usize::try_from(index).unwrap()]);
            refuse_all_but(leaf, index, count.into(), proof, &root);
        }
        let leaves = leaves.iter().map(|leaf| hex(leaf)).collect();
        vectors.push(Vector {
            leaves,
            root,
            proofs,
        });
    }
    let about =
        "Leaf n is n bytes of value n. Hashing is that of RFC 9162, section 2.1, with SHA-256.";
    pin("merkle.json", &File { about, vectors });
}

/// The proof leads to the root from its own place only, and with nothing changed in it.
fn refuse_all_but(leaf: Digest, index: u32, leaves: u32, proof: &[Digest], root: &Digest) {
    let verify = |leaf, index, leaves, proof: &[Digest]| {
        verify_inclusion(leaf, index, leaves, proof.iter().copied(), root)
    };
    assert_eq!(verify(leaf, index, leaves, proof), Ok(()));
    for other in (0..=leaves).filter(|other| *other != index) {
        assert!(
            verify(leaf, other, leaves, proof).is_err(),
            "{index} as {other} of {leaves}"
        );
    }
    let longer = [proof, &[Digest([0; 32])]].concat();
    let refusal = verify(leaf, index, leaves, &longer).unwrap_err();
    assert_eq!(refusal.reason, Reason::PageLength);
    if let Some((_, shorter)) = proof.split_last() {
        let refusal = verify(leaf, index, leaves, shorter).unwrap_err();
        assert_eq!(refusal.reason, Reason::PageLength);
    }
    for changed in 0..proof.len() {
        let mut proof = proof.to_vec();
        proof[changed].0[31] ^= 1;
        let refusal = verify(leaf, index, leaves, &proof).unwrap_err();
        assert_eq!(refusal.reason, Reason::PageHash);
    }
    let refusal = verify(Digest([0; 32]), index, leaves, proof).unwrap_err();
    assert_eq!(refusal.reason, Reason::PageHash);
}
