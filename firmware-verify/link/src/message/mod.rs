//! The one table of messages. LINK.md lists their numbers and fields.
//!
//! A message is read where it lies: what is long in it is borrowed from the buffer. None of it is
//! trusted for having come: statements, pages, receipts and states prove themselves, and the
//! rest is only what a relay goes by.

mod bounds;
mod bytes;
mod from_device;
mod malformed;
mod table;
mod to_device;
mod told;

pub use bounds::{
    LONGEST_FROM_DEVICE, MAX_ENROLMENT_ENVELOPE, MAX_MANIFEST_ENVELOPE, MAX_PAGE_MESSAGE,
    MAX_ROOT_ENVELOPE, MAX_STATEMENT, longest_to_device,
};
pub use from_device::FromDevice;
pub use malformed::{Fault, Malformed};
pub(crate) use table::write;
pub use table::{Encode, MESSAGE_HEAD};
pub use to_device::ToDevice;
pub use told::{Handled, Life, Paged, Program, Pulse, Refused, Standing, Wanted, Why};

#[cfg(test)]
mod tests;
