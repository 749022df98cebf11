//! Pointers from C, turned into references and places: NULL, lengths, alignment and overlap are looked at first.
//!
//! What cannot be seen is promised by the caller, in each function's safety section: that a pointer that is not NULL leads
//! to as many bytes as it says, which nobody else writes while the call lasts.

use core::{ffi::c_char, ptr::NonNull, slice};

use crate::result::{LATCH_LENGTH, LATCH_MISALIGNED, LATCH_NULL, LATCH_OVERLAP, Stop};

/// Bytes that somebody else keeps.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_bytes_t {
    /// The first of them; may be NULL where there is none.
    pub bytes: *const u8,
    /// How many.
    pub len: usize,
}

impl latch_bytes_t {
    pub(crate) const NONE: Self = Self {
        bytes: core::ptr::null(),
        len: 0,
    };
}

impl From<&[u8]> for latch_bytes_t {
    fn from(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.as_ptr(),
            len: bytes.len(),
        }
    }
}

/// Text that somebody else keeps: UTF-8, without a zero at its end. Print it with "%.*s".
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_text_t {
    /// Its first byte; may be NULL where there is none.
    pub text: *const c_char,
    /// Its bytes.
    pub len: usize,
}

impl latch_text_t {
    pub(crate) const NONE: Self = Self {
        text: core::ptr::null(),
        len: 0,
    };
}

impl From<&str> for latch_text_t {
    fn from(text: &str) -> Self {
        Self {
            text: text.as_ptr().cast(),
            len: text.len(),
        }
    }
}

/// Where some memory lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: usize,
    len: usize,
}

impl Span {
    pub(crate) fn of<T>(pointer: *const T, len: usize) -> Self {
        Self {
            start: pointer.addr(),
            len,
        }
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        let ends_after = |one: Self, two: Self| one.start.saturating_add(one.len) > two.start;
        self.len > 0 && other.len > 0 && ends_after(self, other) && ends_after(other, self)
    }
}

/// Bytes to read. NULL counts as none of them where the length is 0.
///
/// # Safety
/// `bytes` is NULL, or leads to `len` initialised bytes that nobody writes as long as the result is used.
pub(crate) unsafe fn bytes<'a>(
    bytes: *const u8,
    len: usize,
    apart: Span,
) -> Result<&'a [u8], Stop> {
    if len == 0 {
        return Ok(&[]);
    }
    check(bytes, len)?;
    if Span::of(bytes, len).overlaps(apart) {
        return Err(LATCH_OVERLAP.into());
    }
    // SAFETY: not NULL, not too long, and the rest is what this function's caller promises.
    Ok(unsafe { slice::from_raw_parts(bytes, len) })
}

/// A buffer to write to, which is cleared first: so what it held need not be initialised, and is never sent.
///
/// # Safety
/// `buffer` is NULL, or leads to `len` bytes that can be written, and that nobody else touches as long as the result is
/// used.
pub(crate) unsafe fn buffer<'a>(
    buffer: *mut u8,
    len: usize,
    apart: &[Span],
) -> Result<&'a mut [u8], Stop> {
    check(buffer, len)?;
    if apart
        .iter()
        .any(|other| Span::of(buffer, len).overlaps(*other))
    {
        return Err(LATCH_OVERLAP.into());
    }
    // SAFETY: not NULL, not too long, and can be written as this function's caller promises.
    unsafe { buffer.write_bytes(0, len) };
    // SAFETY: initialised by the line above; nobody else has it, by the caller's promise and the look at overlaps.
    Ok(unsafe { slice::from_raw_parts_mut(buffer, len) })
}

fn check(bytes: *const u8, len: usize) -> Result<(), Stop> {
    if bytes.is_null() {
        return Err(LATCH_NULL.into());
    }
    // Rust's bound on the size of any object; what wraps around the address space is none either.
    let fits = isize::try_from(len).is_ok() && bytes.addr().checked_add(len).is_some();
    if fits {
        Ok(())
    } else {
        Err(LATCH_LENGTH.into())
    }
}

/// A copy of what a pointer leads to.
///
/// # Safety
/// `value` is NULL, not aligned, or leads to an initialised `T`.
pub(crate) unsafe fn copied<T: Copy>(value: *const T) -> Result<T, Stop> {
    if value.is_null() {
        return Err(LATCH_NULL.into());
    }
    if !value.is_aligned() {
        return Err(LATCH_MISALIGNED.into());
    }
    // SAFETY: not NULL and aligned; initialised as this function's caller promises.
    Ok(unsafe { value.read() })
}

/// Where an answer is to be written.
pub(crate) struct Place<T>(NonNull<T>);

impl<T> Place<T> {
    /// # Safety
    /// `place` is NULL, not aligned, or leads to memory for a `T` that can be written until the call returns.
    pub(crate) unsafe fn new(place: *mut T) -> Result<Self, Stop> {
        let place = NonNull::new(place).ok_or(LATCH_NULL)?;
        if place.is_aligned() {
            Ok(Self(place))
        } else {
            Err(LATCH_MISALIGNED.into())
        }
    }

    pub(crate) fn put(&self, value: T)
    where
        T: Copy,
    {
        // SAFETY: aligned, and can be written, as whoever made it has promised. What was there is not read or dropped.
        unsafe { self.0.write(value) };
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn spans_overlap_where_they_share_a_byte() {
        let span = |start, len| Span { start, len };
        for (one, two, shared) in [
            (span(0, 4), span(4, 4), false),
            (span(0, 5), span(4, 4), true),
            (span(4, 4), span(0, 5), true),
            (span(0, 8), span(2, 1), true),
            (span(2, 0), span(0, 8), false),
            (span(usize::MAX - 1, 1), span(0, 8), false),
        ] {
            assert_eq!(one.overlaps(two), shared, "{one:?} {two:?}");
        }
    }
}
