//! A flood of messages costs a bounded amount of work, flash and signatures, whatever is in it; and what answers the
//! device's own challenge, closes, revokes or brings a new root comes through.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

mod flood {
    pub(crate) mod bounds;
    pub(crate) mod half_valid;
    pub(crate) mod junk;
    pub(crate) mod reserves;
}
