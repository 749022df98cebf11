//! The verifier's view of what C brings along: each trait, over the callbacks for it.
//!
//! Whoever makes one of these promises that the callbacks keep their word; so every call below is as sound as that.

use core::ffi::c_void;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use latch_verify::{
    Reason,
    device::{self, CounterFault, NoEntropy, Platform},
    wire::{DeviceKey, KeyFault},
};

use crate::{
    geometry::{ERASE_SIZE, LARGEST_PAGE, WRITE_SIZE},
    parts::{
        latch_clock_t, latch_counter_t, latch_entropy_t, latch_flash_t, latch_key_t, required,
    },
    result::{LATCH_CALLBACK, LATCH_GEOMETRY, Stop},
};

/// The platform of every device behind the C interface.
pub(crate) enum Board {}

impl Platform for Board {
    #[allow(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "16 KiB at most, asserted where it is chosen; a constant cannot call try_from"
    )]
    const LARGEST_PAGE: u32 = LARGEST_PAGE as u32;

    type Journal = Flash;
    type Slot = Flash;
    type Clock = Clock;
    type Entropy = Entropy;
    type Key = Key;
    type Counter = Counter;
}

/// Anything but 0 that a callback returns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed;

impl NorFlashError for Failed {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

fn done(result: i32) -> Result<(), Failed> {
    if result == 0 { Ok(()) } else { Err(Failed) }
}

/// A region of flash.
pub(crate) struct Flash(latch_flash_t);

impl Flash {
    /// # Safety
    /// The callbacks do what [`latch_flash_t`] says of them.
    pub(crate) unsafe fn new(flash: &latch_flash_t) -> Result<Self, Stop> {
        let divides = |unit: u32, whole: usize| {
            usize::try_from(unit).is_ok_and(|unit| unit > 0 && whole.is_multiple_of(unit))
        };
        if flash.capacity > 0 {
            let whole =
                usize::try_from(flash.capacity).is_ok_and(|len| len.is_multiple_of(ERASE_SIZE));
            let served =
                divides(flash.write_size, WRITE_SIZE) && divides(flash.erase_size, ERASE_SIZE);
            if !(whole && served) {
                return Err(LATCH_GEOMETRY.into());
            }
            required(flash.read)?;
            required(flash.write)?;
            required(flash.erase)?;
        }
        Ok(Self(*flash))
    }

    /// Whether bytes lie inside the region.
    fn check(&self, offset: u32, len: usize) -> Result<(), Failed> {
        let len = u32::try_from(len).map_err(|_| Failed)?;
        let end = offset.checked_add(len).ok_or(Failed)?;
        if end <= self.0.capacity {
            Ok(())
        } else {
            Err(Failed)
        }
    }
}

impl ErrorType for Flash {
    type Error = Failed;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        self.check(offset, bytes.len())?;
        let read = self.0.read.ok_or(Failed)?;
        // SAFETY: inside the region, into a buffer of that length.
        done(unsafe { read(self.0.context, offset, bytes.as_mut_ptr(), bytes.len()) })
    }

    fn capacity(&self) -> usize {
        usize::try_from(self.0.capacity).unwrap_or(0)
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WRITE_SIZE;
    const ERASE_SIZE: usize = ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        let len = to.checked_sub(from).ok_or(Failed)?;
        self.check(from, usize::try_from(len).map_err(|_| Failed)?)?;
        let erase = self.0.erase.ok_or(Failed)?;
        // SAFETY: inside the region.
        done(unsafe { erase(self.0.context, from, len) })
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        self.check(offset, bytes.len())?;
        let write = self.0.write.ok_or(Failed)?;
        // SAFETY: inside the region, from a buffer of that length.
        done(unsafe { write(self.0.context, offset, bytes.as_ptr(), bytes.len()) })
    }
}

/// A source of time.
pub(crate) struct Clock {
    context: *mut c_void,
    ticks_ms: unsafe extern "C" fn(*mut c_void) -> u64,
    trusted_ms: Option<unsafe extern "C" fn(*mut c_void, *mut u64) -> i32>,
}

impl Clock {
    /// # Safety
    /// The callbacks do what [`latch_clock_t`] says of them.
    pub(crate) unsafe fn new(clock: &latch_clock_t) -> Result<Self, Stop> {
        Ok(Self {
            context: clock.context,
            ticks_ms: required(clock.ticks_ms)?,
            trusted_ms: clock.trusted_ms,
        })
    }
}

