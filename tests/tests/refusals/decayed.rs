//! What components need of each other, when the flash that it lies in has decayed.

use latch_verify::{
    Reason,
    boot::Started,
    device::Device,
    statement::{Outcome, Requirement},
    types::{Version, VersionRange},
};

use super::components::{MOTOR, RADIO, bench, broken, installed, needs, refuses, release, rotates};
use crate::world::{
    answer::Answer,
    bench::Bench,
    hardware::Kit,
    release::{Image, version},
    root::run,
};

/// What the main component needs of the radio, in bytes that lie nowhere else.
const NEEDED: VersionRange = VersionRange {
    least: Version {
        major: 1,
        minor: 0,
        patch: 0,
    },
    most: Version {
        major: 4,
        minor: 0x1234,
        patch: 0x0055_aa11,
    },
};

/// Changes a bit of every record in which that need lies.
fn decay(bench: &mut Bench) {
    let bytes = run(&[Requirement {
        component: RADIO,
        versions: NEEDED,
    }]);
    let mut probe = bench.hardware.journal.probe();
    let all = probe.contents().windows(bytes.len()).enumerate();
    let places: Vec<_> = all
        .filter(|(_, window)| *window == bytes)
        .map(|(place, _)| place)
        .collect();
    assert!(!places.is_empty());
    for place in places {
        probe.contents_mut()[place + 4] ^= 1;
    }
}

/// Needs that have decayed hold up no rotation: what has them stands for itself until it is installed anew.
fn decayed_needs_refuse_until_they_are_replaced(in_table: bool) {
    let image = Image::new(3000, 1);
    let needed = Requirement {
        component: RADIO,
        versions: NEEDED,
    };
    let main = release(&image, 0, version(2), &[needed]);
    let mut bench = bench().install(&image, &main);
    if in_table {
        rotates(&mut bench);
    }
    let second = release(&image, RADIO, version(2), &[]);
    decay(&mut bench);
    let code = bench.install_code(&second);
    let answer = bench.submit_found(&code, &second);
    assert_eq!(answer, Answer::Ignored(Reason::StorageFault.into()));
    // A boot would not have its journal.
    let booted: Result<Device<Kit>, _> =
        Device::boot_as(bench.hardware.fork().parts(), Started::Recovery);
    assert!(booted.is_err());
    rotates(&mut bench);
    rotates(&mut bench);
    refuses(&mut bench, &second, broken(0, version(2)));
    let motor = release(&image, MOTOR, version(2), &[]);
    if in_table {
        // It is known that the main component needed nothing of it.
        let code = bench.fork().install_code(&motor);
        let told = bench.fork().submit_found(&code, &motor).told();
        assert_eq!(told.outcome(), Outcome::InstallStarted);
    } else {
        refuses(&mut bench, &motor, broken(0, version(2)));
    }
    let mut bench = bench.reboot();
    refuses(&mut bench, &second, broken(0, version(2)));
    let next = release(&image, 0, version(3), &[needs(RADIO, 1, 2)]);
    let bench = bench.install(&image, &next);
    let mut bench = bench.install(&image, &second);
    let third = release(&image, RADIO, version(3), &[]);
    refuses(&mut bench, &third, broken(0, version(3)));
    let bench = bench.install(&image, &motor);
    assert_eq!(installed(&bench, MOTOR), (version(2), 0));
}

#[test]
fn needs_that_have_decayed_in_the_table_let_nothing_in() {
    decayed_needs_refuse_until_they_are_replaced(true);
}

#[test]
fn needs_that_have_decayed_in_a_manifest_let_nothing_in() {
    decayed_needs_refuse_until_they_are_replaced(false);
}
