//! Storage of the caller's for what is smaller than a device: what lies in it, and who may look at it when.

use core::mem::MaybeUninit;

use crate::{
    boundary::{Place, Span},
    result::{LATCH_NOT_BLANK, LATCH_NOT_BOOTED, LATCH_REENTERED, Stop, code_of, latch_result_t},
};

/// Something that C keeps for the library, in storage whose words are nobody's but the library's. It owns nothing outside of
/// it: what is replaced, or lost with its storage, is forgotten and not dropped.
pub(crate) trait Kept: Sized {
    /// The storage, as C declares it.
    type Storage;
    /// What stands in its first word while this lies there: another for each kind, so that none is taken for another.
    const TAG: u32;
}

/// Nothing lies here, as in memory that was cleared.
const BLANK: u32 = 0;
/// A call is under way here.
const ENTERED: u32 = 0x4c61_456e;

/// What really lies in a storage. `inner` holds something where `tag` is its kind's, or where a call is under way on it.
#[repr(C)]
struct Cell<T> {
    tag: u32,
    inner: MaybeUninit<T>,
}

/// Puts something where nothing lies, or in the place of what does. Where it cannot be made, nothing lies there.
///
/// # Safety
/// `storage` is NULL or holds zeros or what this library has left there, and nobody else touches it.
pub(crate) unsafe fn begin<T: Kept>(
    storage: *mut T::Storage,
    make: impl FnOnce(Span) -> Result<T, Stop>,
) -> Result<(), Stop> {
    // SAFETY: as this function's caller promises.
    if unsafe { tag_of::<T>(storage)? } == ENTERED {
        return Err(LATCH_REENTERED.into());
    }
    let place = storage.cast::<Cell<T>>();
    // What was here before is no more: neither while something else is made, nor where that fails.
    // SAFETY: the tag is a field of its own, and has just been read.
    unsafe { (&raw mut (*place).tag).write(ENTERED) };
    let made = make(Span::of(storage, size_of::<T::Storage>()));
    let (tag, result) = match made {
        Ok(made) => {
            let inner = MaybeUninit::new(made);
            // SAFETY: large and aligned enough, as asserted where the tag was read; nobody looks at it before its tag says so.
            unsafe { (&raw mut (*place).inner).write(inner) };
            (T::TAG, Ok(()))
        }
        Err(stop) => (BLANK, Err(stop)),
    };
    // SAFETY: as above.
    unsafe { (&raw mut (*place).tag).write(tag) };
    result
}

/// A call on what was begun.
///
/// # Safety
/// As [`begin`].
pub(crate) unsafe fn call<T: Kept>(
    storage: *mut T::Storage,
    body: impl FnOnce(&mut T, Span) -> Result<(), Stop>,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    match unsafe { tag_of::<T>(storage) } {
        Ok(tag) if tag == T::TAG => {}
        Ok(ENTERED) => return LATCH_REENTERED,
        Ok(_) => return LATCH_NOT_BOOTED,
        Err(stop) => return code_of(Err(stop)),
    }
    let place = storage.cast::<Cell<T>>();
    // SAFETY: the tag is a field of its own, and has just been read.
    unsafe { (&raw mut (*place).tag).write(ENTERED) };
    // SAFETY: written before the tag that was found. While it is in use the tag keeps others out.
    let inner = unsafe { &mut *(&raw mut (*place).inner).cast::<T>() };
    let result = code_of(body(inner, Span::of(storage, size_of::<T::Storage>())));
    // SAFETY: as above.
    unsafe { (&raw mut (*place).tag).write(T::TAG) };
    result
}

/// # Safety
/// As [`begin`].
unsafe fn tag_of<T: Kept>(storage: *mut T::Storage) -> Result<u32, Stop> {
    const {
        assert!(size_of::<Cell<T>>() <= size_of::<T::Storage>());
        assert!(align_of::<Cell<T>>() <= align_of::<T::Storage>());
    }
    // SAFETY: as this function's caller promises.
    unsafe { Place::new(storage)? };
    let place = storage.cast::<Cell<T>>();
    // SAFETY: large and aligned enough, as asserted and looked at above, and initialised as the caller promises.
    match unsafe { (&raw const (*place).tag).read() } {
        tag if tag == BLANK || tag == ENTERED || tag == T::TAG => Ok(tag),
        _ => Err(LATCH_NOT_BLANK.into()),
    }
}

#[cfg(test)]
mod tests {
    use core::ptr;

    use super::{Kept, begin, call};
    use crate::result::{
        LATCH_NOT_BLANK, LATCH_NOT_BOOTED, LATCH_NULL, LATCH_OK, LATCH_REENTERED, LATCH_VALUE,
        code_of,
    };

    struct Number(u32);
    struct Other;

    impl Kept for Number {
        type Storage = [u64; 2];
        const TAG: u32 = 0x4c61_0001;
    }

    impl Kept for Other {
        type Storage = [u64; 2];
        const TAG: u32 = 0x4c61_0002;
    }

    #[test]
    fn storage_says_what_lies_in_it() {
        let mut storage = [0_u64; 2];
        let place = &raw mut storage;
        // SAFETY: zeros, then what these functions have left there.
        unsafe {
            let touch = || call::<Number>(place, |_, _| Ok(()));
            assert_eq!(touch(), LATCH_NOT_BOOTED);
            assert_eq!(code_of(begin(place, |_| Ok(Number(7)))), LATCH_OK);
            let raised = call::<Number>(place, |number, _| {
                number.0 += 1;
                Ok(())
            });
            assert_eq!(raised, LATCH_OK);
            let mut found = 0;
            let read = call::<Number>(place, |number, _| {
                found = number.0;
                Err(LATCH_VALUE.into())
            });
            assert_eq!((read, found, touch()), (LATCH_VALUE, 8, LATCH_OK));
            // As something else it is not known, and what cannot be made leaves nothing.
            assert_eq!(call::<Other>(place, |_, _| Ok(())), LATCH_NOT_BLANK);
            let failed = begin::<Number>(place, |_| Err(LATCH_VALUE.into()));
            assert_eq!((code_of(failed), touch()), (LATCH_VALUE, LATCH_NOT_BOOTED));
            assert_eq!(call::<Number>(ptr::null_mut(), |_, _| Ok(())), LATCH_NULL);
        }
    }

    #[test]
    fn nobody_comes_in_while_a_call_is_under_way() {
        let mut storage = [0_u64; 2];
        let place = &raw mut storage;
        // SAFETY: as above; each call within one looks at nothing but the tag.
        unsafe {
            let mut within = [0; 3];
            let begun = begin(place, |_| {
                within[0] = call::<Number>(place, |_, _| Ok(()));
                Ok(Number(7))
            });
            let called = call::<Number>(place, |_, _| {
                within[1] = call::<Number>(place, |_, _| Ok(()));
                within[2] = code_of(begin(place, |_| Ok(Number(8))));
                Ok(())
            });
            assert_eq!((code_of(begun), called), (LATCH_OK, LATCH_OK));
            assert_eq!(within, [LATCH_REENTERED; 3]);
        }
    }
}
