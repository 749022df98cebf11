//! Twin patches, twins and arguments of commands: from JSON or `path=value` to the sorted
//! leaves that a device takes.

mod assignment;
mod json;
mod leaves;

#[cfg(test)]
mod tests;

use core::fmt;

use latch_verify::{
    Refusal,
    limits::{MAX_PATCH, MAX_TWIN},
    twin::{Entries, Tree, check_document, check_patch, check_values},
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use leaves::Leaves;

/// Why a patch, twin or list of arguments was not built. Paths are written as in the twin:
/// `pump/limit`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The text is no JSON, or a key stands twice in one object.
    #[error("this is not JSON as it is needed here: {0}")]
    NotJson(String),
    /// The outermost value is no object.
    #[error("a twin is a tree: give an object such as {{\"pump\": {{\"limit\": 5}}}}")]
    NotAnObject,
    /// An array.
    #[error(
        "{path}: a twin holds no arrays, since a merge patch could only replace them whole: use an object with keys"
    )]
    Array {
        /// Where it stands.
        path: String,
    },
    /// A fraction, or a number past 64 bits.
    #[error(
        "{path}: {number} is not a whole number of 64 bits with sign: scale it, or write it as text in quotes"
    )]
    NotWhole {
        /// Where it stands.
        path: String,
        /// The number as it was written.
        number: String,
    },
    /// `$bytes` that are not hexadecimal digits, or not alone.
    #[error(
        "{path}: bytes are written as {{\"$bytes\": \"00ff\"}}, an even number of hexadecimal digits and nothing else"
    )]
    BadBytes {
        /// Where they stand.
        path: String,
    },
    /// A key that a path may not hold.
    #[error("{path}: a key is 1 to 32 of A-Z a-z 0-9 . _ -")]
    BadKey {
        /// The path with the key at its end.
        path: String,
    },
    /// Too many levels.
    #[error("{path}: a twin has at most 4 levels")]
    TooDeep {
        /// The path.
        path: String,
    },
    /// A deletion where nothing can be deleted.
    #[error("{path}: null deletes in a patch, and has no meaning here: leave it out")]
    Null {
        /// Where it stands.
        path: String,
    },
    /// One path was given two meanings.
    #[error("{path}: given twice, or both as a value and as a branch with values below it")]
    Conflict {
        /// The path that was given last.
        path: String,
    },
    /// An assignment without `=`, path or value.
    #[error(
        "`{text}` is no assignment: write path=value, such as pump/limit=5 or name=\"two words\""
    )]
    NotAssignment {
        /// What was written.
        text: String,
    },
    /// A value that could be read as a number or as text.
    #[error(
        "{path}: is {text} a number or a text? Write a number without zeros before it, or text in \"quotes\""
    )]
    Ambiguous {
        /// Where it stands.
        path: String,
        /// The value as it was written.
        text: String,
    },
    /// Longer than a device takes.
    #[error(
        "{found} bytes when encoded, and a device takes {bound}: split the change; the longest value is at {longest}"
    )]
    TooLarge {
        /// The bound in bytes.
        bound: usize,
        /// The length in bytes.
        found: usize,
        /// The path of the longest leaf.
        longest: String,
    },
    /// The verifier refuses it for another reason.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// What a list of leaves is for, and so what it may hold.
struct Use {
    bound: usize,
    deletes: bool,
    check: fn(&Entries<'_>) -> Result<(), Refusal>,
}

macro_rules! owned_entries {
    ($(#[$doc:meta])* $name:ident, $use:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Default)]
        pub struct $name(Vec<u8>);

        impl $name {
            const USE: Use = $use;

            /// Reads an object.
            ///
            /// # Errors
            /// [`PatchError`].
            pub fn from_json(value: &Value) -> Result<Self, PatchError> {
                Leaves::from_json(value)?.encode(&Self::USE).map(Self)
            }

            /// Reads JSON text; a key that stands twice in an object is an error.
            ///
            /// # Errors
            /// [`PatchError`].
            pub fn from_text(text: &str) -> Result<Self, PatchError> {
                Self::from_json(&json::read(text)?)
            }

            /// Reads assignments of the form `path=value`.
            ///
            /// A value is `true`, `false`, `null`, a whole number, a JSON string or object,
            /// or else the text itself.
            ///
            /// # Errors
            /// [`PatchError`].
            pub fn from_assignments<S: AsRef<str>>(
                assignments: impl IntoIterator<Item = S>,
            ) -> Result<Self, PatchError> {
                Leaves::from_assignments(assignments)?.encode(&Self::USE).map(Self)
            }

            /// Takes leaves that a verifier has decoded.
            ///
            /// # Errors
            /// [`PatchError::Refused`].
            pub fn from_entries(entries: Entries<'_>) -> Result<Self, PatchError> {
                (Self::USE.check)(&entries)?;
                Ok(Self(entries.bytes().to_vec()))
            }

            /// The leaves, as a device takes them.
            #[must_use]
            pub fn entries(&self) -> Entries<'_> {
                Entries::from_bytes(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Tree::new(self.entries()).serialize(serializer)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.entries(), f)
            }
        }
    };
}

owned_entries!(
    /// A merge patch (RFC 7396) for a twin; `null` deletes.
    ///
    /// JSON and the twin differ in three places. Numbers are whole and fit 64 bits. There
    /// are no arrays: a merge patch could only replace them as a whole, so what would be
    /// one is an object with keys. Bytes are written as `{"$bytes": "00ff"}`.
    Patch,
    Use { bound: MAX_PATCH, deletes: true, check: check_patch }
);
owned_entries!(
    /// A whole twin; written as a [`Patch`] that deletes nothing.
    Document,
    Use { bound: MAX_TWIN, deletes: false, check: check_document }
);
owned_entries!(
    /// Arguments of a command; written as a [`Patch`] that deletes nothing.
    Arguments,
    Use { bound: MAX_PATCH, deletes: false, check: check_values }
);
