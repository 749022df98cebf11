//! A boot in memory that another device has filled: nothing of that one is left.

use latch_verify::{
    Reason,
    device::{Device, Memory, Polled, Release, Settlement, Submitted},
    limits::{MAX_BURNED, MAX_LATCHES, MAX_RECEIPT_ENVELOPE, MAX_TWIN},
    statement::Action,
    types::{LatchId, Version},
};

use crate::world::{
    bench::{Bench, FIT},
    hardware::Kit,
    keys::{CREW, seal},
    release::Image,
    root::{RootSpec, maintenance, service},
};

type Lent<'m> = Narrow<'m, MAX_LATCHES>;

/// A device with room for so many open latches.
type Narrow<'m, const LATCHES: usize> =
    Device<Kit, MAX_TWIN, MAX_BURNED, &'m mut Memory<MAX_TWIN, MAX_BURNED, LATCHES>>;

/// Everything that a device durably knows.
fn known(device: &Lent<'_>) -> String {
    let facts = device.facts();
    let numbers = (
        facts.boot,
        facts.time_floor_ms,
        facts.chain,
        facts.locked_down,
    );
    let more = (facts.root_told, facts.anchor, device.open_latches());
    let installs = (facts.firmware, &facts.install, facts.pending);
    let (used, recent) = ((&facts.replay, &facts.open), &facts.recent);
    let (who, twin) = (device.identity(), &facts.twin);
    format!("{who:?} {numbers:?} {more:?} {twin:?} {installs:?} {used:?} {recent:?}")
}

/// A device that has changed its twin, opened a latch, downloads, and has a code in hand.
fn filled() -> Bench {
    let mut bench = Bench::new();
    let change = bench.change("pump/limit", 7);
    let _ = bench.submit(&change);
    let _ = bench.opens(60);
    let newer = Version {
        major: 9,
        minor: 0,
        patch: 0,
    };
    let _ = bench.begin(&Image::new(10_000, 1).release(newer, 2));
    let change = bench.change("pump/limit", 8);
    let _ticket = bench.open(&change);
    bench
}

#[test]
fn nothing_is_left_of_what_memory_held_before() {
    let other = Bench::new();
    let (fresh, mut used) = (&mut Memory::new(), Memory::new());
    let expected = known(&Lent::boot_in(fresh, other.hardware.fork().parts()).expect("a boot"));

    let filled = filled();
    let mut device = Lent::boot_in(&mut used, filled.hardware.parts()).expect("a boot");
    assert!(device.facts().install.is_some() && device.facts().pending.is_some());
    assert!(device.facts().replay.burned().count() > 3 && device.resume().is_some());
    let (memory, _) = device.into_memory_and_parts();

    let device = Lent::boot_in(memory, other.hardware.fork().parts()).expect("a boot");
    assert_eq!(known(&device), expected);
}

/// A code that opens a latch of a device in lent memory.
fn opening<const LATCHES: usize>(
    bench: &mut Bench,
    device: &Narrow<'_, LATCHES>,
    latch: LatchId,
) -> Vec<u8> {
    let mut code = bench.code(latch, Action::Open { seconds: 60 });
    code.challenge = Some(device.status().challenge);
    seal(&code, &CREW)
}

/// Opens the latch behind a code; says whether the code does.
fn opens<const LATCHES: usize>(device: &mut Narrow<'_, LATCHES>, code: &[u8]) -> bool {
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    let Submitted::Unlatched(unlatched) = device.submit(code, Release::NotAsked, &mut out) else {
        return false;
    };
    let (_, ticket) = unlatched.act();
    let told = device.settle(ticket, Settlement::Done, &mut out);
    told.is_ok()
}

#[test]
fn one_latch_more_than_memory_has_room_for_stays_shut_and_its_code_unused() {
    let mut root = RootSpec::default();
    let rule = root.latch_mut(service()).rule;
    root.latch_mut(maintenance()).rule = rule;
    let mut bench = Bench::with_root(&root);
    let mut memory = Memory::new();
    let mut device = Narrow::<1>::boot_in(&mut memory, bench.hardware.parts()).expect("a boot");
    device.set_posture(FIT);
    let code = opening(&mut bench, &device, service());
    assert!(opens(&mut device, &code));
    let code = opening(&mut bench, &device, maintenance());
    let used = device.facts().replay.burned().count();
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    let answer = device.submit(&code, Release::NotAsked, &mut out);
    assert!(matches!(answer, Submitted::Answered(_)), "a refusal");
    let last = device.recent().last();
    let refused = last.and_then(|last| device.facts().recent_for(last)?.refused);
    assert_eq!(refused, Some(Reason::Busy.number()));
    assert_eq!(device.facts().replay.burned().count(), used);
    assert!(device.is_open(service()) && !device.is_open(maintenance()));

    // A boot shuts what is open, and makes room.
    let (memory, _) = device.into_memory_and_parts();
    let mut device = Narrow::<1>::boot_in(memory, bench.hardware.parts()).expect("a boot");
    device.set_posture(FIT);
    let code = opening(&mut bench, &device, maintenance());
    assert!(opens(&mut device, &code) && device.is_open(maintenance()));
}

#[test]
fn a_latch_that_stands_open_in_memory_is_none_of_another_device() {
    let (mut bench, mut memory) = (Bench::new(), Memory::new());
    let mut device = Lent::boot_in(&mut memory, bench.hardware.parts()).expect("a boot");
    device.set_posture(FIT);
    let code = opening(&mut bench, &device, service());
    assert!(opens(&mut device, &code) && device.is_open(service()));
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    let (memory, _) = device.into_memory_and_parts();
    let mut device = Lent::boot_in(memory, Bench::new().hardware.parts()).expect("a boot");
    device.set_posture(FIT);
    assert!(!device.is_open(service()) && device.status().open == 0);
    assert!(matches!(device.poll(&mut out), Polled::Idle { .. }));
}
