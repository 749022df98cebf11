//! What a device brings along: its flash, clock, randomness and key.

use embedded_storage::nor_flash::NorFlash;

use crate::{limits::MAX_PAGE_LOG2, wire::DeviceKey};

/// A source of time.
pub trait Clock {
    /// Milliseconds since some moment of this boot; never goes back, and runs true to 0.4 %
    /// ([`crate::limits::DRIFT_SHIFT`]), in sleep too.
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

/// The counter did not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CounterFault;

/// A number in hardware that never goes down: in a secure element or a replay-protected memory
/// block. Not in fuses: it rises with every code that opens something. It stops whoever puts an
/// older copy of the journal back, or erases it.
///
/// The journal counts the changes that must never be undone: burned codes, roots, revocations,
/// confirmed images. After each the counter is raised to that count; at a boot, a journal that
/// counts less than it was put back, and the device stays shut.
pub trait Counter {
    /// The number, or `None` where the hardware has no counter.
    ///
    /// # Errors
    /// [`CounterFault`]: the device stays shut.
    fn read(&mut self) -> Result<Option<u64>, CounterFault>;

    /// Raises the number. Durable when it returns.
    ///
    /// # Errors
    /// [`CounterFault`]: what it was raised for opens nothing.
    fn raise(&mut self, to: u64) -> Result<(), CounterFault>;
}

/// Hardware without a counter: an older copy of its journal is taken for the newest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NoCounter;

impl Counter for NoCounter {
    fn read(&mut self) -> Result<Option<u64>, CounterFault> {
        Ok(None)
    }

    fn raise(&mut self, _: u64) -> Result<(), CounterFault> {
        Ok(())
    }
}

/// The parts of a kind of device.
pub trait Platform {
    /// Bytes of the largest page of an image that the product can hold in RAM while it is
    /// checked. A release with larger ones is refused before it is begun.
    const LARGEST_PAGE: u32 = 1 << MAX_PAGE_LOG2;

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
    /// Its monotonic counter: [`NoCounter`] where there is none.
    type Counter: Counter;
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
    /// Its monotonic counter.
    pub counter: P::Counter,
}
