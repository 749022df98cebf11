//! 1008 and 1009: the number in hardware that never goes down.

use latch_verify::{
    Reason, Refusal,
    device::{Device, MountFault, provision},
    statement::{Action, Outcome},
    types::{LatchId, Sequence},
};

use crate::world::{
    answer::Answer,
    bench::{Bench, enrolment},
    code::command,
    hardware::{Hardware, Kit},
    keys::{DEVICE, OPERATOR, ROOT, seal},
    openings::{refused, revocation},
    release::FACTORY,
    root::{RootSpec, maintenance},
};

#[track_caller]
fn no_boot(hardware: &Hardware, expected: impl Into<Refusal>) {
    let booted = Device::<Kit>::boot(hardware.parts());
    assert_eq!(booted.err(), Some(MountFault::Refused(expected.into())));
}

fn count(bench: &Bench) -> u64 {
    bench.hardware.tally.count.get().expect("a counter")
}

/// Everything that must never be undone is counted; what may be lost is not.
#[test]
fn what_must_never_be_undone_is_counted() {
    let mut bench = Bench::new();
    let first = count(&bench);
    let refusal = bench.sealed(maintenance(), command("vent"));
    assert!(refused(&bench.submit(&refusal)).is_some());
    let mut bench = bench.reboot();
    assert_eq!(count(&bench), first);
    let used = bench.sealed(maintenance(), command("restart"));
    bench.submit(&used).told();
    assert_eq!(count(&bench), first + 1);
    bench.submit(&used).told();
    assert_eq!(count(&bench), first + 1);
    let revoke = revocation(OPERATOR[1], Sequence(1), &ROOT);
    bench.submit(&revoke).told();
    assert_eq!(count(&bench), first + 2);
    bench.succeed(&RootSpec::default().next(), &ROOT);
    assert_eq!(count(&bench), first + 3);
    assert_eq!(bench.device.facts().anchor, count(&bench));
}

/// Whoever puts an older copy of the journal back gets a device that stays shut.
#[test]
fn rolled_back() {
    for what in ["a code", "a revocation", "a lockdown", "a root"] {
        let mut bench = Bench::new();
        let probe = bench.sealed(LatchId::TWIN, Action::Probe);
        bench.submit(&probe).told();
        let (copy, before) = (bench.hardware.fork(), count(&bench));
        match what {
            "a code" => {
                let code = bench.sealed(maintenance(), command("restart"));
                bench.submit(&code).told();
            }
            "a revocation" => {
                let revoke = revocation(OPERATOR[1], Sequence(1), &ROOT);
                bench.submit(&revoke).told();
            }
            "a lockdown" => drop(bench.locks_down()),
            _ => drop(bench.succeed(&RootSpec::default().next(), &ROOT)),
        }
        let after = count(&bench);
        copy.tally.count.set(Some(after));
        no_boot(&copy, Refusal::new(Reason::RolledBack, after, before));
        // The newest copy is good.
        Bench::start(bench.hardware.fork()).expect("a boot");
    }
}

/// A cut between a record and the counter leaves the journal ahead, which the boot mends.
#[test]
fn a_counter_that_lags_is_raised_by_the_boot() {
    let mut bench = Bench::new();
    let code = bench.change("speed", 3);
    bench.submit(&code).told();
    let now = count(&bench);
    bench.hardware.tally.count.set(Some(now - 1));
    let bench = bench.reboot();
    assert_eq!(count(&bench), now);
}

/// Without a counter there is nothing to compare with.
#[test]
fn a_device_without_a_counter_takes_an_older_copy_for_the_newest() {
    let bench = Bench::new();
    bench.hardware.tally.count.set(None);
    let mut bench = bench.reboot();
    let copy = bench.hardware.fork();
    let code = bench.sealed(LatchId::TWIN, Action::Probe);
    assert_eq!(bench.submit(&code).outcome(), Outcome::Probed);
    Bench::start(copy).expect("a boot");
}

#[test]
fn counter_fault_opens_nothing() {
    let mut bench = Bench::new();
    let code = bench.sealed(maintenance(), command("restart"));
    bench.hardware.tally.broken.set(true);
    let answer = bench.submit(&code);
    assert_eq!(answer, Answer::Ignored(Reason::CounterFault.into()));
    assert_eq!(bench.effects, []);
    let junk = bench.device.junk().last_reason;
    assert_eq!(junk, Reason::CounterFault.number());
    let broken = bench.hardware.fork();
    broken.tally.broken.set(true);
    no_boot(&broken, Reason::CounterFault);
    // The code is burned, so it says what is known after the boot, and never acts.
    bench.hardware.tally.broken.set(false);
    let mut bench = bench.reboot();
    assert_eq!(bench.submit(&code).outcome(), Outcome::Interrupted);
    assert_eq!(bench.effects, []);
    let code = bench.sealed(maintenance(), command("restart"));
    assert_eq!(bench.submit(&code).outcome(), Outcome::Performed);
}

#[test]
fn counter_fault_provisions_nothing() {
    let hardware = Hardware::new();
    hardware.tally.broken.set(true);
    let root = RootSpec::default().sealed(&ROOT);
    let enrolled = seal(&enrolment(), &[DEVICE, OPERATOR[0]]);
    let provisioned = provision::<Kit>(hardware.parts(), &root, &enrolled, FACTORY);
    let fault = MountFault::Refused(Reason::CounterFault.into());
    assert_eq!(provisioned.err(), Some(fault));
    hardware.tally.broken.set(false);
    no_boot(&hardware, Reason::Unprovisioned);
}

/// A counter that has counted for an earlier enrolment goes on from there.
#[test]
fn a_counter_outlives_an_enrolment() {
    let hardware = Hardware::new();
    hardware.tally.count.set(Some(41));
    let root = RootSpec::default().sealed(&ROOT);
    let enrolled = seal(&enrolment(), &[DEVICE, OPERATOR[0]]);
    // An empty journal beside a counter that has counted was erased: only a person may say that it was meant.
    let again = provision::<Kit>(hardware.parts(), &root, &enrolled, FACTORY);
    let rolled_back = Refusal::new(Reason::RolledBack, 0, 41);
    assert_eq!(again.err(), Some(MountFault::Refused(rolled_back)));
    let _: Device<Kit> =
        Device::provision_again(hardware.parts(), &root, &enrolled, FACTORY).expect("a device");
    let mut bench = Bench::start(hardware).expect("a boot");
    let code = bench.change("speed", 3);
    bench.submit(&code).told();
    assert_eq!(count(&bench), 42);
}
