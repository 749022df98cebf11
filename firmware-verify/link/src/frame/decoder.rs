//! From bytes as they come to frames.

use cobs::{DecodeResult, DecoderState};

use super::{Frame, MAX_FRAME};

/// Puts frames together from bytes, however these are cut.
///
/// It holds one frame. What is longer, what is no COBS and what fails its checksum is dropped,
/// and counted; the next zero begins anew.
pub struct Decoder {
    state: DecoderState,
    bytes: [u8; MAX_FRAME],
    len: usize,
    /// The frame under way is longer than any may be.
    over: bool,
    broken: u32,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// Waits for a frame.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: DecoderState::Idle,
            bytes: [0; MAX_FRAME],
            len: 0,
            over: false,
            broken: 0,
        }
    }

    /// Takes a byte; returns the frame that it ends.
    pub fn push(&mut self, byte: u8) -> Option<Frame<'_>> {
        match self.state.feed(byte) {
            Ok(DecodeResult::NoData) => {}
            Ok(DecodeResult::DataStart) => {
                self.len = 0;
                self.over = false;
            }
            Ok(DecodeResult::DataContinue(byte)) => self.keep(byte),
            Ok(DecodeResult::DataComplete) => {
                let whole = self.bytes.get(..self.len).filter(|_| !self.over);
                let frame = whole.and_then(Frame::parse);
                if frame.is_none() {
                    self.broken = self.broken.saturating_add(1);
                }
                return frame;
            }
            // Comes with the zero that ends a frame too early.
            Err(_) => self.broken = self.broken.saturating_add(1),
        }
        None
    }

    fn keep(&mut self, byte: u8) {
        match self.bytes.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len = self.len.saturating_add(1);
            }
            None => self.over = true,
        }
    }

    /// How many frames were dropped.
    #[must_use]
    pub fn broken(&self) -> u32 {
        self.broken
    }
}
