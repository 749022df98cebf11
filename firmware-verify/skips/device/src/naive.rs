//! What the campaign has to find: a decision that hangs on one branch.

use core::hint::black_box;

/// Whether a statement says `yes`, which none does.
#[inline(never)]
pub(crate) fn is_wanted(statement: &[u8]) -> bool {
    black_box(statement).first() == Some(&b'y')
}
