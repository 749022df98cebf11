//! What a session knows, and what it says when nobody has asked: its greetings, and its doubts.

use super::{
    buffer::Buffer,
    greeting::{Due, Greeting, VERSION},
    inbound::Inbound,
    news::{Lost, News},
    outbound::Outbound,
    peer::Peer,
    timing::HELLO_MS,
};
use crate::frame::{Body, Frame, MAX_LINE};

/// All of a session but the frame that comes in.
pub(super) struct Core<I, O> {
    /// Which end of the line this is.
    pub(super) end: u8,
    /// Our id, until the peer changes.
    pub(super) me: u32,
    pub(super) peer: Option<Peer>,
    pub(super) hello_at_ms: u64,
    pub(super) due: Due,
    pub(super) inbound: Inbound<I>,
    pub(super) outbound: Outbound<O>,
    pub(super) news: News,
}

impl<I, O> Core<I, O> {
    pub(super) const fn new(end: u8, id: u32, inbound: I, outbound: O) -> Self {
        Self {
            end,
            me: somebody(id),
            peer: None,
            hello_at_ms: 0,
            due: Due::NONE,
            inbound: Inbound::new(inbound),
            outbound: Outbound::new(outbound),
            news: News::NONE,
        }
    }
}

impl<I: Buffer, O: Buffer> Core<I, O> {
    /// Gives the peer up, and goes on under another id.
    pub(super) fn begin_anew(&mut self, id: u32) {
        self.lose(Lost::GivenUp);
        self.me = somebody(id);
    }

    /// Gives a peer up that was not heard for too long.
    pub(super) fn lapse(&mut self, now_ms: u64) {
        if let Some(peer) = &mut self.peer
            && peer.is_lost(now_ms)
        {
            self.lose(Lost::Silent);
        }
        if self.inbound.stale_at_ms() <= now_ms {
            self.lose(Lost::Breach);
        }
    }

    /// Gives a peer up that does not answer what it is sent. Asked before sending, since until then its
    /// answer may lie in a buffer of the caller's.
    pub(super) fn doubt(&mut self, now_ms: u64) {
        if self.outbound.is_stuck(now_ms) {
            self.lose(Lost::Unanswered);
        }
    }

    pub(super) fn lose(&mut self, how: Lost) {
        if self.peer.take().is_none() {
            return;
        }
        self.me = next_id(self.me);
        self.hello_at_ms = 0;
        self.inbound.lose();
        self.outbound.lose();
        self.news.lost(how);
    }

    pub(super) fn next_frame(&mut self, now_ms: u64, out: &mut [u8; MAX_LINE]) -> Option<usize> {
        let greeting = self.greeting().bytes();
        if let Some(frame) = self.due.take(&greeting) {
            return frame.encode(out);
        }
        let from = self.me;
        let Some(peer) = &mut self.peer else {
            if now_ms < self.hello_at_ms {
                return None;
            }
            self.hello_at_ms = now_ms.saturating_add(HELLO_MS);
            let body = Body::Hello(&greeting);
            return Frame { from, to: 0, body }.encode(out);
        };
        let to = peer.id;
        let body = if let Some(answer) = self.inbound.answer() {
            answer
        } else if self.outbound.is_empty() && peer.ping_at_ms() <= now_ms {
            peer.pinged(now_ms);
            Body::Hello(&greeting)
        } else {
            self.outbound.next(now_ms, peer.is_working())?
        };
        Frame { from, to, body }.encode(out)
    }

    pub(super) fn wake_at_ms(&self) -> u64 {
        let Some(peer) = &self.peer else {
            return if self.due.any() { 0 } else { self.hello_at_ms };
        };
        if self.due.any() || self.inbound.has_answer() {
            return 0;
        }
        let next_ms = if self.outbound.is_empty() {
            peer.ping_at_ms()
        } else {
            self.outbound.wake_at_ms()
        };
        next_ms
            .min(peer.lost_at_ms())
            .min(self.inbound.stale_at_ms())
    }

    fn greeting(&self) -> Greeting {
        Greeting {
            version: VERSION,
            end: self.end,
            most: u16::try_from(self.inbound.most()).unwrap_or(u16::MAX),
        }
    }
}

/// The id after this one. Zero is nobody's.
pub(super) fn next_id(id: u32) -> u32 {
    somebody(id.wrapping_add(1))
}

/// An id that is somebody's.
const fn somebody(id: u32) -> u32 {
    if id == 0 { 1 } else { id }
}

#[cfg(test)]
mod tests {
    use super::next_id;

    #[test]
    fn nobody_has_the_id_zero() {
        assert_eq!((next_id(1), next_id(u32::MAX)), (2, 1));
    }
}
