//! A serial line in one direction, with noise on it.

use std::collections::VecDeque;

/// Numbers by chance, the same for the same seed (SplitMix64: Steele, Lea and Flood, 2014).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(crate) fn once_in(&mut self, many: u64) -> bool {
        many > 0 && self.below(many) == 0
    }
}

/// What happens to bytes on their way: once in so many bytes or frames, never where it is zero.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Noise {
    /// A byte is lost.
    pub(crate) drop: u64,
    /// A bit of a byte is flipped.
    pub(crate) flip: u64,
    /// A byte comes that nobody sent.
    pub(crate) insert: u64,
    /// A frame ends in the middle.
    pub(crate) cut: u64,
    /// A frame is lost.
    pub(crate) lose: u64,
    /// A frame of the last hundred comes again.
    pub(crate) repeat: u64,
}

pub(crate) const BYTES_A_SECOND: u64 = 11_520;

/// One direction of the line.
#[derive(Default)]
pub(crate) struct Wire {
    pub(crate) noise: Noise,
    /// When the last byte has left, in microseconds.
    free_at_us: u64,
    coming: VecDeque<(u64, Vec<u8>)>,
    past: VecDeque<Vec<u8>>,
}

impl Wire {
    pub(crate) fn is_free(&self, now_ms: u64) -> bool {
        self.free_at_us <= now_ms * 1000
    }

    pub(crate) fn free_at_ms(&self) -> u64 {
        self.free_at_us.div_ceil(1000)
    }

    /// Sends a frame.
    pub(crate) fn put(&mut self, now_ms: u64, frame: &[u8], chance: &mut Chance) {
        let noise = self.noise;
        self.past.push_back(frame.to_vec());
        if self.past.len() > 100 {
            self.past.pop_front();
        }
        let mut bytes = Vec::new();
        if !chance.once_in(noise.lose) {
            bytes.extend_from_slice(frame);
        }
        if chance.once_in(noise.cut) {
            bytes.truncate(chance.below(bytes.len() as u64) as usize);
        }
        if chance.once_in(noise.repeat) {
            let which = chance.below(self.past.len() as u64) as usize;
            bytes.extend_from_slice(&self.past[which]);
        }
        let mut arrived = Vec::new();
        for mut byte in bytes {
            if chance.once_in(noise.insert) {
                arrived.push(chance.next() as u8);
            }
            if chance.once_in(noise.flip) {
                byte ^= 1 << chance.below(8);
            }
            if !chance.once_in(noise.drop) {
                arrived.push(byte);
            }
        }
        self.free_at_us =
            self.free_at_us.max(now_ms * 1000) + frame.len() as u64 * 1_000_000 / BYTES_A_SECOND;
        let at_ms = self.free_at_ms() + 1;
        // However the reader's buffer cuts them.
        while !arrived.is_empty() {
            let rest = arrived.split_off(1 + chance.below(arrived.len() as u64) as usize);
            self.coming.push_back((at_ms, arrived));
            arrived = rest;
        }
    }

    /// The next bytes that have come by now.
    pub(crate) fn get(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        let due = self
            .coming
            .front()
            .is_some_and(|(at_ms, _)| *at_ms <= now_ms);
        due.then(|| self.coming.pop_front())
            .flatten()
            .map(|(_, bytes)| bytes)
    }

    pub(crate) fn next_at_ms(&self) -> Option<u64> {
        self.coming.front().map(|(at_ms, _)| *at_ms)
    }
}
