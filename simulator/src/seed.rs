//! Bytes that look random and are a pure function of the run's seed.

use latch_verify::device::{Entropy, NoEntropy};
use sha2::{Digest as _, Sha256};

/// The number that fixes a run's keys, device randomness, cohort and made-up image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// 32 bytes of this label.
    pub(crate) fn bytes(self, label: &str) -> [u8; 32] {
        Sha256::new_with_prefix("latch-sim")
            .chain_update(self.0.to_le_bytes())
            .chain_update(label)
            .finalize()
            .into()
    }

    /// As many bytes of this label as are asked for.
    pub(crate) fn stream(self, label: &str) -> Stream {
        Stream {
            key: self.bytes(label),
            blocks: 0,
        }
    }
}

/// SHA-256 in counter mode: each block is the hash of the key and its number.
pub(crate) struct Stream {
    key: [u8; 32],
    blocks: u64,
}

impl Stream {
    /// Fills the buffer. Calls of other lengths give other bytes: each begins a new block.
    pub(crate) fn take(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = Sha256::new_with_prefix(self.key)
                .chain_update(self.blocks.to_le_bytes())
                .finalize();
            self.blocks += 1;
            chunk
                .iter_mut()
                .zip(block)
                .for_each(|(byte, random)| *byte = random);
        }
    }
}

/// Virtual devices only: a real one asks its hardware.
impl Entropy for Stream {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        self.take(buffer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn seeds_and_labels_give_different_bytes_and_the_same_ones_again() {
        let draw = |seed, label: &str| {
            let mut bytes = [0; 70];
            Seed(seed).stream(label).take(&mut bytes);
            bytes
        };
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        let bytes = draw(1, "a");
        assert_ne!(bytes[..32], bytes[32..64], "every block has its own bytes");
    }
}
