//! What each frame does to a session.

use super::{
    Lost, Mismatch,
    buffer::Buffer,
    greeting::{Greeting, Read, VERSION},
    inner::{Core, next_id},
    peer::Peer,
};
use crate::frame::{Body, Frame};

impl<I: Buffer, O: Buffer> Core<I, O> {
    pub(super) fn handle(&mut self, now_ms: u64, frame: &Frame<'_>) {
        if frame.from == 0 {
            return;
        }
        match frame.body {
            Body::Hello(greeting) => self.greeted(now_ms, frame, greeting, true),
            Body::Welcome(greeting) => self.greeted(now_ms, frame, greeting, false),
            body if self.is_from_peer(frame) => self.take(now_ms, &body),
            _ if frame.to == self.offer() => {
                // It takes us for its peer, and its welcome was lost.
                self.due.hello = Some((self.offer(), frame.from));
            }
            _ => {}
        }
    }

    /// The id by which a stranger may get to know us: one that no peer before it has known.
    fn offer(&self) -> u32 {
        match self.peer {
            Some(_) => next_id(self.me),
            None => self.me,
        }
    }

    fn is_from_peer(&self, frame: &Frame<'_>) -> bool {
        let from_peer = self.peer.as_ref().is_some_and(|peer| peer.id == frame.from);
        from_peer && frame.to == self.me
    }

    fn greeted(&mut self, now_ms: u64, frame: &Frame<'_>, bytes: &[u8], asks: bool) {
        let greeting = match Greeting::read(bytes) {
            None => return,
            // Our own voice, or somebody of our own side.
            Some(Read::Greeting(greeting)) if greeting.end == self.end => return,
            Some(Read::Greeting(greeting)) => Some(greeting),
            Some(Read::Other(theirs)) => {
                if self.peer.is_none() {
                    let ours = VERSION;
                    self.news.mismatch(Mismatch { ours, theirs });
                }
                None
            }
        };
        if self.is_from_peer(frame) {
            if let Some(peer) = &mut self.peer {
                peer.heard(now_ms);
                // What somebody else has said in its name ends here.
                peer.greeting = greeting.unwrap_or(peer.greeting);
                if !asks {
                    peer.answers();
                }
            }
            if asks {
                self.due.welcome = Some((self.me, frame.from));
                if self.inbound.is_held() {
                    // Behind the welcome: who holds a message is at work, or soon will be.
                    self.inbound.busy();
                }
            }
        } else if let Some(greeting) = greeting
            && frame.to == self.offer()
        {
            self.lose(Lost::Restarted);
            self.begin(now_ms, frame.from, greeting);
            // It may not know yet that it was heard.
            self.due.welcome = Some((self.me, frame.from));
        } else if asks {
            self.due.welcome = Some((self.answer_to(frame.from), frame.from));
        }
    }

    /// From which id to answer a hello that names none of ours.
    fn answer_to(&self, stranger: u32) -> u32 {
        let is_peer = self.peer.as_ref().is_some_and(|peer| peer.id == stranger);
        if is_peer && self.inbound.is_fresh() && self.outbound.is_fresh() {
            // The peer has missed our welcome, or has started again with the same id: as nothing has passed
            // between us, it is the same.
            self.me
        } else {
            self.offer()
        }
    }

    fn begin(&mut self, now_ms: u64, id: u32, greeting: Greeting) {
        self.peer = Some(Peer::new(id, greeting, now_ms));
        self.inbound.lose();
        self.outbound.lose();
        self.news.up();
    }

    /// Takes what the peer says.
    fn take(&mut self, now_ms: u64, body: &Body<'_>) {
        let Some(peer) = &mut self.peer else { return };
        peer.heard(now_ms);
        match *body {
            Body::Data {
                sequence,
                first,
                last,
                fragment,
            } => {
                let taken = self
                    .inbound
                    .take_part(now_ms, sequence, first, last, fragment);
                if taken.is_err() {
                    self.lose(Lost::Breach);
                }
            }
            Body::Ack(sequence) => {
                if self.outbound.acknowledged(sequence) {
                    peer.answers();
                }
            }
            Body::Wait(sequence) => {
                peer.works();
                self.outbound.refused(sequence, now_ms);
            }
            Body::Hello(_) | Body::Welcome(_) => {}
        }
    }
}
