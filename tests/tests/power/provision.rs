//! Cuts while a device is provisioned: it is blank, and takes the same bundle again, or it is provisioned.

use latch_tests::effort;
use latch_verify::{
    Reason,
    device::{Device, MountFault, provision},
};

use super::{
    codes::goes_on,
    sweep::{Past, tears},
};
use crate::world::{
    bench::{Bench, enrolment},
    hardware::{Hardware, Kit},
    keys::{DEVICE, OPERATOR, ROOT, seal},
    release::FACTORY,
    root::RootSpec,
};

fn give(hardware: &Hardware) -> Result<Device<Kit>, MountFault> {
    let root = RootSpec::default().sealed(&ROOT);
    let enrolled = seal(&enrolment(), &[DEVICE, OPERATOR[0]]);
    provision(hardware.parts(), &root, &enrolled, FACTORY)
}

/// Cuts one operation in several ways; whether it was reached.
fn cut_at(operation: u64, found: &mut [u32; 2]) -> bool {
    for round in 0..2 * u64::from(effort()) {
        for tear in tears(operation, round) {
            let hardware = Hardware::new();
            hardware.journal.probe().set_weak(round % 2 == 1);
            hardware.journal.probe().cut(operation, tear);
            let given = give(&hardware);
            if !hardware.journal.look().cut_hit() {
                assert!(given.is_ok());
                return false;
            }
            drop(given);
            hardware.power_on();
            let booted = Device::<Kit>::boot(hardware.parts()).map(drop);
            match booted {
                Ok(()) => found[1] += 1,
                Err(fault) => {
                    let blank = MountFault::from(Reason::Unprovisioned);
                    assert_eq!(fault, blank, "cut at operation {operation}: {tear:?}");
                    found[0] += 1;
                    give(&hardware).expect("a blank device is provisioned");
                }
            }
            let mut bench = Bench::start(hardware).expect("a boot");
            goes_on(&mut bench, &mut Past::default());
        }
    }
    true
}

#[test]
fn a_device_is_provisioned_or_blank() {
    let mut found = [0; 2];
    let mut operation = 0;
    while cut_at(operation, &mut found) {
        operation += 1;
    }
    assert!(
        found.iter().all(|count| *count > 0),
        "blank, provisioned: {found:?}"
    );
}
