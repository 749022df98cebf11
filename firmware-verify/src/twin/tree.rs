//! A list of leaves shown as the tree it stands for, to people and programs.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::entry::{Entries, Entry};

/// Serialises leaves as nested maps: `a/b = 1, a/c = 2` as `{"a": {"b": 1, "c": 2}}`.
///
/// For formats that people read; on the wire a list of leaves stays a list.
#[derive(Clone, Copy)]
pub struct Tree<'a> {
    entries: Entries<'a>,
    /// Bytes of the path above this branch, with its separator.
    above: usize,
    /// A leaf inside this branch, by which the branch is known.
    within: Option<&'a str>,
}

impl<'a> Tree<'a> {
    /// The tree of these leaves.
    #[must_use]
    pub fn new(entries: Entries<'a>) -> Self {
        Self {
            entries,
            above: 0,
            within: None,
        }
    }

    fn branch(&self) -> impl Iterator<Item = (&'a str, Entry<'a>)> + use<'a> {
        let above = self.above;
        let prefix = self
            .within
            .and_then(|path| path.get(..above))
            .unwrap_or_default();
        self.entries.iter().filter_map(move |entry| {
            let rest = entry.path.as_str().strip_prefix(prefix)?;
            Some((rest, entry))
        })
    }
}

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut before = None;
        for (rest, entry) in self.branch() {
            match rest.split_once('/') {
                None => map.serialize_entry(rest, &Leaf(entry))?,
                Some((key, _)) if before == Some(key) => {}
                Some((key, _)) => {
                    before = Some(key);
                    let above = self.above.saturating_add(key.len()).saturating_add(1);
                    let within = Some(entry.path.as_str());
                    map.serialize_entry(
                        key,
                        &Tree {
                            entries: self.entries,
                            above,
                            within,
                        },
                    )?;
                }
            }
        }
        map.end()
    }
}

struct Leaf<'a>(Entry<'a>);

impl Serialize for Leaf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use super::entry::Value;
        match self.0.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(value),
            Value::Int(value) => serializer.serialize_i64(value),
            Value::Text(value) => serializer.serialize_str(value),
            // A tree has no type for bytes: they are shown under a key that paths cannot hold.
            Value::Bytes(value) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("$bytes", &value)?;
                map.end()
            }
            Value::Empty => serializer.serialize_map(Some(0))?.end(),
        }
    }
}
