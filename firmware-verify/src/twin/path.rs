//! Paths to the leaves of a twin: `pump/limits/max`.

use core::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_DEPTH, MAX_PATH_KEY},
    reject::{Reason, Refusal, ensure},
    types::is_name_byte,
    wire::{Read, Reader},
};

const SEPARATOR: u8 = b'/';

/// One to four keys of `A-Z a-z 0-9 . _ -`, separated by `/`. Checked by
/// [`check`](Self::check); whoever parses a body has done it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path<'a>(&'a str);

impl<'a> Read<'a> for Path<'a> {
    fn read(from: &mut Reader<'a>) -> Self {
        Self(from.text())
    }
}

impl<'a> Path<'a> {
    /// A path from text.
    ///
    /// # Errors
    /// [`Reason::BadPath`].
    pub fn new(text: &'a str) -> Result<Self, Refusal> {
        let path = Self(text);
        path.sound()?;
        Ok(path)
    }

    /// Checks characters, lengths and depth.
    ///
    /// # Errors
    /// [`Reason::BadPath`].
    pub fn check(&self) -> Result<(), Refusal> {
        Ok(self.sound()?)
    }

    /// As [`check`](Self::check).
    pub(crate) fn sound(&self) -> Result<(), Reason> {
        let mut depth = 0_usize;
        for key in self.0.as_bytes().split(|byte| *byte == SEPARATOR) {
            depth = depth.saturating_add(1);
            let plain =
                (1..=MAX_PATH_KEY).contains(&key.len()) && key.iter().copied().all(is_name_byte);
            ensure(plain && depth <= MAX_DEPTH, Reason::BadPath)?;
        }
        Ok(())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    /// Whether this is the other path, or one above it.
    #[must_use]
    pub fn covers(&self, other: Path<'_>) -> bool {
        match other.0.strip_prefix(self.0) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }

    /// Its bytes as the order counts them. Where one key ends and the other goes on, the shorter
    /// one comes first: the separator is less than any character.
    fn ranks(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.0.bytes().map(|byte| match byte {
            SEPARATOR => 0,
            _ => u16::from(byte).saturating_add(1),
        })
    }

    /// The path one level up.
    #[must_use]
    pub fn parent(&self) -> Option<Path<'a>> {
        let end = self.0.bytes().rposition(|byte| byte == SEPARATOR)?;
        self.0.get(..end).map(Self)
    }
}

/// Order of paths: key by key, each by its bytes, so that a branch lies together.
impl Ord for Path<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ranks().cmp(other.ranks())
    }
}

impl PartialOrd for Path<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::Path;

    proptest! {
        #[test]
        fn paths_are_ordered_key_by_key(a in "[!-0a\u{0}é/]{0,8}", b in "[!-0a\u{0}é/]{0,8}") {
            let keys = |text: &str| text.split('/').map(str::as_bytes).map(Vec::from).collect::<Vec<_>>();
            prop_assert_eq!(Path(&a).cmp(&Path(&b)), keys(&a).cmp(&keys(&b)));
        }

        #[test]
        fn what_is_above_a_path_ends_before_its_last_separator(text in "[a/é]{0,8}") {
            let expected = text.rsplit_once('/').map(|(above, _)| above);
            prop_assert_eq!(Path(&text).parent().map(|above| above.0), expected);
        }
    }
}
