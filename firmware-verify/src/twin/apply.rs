//! RFC 7396 (JSON merge patch) on sorted lists of leaves.

use super::{
    entry::{Entries, Entry, Value, wide},
    path::Path,
};
use crate::{
    limits::MAX_ENTRIES,
    reject::{Reason, Refusal},
    wire::{take, write},
};

/// The twin after a patch, written into the buffer.
///
/// The result is that of RFC 7396, section 2, on the trees that the lists stand for:
/// a patch through a scalar replaces it by an object, a deletion creates the objects
/// above it and leaves them, and an empty object changes nothing in one that is there.
///
/// Both lists must have been checked. Each leaf of the twin is compared with each leaf of
/// the patch, so the work is bounded by their number, [`MAX_ENTRIES`] each.
///
/// # Errors
/// [`Reason::TwinTooLarge`] when the result has more than [`MAX_ENTRIES`] leaves, or one of twin and result is
/// longer than the buffer: [`MAX_TWIN`](crate::limits::MAX_TWIN) bytes are enough for any twin.
pub fn apply<'b>(
    twin: Entries<'_>,
    patch: Entries<'_>,
    buffer: &'b mut [u8],
) -> Result<Entries<'b>, Refusal> {
    let len = twin.bytes().len();
    let place = buffer.get_mut(..len).ok_or(Reason::TwinTooLarge)?;
    place.copy_from_slice(twin.bytes());
    let len = apply_in_place(buffer, len, patch)?;
    let document = buffer.get(..len).ok_or(Reason::LogicFault)?;
    Ok(Entries::from_bytes(document))
}

/// As [`apply`], of a twin that has so many of the buffer's bytes. Returns how many it has then.
///
/// What goes, goes first, so that only the result has to fit.
///
/// # Errors
/// As [`apply`]; what stands in the buffer is no twin any more.
#[inline(never)]
pub(crate) fn apply_in_place(
    buffer: &mut [u8],
    len: usize,
    patch: Entries<'_>,
) -> Result<usize, Refusal> {
    let (mut len, mut leaves) = keep_survivors(buffer, len, patch)?;
    for change in patch.iter() {
        let (twin, room) = buffer.split_at_mut_checked(len).ok_or(Reason::LogicFault)?;
        let twin = Entries::from_bytes(twin);
        // Nothing that was added survives the patch by itself, so that it is no survivor to those that follow.
        let Some(new) = added(twin, patch, change) else {
            continue;
        };
        if leaves == MAX_ENTRIES {
            let leaves = wide(MAX_ENTRIES);
            let evidence = Refusal::new(Reason::TwinTooLarge, leaves, leaves.saturating_add(1));
            return Err(evidence);
        }
        leaves = leaves.saturating_add(1);
        let longer = write(&new, room).ok_or(Reason::TwinTooLarge)?;
        let at = behind(twin, new.path);
        let end = len.saturating_add(longer);
        if at < len {
            let tail = buffer.get_mut(at..end).ok_or(Reason::LogicFault)?;
            turn(tail, len.saturating_sub(at));
        }
        len = end;
    }
    Ok(len)
}

/// Moves the leaves that stay together; returns their bytes and their number.
fn keep_survivors(
    buffer: &mut [u8],
    len: usize,
    patch: Entries<'_>,
) -> Result<(usize, usize), Reason> {
    let (mut at, mut kept, mut leaves) = (0_usize, 0_usize, 0_usize);
    while at < len {
        let rest = buffer.get(at..len).ok_or(Reason::LogicFault)?;
        let (leaf, after) = take::<Entry<'_>>(rest)?;
        let stays = survives(leaf.path, patch);
        let length = rest.len().saturating_sub(after.len());
        let next = at.saturating_add(length);
        if stays {
            if kept < at {
                let stretch = buffer.get_mut(kept..next).ok_or(Reason::LogicFault)?;
                turn(stretch, at.saturating_sub(kept));
            }
            kept = kept.saturating_add(length);
            leaves = leaves.saturating_add(1);
        }
        at = next;
    }
    Ok((kept, leaves))
}

