//! One end of a line: messages in, bytes out, and the other way round. No input or output of its
//! own, and no clock.
//!
//! # How it works
//! Both ends are alike, and either may begin. An end without a peer says hello every second. Who
//! hears a hello answers with a welcome that names the other's id; who is so named knows that it
//! was heard, and is up.
//!
//! A message goes in parts, and each part waits for the acknowledgement of the one before:
//! stop-and-wait. A window would be faster on lines that hold bytes back, and was left: the
//! receiver is a microcontroller that now and then works for seconds without looking at its line,
//! and whose flash takes longer than the line does. So there is never more on the line than one
//! frame that nobody has asked for, the receiver needs a buffer for one frame only, and nothing
//! has to be put in order. The last part of a message is acknowledged when the message was taken,
//! which is all the back-pressure there is: until then the receiver answers that it works, and
//! the sender waits.
//!
//! # Restarts
//! Every frame names both sessions. An end that starts again has another id, so nothing from
//! before is mistaken for something of its own. It is answered with an id that was not used
//! before either: only when it repeats that one does the other end give its old peer up. So an
//! old hello that comes late, or is played back, ends nothing.
//!
//! # What it does not do
//! The link gives **no security**. A checksum is no signature, ids are no secrets to who reads the
//! line, and who holds the line can withhold, repeat and invent. Everything that matters is signed,
//! and judged by [`latch_verify`]; what is not signed is for the relay only, which decides nothing.

mod buffer;
mod end;
mod greeting;
mod handle;
mod inbound;
mod inner;
mod news;
mod outbound;
mod peer;
pub mod timing;

use core::{fmt, marker::PhantomData};

use self::{
    buffer::MOST_IN,
    inner::Core,
    outbound::{COUNT, NoRoom},
};
use crate::{
    frame::{Decoder, MAX_LINE},
    message::Malformed,
};

pub use buffer::Buffer;
pub use end::{DeviceEnd, End, HostEnd};
pub use greeting::{VERSION, Version};
pub use news::{Happened, Lost, Mismatch};

/// The end of the line that a host holds. `IN`: [`LONGEST_FROM_DEVICE`](crate::LONGEST_FROM_DEVICE);
/// `OUT`: [`longest_to_device`](crate::longest_to_device) of the largest page that it serves, and 2.
pub type HostSession<const IN: usize, const OUT: usize> = Session<HostEnd, IN, OUT>;
/// The end of the line that a device holds. `IN`: [`longest_to_device`](crate::longest_to_device) of
/// its largest page; `OUT`: [`LONGEST_FROM_DEVICE`](crate::LONGEST_FROM_DEVICE) and 2, and better some
/// hundred bytes more, so that small messages need not wait for long ones.
pub type DeviceSession<const IN: usize, const OUT: usize> = Session<DeviceEnd, IN, OUT>;

/// One end of a line, with room of its own: `IN` bytes for a message that comes in, `OUT` for those on their way out.
pub type Session<E, const IN: usize, const OUT: usize> = SessionOver<E, [u8; IN], [u8; OUT]>;

/// One end of a line.
///
/// `I` is room for a message that comes in, of at most 65,535 bytes. `O` is room for what messages
/// on their way out take together, each with two bytes more. Besides these it takes less than 512
/// bytes.
///
/// Times are of any clock that never goes back.
pub struct SessionOver<E, I, O> {
    line: Decoder,
    core: Core<I, O>,
    end: PhantomData<E>,
}

/// Why a message was not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotSent {
    /// There is no peer. What is sent before [`Happened::Up`] could have meant another.
    Down,
    /// Others are on their way, and leave it no room: try again when one has arrived.
    Busy,
    /// It never fits: here, or at the peer, whose limit came with its hello, or one of its fields
    /// is longer than it may be.
    TooLong {
        /// The longest message that can be sent.
        most: usize,
    },
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("nobody answers at the other end of the line"),
            Self::Busy => f.write_str("messages before it are still on their way"),
            Self::TooLong { most } => write!(
                f,
                "the message, or a part of it, is too long: {most} bytes can be sent"
            ),
        }
    }
}

impl core::error::Error for NotSent {}

/// What the line was like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Frames that came broken, or were none.
    pub broken: u32,
    /// Frames that were sent again.
    pub repeated: u32,
}

impl<E: End, const IN: usize, const OUT: usize> Session<E, IN, OUT> {
    /// An end without a peer. `id` is random: an end that starts again takes another one, by which
    /// the peer sees that it did, and nobody who cannot read the line should guess it. (Where there is no
    /// randomness so early, any number does while the other end has some.)
    #[must_use]
    pub const fn new(id: u32) -> Self {
        const { assert!(IN > 0 && IN <= MOST_IN && OUT > COUNT) };
        Self::in_memory(id, [0; IN], [0; OUT])
    }
}

