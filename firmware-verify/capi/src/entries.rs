//! Leaves of a twin, of a patch, and arguments of commands: read one by one from the bytes in which they came.

use core::ffi::{CStr, c_char};

use latch_verify::twin::{Entries, Entry, Value};

use crate::{
    boundary::{Place, Span, bytes, latch_bytes_t, latch_text_t},
    result::{LATCH_NO_ENTRY, LATCH_NULL, Stop, code_of, latch_result_t},
};

/// What stands at the end of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum latch_value_kind_t {
    /// In a patch: what was here is deleted. Stands nowhere else.
    LATCH_VALUE_NULL = 0,
    /// `boolean`.
    LATCH_VALUE_BOOL = 1,
    /// `integer`.
    LATCH_VALUE_INT = 2,
    /// `text`.
    LATCH_VALUE_TEXT = 3,
    /// `bytes`.
    LATCH_VALUE_BYTES = 4,
    /// An object with nothing in it.
    LATCH_VALUE_EMPTY = 5,
}

/// A value. Only the field that its kind names counts.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_value_t {
    /// Which.
    pub kind: latch_value_kind_t,
    /// True or false.
    pub boolean: bool,
    /// A whole number.
    pub integer: i64,
    /// Text in UTF-8; lies where the entries lie.
    pub text: latch_text_t,
    /// Bytes; lie where the entries lie.
    pub bytes: latch_bytes_t,
}

impl From<Value<'_>> for latch_value_t {
    fn from(value: Value<'_>) -> Self {
        use latch_value_kind_t as kind;
        let null = Self {
            kind: kind::LATCH_VALUE_NULL,
            boolean: false,
            integer: 0,
            text: latch_text_t::NONE,
            bytes: latch_bytes_t::NONE,
        };
        match value {
            Value::Null => null,
            Value::Bool(boolean) => Self {
                kind: kind::LATCH_VALUE_BOOL,
                boolean,
                ..null
            },
            Value::Int(integer) => Self {
                kind: kind::LATCH_VALUE_INT,
                integer,
                ..null
            },
            Value::Text(text) => Self {
                kind: kind::LATCH_VALUE_TEXT,
                text: text.into(),
                ..null
            },
            Value::Bytes(bytes) => Self {
                kind: kind::LATCH_VALUE_BYTES,
                bytes: bytes.0.into(),
                ..null
            },
            Value::Empty => Self {
                kind: kind::LATCH_VALUE_EMPTY,
                ..null
            },
        }
    }
}

/// One leaf.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct latch_entry_t {
    /// Where it stands: pump/limits/max.
    pub path: latch_text_t,
    /// What stands there.
    pub value: latch_value_t,
}

/// The entry with this number: count up from 0 until LATCH_NO_ENTRY.
///
/// # Safety
/// `entries` are those of an action or a twin, as long as they are valid; `entry` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_entry_at(
    entries: latch_bytes_t,
    index: usize,
    entry: *mut latch_entry_t,
) -> latch_result_t {
    // SAFETY: as this function's caller promises.
    code_of(unsafe { choose(entries, entry, |entries| entries.iter().nth(index)) })
}

/// The entry at this path, or LATCH_NO_ENTRY.
///
/// # Safety
/// As latch_entry_at; `path` is NULL or text that ends with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn latch_entry_find(
    entries: latch_bytes_t,
    path: *const c_char,
    entry: *mut latch_entry_t,
) -> latch_result_t {
    if path.is_null() {
        return LATCH_NULL;
    }
    // SAFETY: not NULL, and ends with a zero as this function's caller promises.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    // SAFETY: as this function's caller promises.
    code_of(unsafe {
        choose(entries, entry, |entries| {
            let mut all = entries.iter();
            all.find(|entry| entry.path.as_str().as_bytes() == path)
        })
    })
}

/// # Safety
/// As [`latch_entry_at`].
unsafe fn choose(
    entries: latch_bytes_t,
    entry: *mut latch_entry_t,
    choice: impl for<'e> FnOnce(Entries<'e>) -> Option<Entry<'e>>,
) -> Result<(), Stop> {
    // SAFETY: as this function's caller promises.
    let place = unsafe { Place::new(entry)? };
    let apart = Span::of(entry, size_of::<latch_entry_t>());
    // SAFETY: as this function's caller promises.
    let entries = unsafe { bytes(entries.bytes, entries.len, apart)? };
    let Entry { path, value } = choice(Entries::from_bytes(entries)).ok_or(LATCH_NO_ENTRY)?;
    place.put(latch_entry_t {
        path: path.as_str().into(),
        value: value.into(),
    });
    Ok(())
}
