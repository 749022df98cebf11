//! The trust root changes hands: a device follows each version to the next, signed by those who are trusted before and
//! by those who are after, and to nothing else.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

/// How the power is cut.
#[allow(dead_code, reason = "each test takes what it needs of the sweep")]
#[path = "power/sweep.rs"]
mod sweep;

mod trust {
    pub(crate) mod chain;
    pub(crate) mod counter;
    pub(crate) mod cuts;
    pub(crate) mod epoch;
    pub(crate) mod exchange;
    pub(crate) mod faults;
    pub(crate) mod forged;
    pub(crate) mod kept;
    pub(crate) mod keys;
    pub(crate) mod signatures;
}
