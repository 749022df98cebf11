//! The confirmed image's way back into its slot, for a recovery program that handles no code.

use core::mem::MaybeUninit;

use latch_verify::{Reason, boot::Restoration};

use crate::{
    board::Flash,
    boundary::{Place, Span, bytes},
    images::{latch_paged_t, latch_wanted_t},
    loader::{read, two},
    parts::latch_flash_t,
    result::{LATCH_NOT_BLANK, LATCH_NOT_BOOTED, LATCH_REENTERED, Stop, code_of, latch_result_t},
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

/// Nothing lies here, as in memory that was cleared.
const BLANK: u32 = 0;
/// A restoration is under way here.
const BEGUN: u32 = 0x4c61_5265;
/// A call is under way on it.
const ENTERED: u32 = 0x4c61_456e;

/// What really lies in a [`latch_restoration_t`]. `inner` holds something unless `tag` is blank.
#[repr(C)]
struct Cell {
    tag: u32,
    inner: MaybeUninit<Inner>,
}

struct Inner {
    restoration: Restoration,
    slots: [Flash; 2],
}

const _: () = {
    assert!(
        size_of::<Cell>() <= size_of::<latch_restoration_t>(),
        "LATCH_RESTORATION_WORDS are too few"
    );
    assert!(align_of::<Cell>() <= align_of::<latch_restoration_t>());
};

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
    let begin = || {
        // SAFETY: as this function's caller promises.
        let tag = unsafe { tag_of(restoration)? };
        if tag == ENTERED {
            return Err(LATCH_REENTERED.into());
        }
        // SAFETY: as this function's caller promises.
        let (slots, (loader, _)) = unsafe { (two(slots)?, read(journal, record, record_size)?) };
        let confirmed = loader.images().firmware.confirmed;
        let begun = Restoration::new(confirmed).ok_or(Reason::NoInstall)?;
        let inner = MaybeUninit::new(Inner {
            restoration: begun,
            slots,
        });
        // SAFETY: large and aligned enough, as asserted and looked at above. What was here before has nothing to drop.
        unsafe { restoration.cast::<Cell>().write(Cell { tag: BEGUN, inner }) };
        Ok(())
    };
    code_of(begin())
}

/// # Safety
/// `restoration` is NULL or holds zeros or what this library has left there.
unsafe fn tag_of(restoration: *mut latch_restoration_t) -> Result<u32, Stop> {
    // SAFETY: as this function's caller promises.
    unsafe { Place::new(restoration)? };
    let place = restoration.cast::<Cell>();
    // SAFETY: large and aligned enough, as asserted and looked at above, and initialised as the caller promises.
    match unsafe { (&raw const (*place).tag).read() } {
        tag @ (BLANK | BEGUN | ENTERED) => Ok(tag),
        _ => Err(LATCH_NOT_BLANK.into()),
    }
}

/// A call on a restoration that was begun.
///
/// # Safety
/// As [`latch_restoration_begin`].
unsafe fn call(
    restoration: *mut latch_restoration_t,
    body: impl FnOnce(&mut Inner, Span) -> Result<(), Stop>,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    match unsafe { tag_of(restoration) } {
        Ok(BEGUN) => {}
        Ok(ENTERED) => return LATCH_REENTERED,
        Ok(_) => return LATCH_NOT_BOOTED,
        Err(stop) => return code_of(Err(stop)),
    }
    let place = restoration.cast::<Cell>();
    // SAFETY: the tag is a field of its own, and has just been read.
    unsafe { (&raw mut (*place).tag).write(ENTERED) };
    // SAFETY: written together with the tag that was found. While it is in use the tag keeps others out.
    let inner = unsafe { &mut *(&raw mut (*place).inner).cast::<Inner>() };
    let result = code_of(body(
        inner,
        Span::of(restoration, size_of::<latch_restoration_t>()),
    ));
    // SAFETY: as above.
    unsafe { (&raw mut (*place).tag).write(BEGUN) };
    result
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
        call(restoration, |inner, _| {
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
        call(restoration, |inner, storage| {
            let place = Place::new(paged)?;
            let message = bytes(message, len, storage)?;
            let Inner { restoration, slots } = inner;
            place.put(restoration.take(slots, message)?.into());
            Ok(())
        })
    }
}
