//! What a device keeps in RAM, apart from the stack.

use core::ops::{Deref, DerefMut};

use heapless::Vec;

use super::{
    budget::Budgets, latches::Latches, nonces::Nonces, opening::Staged, posture::Watch,
    time::TimeKeeper,
};
use crate::{
    ledger::Ledger,
    limits::{MAX_BURNED, MAX_FLOORS, MAX_LATCHES, MAX_TWIN},
    summed::Summed,
};

/// The large part of a [`Device`](super::Device): what its journal says, and what it has learned since the boot.
///
/// `TWIN` and `USED` are those of the device. `LATCHES` is how many may be open at a time; a code that would open one more is
/// refused as [`Busy`](crate::Reason::Busy) before it is burned. `ISSUERS` is of how many issuers it knows what they have used:
/// as many as the root has keys that issue codes, and those of roots before it in the same epoch. None is more than its bound
/// in [`crate::limits`]. A release with less room than what the journal holds does not boot on it, so that its trial ends.
///
/// It is filled where it lies and never moves, so that on a microcontroller it belongs in a
/// static, which the device holds for as long as it lives:
///
/// ```
/// # use latch_verify::device::{Device, Memory, MountFault, Parts, Platform};
/// # use std::sync::{Mutex, MutexGuard, PoisonError};
/// # type StaticRef<T> = MutexGuard<'static, T>;
/// # struct StaticCell<T>(Mutex<T>);
/// # impl<T> StaticCell<T> {
/// #     const fn new(value: T) -> Self { Self(Mutex::new(value)) }
/// #     fn take(&'static self) -> StaticRef<T> { self.0.lock().unwrap_or_else(PoisonError::into_inner) }
/// # }
/// // `ConstStaticCell` of the crate static_cell gives out a `&'static mut Memory`, once.
/// static MEMORY: StaticCell<Memory> = StaticCell::new(Memory::new());
///
/// fn begin<P: Platform>(parts: Parts<P>) -> Result<(), MountFault> {
///     let device = Device::boot_in(MEMORY.take(), parts)?;
/// #   drop(device);
/// #   Ok(())
/// }
/// ```
pub struct Memory<
    const TWIN: usize = MAX_TWIN,
    const USED: usize = MAX_BURNED,
    const LATCHES: usize = MAX_LATCHES,
    const ISSUERS: usize = MAX_FLOORS,
> {
    /// Under a sum: it decides, and has to be what the journal says for as long as the device runs.
    pub(super) ledger: Summed<Ledger<TWIN, USED, LATCHES, ISSUERS>>,
    pub(super) latches: Latches<LATCHES>,
    /// The latch whose opening was planned last: with a burned code that is not settled, its own. One
    /// at most; a `Vec`, as an empty one is zeros and `None` is not.
    pub(super) staged: Vec<Staged, 1>,
    pub(super) nonces: Nonces,
    pub(super) time: TimeKeeper,
    pub(super) budgets: Budgets,
    pub(super) posture: Watch,
}

impl<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Memory<TWIN, USED, LATCHES, ISSUERS>
{
    /// Zeros, which take no flash. A boot clears the memory, whatever it held before.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ledger: Summed::unclosed(Ledger::zeros()),
            latches: Latches::new(),
            staged: Vec::new(),
            nonces: Nonces::none(),
            time: TimeKeeper::nothing(),
            budgets: Budgets::empty(),
            posture: Watch::new(),
        }
    }
}

impl<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize> Default
    for Memory<TWIN, USED, LATCHES, ISSUERS>
{
    fn default() -> Self {
        Self::new()
    }
}

/// [`Memory`] inside the device itself: for hosts, where a device may move.
#[derive(Default)]
pub struct Inline<const TWIN: usize, const USED: usize>(Memory<TWIN, USED>);

impl<const TWIN: usize, const USED: usize> Deref for Inline<TWIN, USED> {
    type Target = Memory<TWIN, USED>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<const TWIN: usize, const USED: usize> DerefMut for Inline<TWIN, USED> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
