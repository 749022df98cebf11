//! The twin as a tree, and RFC 7396 on it.

use std::collections::BTreeMap;

use latch_verify::Reason;

use super::said::Leaf;

const MAX_PATCH: usize = 1024;
const MAX_TWIN: usize = 2048;
const MAX_LEAVES: usize = 256;
const MAX_DEPTH: usize = 4;
const MAX_KEY: usize = 32;

/// A branch or what stands at its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Node {
    Leaf(Leaf),
    Object(BTreeMap<String, Node>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Object(BTreeMap::new())
    }
}

impl Node {
    /// The tree that a list of leaves stands for.
    fn grown(leaves: &[(String, Leaf)]) -> Self {
        let mut tree = Self::default();
        for (path, leaf) in leaves {
            let mut here = &mut tree;
            for key in path.split('/') {
                let Self::Object(members) = here else {
                    unreachable!("no leaf lies below another")
                };
                here = members.entry(key.to_owned()).or_default();
            }
            if *leaf != Leaf::Empty {
                *here = Self::Leaf(*leaf);
            }
        }
        tree
    }

    /// RFC 7396, section 2, line by line.
    fn merged(self, patch: &Self) -> Self {
        let Self::Object(changes) = patch else {
            return patch.clone();
        };
        let mut members = match self {
            Self::Object(members) => members,
            Self::Leaf(_) => BTreeMap::new(),
        };
        for (key, change) in changes {
            let old = members.remove(key);
            if *change != Self::Leaf(Leaf::Null) {
                members.insert(key.clone(), old.unwrap_or_default().merged(change));
            }
        }
        Self::Object(members)
    }

    /// The twin after a patch, if it fits.
    pub(crate) fn patched(&self, patch: &[(String, Leaf)]) -> Result<Self, Reason> {
        let next = self.clone().merged(&Self::grown(patch));
        let leaves = next.leaves();
        if size(&leaves) > MAX_TWIN || leaves.len() > MAX_LEAVES {
            return Err(Reason::TwinTooLarge);
        }
        Ok(next)
    }

    /// The list that stands for the tree.
    pub(crate) fn leaves(&self) -> Vec<(String, Leaf)> {
        let mut leaves = Vec::new();
        if let Self::Object(members) = self {
            for (key, member) in members {
                member.list(key.clone(), &mut leaves);
            }
        }
        leaves
    }

    fn list(&self, path: String, leaves: &mut Vec<(String, Leaf)>) {
        match self {
            Self::Leaf(leaf) => leaves.push((path, *leaf)),
            Self::Object(members) if members.is_empty() => leaves.push((path, Leaf::Empty)),
            Self::Object(members) => {
                for (key, member) in members {
                    member.list(format!("{path}/{key}"), leaves);
                }
            }
        }
    }
}

/// What is wrong with a patch as it is written.
pub(crate) fn check_patch(leaves: &[(String, Leaf)]) -> Result<(), Reason> {
    if size(leaves) > MAX_PATCH {
        return Err(Reason::PatchTooLarge);
    }
    for (place, (path, _)) in leaves.iter().enumerate() {
        let keys: Vec<&str> = path.split('/').collect();
        let is_plain = |key: &&str| {
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
            (1..=MAX_KEY).contains(&key.len()) && key.chars().all(allowed)
        };
        if keys.len() > MAX_DEPTH || !keys.iter().all(is_plain) {
            return Err(Reason::BadPath);
        }
        if let Some((before, _)) = place.checked_sub(1).and_then(|before| leaves.get(before)) {
            let before: Vec<&str> = before.split('/').collect();
            if before >= keys || keys.starts_with(&before) {
                return Err(Reason::PathOrder);
            }
        }
    }
    Ok(())
}

/// Bytes of a list as it is written: each number and length in front takes seven bits a byte.
fn size(leaves: &[(String, Leaf)]) -> usize {
    let varint = |number: u64| (70 - (number | 1).leading_zeros() as usize) / 7;
    let value = |leaf: &Leaf| match *leaf {
        Leaf::Null | Leaf::Empty => 0,
        Leaf::Bool(_) => 1,
        Leaf::Int(number) => varint(((number << 1) ^ (number >> 63)) as u64),
        Leaf::Text(letters) => varint(letters as u64) + letters,
    };
    let sizes = leaves
        .iter()
        .map(|(path, leaf)| varint(path.len() as u64) + path.len() + 1 + value(leaf));
    sizes.sum()
}
