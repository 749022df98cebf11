//! The power goes at every operation of the flash, in the middle of everything a device does. Whatever a cut leaves, the
//! device boots, has opened nothing without a burned code, tells the truth about what it did, and goes on.

#[allow(dead_code, reason = "each test takes what it needs of the world")]
mod world;

mod power {
    pub(crate) mod board;
    pub(crate) mod coded;
    pub(crate) mod codes;
    pub(crate) mod coverage;
    pub(crate) mod cut;
    pub(crate) mod faults;
    pub(crate) mod images;
    pub(crate) mod install;
    pub(crate) mod loader;
    pub(crate) mod memory;
    pub(crate) mod nested;
    pub(crate) mod opened;
    pub(crate) mod operation;
    pub(crate) mod provision;
    pub(crate) mod restored;
    pub(crate) mod rig;
    pub(crate) mod rollout;
    pub(crate) mod standing;
    pub(crate) mod sweep;
    pub(crate) mod trusted;
    pub(crate) mod wear;
}
