//! A device's key that is kept as a seed: for products without a secure element. What signs is linked only where this is
//! used.

use core::{ffi::c_void, slice};

use latch_verify::wire::{DeviceKey as _, SeedKey};

use crate::{
    boundary::{Place, copied},
    parts::latch_key_t,
    result::{Stop, code_of, latch_result_t},
};

/// Words of a key made of a seed. Checked when the library is built.
pub const LATCH_SEED_WORDS: usize = 9;

/// A key made of a seed. Has to live, and to stay where it is, as long as devices that use it.
#[derive(Debug)]
#[repr(C)]
pub struct latch_seed_t {
    opaque: [u64; LATCH_SEED_WORDS],
}

const _: () = {
    assert!(
        size_of::<SeedKey>() <= size_of::<latch_seed_t>(),
        "LATCH_SEED_WORDS are too few"
    );
    assert!(align_of::<SeedKey>() <= align_of::<latch_seed_t>());
};

/// Makes the device's key of a seed (RFC 8032, 5.1.5) of 32 bytes: the key lies in `kept`, and `key` leads to it. The seed
/// itself is not needed afterwards. Read it from flash that is protected from reading, and make it of true randomness.
///
/// # Safety
/// `seed` is NULL or leads to 32 bytes; `kept` is NULL or can be written, and is touched by nobody as long as `key` is used;
/// `key` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_seed_key(
    seed: *const u8,
    kept: *mut latch_seed_t,
    key: *mut latch_key_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    code_of(unsafe { make(seed, kept, key) })
}

/// # Safety
/// As [`latch_seed_key`].
unsafe fn make(
    seed: *const u8,
    kept: *mut latch_seed_t,
    key: *mut latch_key_t,
) -> Result<(), Stop> {
    // SAFETY: as the caller promises.
    let (seed, place) = unsafe { (copied(seed.cast::<[u8; 32]>())?, Place::new(key)?) };
    // SAFETY: looked at for NULL and alignment here, and can be written as the caller promises.
    unsafe { Place::new(kept)? };
    // SAFETY: large and aligned enough, as asserted above. Nothing that lies there has to be dropped: a key owns nothing.
    unsafe { kept.cast::<SeedKey>().write(SeedKey::new(&seed)) };
    place.put(latch_key_t {
        context: kept.cast(),
        public_key: Some(public_key),
        sign: Some(sign),
    });
    Ok(())
}

/// # Safety
/// `context` leads to a key that [`latch_seed_key`] has made, and `out` to 32 bytes.
unsafe extern "C" fn public_key(context: *mut c_void, out: *mut u8) -> i32 {
    // SAFETY: as this function's caller promises; nobody else looks at the key meanwhile.
    let key = unsafe { &*context.cast::<SeedKey>() };
    // SAFETY: as this function's caller promises; an array of bytes is aligned anywhere.
    unsafe { out.cast::<[u8; 32]>().write(key.public()) };
    0
}

/// # Safety
/// `context` leads to a key that [`latch_seed_key`] has made, `message` to `len` bytes, `signature` to 64.
unsafe extern "C" fn sign(
    context: *mut c_void,
    message: *const u8,
    len: usize,
    signature: *mut u8,
) -> i32 {
    // SAFETY: as this function's caller promises; nobody else looks at the key meanwhile.
    let key = unsafe { &mut *context.cast::<SeedKey>() };
    // SAFETY: as this function's caller promises.
    let message = unsafe { slice::from_raw_parts(message, len) };
    let Ok(made) = key.sign(message) else {
        return 1;
    };
    // SAFETY: as this function's caller promises; an array of bytes is aligned anywhere.
    unsafe { signature.cast::<[u8; 64]>().write(made) };
    0
}
