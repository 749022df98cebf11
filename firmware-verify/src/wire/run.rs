//! A list inside a body: length-prefixed bytes, items one after the other.
//!
//! The list stays where it lies and is decoded item by item, so that a statement
//! needs no array on the stack and no allocator.

use core::{fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::reader::{Read, Reader};
use crate::reject::{Reason, Refusal};

/// What can stand in a [`Run`].
pub trait Item<'a>: Serialize + Deserialize<'a> + Read<'a> {
    /// Items that one run may hold.
    const MAX: usize;
}

/// A list of items, as the bytes in which it came.
pub struct Run<'a, T> {
    bytes: &'a [u8],
    items: PhantomData<fn() -> T>,
}

impl<T> Clone for Run<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Run<'_, T> {}

impl<T> PartialEq for Run<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Default for Run<'_, T> {
    fn default() -> Self {
        Self::from_bytes(&[])
    }
}

impl<'a, T> Run<'a, T> {
    /// A run over encoded items. Nothing is checked before [`check`](Self::check).
    #[must_use]
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            items: PhantomData,
        }
    }

    /// The encoded items.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<'a, T: Item<'a>> Run<'a, T> {
    /// Checks that every item is canonical, and that there are not too many.
    ///
    /// # Errors
    /// [`Reason::NotDecodable`], [`Reason::NotCanonical`], [`Reason::TooManyEntries`].
    pub fn check(&self) -> Result<(), Refusal> {
        Ok(self.sound()?)
    }

    /// As [`check`](Self::check).
    pub(crate) fn sound(&self) -> Result<(), Reason> {
        check_items(self.bytes, T::MAX, |reader| drop(T::read(reader)))
    }

    /// The items in order. Ends at the first that cannot be decoded, of which there
    /// is none in a run that was checked.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        Items {
            rest: Rest {
                bytes: self.bytes,
                left: T::MAX,
            },
            items: PhantomData,
        }
    }
}

/// One function for items of every type.
#[inline(never)]
fn check_items<'a>(
    mut rest: &'a [u8],
    most: usize,
    pass: fn(&mut Reader<'a>),
) -> Result<(), Reason> {
    let mut left = most;
    while !rest.is_empty() {
        left = left.checked_sub(1).ok_or(Reason::TooManyEntries)?;
        let mut reader = Reader::new(rest);
        pass(&mut reader);
        rest = reader.finish()?;
    }
    Ok(())
}

/// The items of a run that are left.
struct Items<'a, T> {
    rest: Rest<'a>,
    items: PhantomData<fn() -> T>,
}

/// As bytes, for items of every type.
struct Rest<'a> {
    bytes: &'a [u8],
    /// Items that may follow.
    left: usize,
}

impl<'a> Rest<'a> {
    #[inline(never)]
    fn begin(&mut self) -> Option<Reader<'a>> {
        self.left = self.left.checked_sub(1)?;
        (!self.bytes.is_empty()).then(|| Reader::new(self.bytes))
    }

    /// Goes on behind what was read, if it was.
    #[inline(never)]
    fn end(&mut self, read: Reader<'a>) -> bool {
        match read.finish() {
            Ok(rest) => {
                self.bytes = rest;
                true
            }
            Err(_) => false,
        }
    }
}

impl<'a, T: Item<'a>> Iterator for Items<'a, T> {
    type Item = T;

    #[inline(never)]
    fn next(&mut self) -> Option<T> {
        let mut reader = self.rest.begin()?;
        let item = T::read(&mut reader);
        self.rest.end(reader).then_some(item)
    }
}

impl<'a, T: Item<'a>> Serialize for Run<'a, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_seq(self.iter())
        } else {
            serializer.serialize_bytes(self.bytes)
        }
    }
}

impl<'de: 'a, 'a, T> Deserialize<'de> for Run<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'a [u8]>::deserialize(deserializer).map(Self::from_bytes)
    }
}

impl<'a, T> Read<'a> for Run<'a, T> {
    fn read(from: &mut Reader<'a>) -> Self {
        Self::from_bytes(from.bytes())
    }
}

impl<'a, T: Item<'a> + fmt::Debug> fmt::Debug for Run<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Builds a run in a buffer.
pub struct RunWriter<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl<'b> RunWriter<'b> {
    /// An empty run that grows in this buffer.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    /// Adds an item at the end.
    ///
    /// # Errors
    /// [`Reason::BufferTooSmall`].
    pub fn push<T: Serialize>(&mut self, item: &T) -> Result<(), Refusal> {
        let room = self.buffer.get_mut(self.len..).ok_or(Reason::LogicFault)?;
        let written = super::writer::write(item, room).ok_or(Reason::BufferTooSmall)?;
        self.len = self.len.saturating_add(written);
        Ok(())
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The encoded items.
    #[must_use]
    pub fn finish(self) -> &'b [u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
}
