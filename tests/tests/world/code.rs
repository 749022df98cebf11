//! What codes are made of.

use latch_verify::{
    statement::Action,
    twin::{Entries, Value},
    types::TimeMs,
};

use super::root::run;

/// Life of the codes made here, in milliseconds: shorter than any rule asks for.
pub(crate) const CODE_LIFE_MS: u64 = 240_000;
/// How long before now a code begins, in milliseconds.
pub(crate) const BEGUN_MS: u64 = 1000;

/// Leaves as they are written, in order or not.
pub(crate) fn leaves(entries: &[(&str, Value<'_>)]) -> Vec<u8> {
    run(entries)
}

/// Sets the properties in a list of leaves.
pub(crate) fn set(leaves: &[u8]) -> Action<'_> {
    Action::SetTwin(Entries::from_bytes(leaves))
}

/// Runs a command without arguments.
pub(crate) fn command(name: &str) -> Action<'_> {
    Action::Command {
        name,
        arguments: Entries::default(),
    }
}

/// Unix milliseconds as a moment.
pub(crate) fn moment(unix_ms: u64) -> TimeMs {
    TimeMs::new(unix_ms).expect("a moment of this age")
}
