//! A new release shows that it works, or gives itself up.

use latch_device_board::handoff::Cause;
use latch_verify::ledger::InstallPhase;

use crate::{parts::PumpDevice, pump::Pump};

/// How long a release that works may wait for a host that speaks to it, in milliseconds; then the machine starts anew, and it
/// has a boot less. Long enough for a host to be restarted.
pub(crate) const PATIENCE_MS: u64 = 600_000;

/// How far the trial has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trial {
    /// This image is not on trial.
    None,
    /// It has passed its self-test. It is confirmed once a host has asked it something and has the answer: a release that
    /// nobody can reach could never be replaced.
    Passed,
    /// It has failed its self-test.
    Failed,
}

impl Trial {
    /// Tests the image, if it is on trial.
    pub(crate) fn of(device: &PumpDevice, cause: Cause, pump: &mut Pump) -> Self {
        let is_tried = matches!(device.install_phase(), Some(InstallPhase::Trial { .. }));
        if cause != Cause::Trial || !is_tried {
            return Self::None;
        }
        if cfg!(feature = "hangs") {
            // Nobody feeds the watchdog.
            loop {
                cortex_m::asm::wfi();
            }
        }
        if pump.obeys(device.facts().locked_down) {
            Self::Passed
        } else {
            Self::Failed
        }
    }
}
