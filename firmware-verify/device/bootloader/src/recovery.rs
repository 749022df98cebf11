//! The recovery program: for a device of which no image may run. It speaks the link, and takes the pages of the image that
//! was confirmed last, which need no code. It judges no statement: the whole verifier would be larger than the bootloader.

use latch_device_board::{Line, Region, Ticks, Watchdog};
use latch_link::{
    FromDevice, Handled, Life, MESSAGE_HEAD, Paged, Program, Pulse, Refused, Standing, ToDevice,
    Wanted, Why,
};
use latch_verify::{
    Reason,
    boot::Restoration,
    ledger::Image,
    types::{Posture, Version},
    verdict::Identity,
};

/// The version of this program.
const VERSION: Version = Version {
    major: 0,
    minor: 1,
    patch: 0,
};
/// Room for a standing and an answer: all that it says is short.
const OUT: usize = 2 * (MESSAGE_HEAD + 128);

/// What the journal has told.
pub(crate) enum Patient {
    /// A device whose images are lost.
    Known(Identity, Image),
    /// One whose journal cannot be read.
    Shut(Refused),
    /// One that was never provisioned, and has no program from the factory.
    Blank,
}

/// Serves a host until the image is back; then the machine starts anew.
pub(crate) fn run(
    patient: &Patient,
    mut slots: [Region<'_>; 2],
    ticks: Ticks,
    watchdog: Watchdog,
) -> ! {
    let mut line: Line<OUT> = Line::open(ticks, watchdog);
    let mut restoration = match patient {
        Patient::Known(_, image) => Restoration::new(*image),
        Patient::Shut(_) | Patient::Blank => None,
    };
    loop {
        line.turn();
        if line.has_come() {
            introduce(&mut line, patient, restoration.as_ref());
        }
        let (answer, is_back) = match line.heard() {
            None => continue,
            Some(Ok(ToDevice::Page { tag, page })) => {
                let taken = match &mut restoration {
                    Some(restoration) => restoration.take(&mut slots, page),
                    None => Err(Reason::NoInstall.into()),
                };
                let paged = Paged::from(taken);
                (FromDevice::Paged { tag, paged }, paged == Paged::Restored)
            }
            Some(Ok(ToDevice::Statement { tag, .. })) => {
                let handled = Handled::Ignored(Reason::ActionNotServed.into());
                (FromDevice::Handled { tag, handled }, false)
            }
            Some(Ok(ToDevice::AskStanding { tag })) => (
                FromDevice::Done {
                    tag,
                    result: Ok(()),
                },
                false,
            ),
            Some(Ok(other)) => (refused(other.tag(), Reason::ActionNotServed), false),
            Some(Err(malformed)) => (refused(malformed.tag, Reason::NotDecodable), false),
        };
        line.taken();
        if matches!(answer, FromDevice::Done { result: Ok(()), .. }) {
            introduce(&mut line, patient, restoration.as_ref());
        }
        let _ = line.say(&answer);
        if is_back {
            line.restart();
        }
    }
}

fn refused(tag: u16, reason: Reason) -> FromDevice<'static> {
    FromDevice::Done {
        tag,
        result: Err(reason.into()),
    }
}

/// Says what the device is, and what it wants.
fn introduce(line: &mut Line<OUT>, patient: &Patient, restoration: Option<&Restoration>) {
    let (life, root) = match patient {
        Patient::Known(identity, image) => {
            (Life::Provisioned(identity.clone()), Some(image.merkle_root))
        }
        Patient::Shut(fault) => (Life::Shut(*fault), None),
        Patient::Blank => (Life::Unprovisioned, None),
    };
    let _ = line.say(&FromDevice::Standing(Standing {
        program: Program::Recovery,
        life,
        version: VERSION,
        boot: 0,
        why: Why::Recovery,
    }));
    let _ = line.say(&FromDevice::Pulse(Pulse {
        receipts: 0,
        changes: 0,
        root_version: 0,
        junk: 0,
        posture: Posture::default(),
        pulse_every_ms: None,
    }));
    let wanted = restoration
        .and_then(Restoration::wanted)
        .map(|pages| Wanted {
            pages,
            merkle_root: root,
        });
    let _ = line.say(&FromDevice::Wanted(wanted));
}
