//! What a device is made of, as C describes it: callbacks, each with a context that is handed back to it.
//!
//! Callbacks return 0 when they have done what was asked, and anything else when they have not. They are called in the
//! middle of a call into the library, on its thread and stack; they must return to it (no `longjmp`, no exception), and
//! every call into the library from within one is refused with LATCH_REENTERED.

use core::ffi::c_void;

use latch_verify::device::Parts;

use crate::{
    board::{Board, Clock, Counter, Entropy, Flash, Key},
    result::{LATCH_CALLBACK, LATCH_OTHER_ABI, Stop},
};

/// The version of this interface. Parts carry it, so that a program built with another header is refused.
pub const LATCH_ABI: u32 = 2;

/// A region of NOR flash, from its own offset 0. The library asks for nothing beyond `capacity`; reads may begin and end
/// anywhere, writes come in whole write units of the library's, erases in whole erase blocks. A write unit is written once
/// between two erases, which sets all its bits.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_flash_t {
    /// Handed to each callback.
    pub context: *mut c_void,
    /// Bytes, in whole erase blocks. 0 for a region that is not there: a device without slots installs nothing.
    pub capacity: u32,
    /// Bytes of the part's own write unit: has to divide `latch_flash_write_size()`.
    pub write_size: u32,
    /// Bytes of the part's own erase block: has to divide `latch_flash_erase_size()`.
    pub erase_size: u32,
    /// Reads `len` bytes.
    pub read: Option<
        unsafe extern "C" fn(context: *mut c_void, offset: u32, out: *mut u8, len: usize) -> i32,
    >,
    /// Writes `len` bytes. Durable when it returns.
    pub write: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            offset: u32,
            bytes: *const u8,
            len: usize,
        ) -> i32,
    >,
    /// Erases `len` bytes. Durable when it returns.
    pub erase: Option<unsafe extern "C" fn(context: *mut c_void, offset: u32, len: u32) -> i32>,
}

/// Time.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_clock_t {
    /// Handed to each callback.
    pub context: *mut c_void,
    /// Milliseconds since some moment of this boot; never goes back, and runs true to 0.4 %, in sleep too.
    pub ticks_ms: Option<unsafe extern "C" fn(context: *mut c_void) -> u64>,
    /// Unix milliseconds, where the product vouches for them: a clock that a battery keeps and only authenticated time
    /// sets. Not 0 in every doubt. NULL where there is no such clock.
    pub trusted_ms: Option<unsafe extern "C" fn(context: *mut c_void, unix_ms: *mut u64) -> i32>,
}

/// Randomness, fit for nonces.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_entropy_t {
    /// Handed to the callback.
    pub context: *mut c_void,
    /// Fills `len` bytes, or fails rather than give predictable ones.
    pub fill: Option<unsafe extern "C" fn(context: *mut c_void, out: *mut u8, len: usize) -> i32>,
}

/// The device's own key, an Ed25519 key: in a secure element behind these callbacks, or kept as a seed
/// (latch_seed_key fills this in).
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_key_t {
    /// Handed to each callback.
    pub context: *mut c_void,
    /// Writes the 32 bytes of the public key. Asked once a boot.
    pub public_key: Option<unsafe extern "C" fn(context: *mut c_void, out: *mut u8) -> i32>,
    /// Writes the 64 bytes of the signature of a message: Ed25519 as in RFC 8032, the same each time.
    pub sign: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            message: *const u8,
            len: usize,
            signature: *mut u8,
        ) -> i32,
    >,
}

/// A number in hardware that never goes down. Both callbacks NULL where there is none: then who can write to the flash can
/// put an older copy of the journal back.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_counter_t {
    /// Handed to each callback.
    pub context: *mut c_void,
    /// Reads the number.
    pub read: Option<unsafe extern "C" fn(context: *mut c_void, number: *mut u64) -> i32>,
    /// Raises the number. Durable when it returns.
    pub raise: Option<unsafe extern "C" fn(context: *mut c_void, to: u64) -> i32>,
}

/// What a device is made of. Copied at the boot; what the contexts lead to has to live until the device was ended.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_parts_t {
    /// LATCH_ABI.
    pub abi: u32,
    /// Flash of the journal: two sectors at least, each of the smallest number of erase blocks that hold 20 KiB.
    pub journal: latch_flash_t,
    /// The two slots for images. The image from the factory lies in the first.
    pub slots: [latch_flash_t; 2],
    /// Time.
    pub clock: latch_clock_t,
    /// Randomness.
    pub entropy: latch_entropy_t,
    /// The key of the device's receipts.
    pub key: latch_key_t,
    /// The monotonic counter.
    pub counter: latch_counter_t,
}

impl latch_parts_t {
    /// The parts as the verifier takes them.
    ///
    /// # Safety
    /// Every callback does what is said of it here, with the context beside it.
    pub(crate) unsafe fn assemble(&self) -> Result<Parts<Board>, Stop> {
        if self.abi != LATCH_ABI {
            return Err(LATCH_OTHER_ABI.into());
        }
        let [first, second] = &self.slots;
        // SAFETY: the callbacks keep their word, as this function's caller promises.
        unsafe {
            Ok(Parts {
                journal: Flash::new(&self.journal)?,
                slots: [Flash::new(first)?, Flash::new(second)?],
                clock: Clock::new(&self.clock)?,
                entropy: Entropy::new(&self.entropy)?,
                counter: Counter::new(&self.counter)?,
                key: Key::new(&self.key)?,
            })
        }
    }
}

/// A callback that has to be there.
pub(crate) fn required<F>(callback: Option<F>) -> Result<F, Stop> {
    callback.ok_or(Stop::Misuse(LATCH_CALLBACK))
}
