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
/// Room for what it says of itself, twice, and answers: all that it says is short.
const OUT: usize = 6 * (MESSAGE_HEAD + 128);

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
    let mut owed: Option<FromDevice<'static>> = None;
    let mut is_back = false;
    loop {
        line.turn();
        if line.has_come() {
            owed = None;
            introduce(&mut line, patient, restoration.as_ref());
        }
        if let Some(answer) = &owed {
            if !line.say(answer) {
                continue;
            }
            owed = None;
        }
        if is_back {
            line.restart();
        }
        let Some(heard) = line.heard() else { continue };
        let mut is_news = false;
        owed = Some(match heard {
            Ok(ToDevice::Page { tag, page }) => {
                let taken = match &mut restoration {
                    Some(restoration) => restoration.take(&mut slots, page),
                    None => Err(Reason::NoInstall.into()),
                };
                let paged = Paged::from(taken);
                is_back = paged == Paged::Restored;
                // What is wanted may be another page now, or none.
                is_news = matches!(paged, Paged::Refused(_));
                FromDevice::Paged { tag, paged }
            }
            Ok(ToDevice::Statement { tag, .. }) => FromDevice::Handled {
                tag,
                handled: Handled::Ignored(Reason::ActionNotServed.into()),
            },
            Ok(ToDevice::AskStanding { tag }) => {
                is_news = true;
                FromDevice::Done {
                    tag,
                    result: Ok(()),
                }
            }
            Ok(other) => refused(other.tag(), Reason::ActionNotServed),
            Err(malformed) => refused(malformed.tag, Reason::NotDecodable),
        });
        line.taken();
        if is_news {
            introduce(&mut line, patient, restoration.as_ref());
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
