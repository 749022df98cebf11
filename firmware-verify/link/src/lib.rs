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
        clippy::arithmetic_side_effects,
        clippy::unreachable,
        clippy::todo
    )
)]
//! The serial protocol between a host and a microcontroller that runs the verifier: frames, one
//! table of messages, and a session for each end. No `std`, no allocator, no `unsafe`, no panic.

#[cfg(test)]
extern crate std;

pub mod frame;
mod message;
mod session;

pub use frame::{MAX_FRAGMENT, MAX_LINE};
pub use message::{
    Encode, Fault, FromDevice, Handled, LONGEST_FROM_DEVICE, Life, MAX_ENROLMENT_ENVELOPE,
    MAX_MANIFEST_ENVELOPE, MAX_PAGE_MESSAGE, MAX_ROOT_ENVELOPE, MAX_STATEMENT, MESSAGE_HEAD,
    Malformed, Paged, Program, Pulse, Refused, Standing, ToDevice, Wanted, Why, longest_to_device,
};
pub use session::{
    Counts, DeviceEnd, DeviceSession, End, Happened, HostEnd, HostSession, Lost, Mismatch, NotSent,
    Session, VERSION, Version, timing,
};
