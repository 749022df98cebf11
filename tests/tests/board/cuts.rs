//! The power goes in an operation of the flash that a seed has chosen, and tears it, while an update runs. The device comes
//! back each time, and finishes.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use latch_tests::{effort, show};
use latch_verify::statement::Outcome;

use super::{
    chance::Chance, course::Course, host::Host, machine::Machine, programs::Language, update::Stage,
};

/// Cuts in one run of the tests, times what `LATCH_TEST_EFFORT` says.
const TRIALS: u32 = 30;
/// The same with the application in C: those of the confirmation, and some anywhere.
const TRIALS_IN_C: u32 = 8;
/// A cut that does not begin with the last pages strikes within so many operations after the machine was switched on.
const REACH: u32 = 24;
/// Operations with which an update ends: what they durably write is that the image is confirmed.
const CONFIRMATION: u32 = 5;
/// Machines that run at a time.
const AT_ONCE: usize = 2;

/// One device, and one or two losses of power; an account of them.
fn trial(course: &Course, number: u32) -> String {
    let mut chance = Chance::of(number);
    let Course { update, flash, .. } = course;
    // Most begin with the last pages, where more than pages is at stake.
    let last = flash.len() - 1;
    let (begin, reach) = match (number, chance.below(3)) {
        // The confirmation, operation by operation.
        (0..CONFIRMATION, _) => (last, course.to_the_end),
        (_, 0) => (chance.below(flash.len() as u32) as usize, REACH),
        _ => (last - chance.below(2) as usize, course.to_the_end),
    };
    let mut machine = Machine::with_flash(&flash[begin]);
    let mut account = format!("cut {number:3}: from page {begin:2}");
    let cuts = match number {
        0..CONFIRMATION => 1,
        _ => 1 + u32::from(chance.below(3) == 0),
    };
    for cut in 0..cuts {
        let after = match (number, cut) {
            (0..CONFIRMATION, _) => reach - 1 - number,
            // The second strikes the start after the first.
            (_, 0) => chance.below(reach),
            _ => chance.below(REACH / 4),
        };
        machine.plan_cut(after, chance.next());
        let mut stage = Stage::default();
        machine.start();
        let mut host = Host::at(&mut machine, chance.next());
        while !machine.was_cut() {
            if let Ok(ended) = update.drive(&mut host, &mut stage) {
                panic!(
                    "{account}: {ended:?}, and the cut after {after} operations was not reached"
                );
            }
            machine.wait_if_cut(&host);
        }
        account += &format!(", power lost in operation {after:2} ({})", stage.doing);
    }
    machine.plan_nothing();
    machine.start();
    let mut host = Host::at(&mut machine, chance.next());
    let mut stage = Stage::default();
    let ended = update.end(&mut host, &mut stage);
    assert_eq!(ended, Outcome::InstallConfirmed, "{account}");
    let (version, why) = stage.met.expect("it was met");
    let runs = host.standing.as_ref().map(|standing| standing.version);
    assert_eq!(runs, Some(update.release.version), "{account}");
    assert_eq!(
        &machine.slot(1)[..update.release.image.len()],
        &update.release.image[..],
        "{account}"
    );
    account
        + &format!(
            "; came back as {version} ({why:?}), finished as {}",
            update.release.version
        )
}

/// Tries so many cuts, some at a time.
fn trials(course: &Course, count: u32) {
    let next = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    show(trial(course, number));
                }
            });
        }
    });
}

#[test]
fn an_update_is_finished_wherever_the_power_goes() {
    trials(Course::shared(), TRIALS * effort());
}

#[test]
fn an_application_in_c_finishes_its_update_wherever_the_power_goes() {
    trials(&Course::run(Language::C), TRIALS_IN_C * effort());
}
