//! Twins and patches: what a device makes of them, as bytes and as a tree.

use latch_verify::{
    limits::MAX_TWIN,
    twin::{Entries, Tree, apply, check_document, check_patch},
};

use crate::{
    report::{Judged, expect},
    shown::is_shown_as,
    tables::{Change, Leaves},
};

pub(crate) fn patches(change: &Change) -> Judged {
    let twin = Entries::from_bytes(change.twin.leaves);
    check_document(&twin)?;
    stands_for(twin, &change.twin)?;
    let patch = Entries::from_bytes(change.patch.leaves);
    check_patch(&patch)?;
    stands_for(patch, &change.patch)?;

    let mut buffer = [0; MAX_TWIN];
    let after = apply(twin, patch, &mut buffer)?;
    check_document(&after)?;
    expect(after.bytes() == change.after.leaves, "the twin after it")?;
    stands_for(after, &change.after)
}

fn stands_for(entries: Entries<'_>, leaves: &Leaves) -> Judged {
    expect(is_shown_as(&Tree::new(entries), &leaves.shown), "the tree")
}
