//! Randomness of an emulator: the host's. **Not for a product**: take the hardware's generator.

use latch_verify::device::{Entropy, NoEntropy};

use crate::semihosting::File;

/// The host's generator. QEMU's machine has none of its own.
#[derive(Debug)]
pub struct HostEntropy(Option<File>);

impl HostEntropy {
    /// Opens it. Where the host has none, there is no randomness, and a device does not come up.
    #[must_use]
    pub fn open() -> Self {
        Self(File::read_only(c"/dev/urandom"))
    }
}

impl Entropy for HostEntropy {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        let file = self.0.as_mut().ok_or(NoEntropy)?;
        if file.read(buffer) {
            Ok(())
        } else {
            Err(NoEntropy)
        }
    }
}
