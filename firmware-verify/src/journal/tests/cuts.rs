//! Power cuts in every operation, at every byte, in every way that a flash can tear; then again while the journal
//! recovers from the first.

use std::{vec, vec::Vec};

use latch_flash::{Flash, Tear};

use super::{
    effort,
    model::{Pair, Records, Step, after, mount},
};
use crate::journal::{Journal, JournalError};

pub(super) const ERASE: usize = 64;
/// Seeds of the classes of tears that have them, in the sweep over single cuts.
const SEEDS: u64 = 4;
/// Mounts after a cut that must agree. Weak bits come out differently at each.
const MOUNTS: usize = 3;

/// From blank through two rotations by need and one with a full sector.
const SCRIPT: [Step; 8] = [
    Step::Rotate(0),
    Step::Append(0),
    Step::Append(21),
    Step::Rotate(2),
    Step::Append(40),
    Step::Append(3),
    Step::Rotate(1),
    Step::Append(7),
];

#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) sectors: usize,
    pub(super) ecc: bool,
    pub(super) weak: bool,
}

/// What may be found after a cut: what was there before the step, or what it makes of it.
pub(super) type Allowed = Vec<Records>;

/// Mounts, checks, and writes on: until it is through, or until a planned cut. `allowed` follows what is promised.
pub(super) fn live<const READ: usize, const WRITE: usize, const CAPACITY: usize>(
    flash: &mut Flash<READ, WRITE, ERASE>,
    allowed: &mut Allowed,
    steps: &[Step],
    seed: usize,
) {
    let hit = flash.cut_hit();
    let mut pair: Pair<_, CAPACITY> = match mount(&mut *flash) {
        Ok(pair) => pair,
        Err(error) => {
            assert!(
                flash.is_off() && !hit || flash.cut_hit() && flash.is_off(),
                "mount failed: {error:?}"
            );
            return;
        }
    };
    assert!(
        allowed.contains(&pair.records),
        "found {:?}, not one of {allowed:?}",
        pair.records
    );
    *allowed = vec![pair.records.clone()];
    pair.read_all();
    for (index, step) in steps.iter().enumerate() {
        let step = if pair.journal.is_blank() {
            Step::Rotate(0)
        } else {
            *step
        };
        let seed = seed + index;
        let mut taken = pair.take(step, seed);
        let mut step = step;
        if taken == Err(JournalError::Full) {
            step = Step::Rotate(1);
            taken = pair.take(step, seed);
        }
        match taken {
            Ok(()) => *allowed = vec![pair.records.clone()],
            Err(error) => {
                assert_eq!(error, JournalError::Storage);
                allowed.push(after(&pair.records, step, seed));
                return;
            }
        }
    }
}

/// Boots until the journal is at rest: every mount finds the same, and it takes records again.
pub(super) fn settle<const READ: usize, const WRITE: usize, const CAPACITY: usize>(
    flash: &mut Flash<READ, WRITE, ERASE>,
    allowed: &mut Allowed,
) {
    for _ in 0..MOUNTS {
        live::<READ, WRITE, CAPACITY>(flash, allowed, &[], 0);
        assert_eq!(allowed.len(), 1);
    }
    live::<READ, WRITE, CAPACITY>(flash, allowed, &[Step::Append(5), Step::Append(17)], 90);
    assert!(!flash.is_off());
    live::<READ, WRITE, CAPACITY>(flash, allowed, &[Step::Rotate(2), Step::Append(1)], 95);
    live::<READ, WRITE, CAPACITY>(flash, allowed, &[], 0);
    assert_eq!(allowed.len(), 1);
}

/// Gets the state after a cut, what is allowed then, and which operation was cut how.
type Visit<'a, Flash> = &'a mut dyn FnMut(&mut Flash, Allowed, (u64, Tear));

/// Calls `visit` with every state that one cut leaves while `steps` are taken from `start`, and what is allowed then.
fn every_cut<const READ: usize, const WRITE: usize, const CAPACITY: usize>(
    start: &Flash<READ, WRITE, ERASE>,
    allowed: &Allowed,
    (steps, seed): (&[Step], usize),
    tears: &dyn Fn(usize) -> Vec<Tear>,
    visit: Visit<'_, Flash<READ, WRITE, ERASE>>,
) {
    let mut flash = start.clone();
    for operation in 0.. {
        flash.clone_from(start);
        flash.cut(operation, Tear::After);
        live::<READ, WRITE, CAPACITY>(&mut flash, &mut allowed.clone(), steps, seed);
        let Some(length) = flash.cut_length() else {
            assert!(operation > 0 || steps.is_empty());
            return;
        };
        for tear in tears(length) {
            flash.clone_from(start);
            let mut allowed = allowed.clone();
            flash.cut(operation, tear);
            live::<READ, WRITE, CAPACITY>(&mut flash, &mut allowed, steps, seed);
            // With weak bits the way to the cut may differ.
            if flash.cut_hit() {
                assert!(flash.is_off());
                flash.power_on();
                visit(&mut flash, allowed, (operation, tear));
            }
        }
    }
}

pub(super) fn blank<const READ: usize, const WRITE: usize, const CAPACITY: usize>(
    part: Part,
) -> Flash<READ, WRITE, ERASE> {
    let mut flash =
        Flash::new(part.sectors * Journal::<Flash<READ, WRITE, ERASE>, CAPACITY>::SECTOR);
    flash.set_ecc(part.ecc);
    flash.set_weak(part.weak);
    flash
}

