//! The twin: a small tree of desired values, kept as a sorted list of its leaves.

mod apply;
mod entry;
mod path;
mod tree;

pub use apply::apply;
pub(crate) use apply::apply_in_place;
pub(crate) use entry::wide;
pub use entry::{Bytes, Entries, Entry, Value, check_document, check_patch, check_values};
pub use path::Path;
pub use tree::Tree;
