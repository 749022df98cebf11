//! A new device's request to be enrolled: who it says it is, signed with its own key.

use core::{ffi::CStr, ffi::c_char};

use latch_verify::{
    Reason, device::sign_request, limits::MAX_REQUEST_ENVELOPE, statement::KeyKept,
    types::Malformed, verdict::Identity,
};

use crate::{
    board::Key,
    boundary::{Place, buffer, copied},
    facts::latch_identity_t,
    parts::latch_key_t,
    result::{LATCH_NULL, LATCH_VALUE, Stop, code_of, latch_result_t},
};

/// Bytes that every request fits in.
pub const LATCH_REQUEST_SIZE: usize = 277;

const _: () = assert!(LATCH_REQUEST_SIZE == MAX_REQUEST_ENVELOPE);

/// How a device keeps its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_key_kept_t {
    /// In a file or in flash that software can read.
    LATCH_KEY_IN_SOFTWARE = 0,
    /// In a secure element, TPM or key slot that does not give it out.
    LATCH_KEY_IN_HARDWARE = 1,
}

/// What a new device is to be called. Names end with a zero.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_name_t {
    /// Its tenant: 1 to 16 of `A-Z a-z 0-9 . _ -`, or 32 hexadecimal digits.
    pub tenant: *const c_char,
    /// Its product, likewise.
    pub product: *const c_char,
    /// Its name: 1 to 32 of `A-Z a-z 0-9 . _ -`.
    pub device: *const c_char,
    /// Its enrolment, from 1: the next one after a board swap.
    pub incarnation: u32,
    /// One of latch_key_kept_t.
    pub key_kept: u32,
}

/// Signs a device's request to be enrolled, which an operator checks and countersigns (`latch device enroll`): what comes
/// back is the enrolment for latch_provision. `out` takes LATCH_REQUEST_SIZE bytes.
///
/// Refused with LATCH_VALUE for a malformed name, LATCH_REASON_WEAK_KEY, LATCH_REASON_KEY_FAULT.
///
/// # Safety
/// Pointers are NULL or lead to as much as they say; the key's callbacks keep their word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_enrolment_request(
    key: *const latch_key_t,
    name: *const latch_name_t,
    out: *mut u8,
    out_size: usize,
    len: *mut usize,
) -> latch_result_t {
    let named = || {
        // SAFETY: as this function's caller promises.
        let name = unsafe { copied(name)? };
        // SAFETY: as this function's caller promises.
        let identity = unsafe {
            Identity {
                tenant: word(name.tenant)?,
                product: word(name.product)?,
                device: word(name.device)?,
                incarnation: name.incarnation,
            }
        };
        Ok((identity, name.key_kept))
    };
    // SAFETY: as this function's caller promises.
    code_of(unsafe { request(key, named, out, out_size, len) })
}

/// As latch_enrolment_request, for the name that a host has asked for over the link (LATCH_ASK_REQUEST). `key_kept` is one of
/// latch_key_kept_t.
///
/// # Safety
/// As latch_enrolment_request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_enrolment_request_as(
    key: *const latch_key_t,
    identity: *const latch_identity_t,
    key_kept: u32,
    out: *mut u8,
    out_size: usize,
    len: *mut usize,
) -> latch_result_t {
    let named = || {
        // SAFETY: as this function's caller promises.
        let identity = unsafe { copied(identity)? };
        Ok((identity.checked()?, key_kept))
    };
    // SAFETY: as this function's caller promises.
    code_of(unsafe { request(key, named, out, out_size, len) })
}

/// # Safety
/// As [`latch_enrolment_request`].
unsafe fn request(
    key: *const latch_key_t,
    named: impl FnOnce() -> Result<(Identity, u32), Stop>,
    out: *mut u8,
    out_size: usize,
    len: *mut usize,
) -> Result<(), Stop> {
    const SOFTWARE: u32 = 0;
    const HARDWARE: u32 = 1;
    // SAFETY: as this function's caller promises.
    let (place, mut key) = unsafe {
        let key = Key::new(&copied(key)?)?;
        (Place::new(len)?, key)
    };
    let (identity, key_kept) = named()?;
    let key_kept = match key_kept {
        SOFTWARE => KeyKept::Software,
        HARDWARE => KeyKept::Hardware,
        _ => return Err(LATCH_VALUE.into()),
    };
    // SAFETY: as this function's caller promises.
    let out = unsafe { buffer(out, out_size, &[])? };
    let out = out
        .first_chunk_mut::<LATCH_REQUEST_SIZE>()
        .ok_or(Reason::BufferTooSmall)?;
    place.put(0);
    place.put(sign_request(&identity, key_kept, &mut key, out)?.len());
    Ok(())
}

/// # Safety
/// `text` is NULL or ends with a zero.
unsafe fn word<T: core::str::FromStr<Err = Malformed>>(text: *const c_char) -> Result<T, Stop> {
    if text.is_null() {
        return Err(LATCH_NULL.into());
    }
    // SAFETY: not NULL, and ends with a zero as this function's caller promises.
    let text = unsafe { CStr::from_ptr(text) };
    let text = text.to_str().map_err(|_| LATCH_VALUE)?;
    text.parse().map_err(|_| LATCH_VALUE.into())
}
