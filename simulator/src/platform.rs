//! What a virtual device is made of: flash that can be looked at, a clock, seeded randomness.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use latch_flash::{Flash, FlashError};
use latch_verify::{
    device::{Clock, JOURNAL_SECTOR, NoCounter, Parts, Platform},
    wire::SeedKey,
};

use crate::seed::{Seed, Stream};

/// Erase block of the flash: 4 KiB, as common SPI NOR parts have.
const ERASE: usize = 4096;
/// Write unit of the flash, in bytes.
const WRITE: usize = 4;
/// The journal's two sectors, each rounded up to erase blocks.
const JOURNAL: usize = 2 * JOURNAL_SECTOR.next_multiple_of(ERASE);

/// NOR flash in memory with two handles: the device's, and a probe on the chip with which the
/// run reads what really lies there, whatever the device says.
#[derive(Clone)]
pub(crate) struct ProbedFlash(Arc<Mutex<Flash<1, WRITE, ERASE>>>);

impl ProbedFlash {
    fn new(size: usize) -> Self {
        let size = size.next_multiple_of(ERASE).max(ERASE);
        Self(Arc::new(Mutex::new(Flash::new(size))))
    }

    /// Whether the flash begins with these bytes.
    pub(crate) fn begins_with(&self, bytes: &[u8]) -> bool {
        self.lock().contents().starts_with(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Flash<1, WRITE, ERASE>> {
        // The flash panics on a broken rule; what it held by then is still what it holds.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ErrorType for ProbedFlash {
    type Error = FlashError;
}

impl ReadNorFlash for ProbedFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.lock().read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.lock().capacity()
    }
}

impl NorFlash for ProbedFlash {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.lock().erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.lock().write(offset, bytes)
    }
}

/// The host's clocks; the time of day counts as trusted, as on a device with a kept clock.
#[derive(Clone, Copy)]
pub(crate) struct HostClock {
    start: Instant,
}

impl HostClock {
    /// A clock whose ticks begin now.
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for HostClock {
    fn ticks_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn trusted_ms(&self) -> Option<u64> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        u64::try_from(since.as_millis()).ok()
    }
}

/// A virtual device's kind.
pub(crate) enum Virtual {}

impl Platform for Virtual {
    type Journal = ProbedFlash;
    type Slot = ProbedFlash;
    type Clock = HostClock;
    type Entropy = Stream;
    type Key = SeedKey;
    type Counter = NoCounter;
}

/// The parts of a new device with empty flash, and probes on its two image slots.
pub(crate) fn parts(
    seed: Seed,
    name: &str,
    key_seed: &[u8; 32],
    slot_size: usize,
    clock: HostClock,
) -> (Parts<Virtual>, [ProbedFlash; 2]) {
    let slots = [ProbedFlash::new(slot_size), ProbedFlash::new(slot_size)];
    let parts = Parts {
        journal: ProbedFlash::new(JOURNAL),
        slots: slots.clone(),
        clock,
        entropy: seed.stream(&format!("entropy {name}")),
        key: SeedKey::new(key_seed),
        counter: NoCounter,
    };
    (parts, slots)
}
