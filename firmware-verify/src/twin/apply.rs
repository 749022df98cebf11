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

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::{Entries, Entry, MAX_TWIN, Path, Reason, RunWriter, Value, apply};

    fn list(leaves: &[(&str, Value<'_>)]) -> Vec<u8> {
        let mut buffer = [0; MAX_TWIN];
        let mut run = RunWriter::new(&mut buffer);
        for (path, value) in leaves {
            run.push(&Entry {
                path: Path::new(path).unwrap(),
                value: *value,
            })
            .unwrap();
        }
        run.finish().to_vec()
    }

    fn check(
        twin: &[(&str, Value<'_>)],
        patch: &[(&str, Value<'_>)],
        expected: &[(&str, Value<'_>)],
    ) {
        let (twin, patch) = (list(twin), list(patch));
        let mut buffer = [0; MAX_TWIN];
        let found = apply(
            Entries::from_bytes(&twin),
            Entries::from_bytes(&patch),
            &mut buffer,
        )
        .unwrap();
        assert_eq!(found.bytes(), list(expected), "{found:?}");
    }

    const ONE: Value<'_> = Value::Int(1);
    const TWO: Value<'_> = Value::Int(2);

    #[test]
    fn values_are_set_replaced_and_deleted() {
        check(&[], &[("a", ONE)], &[("a", ONE)]);
        check(
            &[("a", ONE), ("c", ONE)],
            &[("b", TWO), ("c", TWO)],
            &[("a", ONE), ("b", TWO), ("c", TWO)],
        );
        check(
            &[("a", ONE), ("b", ONE)],
            &[("a", Value::Null)],
            &[("b", ONE)],
        );
        check(&[("a", ONE)], &[("b", Value::Null)], &[("a", ONE)]);
    }

    #[test]
    fn a_patch_through_a_scalar_makes_an_object_of_it() {
        check(&[("a", ONE)], &[("a/b/c", TWO)], &[("a/b/c", TWO)]);
        check(
            &[("a", ONE)],
            &[("a/b", Value::Null)],
            &[("a", Value::Empty)],
        );
        check(&[], &[("a/b/c", Value::Null)], &[("a/b", Value::Empty)]);
    }

    #[test]
    fn a_branch_goes_with_its_root_and_leaves_an_empty_object_behind() {
        check(
            &[("a/b", ONE), ("a/c/d", ONE), ("ab", ONE)],
            &[("a", Value::Null)],
            &[("ab", ONE)],
        );
        check(
            &[("a/b/c", ONE), ("a/d", ONE)],
            &[("a/b", TWO)],
            &[("a/b", TWO), ("a/d", ONE)],
        );
        check(
            &[("a/b", ONE)],
            &[("a/b", Value::Null)],
            &[("a", Value::Empty)],
        );
    }

    #[test]
    fn an_empty_object_replaces_only_what_is_none() {
        check(
            &[("a", ONE)],
            &[("a", Value::Empty)],
            &[("a", Value::Empty)],
        );
        check(&[("a/b", ONE)], &[("a", Value::Empty)], &[("a/b", ONE)]);
        check(&[("a", Value::Empty)], &[("a/b", ONE)], &[("a/b", ONE)]);
    }

    #[test]
    fn keys_are_compared_key_by_key() {
        // By bytes of the whole text, `a-b` and `a.b` would stand before `a/b`.
        check(
            &[("a/b", ONE)],
            &[("a-b", TWO), ("a.b", TWO)],
            &[("a/b", ONE), ("a-b", TWO), ("a.b", TWO)],
        );
    }

    #[test]
    fn a_twin_that_would_outgrow_its_bound_is_refused() {
        let text = "x".repeat(1000);
        let twin = list(&[("a", Value::Text(&text)), ("b", Value::Text(&text))]);
        let patch = list(&[("c", Value::Text(&text[..100]))]);
        let mut buffer = [0; MAX_TWIN];
        let refusal = apply(
            Entries::from_bytes(&twin),
            Entries::from_bytes(&patch),
            &mut buffer,
        )
        .unwrap_err();
        assert_eq!(refusal.reason, Reason::TwinTooLarge);
    }
}
