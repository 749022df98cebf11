//! Room for what later releases say besides.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{
    limits::MAX_MORE,
    wire::{Read, Reader},
};

/// What later releases add to what a device says: passed over by readers that do not know it.
///
/// A run of tag (varint) and length-prefixed bytes. Only facts that a reader may miss stand
/// here; what changes a meaning takes a new body version.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct More(pub Vec<u8, MAX_MORE>);

impl<'a> Read<'a> for More {
    fn read(from: &mut Reader<'a>) -> Self {
        Self(Vec::from_slice(from.bytes()).unwrap_or_else(|_| {
            from.fail();
            Vec::new()
        }))
    }
}
