//! The host's end of a line to a device: where it is, how it is opened, and the session on it.
//!
//! [`Address`] names a serial port or a socket, and [`Line`] keeps a [`latch_link`] session on it:
//! it opens it again when it is lost, and says hello until somebody answers. Nothing that comes
//! over it is trusted, and nothing here is decided: the agent relays over it, and the operator's
//! command line talks to a device that has no broker.
//!
//! Each kind of port is one file of its own; the serial library is imported by one of them only.

mod address;
mod backoff;
mod line;
mod port;

pub use address::{Address, AddressError, BAUD};
pub use line::{Happening, Line};
