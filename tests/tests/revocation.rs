//! Permission that was given can be taken back: all that a key has signed up to a place in its order, or one code, before
//! it arrives or after it was used. And what was signed for one code serves no other.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

mod revocation {
    pub(crate) mod eviction;
    pub(crate) mod floors;
    pub(crate) mod sequences;
    pub(crate) mod signatures;
    pub(crate) mod slips;
    pub(crate) mod use_after;
}
