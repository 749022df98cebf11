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
//! What a device trusts: it checks latch codes and firmware images before anything is
//! unlatched. No `std`, no allocator, no `unsafe`, no panic.
//!
//! A device is made of its [parts](device::Parts): two regions of NOR flash for image slots,
//! one for the journal, a clock, a source of randomness and a key. It is
//! [provisioned](device::provision) once, [boots](device::Device::boot) after every reset, and
//! then takes statements:
//!
//! ```no_run
//! use latch_verify::device::{Device, Opened, Platform, Release, Settlement, Submitted};
//! use latch_verify::limits::MAX_RECEIPT_ENVELOPE;
//!
//! fn on_message<P: Platform>(device: &mut Device<P>, statement: &[u8], send: &mut dyn FnMut(&[u8])) {
//!     let mut out = [0; MAX_RECEIPT_ENVELOPE];
//!     let unlatched = match device.submit(statement, Release::NotAsked, &mut out) {
//!         Submitted::Unlatched(unlatched) => unlatched,
//!         Submitted::Answered(receipt) => return send(receipt),
//!         Submitted::Ignored(_) | Submitted::ManifestWanted(_) => return,
//!     };
//!     // The code is burned: whatever happens from here, it opens nothing again.
//!     let (action, ticket) = unlatched.act();
//!     let done = match action {
//!         Opened::Twin { twin, .. } => twin.iter().all(|leaf| make_so(leaf.path.as_str())),
//!         Opened::Command { name, .. } => make_so(name),
//!     };
//!     let settlement = if done { Settlement::Done } else { Settlement::Failed { code: 1 } };
//!     if let Ok(receipt) = device.settle(ticket, settlement, &mut out) {
//!         send(receipt);
//!     }
//! }
//! # fn make_so(_: &str) -> bool { true }
//! ```
//!
//! The format of everything signed is in `WIRE.md`, beside this crate. Every bound is in
//! [`limits`], every reason for a refusal in [`Reason`].

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
