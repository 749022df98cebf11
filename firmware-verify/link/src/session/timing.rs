//! Every time of a session, and the one count, each with its reason. LINK.md repeats them.

/// How often a session that has no peer says hello, in milliseconds. The peer may come at any
/// moment, and 24 bytes a second are nothing to the line.
pub const HELLO_MS: u64 = 1_000;
/// How long an acknowledgement is waited for at first, in milliseconds: a frame of 276 bytes and
/// its acknowledgement take 154 ms at 19,200 baud, and USB adapters hold bytes back for 16 ms.
/// On slower lines every frame would go twice.
pub const RETRY_FIRST_MS: u64 = 250;
/// The longest wait before a frame is sent again, in milliseconds. Each one doubles up to it, so
/// that a peer which is away is not shouted at; and it bounds what the end of a noise costs.
pub const RETRY_MOST_MS: u64 = 2_000;
/// When a peer that said that it cannot take a frame is offered it again, in milliseconds. It
/// says so itself when it can: this is for when that is lost.
pub const OFFER_AGAIN_MS: u64 = 1_000;
/// How long nothing may be heard before the peer is greeted again, in milliseconds. A
/// gap between two calls counts for no more: who does not listen cannot say that nobody spoke.
pub const PING_MS: u64 = 2_000;
/// How long nothing may be heard of a peer before it counts as lost, in milliseconds: five times
/// what an undisturbed line needs to hear of it.
pub const SILENT_MS: u64 = 10_000;
/// How long nothing may be heard of a peer that said it has to work, in milliseconds: an actuator
/// may take its time, and a whole slot is read back before it is armed. A device that works for longer
/// says so again.
pub const WORKING_MS: u64 = 60_000;
/// How often a part is sent before its silence counts as the peer's, who may talk of other things: an
/// end that is at its line answers every one. With the pauses above it takes a minute, and is by chance
/// only where three of four frames are lost.
pub const MOST_TRIES: u8 = 32;
/// How long the beginning of a message may lie without its next part, in milliseconds: longer than a true peer works, and is
/// silent, before it goes on or is lost. It is what a part leaves that nobody of the two has sent.
pub const STALE_MS: u64 = WORKING_MS + SILENT_MS;
