//! Leaves and lists of them: twins, patches, and the arguments of commands.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::path::Path;
use crate::{
    limits::{MAX_ENTRIES, MAX_PATCH, MAX_TWIN},
    reject::{Reason, Refusal, ensure},
    wire::{Item, Read, Reader, Run},
};

/// Bytes as a value; hexadecimal where people read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(self.0)
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'a [u8]>::deserialize(deserializer).map(Self)
    }
}

impl<'a> Read<'a> for Bytes<'a> {
    fn read(from: &mut Reader<'a>) -> Self {
        Self(from.bytes())
    }
}

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What can stand at the end of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value<'a> {
    /// In a patch: delete what is here (RFC 7396). Stands nowhere else.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text in UTF-8.
    Text(&'a str),
    /// Bytes.
    #[serde(borrow)]
    Bytes(Bytes<'a>),
    /// An object with nothing in it.
    Empty,
}

crate::wire::reads!(enum Value<'a> {
    0 Null,
    1 Bool(read),
    2 Int(read),
    3 Text(read),
    4 Bytes(read),
    5 Empty,
    _ Self::Null
});

/// One leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry<'a> {
    /// Where it stands.
    #[serde(borrow)]
    pub path: Path<'a>,
    /// What stands there.
    pub value: Value<'a>,
}

crate::wire::reads!(struct Entry<'a> { path, value });

impl<'a> Item<'a> for Entry<'a> {
    const MAX: usize = MAX_ENTRIES;
}

/// Leaves in the order of their paths, none at or below another.
pub type Entries<'a> = Run<'a, Entry<'a>>;

/// Checks a patch: paths, their order, and its size.
///
/// # Errors
/// [`Reason::PatchTooLarge`], [`Reason::BadPath`], [`Reason::PathOrder`], or as [`Run::check`].
pub fn check_patch(entries: &Entries<'_>) -> Result<(), Refusal> {
    ensure(
        entries.bytes().len() <= MAX_PATCH,
        Refusal::new(
            Reason::PatchTooLarge,
            wide(MAX_PATCH),
            wide(entries.bytes().len()),
        ),
    )?;
    Ok(check_order(entries)?)
}

/// Checks a whole twin: as a patch, of a twin's size, and nothing is deleted in it.
///
/// # Errors
/// [`Reason::TwinTooLarge`], [`Reason::BadValue`], or as [`check_patch`].
pub fn check_document(entries: &Entries<'_>) -> Result<(), Refusal> {
    ensure(
        entries.bytes().len() <= MAX_TWIN,
        Refusal::new(
            Reason::TwinTooLarge,
            wide(MAX_TWIN),
            wide(entries.bytes().len()),
        ),
    )?;
    check_order(entries)?;
    Ok(ensure(
        entries.iter().all(|entry| entry.value != Value::Null),
        Reason::BadValue,
    )?)
}

/// Checks the arguments of a command: as a patch that deletes nothing.
///
/// # Errors
/// [`Reason::BadValue`], or as [`check_patch`].
pub fn check_values(entries: &Entries<'_>) -> Result<(), Refusal> {
    check_patch(entries)?;
    Ok(ensure(
        entries.iter().all(|entry| entry.value != Value::Null),
        Reason::BadValue,
    )?)
}

fn check_order(entries: &Entries<'_>) -> Result<(), Reason> {
    entries.sound()?;
    let mut before: Option<Path<'_>> = None;
    for entry in entries.iter() {
        entry.path.sound()?;
        if let Some(before) = before {
            // In this order, whatever lies below a path follows right after it.
            ensure(
                before < entry.path && !before.covers(entry.path),
                Reason::PathOrder,
            )?;
        }
        before = Some(entry.path);
    }
    Ok(())
}

/// A length as evidence.
pub(crate) fn wide(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
