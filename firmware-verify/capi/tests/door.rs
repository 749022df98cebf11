//! The functions of the interface, called as C calls them. Runs under Miri too, which sees what references and pointers do
//! to each other.

#[allow(dead_code, reason = "the programs in C take the rest")]
#[path = "../examples/inputs/issued.rs"]
mod issued;

mod door {
    pub(crate) mod board;
    #[cfg_attr(
        miri,
        allow(dead_code, reason = "only what Miri does not run lets a bit flip")
    )]
    mod fault;
    mod images;
    mod life;
    mod link;
    mod misuse;
    mod reentry;
    mod seed;
    mod service;
    // Looks for a text among bytes of which some were never written, which Miri does not let pass.
    #[cfg(not(miri))]
    mod spoiled;
}
