//! One scene, cut at each of its operations, each time with some of the ways in which an operation tears.

use std::{collections::BTreeMap, thread};

use latch_flash::Tear;
use latch_tests::effort;
use latch_verify::{
    statement::Action,
    types::{Digest, LatchId, StatementId},
    wire::{Envelope, Kind},
};

use crate::world::{
    answer::{Answer, Effect, Told},
    bench::Bench,
    code::command,
    hardware::{Chip, Hardware},
    keys::{CREW, seal},
    root::maintenance,
};

/// What the world has seen of a device, whatever the device remembers.
#[derive(Default)]
pub(crate) struct Past {
    /// What was let through.
    pub(crate) effects: Vec<Effect>,
    /// Receipts that have left the device, by their numbers.
    told: BTreeMap<u64, Told>,
    /// How often the power went.
    pub(crate) cuts: u32,
}

impl Past {
    /// Keeps an answer. Of one number there is one receipt, ever, and each names the one before.
    #[track_caller]
    pub(crate) fn hear(&mut self, answer: &Answer) {
        if let Answer::Told(told) = answer {
            self.keep(told);
        }
    }

    #[track_caller]
    pub(crate) fn keep(&mut self, told: &Told) {
        let number = told.receipt.number;
        let before = self.told.insert(number, told.clone());
        if let Some(before) = before {
            assert_eq!(&before, told, "two receipts have number {number}");
        }
        let digest = |told: &Told| -> Digest {
            Envelope::parse(Kind::Receipt, &told.bytes)
                .expect("a receipt")
                .digest()
        };
        if let Some(before) = self.told.get(&(number - 1)) {
            assert_eq!(
                told.receipt.previous,
                digest(before),
                "the chain forks at {number}"
            );
        }
        if let Some(after) = self.told.get(&(number + 1)) {
            assert_eq!(
                after.receipt.previous,
                digest(told),
                "the chain forks after {number}"
            );
        }
    }

    /// The newest receipt that has left the device for a statement.
    pub(crate) fn last(&self, statement: StatementId) -> Option<&Told> {
        self.told
            .values()
            .rev()
            .find(|told| told.receipt.statement == statement)
    }

    /// What has left a device is still so, whose newest receipt has this number.
    #[track_caller]
    pub(crate) fn holds(&self, number: u64) {
        let newest = self.told.keys().next_back().copied().unwrap_or_default();
        assert!(
            number >= newest,
            "receipt {newest} has left, and the device is at {number}"
        );
    }
}

/// Something that a device does.
pub(crate) struct Scene<'a> {
    pub(crate) name: &'static str,
    /// The device before, switched off.
    pub(crate) start: &'a Hardware,
    /// The chip whose operations are cut.
    pub(crate) chip: fn(&Hardware) -> &Chip,
    /// Boots the device and does it. Once the power is off, whatever is returned goes nowhere.
    pub(crate) act: &'a dyn Fn(&Hardware, &mut Past),
    /// Looks at the device after it has booted again.
    pub(crate) check: &'a dyn Fn(Bench, Past),
}

/// Names the cut when a check fails.
struct Place {
    name: &'static str,
    operation: u64,
    tear: Tear,
}

impl Drop for Place {
    fn drop(&mut self) {
        if thread::panicking() {
            let Self {
                name,
                operation,
                tear,
            } = self;
            eprintln!("in `{name}`, cut at operation {operation}: {tear:?}");
        }
    }
}

impl Scene<'_> {
    /// Cuts the scene at each operation. Also checks it without a cut.
    pub(crate) fn sweep(&self) {
        let mut operation = 0;
        while self.cut_at(operation) {
            operation += 1;
        }
        // A sweep that cuts nothing proves nothing: a boot alone takes a record of several operations.
        assert!(operation > 3, "`{}` has {operation} operations", self.name);
    }

    /// Cuts one operation in several ways; whether it was reached.
    fn cut_at(&self, operation: u64) -> bool {
        for round in 0..u64::from(effort()) {
            for tear in tears(operation, round) {
                let _place = Place {
                    name: self.name,
                    operation,
                    tear,
                };
                let hardware = self.start.fork();
                let chip = (self.chip)(&hardware);
                let noise = noise(operation, round);
                chip.probe().set_weak(noise & 1 == 1);
                chip.probe().set_ecc(noise & 6 == 6);
                chip.probe().cut(operation, tear);
                let mut past = Past::default();
                (self.act)(&hardware, &mut past);
                let reached = chip.look().cut_hit();
                assert_eq!(hardware.is_off(), reached);
                past.cuts = u32::from(reached);
                let bench = recover(&hardware, &mut past, noise >> 3);
                past.holds(bench.device.facts().chain.number);
                (self.check)(bench, past);
                if !reached {
                    return false;
                }
            }
        }
        true
    }
}

