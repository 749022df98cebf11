//! 6xx: the device is not as the code or the rule wants it.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Code, Context},
    types::{LatchId, Posture, VersionRange},
};

use crate::world::{
    bench::{Bench, FIT},
    keys::{CREW, seal},
    release::{FACTORY, version},
    root::{IDLE, TAMPERED, limits},
};

#[track_caller]
fn refused(context: Context, expected: Refusal) {
    let mut bench = Bench::new();
    let code = bench.code(LatchId::TWIN, Action::Probe);
    bench.refuses(&seal(&Code { context, ..code }, &CREW), expected);
}

#[test]
fn firmware_outside() {
    for (least, most) in [(version(0), version(0)), (version(2), version(3))] {
        let firmware = Some(VersionRange { least, most });
        let expected = Refusal::new(Reason::FirmwareOutside, most.ordinal(), FACTORY.ordinal());
        refused(
            Context {
                firmware,
                ..Context::default()
            },
            expected,
        );
    }
}

#[test]
fn twin_version() {
    let context = Context {
        twin_version: Some(1),
        ..Context::default()
    };
    refused(context, Refusal::new(Reason::TwinVersion, 0, 1));
}

#[test]
fn other_boot() {
    for boot in [0, 2] {
        let context = Context {
            boot: Some(boot),
            ..Context::default()
        };
        refused(context, Refusal::new(Reason::OtherBoot, 1, boot.into()));
    }
}

#[test]
fn context_that_is_as_signed_is_accepted() {
    let mut bench = Bench::new();
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    let firmware = Some(VersionRange {
        least: FACTORY,
        most: FACTORY,
    });
    code.context = Context {
        firmware,
        twin_version: Some(0),
        boot: Some(1),
    };
    bench.submit(&seal(&code, &CREW)).told();
}

#[test]
fn posture() {
    let wrong = [
        (Posture::default(), IDLE | TAMPERED),
        (
            Posture {
                known: IDLE,
                value: IDLE,
            },
            TAMPERED,
        ),
        (
            Posture {
                known: IDLE | TAMPERED,
                value: IDLE | TAMPERED,
            },
            TAMPERED,
        ),
        (
            Posture {
                known: IDLE | TAMPERED,
                value: 0,
            },
            IDLE,
        ),
        // A value that is not known counts for nothing.
        (
            Posture {
                known: TAMPERED,
                value: IDLE,
            },
            IDLE,
        ),
    ];
    for (posture, unmet) in wrong {
        let mut bench = Bench::new();
        let code = bench.sealed(limits(), Action::Probe);
        bench.device.set_posture(posture);
        bench.refuses(&code, Refusal::new(Reason::Posture, 0, unmet.into()));
        bench.device.set_posture(FIT);
        bench.submit(&code).told();
    }
}
