//! RFC 7396 (JSON merge patch) on sorted lists of leaves.

use super::{
    entry::{Entries, Entry, Value},
    path::Path,
};
use crate::{
    limits::MAX_TWIN,
    reject::{Reason, Refusal},
    wire::RunWriter,
};

/// The twin after a patch, written into the buffer.
///
/// The result is that of RFC 7396, section 2, on the trees that the lists stand for:
/// a patch through a scalar replaces it by an object, a deletion creates the objects
/// above it and leaves them, and an empty object changes nothing in one that is there.
///
/// Both lists must have been checked. Each leaf of the patch costs one pass over the twin.
///
/// # Errors
/// [`Reason::TwinTooLarge`] when the result is longer than [`MAX_TWIN`] or the buffer.
pub fn apply<'b>(
    twin: Entries<'_>,
    patch: Entries<'_>,
    buffer: &'b mut [u8; MAX_TWIN],
) -> Result<Entries<'b>, Refusal> {
    let mut current = [0_u8; MAX_TWIN];
    let mut len = twin.bytes().len();
    current
        .get_mut(..len)
        .ok_or(Reason::TwinTooLarge)?
        .copy_from_slice(twin.bytes());
    for change in patch.iter() {
        let before = Entries::from_bytes(current.get(..len).unwrap_or_default());
        len = apply_one(before, change, buffer)?;
        let (written, _) = buffer.split_at_checked(len).ok_or(Reason::LogicFault)?;
        current
            .get_mut(..len)
            .ok_or(Reason::LogicFault)?
            .copy_from_slice(written);
    }
    let done = current.get(..len).ok_or(Reason::LogicFault)?;
    let out = buffer.get_mut(..len).ok_or(Reason::LogicFault)?;
    out.copy_from_slice(done);
    Ok(Entries::from_bytes(out))
}

/// Writes the twin with one leaf of the patch applied; returns its length.
fn apply_one(twin: Entries<'_>, change: Entry<'_>, buffer: &mut [u8]) -> Result<usize, Refusal> {
    let insert = inserted(twin, change);
    let mut out = RunWriter::new(buffer);
    let mut pending = insert;
    for leaf in twin.iter() {
        if !survives(leaf.path, change) {
            continue;
        }
        if let Some(new) = pending
            && new.path < leaf.path
        {
            push(&mut out, new)?;
            pending = None;
        }
        push(&mut out, leaf)?;
    }
    if let Some(new) = pending {
        push(&mut out, new)?;
    }
    Ok(out.len())
}

/// Whether a leaf of the twin stays when this change is made.
fn survives(leaf: Path<'_>, change: Entry<'_>) -> bool {
    let strictly_below = leaf != change.path && change.path.covers(leaf);
    match change.value {
        // `{}` keeps what is inside an object, and replaces anything that is none.
        Value::Empty if strictly_below => true,
        _ => !change.path.covers(leaf) && !leaf.covers(change.path),
    }
}

/// The leaf that the change adds to what survives it.
fn inserted<'a>(twin: Entries<'_>, change: Entry<'a>) -> Option<Entry<'a>> {
    let has_below = |path: Path<'_>| {
        twin.iter()
            .any(|leaf| leaf.path != path && path.covers(leaf.path) && survives(leaf.path, change))
    };
    match change.value {
        Value::Null => {
            let parent = change.path.parent()?;
            (!has_below(parent)).then_some(Entry {
                path: parent,
                value: Value::Empty,
            })
        }
        Value::Empty => (!has_below(change.path)).then_some(change),
        _ => Some(change),
    }
}

fn push(out: &mut RunWriter<'_>, entry: Entry<'_>) -> Result<(), Refusal> {
    out.push(&entry).map_err(|_| Reason::TwinTooLarge.into())
}
