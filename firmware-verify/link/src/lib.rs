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
//!
//! The link gives no security: whoever holds the line can withhold, repeat and invent. Everything that
//! matters is signed, and judged by [`latch_verify`].
//!
//! A session has no line of its own: bytes that come are given to it, and it is asked for those to send.
//! Whoever holds the line does this whenever bytes come, and when the session asks to be woken:
//!
//! ```
//! use latch_link::{
//!     DeviceSession, FromDevice, HostSession, LONGEST_FROM_DEVICE, MAX_LINE, NotSent, ToDevice, longest_to_device,
//! };
//! use latch_verify::Reason;
//!
//! const PAGE: usize = 4096;
//! const TO_DEVICE: usize = longest_to_device(PAGE);
//! type Host = HostSession<LONGEST_FROM_DEVICE, { TO_DEVICE + 2 }>;
//! type Device = DeviceSession<TO_DEVICE, { LONGEST_FROM_DEVICE + 300 }>;
//!
//! // Ids come from a source of randomness.
//! let (mut host, mut device) = (Host::new(0x5eed_0001), Device::new(0x5eed_0002));
//! let (mut now_ms, mut asked, mut answer) = (0, false, None);
//! let mut line = [0; MAX_LINE];
//! while answer.is_none() {
//!     // The host.
//!     if host.is_up() && !asked {
//!         asked = host.send(&ToDevice::AskState { tag: 1 }) != Err(NotSent::Busy);
//!     }
//!     if let Some(Ok(FromDevice::Done { tag: 1, result })) = host.message() {
//!         answer = Some(result);
//!     }
//!     host.taken();
//!     let len = host.transmit(now_ms, &mut line);
//!     device.receive(now_ms, &line[..len]);
//!
//!     // The device: what has come is told before it is worked on, and acknowledged after that.
//!     let len = device.transmit(now_ms, &mut line);
//!     host.receive(now_ms, &line[..len]);
//!     if let Some(Ok(ToDevice::AskState { tag })) = device.message() {
//!         let result = Err(Reason::Unprovisioned.into());
//!         if device.send(&FromDevice::Done { tag, result }).is_ok() {
//!             device.taken();
//!         }
//!     }
//!     now_ms += 1;
//! }
//! assert_eq!(answer, Some(Err(Reason::Unprovisioned.into())));
//! ```
//!
//! The format is in `LINK.md`, beside this crate: every byte, the table of messages, the rules by which two ends meet,
//! and every time with its reason.

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
    Buffer, Counts, DeviceEnd, DeviceSession, End, Happened, HostEnd, HostSession, Lost, Mismatch,
    NotSent, Session, SessionOver, VERSION, Version, timing,
};
