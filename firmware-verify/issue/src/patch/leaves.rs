//! Leaves on their way to an encoding: sorted, each once, none below another.

use std::collections::BTreeMap;

use latch_verify::{
    Reason,
    limits::{MAX_DEPTH, MAX_PATH_KEY},
    twin::{Bytes, Entry, Path, Value},
    wire::RunWriter,
};

use super::{PatchError, Use};

/// Most bytes that an encoded leaf takes besides its path and value: a length of each (a
/// varint of 64 bits takes ten bytes), a tag and a number.
const LEAF_OVERHEAD: usize = 32;

/// A value of its own, as in [`Value`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaf {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Empty,
}

impl Leaf {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Text(value) => Value::Text(value),
            Self::Bytes(value) => Value::Bytes(Bytes(value)),
            Self::Empty => Value::Empty,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(value) => value.len(),
            Self::Bytes(value) => value.len(),
            _ => 0,
        }
    }
}

/// Leaves by their paths. The order of keys, each by its bytes, is the verifier's.
#[derive(Debug, Default)]
pub(super) struct Leaves(BTreeMap<Vec<String>, Leaf>);

impl Leaves {
    /// Adds a leaf at a path whose keys were checked.
    pub(super) fn add(&mut self, keys: Vec<String>, leaf: Leaf) -> Result<(), PatchError> {
        let above = (1..=keys.len()).any(|depth| {
            keys.get(..depth)
                .is_some_and(|path| self.0.contains_key(path))
        });
        // What lies below a path follows right after it.
        let below = self
            .0
            .range(keys.clone()..)
            .next()
            .is_some_and(|(next, _)| next.starts_with(&keys));
        if above || below {
            let path = keys.join("/");
            return Err(PatchError::Conflict { path });
        }
        self.0.insert(keys, leaf);
        Ok(())
    }

    /// The leaves as a device takes them.
    pub(super) fn encode(&self, purpose: &Use) -> Result<Vec<u8>, PatchError> {
        let mut buffer = vec![0; self.room()];
        let mut run = RunWriter::new(&mut buffer);
        let mut longest = (0, String::new());
        for (keys, leaf) in &self.0 {
            let path = keys.join("/");
            if *leaf == Leaf::Null && !purpose.deletes {
                return Err(PatchError::Null { path });
            }
            let before = run.len();
            run.push(&Entry {
                path: Path::new(&path)?,
                value: leaf.value(),
            })?;
            longest = longest.max((run.len() - before, path));
        }
        let encoded = run.finish();
        let (found, bound) = (encoded.len(), purpose.bound);
        if found > bound {
            let (_, longest) = longest;
            return Err(PatchError::TooLarge {
                bound,
                found,
                longest,
            });
        }
        (purpose.check)(&latch_verify::twin::Entries::from_bytes(encoded))?;
        Ok(encoded.to_vec())
    }

    fn room(&self) -> usize {
        let room = |(keys, leaf): (&Vec<String>, &Leaf)| {
            let path: usize = keys.iter().map(|key| key.len() + 1).sum();
            path + leaf.len() + LEAF_OVERHEAD
        };
        self.0.iter().map(room).sum()
    }
}

/// Checks that keys make a path.
pub(super) fn check_path(keys: &[String]) -> Result<(), PatchError> {
    let path = keys.join("/");
    if keys.len() > MAX_DEPTH {
        return Err(PatchError::TooDeep { path });
    }
    for (index, key) in keys.iter().enumerate() {
        // A key with a slash in it would pass as two.
        let one = !key.contains('/') && key.len() <= MAX_PATH_KEY;
        if !one || Path::new(key).is_err() {
            let path = keys.get(..=index).unwrap_or(keys).join("/");
            return Err(PatchError::BadKey { path });
        }
    }
    match Path::new(&path) {
        Ok(_) => Ok(()),
        Err(refusal) if refusal.reason == Reason::BadPath => Err(PatchError::BadKey { path }),
        Err(refusal) => Err(refusal.into()),
    }
}
