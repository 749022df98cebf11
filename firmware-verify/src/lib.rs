#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::unreachable,
        clippy::todo
    )
)]
//! latch-verify

#[cfg(test)]
extern crate std;

pub mod boot;
pub mod device;
mod flash;
pub mod image;
pub mod journal;
pub mod ledger;
pub mod limits;
mod reject;
pub mod statement;
pub mod twin;
pub mod types;
pub mod verdict;
pub mod wire;

pub use reject::{Reason, Refusal};