/// Gives the power back and boots, through up to two more cuts while the device recovers.
fn recover(hardware: &Hardware, past: &mut Past, noise: u64) -> Bench {
    for again in 0..3 {
        hardware.power_on();
        let (operation, tear) = (noise >> (8 * again) & 0x3f, Tear::Bits(noise));
        if past.cuts > 0 && again < 2 && noise >> (40 + again) & 1 == 1 {
            hardware.journal.probe().cut(operation, tear);
        }
        let booted = Bench::start(hardware.clone());
        if hardware.is_off() {
            past.cuts += 1;
            continue;
        }
        hardware.journal.probe().clear_faults();
        let mut bench = booted.expect("a device boots after a cut");
        bench.skip_sequences(1000);
        return bench;
    }
    unreachable!("the third boot is not cut")
}

/// Two of the ways in which an operation tears; others in each round. To tear nothing off the next one is to lose the
/// power after this one.
pub(crate) fn tears(operation: u64, round: u64) -> [Tear; 2] {
    let noise = noise(operation, round.wrapping_add(1 << 32));
    // One byte to 128: short ones mostly, since most fields are.
    let length = |bits: u64| usize::try_from(1 + bits % (1 << (bits >> 8 & 7))).unwrap_or(1);
    let clean = match (operation + round) % 4 {
        0 => Tear::After,
        1 => Tear::Prefix(length(noise)),
        2 => Tear::Suffix(length(noise >> 16)),
        _ => Tear::Words(noise),
    };
    [clean, Tear::Bits(noise)]
}

/// Bits that differ from place to place: SplitMix64's finaliser (Steele, Lea, Flood 2014).
pub(crate) fn noise(operation: u64, round: u64) -> u64 {
    let mut bits = operation.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ round.wrapping_add(1).wrapping_mul(0xd1b5_4a32_d192_ed03);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

pub(crate) fn journal(hardware: &Hardware) -> &Chip {
    &hardware.journal
}

/// Boots as the scene's device; none when the power went during the boot.
pub(crate) fn start(hardware: &Hardware) -> Option<Bench> {
    match Bench::start(hardware.clone()) {
        Ok(bench) => Some(bench),
        Err(_) if hardware.is_off() => None,
        Err(fault) => panic!("no boot, though the power is on: {fault}"),
    }
}

/// A subject on a journal so full that the scene begins a new sector.
///
/// `make` brings a device to where the scene starts. A sector is first begun where a record and its outcome would not
/// fit; that is best in the scene itself, and in the boot before it where the scene writes too little.
pub(crate) fn crowded<T>(
    make: impl Fn(Bench) -> T,
    hardware: impl Fn(&T) -> &Hardware,
    act: impl Fn(&T, &Hardware, &mut Past),
) -> T {
    let erases = |hardware: &Hardware| hardware.journal.look().erases();
    let rotates = |subject: &T, act: &dyn Fn(&Hardware)| {
        let fork = hardware(subject).fork();
        let before = erases(&fork);
        act(&fork);
        erases(&fork) > before
    };
    let in_boot = |subject: &T| rotates(subject, &|fork| drop(start(fork)));
    let in_scene = |subject: &T| rotates(subject, &|fork| act(subject, fork, &mut Past::default()));
    // Coarsely, by codes: up to the last before a sector is begun, on the way to the scene or in it.
    let mut base = seasoned();
    let mut before = base.hardware.fork();
    loop {
        let subject = make(base.fork());
        if in_scene(&subject) || erases(hardware(&subject)) > erases(&base.hardware) {
            break;
        }
        before = base.hardware.fork();
        let probe = base.sealed(LatchId::TWIN, Action::Probe);
        let told = base.submit(&probe).told();
        assert!(told.receipt.number < 200, "the journal never fills");
    }
    // Finely, by boots.
    let mut base = Bench::start(before).expect("a boot");
    base.skip_sequences(500);
    let mut found = None;
    for _ in 0..24 {
        let subject = make(base.fork());
        if in_scene(&subject) {
            if !in_boot(&subject) {
                return subject;
            }
            found.get_or_insert(subject);
        }
        base = base.reboot();
    }
    found.expect("a scene that begins a new sector")
}

/// A device with some past: a twin, a used command, and a refused code.
pub(crate) fn seasoned() -> Bench {
    let mut bench = Bench::new();
    let change = bench.change("speed", 1);
    bench.submit(&change).told();
    let run = bench.sealed(maintenance(), command("restart"));
    bench.submit(&run).told();
    let mut outdated = bench.code(LatchId::TWIN, Action::Probe);
    outdated.epoch += 1;
    bench.submit(&seal(&outdated, &CREW)).told();
    bench.effects.clear();
    bench
}
