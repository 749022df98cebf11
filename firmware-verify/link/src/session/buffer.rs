//! The memory that a session has its messages in.

/// Memory for messages: an array of the session's own, or what somebody lends it. It has always the same length, and nobody
/// else writes to it.
pub trait Buffer: AsRef<[u8]> + AsMut<[u8]> {}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Buffer for B {}

/// Longest message that a session can take, in bytes: its greeting says so in a number of 16 bits.
pub(super) const MOST_IN: usize = 0xffff;
