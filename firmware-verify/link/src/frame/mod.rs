//! One frame on the line: who speaks to whom, what, and a checksum over all of it.
//!
//! ```text
//! offset  0      4     8      9       10         12        12+n
//!         +------+-----+------+-------+----------+---------+--------+
//!         | from | to  | kind | flags | sequence | payload | CRC-32 |
//!         | u32  | u32 |  u8  |  u8   |   u16    |    n    |  u32   |
//!         +------+-----+------+-------+----------+---------+--------+
//! ```
//!
//! Numbers are little-endian. The whole is COBS-encoded (Cheshire and Baker, 1999), so that no
//! zero stands in it, and one zero goes before it and one after: a reader that comes late, or
//! has read garbage, is in step again at the next zero.

mod decoder;

pub use decoder::Decoder;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

/// Most bytes of a message in one frame. With 256 a frame takes 24 ms at 115,200 baud, which is
/// what a flipped bit costs; the 20 bytes around it take 7 % of the line.
pub const MAX_FRAGMENT: usize = 256;
/// From, to, kind, flags and sequence.
const HEAD: usize = 12;
/// The checksum.
const CRC: usize = 4;
/// Longest frame before it is encoded.
pub const MAX_FRAME: usize = HEAD + MAX_FRAGMENT + CRC;
/// Longest frame on the line: COBS adds a byte for every 254 begun, and zeros stand on both sides.
pub const MAX_LINE: usize = MAX_FRAME + MAX_FRAME.div_ceil(254) + 2;

/// CRC-32 as in IEEE 802.3. Bit by bit: at the speed of a serial line a table is not worth its
/// kilobyte of flash.
const CHECK: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

const FIRST: u8 = 1;
const LAST: u8 = 2;

/// A frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame<'a> {
    /// Id of the session that sends it; never zero.
    pub from: u32,
    /// Id of the session for which it is; zero in a first hello.
    pub to: u32,
    /// What it says.
    pub body: Body<'a>,
}

/// What a frame says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body<'a> {
    /// I am here: answer with a welcome. To the peer it says: are you still there?
    Hello(&'a [u8]),
    /// I have heard you.
    Welcome(&'a [u8]),
    /// A part of a message.
    Data {
        /// Its place among all parts that this session has sent to that one.
        sequence: u16,
        /// A message begins with it.
        first: bool,
        /// A message ends with it.
        last: bool,
        /// Its bytes.
        fragment: &'a [u8],
    },
    /// The part with this sequence was taken. If it was a last one, its message was.
    Ack(u16),
    /// I am here, and cannot take the part with this sequence now.
    Wait(u16),
}

impl<'a> Body<'a> {
    fn parts(&self) -> (u8, u8, u16, &'a [u8]) {
        match *self {
            Self::Hello(greeting) => (1, 0, 0, greeting),
            Self::Welcome(greeting) => (2, 0, 0, greeting),
            Self::Data {
                sequence,
                first,
                last,
                fragment,
            } => {
                let first = if first { FIRST } else { 0 };
                let last = if last { LAST } else { 0 };
                (3, first | last, sequence, fragment)
            }
            Self::Ack(sequence) => (4, 0, sequence, &[]),
            Self::Wait(sequence) => (5, 0, sequence, &[]),
        }
    }

    fn of(kind: u8, flags: u8, sequence: u16, payload: &'a [u8]) -> Option<Self> {
        let body = match kind {
            1 => Self::Hello(payload),
            2 => Self::Welcome(payload),
            3 => Self::Data {
                sequence,
                first: flags & FIRST != 0,
                last: flags & LAST != 0,
                fragment: payload,
            },
            4 => Self::Ack(sequence),
            5 => Self::Wait(sequence),
            _ => return None,
        };
        // One encoding for each: what says more is of a later version, and not for us.
        (body.parts() == (kind, flags, sequence, payload)).then_some(body)
    }
}

impl<'a> Frame<'a> {
    /// Writes the frame with the zeros around it; returns how many bytes that takes. `None` for a
    /// payload that is longer than [`MAX_FRAGMENT`].
    pub fn encode(&self, out: &mut [u8; MAX_LINE]) -> Option<usize> {
        let (kind, flags, sequence, payload) = self.body.parts();
        if payload.len() > MAX_FRAGMENT {
            return None;
        }
        let [f0, f1, f2, f3] = self.from.to_le_bytes();
        let [t0, t1, t2, t3] = self.to.to_le_bytes();
        let [s0, s1] = sequence.to_le_bytes();
        let head: [u8; HEAD] = [f0, f1, f2, f3, t0, t1, t2, t3, kind, flags, s0, s1];
        let mut check = CHECK.digest();
        check.update(&head);
        check.update(payload);
        let check = check.finalize().to_le_bytes();

        let (start, rest) = out.split_first_mut()?;
        *start = 0;
        let mut encoder = cobs::CobsEncoder::new(rest);
        for part in [&head, payload, &check] {
            encoder.push(part).ok()?;
        }
        let len = encoder.finalize();
        *rest.get_mut(len)? = 0;
        len.checked_add(2)
    }

    /// Reads a frame as it was before it was encoded.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (rest, check) = bytes.split_last_chunk::<CRC>()?;
        if CHECK.checksum(rest) != u32::from_le_bytes(*check) {
            return None;
        }
        let (from, rest) = rest.split_first_chunk::<4>()?;
        let (to, rest) = rest.split_first_chunk::<4>()?;
        let (&[kind, flags], rest) = rest.split_first_chunk::<2>()?;
        let (sequence, payload) = rest.split_first_chunk::<2>()?;
        Some(Self {
            from: u32::from_le_bytes(*from),
            to: u32::from_le_bytes(*to),
            body: Body::of(kind, flags, u16::from_le_bytes(*sequence), payload)?,
        })
    }
}

#[cfg(test)]
mod tests;
