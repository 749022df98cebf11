//! A latch that stays open for a time: it opens by a code, it is kept open by codes alone, and it closes by itself
//! whenever what kept it open is no longer so.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

#[allow(dead_code, reason = "each test takes what it needs of the sweep")]
#[path = "power/sweep.rs"]
mod sweep;

mod latches {
    pub(crate) mod actuator;
    pub(crate) mod closing;
    pub(crate) mod context;
    pub(crate) mod cuts;
    pub(crate) mod heartbeat;
    pub(crate) mod lockdown;
    pub(crate) mod model;
    pub(crate) mod opening;
    pub(crate) mod posture;
    pub(crate) mod probe;
    pub(crate) mod renewal;
    pub(crate) mod storage;
    pub(crate) mod taken_back;
    pub(crate) mod time;
    pub(crate) mod unlock;
}
