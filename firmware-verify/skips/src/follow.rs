//! Where a trial went after its fault, for people who look for why something has opened.

use std::fmt::Write as _;

use crate::{fault::Trial, machine::End, program::Program};

/// The functions that were executed, one a line in their order, each with where it was entered and for how many instructions.
/// Field, group and scalar arithmetic and the compression of SHA-2 are left out.
pub(crate) fn account(trial: &Trial, end: End, executed: &[u32], program: &Program) -> String {
    let mut text = format!("{trial:?}, {end:?}\n");
    let same = |a: &u32, b: &u32| program.name(*a) == program.name(*b);
    for stay in executed.chunk_by(same) {
        if let Some(from) = stay.first() {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{:6} {}", stay.len(), program.place(*from));
        }
    }
    text
}
