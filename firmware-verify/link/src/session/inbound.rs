//! Messages that come in: put together in one buffer, and held until they are taken.

use super::{buffer::Buffer, timing::STALE_MS};
use crate::frame::Body;

/// Parts that are so many behind the next are taken for ones ahead of it. Half of all sequences: no line
/// holds a part back for so long.
const OLDEST: u16 = 1 << 15;

/// The message that comes, or that lies here.
pub(super) struct Inbound<B> {
    bytes: B,
    len: usize,
    holds: Holds,
    /// When the last part of the message that comes was taken.
    part_at_ms: u64,
    /// The part that is taken next.
    expected: u16,
    ack: Option<u16>,
    wait: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// No part of a message.
    Nothing,
    /// Its beginning.
    Part,
    /// A whole one, whose last part is acknowledged when it is taken.
    Whole,
    /// A whole one of a peer that is lost: nobody waits for an acknowledgement.
    Orphan,
}

/// The peer does not keep to the protocol.
pub(super) struct Breach;

impl<B> Inbound<B> {
    pub(super) const fn new(bytes: B) -> Self {
        Self {
            bytes,
            len: 0,
            holds: Holds::Nothing,
            part_at_ms: 0,
            expected: 0,
            ack: None,
            wait: false,
        }
    }
}

impl<B: Buffer> Inbound<B> {
    /// The longest message that there is room for.
    pub(super) fn most(&self) -> usize {
        self.bytes.as_ref().len()
    }

    /// The peer is lost. What is whole stays until it is taken, or the loss is told: somebody may be at it.
    pub(super) fn lose(&mut self) {
        self.holds = match self.holds {
            Holds::Nothing | Holds::Part => Holds::Nothing,
            Holds::Whole | Holds::Orphan => Holds::Orphan,
        };
        self.expected = 0;
        self.ack = None;
        self.wait = false;
    }

    /// Takes a part, and decides what to answer.
    pub(super) fn take_part(
        &mut self,
        now_ms: u64,
        sequence: u16,
        first: bool,
        last: bool,
        fragment: &[u8],
    ) -> Result<(), Breach> {
        match self.expected.wrapping_sub(sequence) {
            0 => {}
            1 => {
                // Its acknowledgement was lost.
                self.ack = Some(sequence);
                return Ok(());
            }
            2..OLDEST => return Ok(()),
            // One that was never sent before the one that is expected is acknowledged: somebody else
            // has acknowledged that.
            _ => return Err(Breach),
        }
        match self.holds {
            Holds::Whole | Holds::Orphan => {
                self.wait = true;
                return Ok(());
            }
            Holds::Nothing if first => self.len = 0,
            Holds::Part if !first => {}
            Holds::Nothing | Holds::Part => return Err(Breach),
        }
        let end = self.len.saturating_add(fragment.len());
        // Nobody looks at the buffer now: what lies in it was taken.
        let buffer = self.bytes.as_mut();
        let place = buffer.get_mut(self.len..end).ok_or(Breach)?;
        place.copy_from_slice(fragment);
        self.len = end;
        if last {
            self.holds = Holds::Whole;
            self.wait = true;
        } else {
            self.holds = Holds::Part;
            self.part_at_ms = now_ms;
            self.acknowledge();
        }
        Ok(())
    }

    fn acknowledge(&mut self) {
        self.ack = Some(self.expected);
        self.expected = self.expected.wrapping_add(1);
    }

    pub(super) fn message(&self) -> Option<&[u8]> {
        match self.holds {
            Holds::Whole | Holds::Orphan => self.bytes.as_ref().get(..self.len),
            Holds::Nothing | Holds::Part => None,
        }
    }

    pub(super) fn taken(&mut self) {
        match self.holds {
            Holds::Nothing | Holds::Part => return,
            Holds::Whole => self.acknowledge(),
            Holds::Orphan => {}
        }
        self.holds = Holds::Nothing;
        self.wait = false;
    }

    /// Forgets a message of a peer that is lost.
    pub(super) fn drop_orphan(&mut self) {
        if self.holds == Holds::Orphan {
            self.taken();
        }
    }

    /// Whether nothing has come yet from this peer.
    pub(super) fn is_fresh(&self) -> bool {
        self.expected == 0 && matches!(self.holds, Holds::Nothing | Holds::Orphan)
    }

    /// When the beginning of a message, if that is what lies here, is given up with the peer: whoever means it goes on before.
    pub(super) fn stale_at_ms(&self) -> u64 {
        match self.holds {
            Holds::Part => self.part_at_ms.saturating_add(STALE_MS),
            Holds::Nothing | Holds::Whole | Holds::Orphan => u64::MAX,
        }
    }

    /// Whether a whole message waits to be taken.
    pub(super) fn is_held(&self) -> bool {
        matches!(self.holds, Holds::Whole | Holds::Orphan)
    }

    /// Says that nothing will be taken for a while.
    pub(super) fn busy(&mut self) {
        self.wait = true;
    }

    pub(super) fn has_answer(&self) -> bool {
        self.ack.is_some() || self.wait
    }

    /// What to answer.
    pub(super) fn answer(&mut self) -> Option<Body<'static>> {
        if let Some(sequence) = self.ack.take() {
            return Some(Body::Ack(sequence));
        }
        core::mem::take(&mut self.wait).then_some(Body::Wait(self.expected))
    }
}

#[cfg(test)]
mod tests {
    use super::{Inbound, STALE_MS};

    #[test]
    fn a_beginning_without_its_next_part_grows_stale() {
        let mut inbound = Inbound::new([0; 64]);
        assert_eq!(inbound.stale_at_ms(), u64::MAX);
        assert!(inbound.take_part(5, 0, true, false, b"begin").is_ok());
        assert_eq!(inbound.stale_at_ms(), 5 + STALE_MS);
        assert!(inbound.take_part(900, 1, false, false, b"goes on").is_ok());
        assert_eq!(inbound.stale_at_ms(), 900 + STALE_MS);
        assert!(inbound.take_part(950, 2, false, true, b"end").is_ok());
        assert_eq!(inbound.stale_at_ms(), u64::MAX, "whole");
        inbound.taken();
        assert!(inbound.take_part(2000, 3, true, false, b"begin").is_ok());
        inbound.lose();
        assert_eq!(inbound.stale_at_ms(), u64::MAX, "given up");
    }
}
