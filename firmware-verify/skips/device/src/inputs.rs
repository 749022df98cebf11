//! What the device is given, as `build.rs` made it.

use crate::board::Step::{self, Arm, Boot, Confirm, Decay, Install, Off, Page, Start, Submit};

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name))
    };
}

pub(crate) const DEVICE_KEY: &[u8; 32] = file!("device-key");

/// Everything else. The host finds it by these names, and erases what an input does not need once the device is prepared.
pub(crate) mod given {
    macro_rules! given {
        ($($name:ident $file:literal)*) => {
            $(pub(crate) static $name: [u8; file!($file).len()] = *file!($file);)*
        };
    }

    given! {
        ROOT "root"
        ENROLMENT "enrolment"
        GOOD "good"
        GOOD_SAFETY "good-safety"
        REVOCATION "revocation"
        INSTALL "install"
        MANIFEST "manifest"
        PAGE_0 "page-0"
        PAGE_1 "page-1"
        PAGE_2 "page-2"
        INSTALL_RAISING "install-raising"
        MANIFEST_RAISING "manifest-raising"
        RAISING_PAGE_0 "raising-page-0"
        RAISING_PAGE_1 "raising-page-1"
        RAISING_PAGE_2 "raising-page-2"
        FORGED "forged"
        BY_APPROVER "by-approver"
        ONE_SHORT "one-short"
        OPEN_ONE_SHORT "open-one-short"
        EXPIRED "expired"
        ELSEWHERE "elsewhere"
        STALE "stale"
        REVOKED "revoked"
        MANIFEST_FORGED "manifest-forged"
        PAGE_1_FORGED "page-1-forged"
        ROOT_ONE_SHORT "root-one-short"
        ROOT_NEXT "root-next"
    }
}

use given::*;

/// What the device takes first, and what it then has to refuse. What it takes leaves on the stack what a good statement
/// leaves there: where a skipped instruction leaves a slot unwritten, that is found in it.
pub(crate) struct Input {
    pub(crate) taken: &'static [Step],
    pub(crate) refused: &'static [Step],
    /// Slots that a bootloader must not start from, a bit each.
    pub(crate) bad_slots: u8,
    /// Whether a slot changes after the last start that a bootloader has got right.
    pub(crate) decays: bool,
}

const fn after(taken: &'static [Step], refused: &'static [Step]) -> Input {
    Input {
        taken,
        refused,
        bad_slots: 0,
        decays: false,
    }
}

/// A bootloader has to choose, and not one of these slots.
const fn starts(taken: &'static [Step], bad_slots: u8, decays: bool) -> Input {
    Input {
        taken,
        refused: &[],
        bad_slots,
        decays,
    }
}

/// The inputs, in the order of their names in `src/inputs.rs` of the host.
pub(crate) static INPUTS: [Input; 21] = [
    after(&[Submit(&GOOD)], &[Submit(&FORGED)]),
    after(&[Submit(&GOOD)], &[Submit(&BY_APPROVER)]),
    after(&[Submit(&GOOD_SAFETY)], &[Submit(&ONE_SHORT)]),
    after(&[Submit(&GOOD_SAFETY)], &[Submit(&OPEN_ONE_SHORT)]),
    after(&[Submit(&GOOD)], &[Submit(&EXPIRED)]),
    after(&[Submit(&GOOD)], &[Submit(&ELSEWHERE)]),
    after(&[Submit(&GOOD)], &[Submit(&GOOD)]),
    after(&[Submit(&GOOD)], &[Submit(&STALE)]),
    after(&[Submit(&GOOD), Submit(&REVOCATION)], &[Submit(&REVOKED)]),
    after(&[Submit(&GOOD)], &[Install(&INSTALL, &MANIFEST_FORGED)]),
    after(
        &[Install(&INSTALL, &MANIFEST), Page(&PAGE_0)],
        // Where the forged page was kept, the others make the image whole, and it can be armed.
        &[Page(&PAGE_1_FORGED), Page(&PAGE_2), Arm],
    ),
    after(
        &[
            Install(&INSTALL, &MANIFEST),
            Page(&PAGE_0),
            Page(&PAGE_1),
            Page(&PAGE_2),
            Decay,
            Boot,
        ],
        &[Arm],
    ),
    after(&[Submit(&GOOD)], &[Submit(&ROOT_ONE_SHORT)]),
    // Armed, and its slot has decayed since: the image from the factory has to start.
    starts(
        &[
            Install(&INSTALL, &MANIFEST),
            Page(&PAGE_0),
            Page(&PAGE_1),
            Page(&PAGE_2),
            Arm,
            Off,
        ],
        SECOND,
        true,
    ),
    // Tried as often as it may be, and never confirmed.
    starts(
        &[
            Install(&INSTALL, &MANIFEST),
            Page(&PAGE_0),
            Page(&PAGE_1),
            Page(&PAGE_2),
            Arm,
            Start,
            Start,
        ],
        SECOND,
        false,
    ),
    // Confirmed, and its slot holds something else: the one before it has to start.
    starts(
        &[
            Install(&INSTALL, &MANIFEST),
            Page(&PAGE_0),
            Page(&PAGE_1),
            Page(&PAGE_2),
            Arm,
            Boot,
            Confirm,
            Off,
        ],
        SECOND,
        true,
    ),
    // The same, and the one before it is below the security floor: nothing may start.
    starts(
        &[
            Install(&INSTALL_RAISING, &MANIFEST_RAISING),
            Page(&RAISING_PAGE_0),
            Page(&RAISING_PAGE_1),
            Page(&RAISING_PAGE_2),
            Arm,
            Boot,
            Confirm,
            Off,
        ],
        FIRST | SECOND,
        true,
    ),
    // What a boot puts into RAM decides about these: keys, roles, thresholds, codes that were used.
    after(&[Submit(&GOOD), Boot, Off], &[Submit(&FORGED)]),
    after(&[Submit(&GOOD_SAFETY), Boot, Off], &[Submit(&ONE_SHORT)]),
    after(&[Submit(&GOOD), Boot, Off], &[Submit(&GOOD)]),
    // A root of the same epoch leaves what was used as it is.
    after(&[Submit(&GOOD)], &[Submit(&ROOT_NEXT), Submit(&GOOD)]),
];

const FIRST: u8 = 1;
const SECOND: u8 = 2;
