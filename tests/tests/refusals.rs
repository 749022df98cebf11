//! Every reason for which something is refused, each provoked by the smallest change of what is accepted.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

mod refusals {
    pub(crate) mod accepted;
    pub(crate) mod action;
    pub(crate) mod address;
    pub(crate) mod components;
    pub(crate) mod context;
    pub(crate) mod counter;
    pub(crate) mod decayed;
    pub(crate) mod device;
    pub(crate) mod envelope;
    pub(crate) mod firmware;
    pub(crate) mod freshness;
    pub(crate) mod install;
    pub(crate) mod opening;
    pub(crate) mod order;
    pub(crate) mod precedence;
    pub(crate) mod replay;
    pub(crate) mod revocation;
    pub(crate) mod root;
    pub(crate) mod rule;
    pub(crate) mod successor;
    pub(crate) mod time;
}
