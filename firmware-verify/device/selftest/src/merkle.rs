//! Merkle trees: the root, every proof, and what is no proof.

use latch_verify::{
    Reason, Refusal,
    image::{TreeHasher, leaf_hash, verify_inclusion},
    types::Digest,
};

use crate::{
    report::{Difference, Judged, expect, expect_refusal},
    tables::Pages,
};

/// Hashes in a proof of these trees, and one more.
const LONGEST: usize = 8;

pub(crate) fn proves(tree: &Pages) -> Judged {
    let mut hasher = TreeHasher::default();
    for leaf in tree.leaves {
        hasher.push(leaf_hash(leaf))?;
    }
    expect(hasher.finish() == Digest(tree.root), "the root")?;
    expect(tree.proofs.len() == tree.leaves.len(), "a proof a leaf")?;
    for (index, (leaf, proof)) in (0_u32..).zip(tree.leaves.iter().zip(tree.proofs)) {
        proves_one(tree, index, leaf_hash(leaf), proof)?;
    }
    Ok(())
}

/// The proof leads to the root from its own place only, and with nothing changed in it.
fn proves_one(tree: &Pages, index: u32, leaf: Digest, proof: &[[u8; 32]]) -> Judged {
    let leaves = u32::try_from(tree.leaves.len()).unwrap_or(u32::MAX);
    let verify = |leaf, index, proof: &[[u8; 32]]| -> Result<(), Refusal> {
        let proof = proof.iter().copied().map(Digest);
        verify_inclusion(leaf, index, leaves, proof, &Digest(tree.root))
    };
    verify(leaf, index, proof)?;
    for other in (0..=leaves).filter(|other| *other != index) {
        if verify(leaf, other, proof).is_ok() {
            return Err(Difference::Taken);
        }
    }
    let mut room = [[0; 32]; LONGEST];
    let longer = room.get_mut(..=proof.len());
    let longer = longer.ok_or(Difference::Not("a proof that fits"))?;
    for (to, from) in longer.iter_mut().zip(proof) {
        *to = *from;
    }
    expect_refusal(verify(leaf, index, longer), Reason::PageLength)?;
    let Some((_, changed)) = longer.split_last_mut() else {
        return Ok(());
    };
    if let Some((_, shorter)) = changed.split_last() {
        expect_refusal(verify(leaf, index, shorter), Reason::PageLength)?;
    }
    for at in 0..changed.len() {
        flip(changed, at);
        expect_refusal(verify(leaf, index, changed), Reason::PageHash)?;
        flip(changed, at);
    }
    expect_refusal(verify(Digest([0; 32]), index, proof), Reason::PageHash)
}

fn flip(proof: &mut [[u8; 32]], at: usize) {
    if let Some([.., last]) = proof.get_mut(at) {
        *last ^= 1;
    }
}
