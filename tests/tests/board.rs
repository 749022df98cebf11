//! The microcontroller: its bootloader and application on a Cortex-M4 in QEMU, and what happens to them over their serial line.
//!
//! The programs are built from the tree as it is now. Flash is a file, so that it survives the machine being killed.

#[allow(
    dead_code,
    unused_imports,
    reason = "each test takes what it needs of the stage"
)]
mod stage;

mod board {
    pub(crate) mod agent;
    pub(crate) mod birth;
    pub(crate) mod chance;
    pub(crate) mod course;
    pub(crate) mod cuts;
    pub(crate) mod fallback;
    pub(crate) mod forged;
    pub(crate) mod host;
    pub(crate) mod languages;
    pub(crate) mod lockdown;
    pub(crate) mod machine;
    pub(crate) mod programs;
    pub(crate) mod recovery;
    pub(crate) mod restoration;
    pub(crate) mod small;
    pub(crate) mod story;
    pub(crate) mod tenant;
    pub(crate) mod trial;
    pub(crate) mod update;
}
