//! The parts of a device on this host: files as flash, the system's clock and randomness.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use latch_verify::{
    device::{Clock, Entropy, JOURNAL_SECTOR, NoCounter, NoEntropy, Parts, Platform},
    journal::Journal,
    wire::SeedKey,
};

use crate::{
    config::{ClockTrust, OwnDevice},
    flash::{FileFlash, OpenError},
    key::{self, KeyError},
    state_dir::StateDir,
};

/// Sectors of the journal: it needs two, and wear is no matter in a file.
const JOURNAL_SECTORS: usize = 2;
const JOURNAL_BYTES: usize = JOURNAL_SECTORS * Journal::<FileFlash, JOURNAL_SECTOR>::SECTOR;

/// A device on this host.
pub(crate) struct Host;

impl Platform for Host {
    type Journal = FileFlash;
    type Slot = FileFlash;
    type Clock = HostClock;
    type Entropy = HostEntropy;
    type Key = SeedKey;
    type Counter = NoCounter;
}

/// Why the parts of a device cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartsError {
    /// The storage.
    #[error(transparent)]
    Flash(#[from] OpenError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Puts together what a device is made of.
///
/// # Errors
/// [`PartsError`].
pub(crate) fn parts(
    config: &OwnDevice,
    dir: &StateDir,
    clock: HostClock,
) -> Result<Parts<Host>, PartsError> {
    // Without its key there is no device: nothing is made for it.
    let key = key::load(&dir.key())?;
    let [first, second] = dir.slots();
    let slots = [
        FileFlash::open(&first, config.slot_size)?,
        FileFlash::open(&second, config.slot_size)?,
    ];
    let journal_bytes = u32::try_from(JOURNAL_BYTES).unwrap_or(u32::MAX);
    let journal = FileFlash::open(&dir.journal(), journal_bytes)?;
    Ok(Parts {
        journal,
        slots,
        clock,
        entropy: HostEntropy,
        key,
        counter: NoCounter,
    })
}

/// The system's clocks.
#[derive(Clone, Copy)]
pub(crate) struct HostClock {
    begin: Instant,
    trust: ClockTrust,
}

impl HostClock {
    pub(crate) fn new(trust: ClockTrust) -> Self {
        Self {
            begin: Instant::now(),
            trust,
        }
    }

    /// The moment at which it shows so many ticks.
    pub(crate) fn moment(self, ticks_ms: u64) -> Instant {
        self.begin + Duration::from_millis(ticks_ms)
    }
}

impl Clock for HostClock {
    fn ticks_ms(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn trusted_ms(&self) -> Option<u64> {
        match self.trust {
            ClockTrust::Untrusted => None,
            ClockTrust::Trusted => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
                u64::try_from(since.as_millis()).ok()
            }
        }
    }
}

/// The system's randomness.
pub(crate) struct HostEntropy;

impl Entropy for HostEntropy {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(buffer).map_err(|_| NoEntropy)
    }
}
