//! The confirmed image's way back into its slot, for a recovery program that handles no code.

use latch_verify::{Reason, boot::Restoration};

use crate::{
    board::Flash,
    boundary::{Place, bytes},
    images::{latch_paged_t, latch_wanted_t},
    kept::{Kept, begin, call},
    loader::{read, two},
    parts::latch_flash_t,
    result::{code_of, latch_result_t},
};

/// Words of a restoration. Checked when the library is built.
pub const LATCH_RESTORATION_WORDS: usize = 32;

/// A confirmed image whose slot does not hold it any more, on its way back. Declare it static, or zero it first.
#[derive(Debug)]
#[repr(C)]
pub struct latch_restoration_t {
    opaque: [u64; LATCH_RESTORATION_WORDS],
}

impl latch_restoration_t {
    /// Storage in which nothing lies yet.
    #[must_use]
    pub const fn blank() -> Self {
        Self {
            opaque: [0; LATCH_RESTORATION_WORDS],
        }
    }
}

struct Inner {
    restoration: Restoration,
    slots: [Flash; 2],
}

impl Kept for Inner {
    type Storage = latch_restoration_t;
    const TAG: u32 = 0x4c61_5265;
}

/// For a recovery program without the whole verifier: begins to bring the image back that was confirmed last. Its pages need
/// no code: the journal names their Merkle root. How far it has come is kept in RAM only.
///
/// Refused with LATCH_REASON_NO_INSTALL for the image from the factory, of which nothing is known;
/// LATCH_REASON_LATCHED_SHUT, LATCH_REASON_UNPROVISIONED.
///
/// # Safety
/// As latch_bootloader_start; `restoration` is NULL or holds zeros or what this library has left there; what the slots'
/// contexts lead to lives as long as the restoration, which nobody else touches.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_restoration_begin(
    restoration: *mut latch_restoration_t,
    journal: *const latch_flash_t,
    slots: *const latch_flash_t,
    record: *mut u8,
    record_size: usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    code_of(unsafe {
        begin(restoration, |_| {
            let slots = two(slots)?;
            let (loader, _) = read(journal, record, record_size)?;
            let confirmed = loader.images().firmware.confirmed;
            let restoration = Restoration::new(confirmed).ok_or(Reason::NoInstall)?;
            Ok(Inner { restoration, slots })
        })
    })
}

/// The pages that are wanted; none once all have come.
///
/// # Safety
/// As latch_restoration_begin.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_restoration_wanted(
    restoration: *mut latch_restoration_t,
    wanted: *mut latch_wanted_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(restoration, |inner: &mut Inner, _| {
            Place::new(wanted)?.put(inner.restoration.wanted().into());
            Ok(())
        })
    }
}

/// Takes a page message, which is checked in RAM before flash is erased or written for it. The last is LATCH_PAGE_RESTORED
/// when the slot, read back, holds the image: reset, and it starts.
///
/// Refused as latch_page; with LATCH_REASON_STORAGE_FAULT pages are wanted from the beginning of the erase block on, with
/// LATCH_REASON_SLOT_MISMATCH the slot does not keep what was written.
///
/// # Safety
/// As latch_restoration_begin.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_restoration_page(
    restoration: *mut latch_restoration_t,
    message: *const u8,
    len: usize,
    paged: *mut latch_paged_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(restoration, |inner: &mut Inner, storage| {
            let place = Place::new(paged)?;
            let message = bytes(message, len, storage)?;
            let Inner { restoration, slots } = inner;
            let taken = restoration.take(slots, message);
            place.put(taken.into());
            taken?;
            Ok(())
        })
    }
}
