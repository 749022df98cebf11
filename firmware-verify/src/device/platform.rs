//! What a device brings along: its flash, clock, randomness and key.

use embedded_storage::nor_flash::NorFlash;

use crate::wire::DeviceKey;

/// A source of time.
pub trait Clock {
    /// Milliseconds since some moment of this boot; never goes back.
    fn ticks_ms(&self) -> u64;

    /// Unix milliseconds, where the product vouches for them: a clock that a battery
    /// keeps and only authenticated time sets. `None` in every doubt.
    fn trusted_ms(&self) -> Option<u64>;
}

/// No randomness could be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoEntropy;

/// A source of randomness, fit for nonces.
pub trait Entropy {
    /// Fills the buffer.
    ///
    /// # Errors
    /// [`NoEntropy`] rather than predictable bytes.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The parts of a kind of device.
pub trait Platform {
    /// Flash of the journal: see [`crate::journal::Journal`] for how much.
    type Journal: NorFlash;
    /// Flash of one image slot.
    type Slot: NorFlash;
    /// Its clock.
    type Clock: Clock;
    /// Its randomness.
    type Entropy: Entropy;
    /// The key of its receipts.
    type Key: DeviceKey;
}

/// The parts of one device.
pub struct Parts<P: Platform> {
    /// Flash of the journal.
    pub journal: P::Journal,
    /// The two image slots. The image from the factory lies in the first.
    pub slots: [P::Slot; 2],
    /// Its clock.
    pub clock: P::Clock,
    /// Its randomness.
    pub entropy: P::Entropy,
    /// The key of its receipts.
    pub key: P::Key,
}
