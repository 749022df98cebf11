//! The power goes again while the device recovers: every pair of cuts for a few operations on the widest unit, where the
//! flash has the fewest operations to cut, and longer runs of cuts drawn at random.
//!
//! As in `coverage`, usually a sample; from `LATCH_TEST_EFFORT=10` on, every pair.

use std::thread;

use super::{
    coverage::{ALL, seed},
    cut::{Class, Cut, Stage},
    operation::operations,
    sweep::noise,
};
use latch_tests::{effort, show};

/// Operations whose pairs of cuts are made: a burn, a change of trust, and the end of a trial.
const PAIRED: [&str; 3] = ["burn of a command", "root rotation", "confirm"];
/// Ways to tear in pairs: before is what after was for the operation before, and suffix and words say little more.
const CLASSES: [Class; 4] = [Class::After, Class::Prefix, Class::Bits, Class::Weak];
/// Pairs in a sample, for each operation and pair of classes, times the effort.
const PAIRS: u64 = 2;
/// Runs of cuts in a sample, for each unit, times the effort.
const RUNS: u64 = 16;
/// Cuts in the longest run, behind the first.
const DEPTH: u64 = 5;
/// Operations of the flash in the longest recovery that is cut; most take six or some hundred.
const REACH: u64 = 160;

fn stage<const UNIT: usize>(name: &str) -> Stage<UNIT> {
    let operation = operations().into_iter().find(|found| found.name == name);
    Stage::new(operation.expect("an operation of this name"))
}

/// A cut, and one in the recovery from it.
type Pair = (Cut, Cut);

/// Every pair of cuts of these classes.
fn pairs<const UNIT: usize>(stage: &Stage<UNIT>, (first, second): (Class, Class)) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for at in 0..stage.lengths.len() {
        let draw = noise(at as u64, seed() ^ first as u64);
        let first = stage.cut_at(at, first, draw, draw & 1 == 1);
        for (at, length) in stage.recovery(first).into_iter().enumerate() {
            let draw = noise(at as u64, draw);
            pairs.push((first, Cut::new(at, second, length, draw, first.ecc)));
        }
    }
    pairs
}

/// Some of them, or all.
fn drawn(pairs: &[Pair], salt: u64) -> Vec<Pair> {
    if effort() >= ALL {
        return pairs.to_vec();
    }
    (0..PAIRS * u64::from(effort()))
        .map(|draw| pairs[(noise(draw, seed() ^ salt) % pairs.len() as u64) as usize])
        .collect()
}

#[test]
fn every_pair_of_cuts() {
    for name in PAIRED {
        let stage = stage::<32>(name);
        let (mut hits, mut all) = (0, 0);
        for first in CLASSES {
            for second in CLASSES {
                let pairs = pairs(&stage, (first, second));
                let cut = drawn(&pairs, first as u64 * 16 + second as u64);
                let reached = cut
                    .into_iter()
                    .filter(|(first, second)| stage.cut(*first, &[*second]) == [true, true])
                    .count();
                assert!(
                    reached > 0,
                    "`{name}` is never cut by {first:?}, then {second:?}"
                );
                (hits, all) = (hits + reached, all + pairs.len());
            }
        }
        show(format_args!(
            "{name:<22}{hits:>7} of {all} pairs of cuts, units of 32"
        ));
    }
}

/// How many runs reached how many cuts, from one.
type Depths = [u32; DEPTH as usize + 1];

fn runs<const UNIT: usize>() -> Depths {
    let operations = operations::<UNIT>();
    let mut reached = Depths::default();
    for run in 0..RUNS * u64::from(effort()) {
        let draw = |what: u64| noise(what, noise(run, seed() ^ UNIT as u64));
        let operation = operations[(draw(0) % operations.len() as u64) as usize];
        let stage = Stage::<UNIT>::new(operation);
        let class = |draw: u64| Class::ALL[(draw % Class::ALL.len() as u64) as usize];
        let at = (draw(1) % stage.lengths.len() as u64) as usize;
        let ecc = UNIT >= 8 && draw(2) & 1 == 1;
        let first = stage.cut_at(at, class(draw(3)), draw(4), ecc);
        let others: Vec<Cut> = (0..1 + draw(5) % DEPTH)
            .map(|depth| {
                let draw = |what: u64| draw(10 * (depth + 1) + what);
                // Short recoveries are more common than long ones.
                let at = draw(0) % (1 << (draw(1) % REACH.ilog2() as u64 + 1));
                let length = 1 + (draw(2) % 64) as usize;
                Cut::new(at as usize, class(draw(3)), length, draw(4), ecc)
            })
            .collect();
        let hits = stage.cut(first, &others).into_iter().filter(|hit| *hit);
        reached[hits.count() - 1] += 1;
    }
    reached
}

#[test]
fn many_cuts_one_after_the_other() {
    let units: [(usize, fn() -> Depths); 6] = [
        (1, runs::<1>),
        (2, runs::<2>),
        (4, runs::<4>),
        (8, runs::<8>),
        (16, runs::<16>),
        (32, runs::<32>),
    ];
    let found = thread::scope(|scope| {
        let running = units.map(|(unit, runs)| (unit, scope.spawn(runs)));
        running.map(|(unit, runs)| (unit, runs.join().expect("no check has failed")))
    });
    show("unit   runs by how many cuts they reached, from one");
    let mut deepest = 0;
    for (unit, reached) in found {
        show(format_args!("{unit:>4}   {reached:?}"));
        deepest += reached[2..].iter().sum::<u32>();
    }
    assert!(deepest > 0, "no run was cut three times");
}
