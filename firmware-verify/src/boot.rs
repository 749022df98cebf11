//! Which image to run: a pure function of the journal, usable by a bootloader that never
//! handles a code.

use crate::{
    ledger::{Facts, Image, Install, InstallPhase},
    reject::Reason,
};

/// What to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// The confirmed image.
    Confirmed(Image),
    /// The new image, which has to confirm itself.
    Trial(Image),
    /// The confirmed image, since the new one is given up.
    Revert {
        /// What to start.
        to: Image,
        /// Why the new one is given up.
        reason: Reason,
    },
}

/// Chooses the image to start.
///
/// `is_whole` reads an image's slot back and says whether it holds what was signed; it is
/// asked only about an image on trial. Whatever is not known to be good leads to the
/// confirmed image.
pub fn choose<const TWIN: usize, const USED: usize>(
    facts: &Facts<TWIN, USED>,
    is_whole: impl FnOnce(&Image) -> bool,
) -> Choice {
    let to = facts.firmware.confirmed;
    let Some(Install { image, phase, .. }) = &facts.install else {
        return Choice::Confirmed(to);
    };
    match phase {
        InstallPhase::Receiving { .. } | InstallPhase::Received => Choice::Confirmed(to),
        InstallPhase::Trial { boots_left: 0 } => Choice::Revert {
            to,
            reason: Reason::TrialExpired,
        },
        InstallPhase::Armed | InstallPhase::Trial { .. } => {
            if is_whole(image) {
                Choice::Trial(*image)
            } else {
                Choice::Revert {
                    to,
                    reason: Reason::SlotMismatch,
                }
            }
        }
    }
}
