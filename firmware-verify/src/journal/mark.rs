//! Marks: fields that are either untouched or set, whatever they hold.
//!
//! A cut while a unit is programmed can leave it *weak*: it reads as erased today and as
//! something else tomorrow. A reader cannot tell, so the first thing that is written at a
//! place where a cut may have struck must be something whose content does not matter. That
//! is a mark:
//!
//! - it counts as set if it reads as anything but erased, also if it cannot be read;
//! - setting it again where a cut left it looking erased is harmless, also where error
//!   correction then refuses to read it;
//! - once setting it has succeeded it can never look erased again.

use embedded_storage::nor_flash::NorFlash;

use super::medium::{Fault, Field, Medium};

/// Bytes of a mark and of a commit word, so that narrow write units do not make them weak
/// evidence.
pub(super) const WORD: usize = 4;

/// What is programmed to set a mark: every bit, so that nothing of it can look erased.
const SET: [u8; WORD] = [0; WORD];

/// What a mark was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// Every bit is one.
    Unset,
    /// Anything else that can be read.
    Set,
    /// Counts as set, but tells nothing about a flash that cannot be read at all.
    Unreadable,
}

impl Mark {
    pub(super) fn is_set(self) -> bool {
        self != Self::Unset
    }

    pub(super) fn look<F: NorFlash>(medium: &mut Medium<F>, at: usize) -> Self {
        match medium.field::<WORD>(at) {
            Field::Erased => Self::Unset,
            Field::Bytes(_) | Field::Spoilt => Self::Set,
            Field::Unreadable => Self::Unreadable,
        }
    }

    /// Sets the mark if it looks untouched.
    pub(super) fn set_if_unset<F: NorFlash>(
        medium: &mut Medium<F>,
        at: usize,
    ) -> Result<(), Fault> {
        if Self::look(medium, at).is_set() {
            Ok(())
        } else {
            Self::set(medium, at)
        }
    }

    /// Sets a mark that looked untouched. It is not looked at again: it could look set this time.
    pub(super) fn set<F: NorFlash>(medium: &mut Medium<F>, at: usize) -> Result<(), Fault> {
        medium.write(at, &SET)?;
        if Self::look(medium, at).is_set() {
            Ok(())
        } else {
            Err(Fault)
        }
    }
}
