//! A microcontroller in memory: a real verifier on simulated flash, behind the device's end of the
//! serial link. For tests of the host's end.
//!
//! [`Board`] has no input or output of its own: bytes go in, bytes come out, and the test decides
//! which of them are lost and when the power is cut. [`serve`] runs one on a stream, [`OnSocket`] behind a
//! socket.

mod answer;
mod board;
mod clock;
mod hardware;
mod outgoing;
mod recovery;
mod serve;
mod socket;
mod telling;

pub use board::{Board, PAGE_MAX};
pub use clock::Clock;
pub use hardware::{Chip, Counting, Micro};
pub use serve::serve;
pub use socket::OnSocket;