/// Brings what stands behind the first bytes before them. By reversing, since a move of bytes over themselves would be the only
/// one in the verifier, and takes 1.5 KB of flash.
#[inline(never)]
fn turn(bytes: &mut [u8], first: usize) {
    if let Some((first, then)) = bytes.split_at_mut_checked(first) {
        first.reverse();
        then.reverse();
    }
    bytes.reverse();
}

/// Where the leaves begin that stand behind a path.
fn behind(twin: Entries<'_>, path: Path<'_>) -> usize {
    let mut rest = twin.bytes();
    while let Ok((leaf, after)) = take::<Entry<'_>>(rest) {
        if leaf.path > path {
            break;
        }
        rest = after;
    }
    twin.bytes().len().saturating_sub(rest.len())
}

/// Whether a leaf of the twin stays.
fn survives(leaf: Path<'_>, patch: Entries<'_>) -> bool {
    patch.iter().all(|change| {
        let strictly_below = leaf != change.path && change.path.covers(leaf);
        match change.value {
            // `{}` keeps what is inside an object, and replaces anything that is none.
            Value::Empty if strictly_below => true,
            _ => !change.path.covers(leaf) && !leaf.covers(change.path),
        }
    })
}

/// The leaf that a change adds to those that survive. In the order of the changes, what
/// they add is in order too.
fn added<'p>(twin: Entries<'_>, patch: Entries<'p>, change: Entry<'p>) -> Option<Entry<'p>> {
    let survivor_below = |path: Path<'_>| {
        twin.iter()
            .any(|leaf| is_below(path, leaf.path) && survives(leaf.path, patch))
    };
    match change.value {
        Value::Null => {
            // The object that it was deleted from, if nothing else is in it and no
            // deletion before this one has added it.
            let parent = change.path.parent()?;
            let stays_empty = patch
                .iter()
                .all(|other| match (other.value, other.path.parent()) {
                    (Value::Null, Some(above)) => {
                        !is_below(parent, above) && (above != parent || change.path <= other.path)
                    }
                    (Value::Null, None) => true,
                    _ => !is_below(parent, other.path),
                });
            let empty = Entry {
                path: parent,
                value: Value::Empty,
            };
            (stays_empty && !survivor_below(parent)).then_some(empty)
        }
        Value::Empty => (!survivor_below(change.path)).then_some(change),
        _ => Some(change),
    }
}

fn is_below(above: Path<'_>, path: Path<'_>) -> bool {
    above != path && above.covers(path)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::{Entries, Entry, Path, Reason, Value, apply};
    use crate::{limits::MAX_TWIN, wire::RunWriter};

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
    fn deletions_in_one_branch_leave_one_empty_object() {
        let null = Value::Null;
        check(
            &[("a/b", ONE), ("a/c", ONE)],
            &[("a/b", null), ("a/c", null)],
            &[("a", Value::Empty)],
        );
        check(&[], &[("a/b", null), ("a/c", ONE)], &[("a/c", ONE)]);
        check(
            &[],
            &[("a/b/c", null), ("a/d", null)],
            &[("a/b", Value::Empty)],
        );
        check(
            &[],
            &[("a/b", null), ("a/c/d", null)],
            &[("a/c", Value::Empty)],
        );
    }

    #[test]
    fn only_the_result_has_to_fit() {
        let (long, short) = ("x".repeat(2030), "y".repeat(100));
        let (long, short) = (Value::Text(&long), Value::Text(&short));
        check(
            &[("z", long)],
            &[("a", short), ("z", Value::Null)],
            &[("a", short)],
        );
    }

    #[test]
    fn more_leaves_than_a_twin_may_have_are_refused() {
        let leaves = |prefix: &str, count: usize| {
            let names: Vec<_> = (0..count).map(|n| std::format!("{prefix}{n:03}")).collect();
            let leaves: Vec<_> = names
                .iter()
                .map(|name| (name.as_str(), Value::Empty))
                .collect();
            list(&leaves)
        };
        let twin = leaves("a", 200);
        let mut buffer = [0; MAX_TWIN];
        for (more, fits) in [(56, true), (57, false)] {
            let patch = leaves("b", more);
            let result = apply(
                Entries::from_bytes(&twin),
                Entries::from_bytes(&patch),
                &mut buffer,
            );
            assert_eq!(
                result.map_err(|refusal| refusal.reason).err(),
                (!fits).then_some(Reason::TwinTooLarge)
            );
        }
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
