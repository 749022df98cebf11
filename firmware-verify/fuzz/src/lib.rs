//! Looks for inputs that make the verifier panic, or open a latch that should stay shut; and for such as wedge the link.
//!
//! Each function takes an input of the fuzzer and panics when something that must hold does
//! not. Nothing here asks the verifier what is right: signatures, rules and histories are judged
//! once more, by code that shares nothing with it but the types.

#![forbid(unsafe_code)]

mod device;
mod input;
mod journal;
#[cfg(test)]
mod kept;
mod keys;
mod link;
mod oracle;
mod page;
mod statement;
mod tenant;

pub use device::device;
pub use journal::journal;
pub use link::link;
pub use page::page;
pub use statement::statement;