/// One cut anywhere in the script. `CAPACITY` is room for three records or so, so that sectors fill up soon.
fn sweep<const READ: usize, const WRITE: usize, const CAPACITY: usize>(part: Part) -> u64 {
    let tears = |length: usize| {
        // Every byte of a write; of an erase, which is long and whose units are alike, some.
        let stride = if length > 64 { 1 + length / 24 } else { 1 };
        Tear::every(length, SEEDS * effort())
            .filter(|tear| match tear {
                Tear::Prefix(at) | Tear::Suffix(at) => at % stride == 0 || *at < 3,
                _ => true,
            })
            .collect()
    };
    let mut cuts = 0;
    let mut flash = blank::<READ, WRITE, CAPACITY>(part);
    let mut allowed = vec![Records::new()];
    for (seed, step) in SCRIPT.into_iter().enumerate() {
        every_cut::<READ, WRITE, CAPACITY>(
            &flash,
            &allowed,
            (&[step], seed),
            &tears,
            &mut |flash, mut allowed, _cut| {
                cuts += 1;
                settle::<READ, WRITE, CAPACITY>(flash, &mut allowed);
            },
        );
        live::<READ, WRITE, CAPACITY>(&mut flash, &mut allowed, &[step], seed);
        assert_eq!(allowed.len(), 1);
    }
    cuts
}

pub(super) const PARTS: [Part; 5] = [
    Part {
        sectors: 2,
        ecc: false,
        weak: false,
    },
    Part {
        sectors: 2,
        ecc: true,
        weak: false,
    },
    Part {
        sectors: 2,
        ecc: false,
        weak: true,
    },
    Part {
        sectors: 3,
        ecc: true,
        weak: true,
    },
    Part {
        sectors: 2,
        ecc: true,
        weak: true,
    },
];

fn sweep_parts<const READ: usize, const WRITE: usize, const CAPACITY: usize>() {
    for part in PARTS {
        let cuts = sweep::<READ, WRITE, CAPACITY>(part);
        assert!(cuts > 1000, "{cuts} cuts of {part:?}");
    }
}

#[test]
fn one_cut_units_of_1() {
    sweep_parts::<1, 1, 170>();
}

#[test]
fn one_cut_units_of_2() {
    sweep_parts::<4, 2, 190>();
}

#[test]
fn one_cut_units_of_4() {
    sweep_parts::<1, 4, 190>();
}

#[test]
fn one_cut_units_of_8() {
    sweep_parts::<8, 8, 230>();
}

#[test]
fn one_cut_units_of_16() {
    sweep_parts::<16, 16, 330>();
}

#[test]
fn one_cut_units_of_32() {
    sweep_parts::<1, 32, 560>();
}

/// Tears for sweeps that nest: few, the most treacherous first.
fn few_tears(length: usize) -> Vec<Tear> {
    let more = (1..effort()).flat_map(|seed| [Tear::Words(seed), Tear::Bits(seed)]);
    [
        Tear::After,
        Tear::Prefix(length / 2),
        Tear::Bits(0),
        Tear::Bits(1),
    ]
    .into_iter()
    .chain(more)
    .collect()
}

/// A second cut anywhere in the recovery from the first.
fn sweep_twice<const READ: usize, const WRITE: usize, const CAPACITY: usize>(
    part: Part,
    script: &[Step],
) -> u64 {
    let recovery = [Step::Append(5), Step::Rotate(2)];
    let mut cuts = 0;
    let mut flash = blank::<READ, WRITE, CAPACITY>(part);
    let mut allowed = vec![Records::new()];
    for (seed, step) in script.iter().enumerate() {
        every_cut::<READ, WRITE, CAPACITY>(
            &flash,
            &allowed,
            (&[*step], seed),
            &few_tears,
            &mut |once, allowed, first| {
                every_cut::<READ, WRITE, CAPACITY>(
                    once,
                    &allowed,
                    (&recovery, 50),
                    &few_tears,
                    &mut |twice, mut allowed, second| {
                        cuts += 1;
                        let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                            settle::<READ, WRITE, CAPACITY>(twice, &mut allowed);
                        }));
                        assert!(ok.is_ok(), "step {seed} first {first:?} second {second:?}");
                    },
                );
            },
        );
        live::<READ, WRITE, CAPACITY>(&mut flash, &mut allowed, &[*step], seed);
    }
    cuts
}

const SHORT_SCRIPT: [Step; 4] = [
    Step::Rotate(0),
    Step::Append(9),
    Step::Rotate(1),
    Step::Append(2),
];

#[test]
fn a_cut_in_the_recovery_from_a_cut() {
    for part in PARTS {
        let cuts = sweep_twice::<1, 4, 190>(part, &SHORT_SCRIPT);
        assert!(cuts > 1000, "{cuts} cuts of {part:?}");
    }
}

/// Parts with error correction have units of 8 bytes and more.
fn sweep_ecc_twice<const READ: usize, const WRITE: usize, const CAPACITY: usize>() {
    for part in PARTS.into_iter().filter(|part| part.ecc) {
        let cuts = sweep_twice::<READ, WRITE, CAPACITY>(part, &SHORT_SCRIPT);
        assert!(cuts > 1000, "{cuts} cuts of {part:?}");
    }
}

#[test]
fn a_cut_in_the_recovery_from_a_cut_with_ecc_on_units_of_8() {
    sweep_ecc_twice::<8, 8, 230>();
}

#[test]
fn a_cut_in_the_recovery_from_a_cut_with_ecc_on_units_of_16() {
    sweep_ecc_twice::<16, 16, 330>();
}

#[test]
fn a_cut_in_the_recovery_from_a_cut_with_ecc_on_units_of_32() {
    sweep_ecc_twice::<1, 32, 560>();
}
