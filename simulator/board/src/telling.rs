//! What a board tells of itself.

use latch_link::{Life, Program, Pulse, Standing, Wanted, Why};
use latch_verify::device::Device;

use crate::{
    answer::{FACTORY, Seat},
    hardware::Micro,
};

/// What it is.
pub(crate) fn standing(seat: &Seat) -> Standing {
    let (program, why) = match seat {
        Seat::Recovering(_) => (Program::Recovery, Why::Recovery),
        _ => (Program::Application, Why::Unknown),
    };
    let (life, version, boot) = match seat {
        Seat::New(_) => (Life::Unprovisioned, FACTORY, 0),
        Seat::Shut(refused) => (Life::Shut(*refused), FACTORY, 0),
        Seat::Recovering(recovery) => (Life::Provisioned(recovery.identity.clone()), FACTORY, 0),
        Seat::Up(device) => (
            Life::Provisioned(device.identity().clone()),
            device.running().version,
            device.facts().boot,
        ),
    };
    Standing {
        program,
        life,
        version,
        boot,
        why,
    }
}

/// When to ask it. `changes` were counted since its boot.
pub(crate) fn pulse(device: &Device<Micro>, changes: u32) -> Pulse {
    let status = device.status();
    let every_ms = device.pulse_every_ms();
    Pulse {
        receipts: device.facts().chain.number,
        changes,
        root_version: status.root_version,
        junk: status.junk.count,
        posture: status.posture,
        pulse_every_ms: every_ms.and_then(|ms| u32::try_from(ms).ok()),
    }
}

/// The pages that it waits for.
pub(crate) fn wanted(device: &Device<Micro>) -> Option<Wanted> {
    device.wanted().map(|pages| Wanted {
        pages,
        merkle_root: device.installing().map(|image| image.merkle_root),
    })
}
