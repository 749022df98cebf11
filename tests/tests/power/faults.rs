//! The power stays, and one operation of the journal fails: refused by the flash, or lost by it without a word. The
//! device goes on as it is, or says so; and a boot afterwards agrees with what it said.

use latch_verify::{
    Reason,
    statement::{Action, Outcome},
    twin::Value,
    types::LatchId,
};

use super::{
    codes::{consistent, lasting},
    sweep::{Past, crowded, seasoned},
};
use crate::world::{
    answer::Answer,
    bench::Bench,
    code::{command, leaves, set},
    hardware::{Hardware, Mishap},
    release::{Image, version},
    root::maintenance,
};

/// A device, and a code for it.
struct Case {
    bench: Bench,
    code: Vec<u8>,
}

/// Lets each operation fail in turn.
fn sweep(make: fn(&mut Bench) -> Vec<u8>, outcome: impl Fn(&Bench) -> Outcome) {
    let case = |mut bench: Bench| {
        let code = make(&mut bench);
        Case { bench, code }
    };
    let act = |case: &Case, hardware: &Hardware, _: &mut Past| {
        let mut bench = Bench::start(hardware.clone()).expect("a boot");
        bench.submit(&case.code).told();
    };
    let crowded = crowded(case, |case| &case.bench.hardware, act);
    for Case { bench, code } in [case(seasoned()), crowded] {
        for mishap in [Mishap::Refused, Mishap::Lost] {
            let mut operation = 0;
            loop {
                let mut bench = bench.fork();
                bench.hardware.journal.expect_mishap(operation, mishap);
                let mut past = Past::default();
                let answer = bench.submit(&code);
                let reached = bench.hardware.journal.mishap_hit();
                past.hear(&answer);
                if let Answer::Ignored(refusal) = answer {
                    assert_eq!(
                        refusal.reason,
                        Reason::StorageFault,
                        "{mishap:?} at operation {operation}"
                    );
                }
                past.effects.append(&mut bench.effects);
                let mut bench = bench.reboot();
                bench.skip_sequences(1000);
                let found = consistent(&mut bench, &mut past, &code);
                let expected = outcome(&bench);
                assert!(
                    found == expected || found == Outcome::Interrupted,
                    "{found:?} after {mishap:?} at operation {operation}"
                );
                if expected == Outcome::Performed {
                    assert!(past.effects.len() <= 1, "a second effect");
                }
                if !reached {
                    break;
                }
                operation += 1;
            }
            assert!(operation > 3, "{operation} operations");
        }
    }
}

#[test]
fn a_change_survives_an_operation_that_fails() {
    let make = |bench: &mut Bench| {
        let speed = leaves(&[("speed", Value::Int(2))]);
        lasting(bench, LatchId::TWIN, set(&speed))
    };
    sweep(make, |_| Outcome::Applied { twin_version: 2 });
}

#[test]
fn a_command_survives_an_operation_that_fails() {
    let make = |bench: &mut Bench| lasting(bench, maintenance(), command("restart"));
    sweep(make, |_| Outcome::Performed);
}

/// The slot's operations too: pages that were not taken are sent again until they are.
#[test]
fn a_download_survives_an_operation_that_fails() {
    let image = Image::new(5 * 1024 + 100, 1);
    let release = image.release(version(2), 3);
    let mut start = seasoned();
    let code = lasting(
        &mut start,
        LatchId::FIRMWARE,
        Action::Install {
            manifest: release.id,
        },
    );
    start.submit_found(&code, &release).told();
    for mishap in [Mishap::Refused, Mishap::Lost] {
        for of_slot in [false, true] {
            let mut operation = 0;
            loop {
                let mut bench = start.fork();
                let chip = if of_slot {
                    bench.hardware.slots[1].clone()
                } else {
                    bench.hardware.journal.clone()
                };
                chip.expect_mishap(operation, mishap);
                let mut tries = 0;
                while bench.device.wanted().is_some() {
                    let _ = bench.feed(&image);
                    tries += 1;
                    assert!(
                        tries < 5,
                        "{mishap:?} at operation {operation}: the download is stuck"
                    );
                }
                let armed = bench.arm().expect("a verdict");
                let reached = chip.mishap_hit();
                let mut bench = bench.reboot();
                match armed {
                    None => {
                        bench.confirm().expect("a confirmation");
                        let slot = usize::from(bench.device.running().slot);
                        assert!(
                            bench.hardware.slots[slot]
                                .look()
                                .contents()
                                .starts_with(&image.bytes)
                        );
                    }
                    // What the slot lost without a word is found when it is read back.
                    Some(told) => {
                        let reason = Reason::SlotMismatch.number();
                        assert_eq!(told.outcome(), Outcome::InstallFailed { reason });
                        assert!(of_slot && mishap == Mishap::Lost);
                    }
                }
                if !reached {
                    break;
                }
                operation += 1;
            }
            assert!(operation > 3, "{operation} operations");
        }
    }
}
