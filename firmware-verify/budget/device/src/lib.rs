#![no_std]
//! The device by which the verifier is measured: its parts, what it is given, and how its work is measured.

mod door;
mod inputs;
mod measure;
mod parts;

pub use door::serve;
pub use inputs::{
    CODE, CODE_KEY, ENROLMENT, FORGED, INSTALL, LARGE_INSTALL, LARGE_MANIFEST, MANIFEST, Messages,
    NEXT_ROOT, ROOT, large_pages, long_codes, pages,
};
pub use measure::{Meter, finish, tell};
pub use parts::{
    Absent, Constant, Dice, Erased, FACTORY, Fixed, Lent, Nor, Pump, Reference, TWIN, memory,
    parts_of,
};
