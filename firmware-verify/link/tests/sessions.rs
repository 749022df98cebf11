//! Two sessions at the ends of a line, and what noise, restarts and strangers do to them.

#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers by chance, cut to what is wanted"
)]

mod sessions {
    mod delivery;
    mod restarts;
    mod strangers;
    mod wire;
    mod world;
}
