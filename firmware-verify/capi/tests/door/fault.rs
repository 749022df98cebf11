//! A bit of the device's memory that flips at a moment of choice: while the device calls its board.

use std::{cell::RefCell, ptr};

/// A bit that flips while the device calls its board.
#[derive(Default)]
struct Flip {
    /// After so many calls, the byte at this address.
    due: Option<(usize, usize)>,
    /// What the device has called since.
    after: Vec<&'static str>,
}

thread_local! {
    static FLIP: RefCell<Option<Flip>> = const { RefCell::new(None) };
}

/// Lets the lowest bit of a byte flip after so many calls from now.
pub(crate) fn flip_after(calls: usize, byte: *mut u8) {
    FLIP.replace(Some(Flip {
        due: Some((calls, byte.expose_provenance())),
        after: Vec::new(),
    }));
}

/// What was called after the bit had flipped; `None` if it has not.
pub(crate) fn called_since() -> Option<Vec<&'static str>> {
    let flip = FLIP.take()?;
    flip.due.is_none().then_some(flip.after)
}

/// Every call of the device comes by here.
pub(crate) fn moment(what: &'static str) {
    FLIP.with_borrow_mut(|flip| {
        let Some(flip) = flip else { return };
        match flip.due {
            None => flip.after.push(what),
            Some((0, byte)) => {
                let byte = ptr::with_exposed_provenance_mut::<u8>(byte);
                // SAFETY: a byte of a text in the device's storage, which the device does not look at within this call.
                unsafe { *byte ^= 1 };
                flip.due = None;
            }
            Some((calls, byte)) => flip.due = Some((calls - 1, byte)),
        }
    });
}
