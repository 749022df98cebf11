//! Messages that go out: one behind the other in one buffer, a part at a time.

use super::{
    buffer::Buffer,
    timing::{MOST_TRIES, OFFER_AGAIN_MS, RETRY_FIRST_MS, RETRY_MOST_MS},
};
use crate::{
    frame::{Body, MAX_FRAGMENT},
    message::{Encode, write},
};

/// Bytes before each message in the buffer: its length.
pub(super) const COUNT: usize = 2;

/// Messages on their way. The one in front is being sent.
pub(super) struct Outbound<B> {
    bytes: B,
    used: usize,
    /// What the peer has of the message in front.
    offset: usize,
    /// Of the part that is under way, or will be.
    sequence: u16,
    flight: Option<Flight>,
    /// Parts that were sent more than once.
    repeated: u32,
}

/// The part that was sent and is not acknowledged.
struct Flight {
    again_at_ms: u64,
    pause_ms: u64,
    /// How often it was sent since it was answered last.
    tries: u8,
}

/// Why a message was not put in.
pub(super) enum NoRoom {
    /// Until others have left.
    Now,
    /// Ever: it is longer than this, or one of its fields is too long.
    Ever(usize),
}

impl<B> Outbound<B> {
    pub(super) const fn new(bytes: B) -> Self {
        Self {
            bytes,
            used: 0,
            offset: 0,
            sequence: 0,
            flight: None,
            repeated: 0,
        }
    }
}

impl<B: Buffer> Outbound<B> {
    /// The peer is lost, and what was meant for it.
    pub(super) fn lose(&mut self) {
        self.used = 0;
        self.offset = 0;
        self.sequence = 0;
        self.flight = None;
    }

    /// Puts a message behind the others. `most` is what the peer takes.
    pub(super) fn put(&mut self, message: &impl Encode, most: usize) -> Result<(), NoRoom> {
        let bytes = self.bytes.as_mut();
        let most = most.min(bytes.len().saturating_sub(COUNT));
        let room = bytes.get_mut(self.used..).unwrap_or_default();
        let left = room.len();
        let (count, place) = room.split_at_mut_checked(COUNT).unwrap_or_default();
        let len = write(message, place).ok_or(NoRoom::Ever(most))?;
        let written = u16::try_from(len).map_err(|_| NoRoom::Ever(most))?;
        if len > most {
            return Err(NoRoom::Ever(most));
        }
        let taken = len.saturating_add(COUNT);
        if taken > left {
            return Err(NoRoom::Now);
        }
        count.copy_from_slice(&written.to_le_bytes());
        self.used = self.used.saturating_add(taken);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Whether this peer has acknowledged nothing yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.sequence == 0
    }

    pub(super) fn repeated(&self) -> u32 {
        self.repeated
    }

    fn front(&self) -> Option<&[u8]> {
        let (count, rest) = self
            .bytes
            .as_ref()
            .get(..self.used)?
            .split_first_chunk::<COUNT>()?;
        rest.get(..u16::from_le_bytes(*count).into())
    }

    /// What the peer lacks of the message in front, cut after what one frame holds; and whether
    /// that is the end.
    fn part(&self) -> Option<(&[u8], bool)> {
        let lacks = self.front()?.get(self.offset..)?;
        Some(match lacks.split_at_checked(MAX_FRAGMENT) {
            Some((part, rest)) => (part, rest.is_empty()),
            None => (lacks, true),
        })
    }

    /// The part to send now, if it is time. A peer that works need not answer.
    pub(super) fn next(&mut self, now_ms: u64, peer_works: bool) -> Option<Body<'_>> {
        if self.used == 0 || self.wake_at_ms() > now_ms {
            return None;
        }
        let (pause_ms, tries) = match &self.flight {
            None => (RETRY_FIRST_MS, 0),
            Some(flight) => {
                self.repeated = self.repeated.saturating_add(1);
                let pause_ms = flight.pause_ms.saturating_mul(2).min(RETRY_MOST_MS);
                (pause_ms, flight.tries)
            }
        };
        self.flight = Some(Flight {
            again_at_ms: now_ms.saturating_add(pause_ms),
            pause_ms,
            tries: if peer_works {
                0
            } else {
                tries.saturating_add(1)
            },
        });
        let (fragment, last) = self.part()?;
        Some(Body::Data {
            sequence: self.sequence,
            first: self.offset == 0,
            last,
            fragment,
        })
    }

    /// Whether a part was sent as often as one is, and it is time to send it again.
    pub(super) fn is_stuck(&self, now_ms: u64) -> bool {
        let stuck = |flight: &Flight| flight.tries >= MOST_TRIES && flight.again_at_ms <= now_ms;
        self.flight.as_ref().is_some_and(stuck)
    }

    /// When there is something to send, if nothing comes before; zero for at once.
    pub(super) fn wake_at_ms(&self) -> u64 {
        match &self.flight {
            _ if self.used == 0 => u64::MAX,
            None => 0,
            Some(flight) => flight.again_at_ms,
        }
    }

    /// The peer has the part with this sequence. Says whether that is news.
    pub(super) fn acknowledged(&mut self, sequence: u16) -> bool {
        if sequence != self.sequence || self.flight.is_none() {
            return false;
        }
        let Some((fragment, last)) = self.part() else {
            return false;
        };
        self.offset = self.offset.saturating_add(fragment.len());
        self.sequence = self.sequence.wrapping_add(1);
        self.flight = None;
        if last {
            let gone = self.offset.saturating_add(COUNT).min(self.used);
            self.bytes.as_mut().copy_within(gone..self.used, 0);
            self.used = self.used.saturating_sub(gone);
            self.offset = 0;
        }
        true
    }

    /// The peer cannot take the part with this sequence now.
    pub(super) fn refused(&mut self, sequence: u16, now_ms: u64) {
        if let Some(flight) = &mut self.flight
            && sequence == self.sequence
        {
            flight.again_at_ms = now_ms.saturating_add(OFFER_AGAIN_MS);
            flight.pause_ms = OFFER_AGAIN_MS;
            flight.tries = 0;
        }
    }
}
