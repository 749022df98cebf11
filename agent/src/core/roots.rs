//! Trust roots that came before their turn: each version follows from the one before.

use std::collections::BTreeMap;

/// Successors that may wait for the one before them. Each is at most 2.1 KiB; a device that
/// slept through more rotations than these asks for the others by name, one after the other.
pub const ROOTS_KEPT: usize = 8;

/// Roots by the versions that their topics name.
#[derive(Default)]
pub(super) struct Roots(BTreeMap<u32, Vec<u8>>);

impl Roots {
    /// Keeps a root. When there are too many, the one whose turn is furthest goes.
    pub(super) fn put(&mut self, version: u32, statement: &[u8]) {
        self.0.insert(version, statement.to_vec());
        if self.0.len() > ROOTS_KEPT {
            self.0.pop_last();
        }
    }

    /// Takes the root whose turn it is, and forgets those whose turn is over.
    pub(super) fn take(&mut self, version: u32) -> Option<Vec<u8>> {
        self.0.retain(|kept, _| *kept >= version);
        self.0.remove(&version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_whose_turn_is_nearest_are_kept() {
        let mut roots = Roots::default();
        for version in (2..20).rev() {
            roots.put(version, &version.to_le_bytes());
        }
        for version in 2..10 {
            assert_eq!(roots.take(version), Some(version.to_le_bytes().to_vec()));
        }
        assert_eq!(roots.take(10), None);
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let mut roots = Roots::default();
        roots.put(3, b"three");
        assert_eq!(roots.take(4), None);
        assert_eq!(roots.take(3), None);
    }
}
