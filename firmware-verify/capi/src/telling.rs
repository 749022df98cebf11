//! What the device says of itself: signed state, and receipts that were lost on the way.

use latch_verify::{
    Reason, Refusal,
    limits::{MAX_OUTCOMES, MAX_RECEIPT_ENVELOPE, MAX_STATE_ENVELOPE},
    types::StatementId,
};

use crate::{
    boundary::{Place, Span, buffer, copied},
    cell::{call, latch_device_t},
    result::{Stop, latch_result_t},
};

/// Bytes that every receipt fits in.
pub const LATCH_RECEIPT_SIZE: usize = 469;
/// Bytes that every state fits in.
pub const LATCH_STATE_SIZE: usize = 2517;
/// Receipts that a device keeps for being sent again.
pub const LATCH_RECENT: usize = 8;

const _: () = {
    assert!(LATCH_RECEIPT_SIZE == MAX_RECEIPT_ENVELOPE);
    assert!(LATCH_STATE_SIZE == MAX_STATE_ENVELOPE);
    assert!(LATCH_RECENT == MAX_OUTCOMES);
};

/// Names a statement: the first 16 bytes of the SHA-256 of its signed message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct latch_statement_id_t {
    /// The bytes.
    pub id: [u8; 16],
}

impl From<StatementId> for latch_statement_id_t {
    fn from(id: StatementId) -> Self {
        Self { id: id.0 }
    }
}

/// A buffer that takes any receipt. A shorter one is refused before anything is done: a code must not be burned for a
/// receipt that cannot be made.
///
/// # Safety
/// As [`buffer`].
pub(crate) unsafe fn receipt_buffer<'a>(
    out: *mut u8,
    size: usize,
    apart: &[Span],
) -> Result<&'a mut [u8], Stop> {
    // SAFETY: as this function's caller promises.
    unsafe { buffer_of(out, size, LATCH_RECEIPT_SIZE, apart) }
}

/// # Safety
/// As [`buffer`].
unsafe fn buffer_of<'a>(
    out: *mut u8,
    size: usize,
    least: usize,
    apart: &[Span],
) -> Result<&'a mut [u8], Stop> {
    if !out.is_null() && size < least {
        let wide = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        return Err(Refusal::new(Reason::BufferTooSmall, wide(least), wide(size)).into());
    }
    // SAFETY: as this function's caller promises.
    unsafe { buffer(out, size, apart) }
}

/// Signs the device's state, for issuers: what it is, and the challenge that the next code answers. Publish it after every
/// boot and receipt, and while a latch is open as often as latch_facts says. `out` takes LATCH_STATE_SIZE bytes at least.
///
/// Refused with LATCH_REASON_KEY_FAULT, LATCH_REASON_BUFFER_TOO_SMALL, LATCH_REASON_NO_ENTROPY, LATCH_REASON_MEMORY_FAULT.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_state(
    device: *mut latch_device_t,
    out: *mut u8,
    out_size: usize,
    len: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(len)?;
            let out = buffer_of(out, out_size, LATCH_STATE_SIZE, &[door.storage])?;
            place.put(0);
            place.put(door.device.state(out)?.len());
            Ok(())
        })
    }
}

/// Signs the last receipt for a statement again: the same bytes as the first time. `out` takes LATCH_RECEIPT_SIZE bytes at
/// least.
///
/// Refused with LATCH_REASON_ALREADY_USED when it is no longer kept, LATCH_REASON_STORAGE_FAULT, LATCH_REASON_MEMORY_FAULT, LATCH_REASON_KEY_FAULT,
/// LATCH_REASON_BUFFER_TOO_SMALL.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_receipt(
    device: *mut latch_device_t,
    statement: *const latch_statement_id_t,
    out: *mut u8,
    out_size: usize,
    len: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(len)?;
            let statement = StatementId(copied(statement)?.id);
            let out = receipt_buffer(out, out_size, &[door.storage])?;
            place.put(0);
            place.put(door.device.receipt(statement, out)?.len());
            Ok(())
        })
    }
}

/// As latch_receipt, for the receipt with this number in the device's chain.
///
/// # Safety
/// As latch_submit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_receipt_numbered(
    device: *mut latch_device_t,
    number: u64,
    out: *mut u8,
    out_size: usize,
    len: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(len)?;
            let out = receipt_buffer(out, out_size, &[door.storage])?;
            place.put(0);
            place.put(door.device.receipt_numbered(number, out)?.len());
            Ok(())
        })
    }
}

/// The statements that the last receipts answer, the newest last: `ids` takes LATCH_RECENT of them. Send their receipts
/// again after a boot: the last one may have ended before they left.
///
/// # Safety
/// As latch_submit; `ids` is NULL or leads to LATCH_RECENT ids that can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_recent(
    device: *mut latch_device_t,
    ids: *mut latch_statement_id_t,
    count: *mut usize,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    unsafe {
        call(device, |door| {
            let place = Place::new(count)?;
            let ids = Place::new(ids.cast::<[latch_statement_id_t; LATCH_RECENT]>())?;
            let mut kept = [latch_statement_id_t::default(); LATCH_RECENT];
            let mut found = 0;
            for (slot, id) in kept.iter_mut().zip(door.device.recent()) {
                *slot = id.into();
                found += 1;
            }
            ids.put(kept);
            place.put(found);
            Ok(())
        })
    }
}
