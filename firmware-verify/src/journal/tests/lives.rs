//! Long lives in which every boot ends with a cut somewhere.

use std::{vec, vec::Vec};

use latch_flash::Tear;

use super::{
    cuts::{PARTS, Part, blank, live, settle},
    effort,
    model::{Records, Step},
};

/// A life of many boots, each ended by a cut somewhere.
fn many_cuts<const READ: usize, const WRITE: usize, const CAPACITY: usize>(
    part: Part,
    seed: u64,
    boots: u64,
) {
    let mut state = seed;
    let mut random = move || {
        // SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut flash = blank::<READ, WRITE, CAPACITY>(part);
    let mut allowed = vec![Records::new()];
    for boot in 0..boots {
        let steps: Vec<Step> = (0..random() % 4)
            .map(|_| match random() % 4 {
                0 => Step::Rotate((random() % 3) as usize),
                _ => Step::Append((random() % 30) as usize),
            })
            .collect();
        let at = (random() % 64) as usize;
        let tear = match random() % 7 {
            0 => Tear::Before,
            1 => Tear::After,
            2 => Tear::Prefix(at),
            3 => Tear::Suffix(at),
            4 => Tear::Words(random()),
            _ => Tear::Bits(random()),
        };
        flash.cut(random() % 20, tear);
        live::<READ, WRITE, CAPACITY>(&mut flash, &mut allowed, &steps, boot as usize);
        flash.power_on();
    }
    flash.clear_faults();
    settle::<READ, WRITE, CAPACITY>(&mut flash, &mut allowed);
}

/// Boots in one life, and lives on each part.
const BOOTS: u64 = 60;
const LIVES: u64 = 150;

#[test]
fn lives_of_many_cuts() {
    let first = std::env::var("LATCH_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(0);
    for seed in first..first + LIVES * effort() {
        for part in PARTS {
            let lives = std::panic::catch_unwind(|| {
                many_cuts::<1, 1, 170>(part, seed, BOOTS);
                many_cuts::<1, 4, 190>(part, seed, BOOTS);
                many_cuts::<8, 8, 230>(part, seed, BOOTS);
                many_cuts::<16, 16, 330>(part, seed, BOOTS);
                many_cuts::<1, 32, 560>(part, seed, BOOTS);
            });
            assert!(lives.is_ok(), "LATCH_TEST_SEED={seed} {part:?}");
        }
    }
}