impl device::Clock for Clock {
    fn ticks_ms(&self) -> u64 {
        // SAFETY: with the context that belongs to it.
        unsafe { (self.ticks_ms)(self.context) }
    }

    fn trusted_ms(&self) -> Option<u64> {
        let mut unix_ms = 0;
        // SAFETY: with the context that belongs to it, and room for a number.
        let result = unsafe { self.trusted_ms?(self.context, &raw mut unix_ms) };
        done(result).ok().map(|()| unix_ms)
    }
}

/// A source of randomness.
pub(crate) struct Entropy {
    context: *mut c_void,
    fill: unsafe extern "C" fn(*mut c_void, *mut u8, usize) -> i32,
}

impl Entropy {
    /// # Safety
    /// The callback does what [`latch_entropy_t`] says of it.
    pub(crate) unsafe fn new(entropy: &latch_entropy_t) -> Result<Self, Stop> {
        Ok(Self {
            context: entropy.context,
            fill: required(entropy.fill)?,
        })
    }
}

impl device::Entropy for Entropy {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        // SAFETY: with the context that belongs to it, into a buffer of that length.
        let result = unsafe { (self.fill)(self.context, buffer.as_mut_ptr(), buffer.len()) };
        done(result).map_err(|_| NoEntropy)
    }
}

/// The device's own key.
pub(crate) struct Key {
    context: *mut c_void,
    /// Asked once: a key that cannot be read ends the boot with a reason.
    public: [u8; 32],
    sign: unsafe extern "C" fn(*mut c_void, *const u8, usize, *mut u8) -> i32,
}

impl Key {
    /// # Safety
    /// The callbacks do what [`latch_key_t`] says of them.
    pub(crate) unsafe fn new(key: &latch_key_t) -> Result<Self, Stop> {
        let sign = required(key.sign)?;
        let public_key = required(key.public_key)?;
        let mut public = [0; 32];
        // SAFETY: with the context that belongs to it, and room for a key.
        let result = unsafe { public_key(key.context, public.as_mut_ptr()) };
        done(result).map_err(|_| Reason::KeyFault)?;
        Ok(Self {
            context: key.context,
            public,
            sign,
        })
    }
}

impl DeviceKey for Key {
    fn public(&self) -> [u8; 32] {
        self.public
    }

    fn sign(&mut self, message: &[u8]) -> Result<[u8; 64], KeyFault> {
        let mut signature = [0; 64];
        // SAFETY: with the context that belongs to it, a message of that length, and room for a signature.
        let result = unsafe {
            (self.sign)(
                self.context,
                message.as_ptr(),
                message.len(),
                signature.as_mut_ptr(),
            )
        };
        done(result).map_err(|_| KeyFault)?;
        Ok(signature)
    }
}

/// The monotonic counter, where there is one.
pub(crate) struct Counter {
    context: *mut c_void,
    callbacks: Option<Counting>,
}

#[derive(Clone, Copy)]
struct Counting {
    read: unsafe extern "C" fn(*mut c_void, *mut u64) -> i32,
    raise: unsafe extern "C" fn(*mut c_void, u64) -> i32,
}

impl Counter {
    /// # Safety
    /// The callbacks do what [`latch_counter_t`] says of them.
    pub(crate) unsafe fn new(counter: &latch_counter_t) -> Result<Self, Stop> {
        let callbacks = match (counter.read, counter.raise) {
            (None, None) => None,
            (Some(read), Some(raise)) => Some(Counting { read, raise }),
            // Half a counter would be taken for none.
            _ => return Err(LATCH_CALLBACK.into()),
        };
        Ok(Self {
            context: counter.context,
            callbacks,
        })
    }
}

impl device::Counter for Counter {
    fn read(&mut self) -> Result<Option<u64>, CounterFault> {
        let Some(Counting { read, .. }) = self.callbacks else {
            return Ok(None);
        };
        let mut number = 0;
        // SAFETY: with the context that belongs to it, and room for a number.
        let result = unsafe { read(self.context, &raw mut number) };
        done(result).map_err(|_| CounterFault)?;
        Ok(Some(number))
    }

    fn raise(&mut self, to: u64) -> Result<(), CounterFault> {
        let Some(Counting { raise, .. }) = self.callbacks else {
            return Ok(());
        };
        // SAFETY: with the context that belongs to it.
        let result = unsafe { raise(self.context, to) };
        done(result).map_err(|_| CounterFault)
    }
}
