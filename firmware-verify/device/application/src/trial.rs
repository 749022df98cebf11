//! A new release shows that it works, or gives itself up.

use latch_verify::ledger::InstallPhase;

use crate::{parts::PumpDevice, pump::Pump};

/// How far the trial has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trial {
    /// This image is not on trial.
    None,
    /// It has passed its self-test. It is confirmed once a host has spoken to it: a release that nobody can reach
    /// could never be replaced.
    Passed,
    /// It has failed its self-test.
    Failed,
}

impl Trial {
    /// Tests the image, if it is on trial.
    pub(crate) fn of(device: &PumpDevice, pump: &mut Pump) -> Self {
        if !matches!(device.install_phase(), Some(InstallPhase::Trial { .. })) {
            return Self::None;
        }
        if cfg!(feature = "hangs") {
            // Nobody feeds the watchdog.
            loop {
                cortex_m::asm::wfi();
            }
        }
        if pump.obeys() {
            Self::Passed
        } else {
            Self::Failed
        }
    }
}
