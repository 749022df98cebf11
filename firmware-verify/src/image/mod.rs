//! Firmware images: pages, their Merkle tree, and the slots that hold them.

mod merkle;
mod page;
mod slot;
mod wanted;

pub use merkle::{TreeHasher, leaf_hash, node_hash, verify_inclusion};
pub use page::{Page, page_head};
pub(crate) use slot::{check_slot, read, write_page};
pub use wanted::{Paged, PagesWanted};