impl<E: End, I: Buffer, O: Buffer> SessionOver<E, I, O> {
    /// As [`new`](Session::new), over memory that somebody lends. `None` for memory of a length that no session can have.
    #[must_use]
    pub fn over(id: u32, inbound: I, outbound: O) -> Option<Self> {
        let (most, room) = (inbound.as_ref().len(), outbound.as_ref().len());
        ((1..=MOST_IN).contains(&most) && room > COUNT)
            .then(|| Self::in_memory(id, inbound, outbound))
    }

    /// Gives the peer up, and everything under way, and begins under another id: for a caller whose
    /// peer answers, and does nothing for too long; or for a session that was made before there
    /// was randomness.
    pub fn restart(&mut self, id: u32) {
        self.core.begin_anew(id);
    }

    /// Takes bytes from the line, however they are cut.
    pub fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.core.lapse(now_ms);
        for byte in bytes {
            if let Some(frame) = self.line.push(*byte) {
                self.core.handle(now_ms, &frame);
            }
        }
    }

    /// Writes the next frame for the line at the start of `out`; returns its length, or zero if
    /// there is nothing to be sent now. Call it again until then.
    pub fn transmit(&mut self, now_ms: u64, out: &mut [u8; MAX_LINE]) -> usize {
        self.core.lapse(now_ms);
        self.core.doubt(now_ms);
        self.core.next_frame(now_ms, out).unwrap_or_default()
    }

    /// When to call [`transmit`](Self::transmit) at the latest, if nothing else is called before. A
    /// time that is past means at once.
    #[must_use]
    pub fn next_wake_ms(&self) -> u64 {
        self.core.wake_at_ms()
    }

    /// Puts a message on its way. Messages arrive in order, each once; all that were not
    /// acknowledged when the peer was [lost](Happened::Lost) may or may not have arrived.
    ///
    /// # Errors
    /// [`NotSent`].
    pub fn send(&mut self, message: &E::Sends<'_>) -> Result<(), NotSent> {
        let Some(peer) = &self.core.peer else {
            return Err(NotSent::Down);
        };
        let most = peer.greeting.most.into();
        self.core
            .outbound
            .put(message, most)
            .map_err(|no_room| match no_room {
                NoRoom::Now => NotSent::Busy,
                NoRoom::Ever(most) => NotSent::TooLong { most },
            })
    }

    /// Whether all that was sent has arrived, and was taken.
    #[must_use]
    pub fn all_arrived(&self) -> bool {
        self.core.outbound.is_empty()
    }

    /// The message that has come. It stays until it is [taken](Self::taken), and no other comes before.
    #[must_use]
    pub fn message(&self) -> Option<Result<E::Takes<'_>, Malformed>> {
        self.core.inbound.message().map(E::decode)
    }

    /// The message is done with: this acknowledges it.
    ///
    /// Whoever takes messages must not wait for room to send before: if both ends did, both would
    /// wait for ever. A host always takes.
    pub fn taken(&mut self) {
        self.core.inbound.taken();
    }

    /// Tells the peer that this end has to work, and will not look at the line for up to
    /// [`WORKING_MS`](timing::WORKING_MS). A message that waits to be taken has told so already.
    pub fn working(&mut self) {
        self.core.inbound.busy();
    }

    /// Whether there is a peer.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.core.peer.is_some()
    }

    /// The version of the peer.
    #[must_use]
    pub fn peer_version(&self) -> Option<Version> {
        self.core.peer.as_ref().map(|peer| peer.greeting.version)
    }

    /// What has happened since it was asked last, in order. Ask until `None`, before sending and after
    /// receiving. A device that is told of a [loss](Happened::Lost) has no message of that host any more.
    pub fn happened(&mut self) -> Option<Happened> {
        let happened = self.core.news.take();
        if E::IS_ASKED && matches!(happened, Some(Happened::Lost(_))) {
            self.core.inbound.drop_orphan();
        }
        happened
    }

    /// What the line was like so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            broken: self.line.broken(),
            repeated: self.core.outbound.repeated(),
        }
    }
}

impl<E: End, I, O> SessionOver<E, I, O> {
    const fn in_memory(id: u32, inbound: I, outbound: O) -> Self {
        Self {
            line: Decoder::new(),
            core: Core::new(E::NUMBER, id, inbound, outbound),
            end: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceEnd, DeviceSession, SessionOver};

    #[test]
    fn a_session_takes_what_its_buffers_take_and_half_a_kilobyte() {
        let around = size_of::<DeviceSession<4632, 2822>>() - 4632 - 2822;
        assert!(around <= 512, "{around} bytes");
    }

    #[test]
    fn lent_memory_is_of_a_length_that_a_session_can_have() {
        let over = |most: usize, room: usize| {
            let (inbound, outbound) = (std::vec![0; most], std::vec![0; room]);
            SessionOver::<DeviceEnd, _, _>::over(1, inbound, outbound).is_some()
        };
        assert!(over(1, 3) && over(0xffff, 3));
        assert!(!over(0, 3) && !over(0x1_0000, 3) && !over(1, 2));
    }
}
