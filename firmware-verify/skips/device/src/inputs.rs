//! What the device is given, as `build.rs` made it.

use crate::board::Attempt::{self, Arm, Install, Page, Submit};

macro_rules! input {
    ($file:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $file))
    };
}

pub(crate) const ROOT: &[u8] = input!("root");
pub(crate) const ENROLMENT: &[u8] = input!("enrolment");
pub(crate) const DEVICE_KEY: &[u8; 32] = input!("device-key");
const GOOD: &[u8] = input!("good");
const GOOD_SAFETY: &[u8] = input!("good-safety");
const REVOCATION: &[u8] = input!("revocation");
const INSTALL: &[u8] = input!("install");
const MANIFEST: &[u8] = input!("manifest");

/// What the device takes first, and what it then has to refuse. What it takes leaves on the stack what a good statement
/// leaves there: where a skipped instruction leaves a slot unwritten, that is found in it.
pub(crate) struct Input {
    pub(crate) taken: &'static [Attempt],
    /// Changes a byte of the slot behind the device's back.
    pub(crate) slot_decays: bool,
    pub(crate) refused: &'static [Attempt],
}

const fn after(taken: &'static [Attempt], refused: &'static [Attempt]) -> Input {
    Input {
        taken,
        slot_decays: false,
        refused,
    }
}

/// The inputs, in the order of their names in `src/inputs.rs` of the host.
pub(crate) const INPUTS: [Input; 13] = [
    after(&[Submit(GOOD)], &[Submit(input!("forged"))]),
    after(&[Submit(GOOD)], &[Submit(input!("by-approver"))]),
    after(&[Submit(GOOD_SAFETY)], &[Submit(input!("one-short"))]),
    after(&[Submit(GOOD_SAFETY)], &[Submit(input!("open-one-short"))]),
    after(&[Submit(GOOD)], &[Submit(input!("expired"))]),
    after(&[Submit(GOOD)], &[Submit(input!("elsewhere"))]),
    after(&[Submit(GOOD)], &[Submit(GOOD)]),
    after(&[Submit(GOOD)], &[Submit(input!("stale"))]),
    after(
        &[Submit(GOOD), Submit(REVOCATION)],
        &[Submit(input!("revoked"))],
    ),
    after(
        &[Submit(GOOD)],
        &[Install(INSTALL, input!("manifest-forged"))],
    ),
    after(
        &[Install(INSTALL, MANIFEST), Page(input!("page-0"))],
        // Where the forged page was kept, the others make the image whole, and it can be armed.
        &[Page(input!("page-1-forged")), Page(input!("page-2")), Arm],
    ),
    Input {
        taken: &[
            Install(INSTALL, MANIFEST),
            Page(input!("page-0")),
            Page(input!("page-1")),
            Page(input!("page-2")),
        ],
        slot_decays: true,
        refused: &[Arm],
    },
    after(&[Submit(GOOD)], &[Submit(input!("root-one-short"))]),
];
