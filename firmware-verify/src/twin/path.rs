//! Paths to the leaves of a twin: `pump/limits/max`.

use core::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    limits::{MAX_DEPTH, MAX_PATH_KEY},
    reject::{Reason, Refusal, ensure},
    types::is_name_byte,
};

/// One to four keys of `A-Z a-z 0-9 . _ -`, separated by `/`. Checked by
/// [`check`](Self::check); whoever parses a body has done it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path<'a>(&'a str);

impl<'a> Path<'a> {
    /// A path from text.
    ///
    /// # Errors
    /// [`Reason::BadPath`].
    pub fn new(text: &'a str) -> Result<Self, Refusal> {
        let path = Self(text);
        path.check()?;
        Ok(path)
    }

    /// Checks characters, lengths and depth.
    ///
    /// # Errors
    /// [`Reason::BadPath`].
    pub fn check(&self) -> Result<(), Refusal> {
        let mut depth = 0_usize;
        for key in self.0.split('/') {
            depth = depth.saturating_add(1);
            let plain = (1..=MAX_PATH_KEY).contains(&key.len()) && key.bytes().all(is_name_byte);
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

    /// The path one level up.
    #[must_use]
    pub fn parent(&self) -> Option<Path<'a>> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent))
    }
}

/// Order of paths: key by key, each by its bytes, so that a branch lies together.
impl Ord for Path<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.split('/').cmp(other.0.split('/'))
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
