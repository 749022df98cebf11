//! Damage that no cut explains, and flashes that never held a journal.

use std::vec::Vec;

use latch_flash::Flash;
use proptest::prelude::*;

use super::{
    effort,
    model::{Pair, Records, Step, mount},
};
use crate::journal::{FORMAT, Journal, MountError};

type Small = Flash<1, 4, 64>;
const CAPACITY: usize = 230;
const SECTOR: usize = Journal::<Small, CAPACITY>::SECTOR;

/// A journal at rest: sectors closed by rotation, one active with a snapshot and records behind it.
fn at_rest(rotations: usize) -> (Small, Records) {
    let mut pair: Pair<_, CAPACITY> = mount(Small::new(3 * SECTOR)).unwrap();
    for rotation in 0..rotations {
        pair.take(Step::Rotate(1), rotation).unwrap();
        pair.take(Step::Append(20), 10 + rotation).unwrap();
        pair.take(Step::Append(9), 20 + rotation).unwrap();
    }
    (pair.journal.release(), pair.records)
}

/// Whatever is wrong, a mount finds all records or refuses.
fn all_or_refusal(flash: Small, records: &Records) -> Option<MountError> {
    match mount::<_, CAPACITY>(flash) {
        Ok(pair) => {
            assert_eq!(&pair.records, records);
            None
        }
        Err(error) => Some(error),
    }
}

#[test]
fn a_changed_byte_never_shortens_the_journal() {
    for rotations in 1..6 {
        let (flash, records) = at_rest(rotations);
        let mut refused = 0;
        for at in 0..flash.contents().len() {
            for change in [0x01, 0x80, 0xff] {
                let mut flash = flash.clone();
                flash.contents_mut()[at] ^= change;
                match all_or_refusal(flash, &records) {
                    None => {}
                    Some(MountError::Corrupt | MountError::OtherGeometry) => refused += 1,
                    Some(error) => panic!("{error:?} at {at}"),
                }
            }
        }
        assert!(refused > 100, "only {refused} refused");
    }
}

#[test]
fn an_erased_unit_or_a_run_of_zeros_never_shortens_the_journal() {
    for rotations in 1..4 {
        let (flash, records) = at_rest(rotations);
        // More than one unit that looks erased can look like what a cut leaves.
        for (fill, width) in [(0x00, 8), (0xff, 1)] {
            for at in (0..flash.contents().len()).step_by(4) {
                for units in 1..=width {
                    let mut flash = flash.clone();
                    let end = (at + 4 * units).min(flash.contents().len());
                    flash.contents_mut()[at..end].fill(fill);
                    // A mark that is made to look untouched may be set again.
                    flash.set_strict(false);
                    all_or_refusal(flash, &records);
                }
            }
        }
    }
}

#[test]
fn an_unreadable_unit_never_shortens_the_journal() {
    for rotations in 1..5 {
        let (flash, records) = at_rest(rotations);
        let mut unreadable = 0;
        for at in (0..flash.contents().len() as u32).step_by(4) {
            let mut flash = flash.clone();
            flash.fail_reads_at(at..at + 4);
            unreadable +=
                u32::from(all_or_refusal(flash, &records) == Some(MountError::Unreadable));
        }
        assert!(unreadable > 5, "only {unreadable} found unreadable");
    }
}

#[test]
fn a_flash_that_cannot_be_read_is_not_blank() {
    for rotations in 0..3 {
        let (mut flash, _) = at_rest(rotations);
        flash.fail_reads_at(0..flash.contents().len() as u32);
        assert_eq!(
            mount::<_, CAPACITY>(flash).err(),
            Some(MountError::Unreadable)
        );
    }
}

#[test]
fn a_lost_sector_is_noticed() {
    for rotations in 1..6 {
        let (flash, _) = at_rest(rotations);
        let active = (rotations - 1) % 3 * SECTOR;
        // Wholly erased: only what was before it knows.
        let mut erased = flash.clone();
        erased.contents_mut()[active..active + SECTOR].fill(0xff);
        let lost = mount::<_, CAPACITY>(erased).map(|pair| pair.journal.is_blank());
        if rotations == 1 {
            assert_eq!(lost.ok(), Some(true), "nothing is left that could know");
        } else {
            assert_eq!(lost.err(), Some(MountError::Corrupt));
        }
        // Its head alone.
        let mut headless = flash;
        headless.contents_mut()[active..active + 32].fill(0xff);
        assert_eq!(
            mount::<_, CAPACITY>(headless).err(),
            Some(MountError::Corrupt)
        );
    }
}

#[test]
fn an_older_copy_of_a_sector_does_not_come_back() {
    // What an erase that did nothing would leave.
    let (before, _) = at_rest(1);
    let (now, records) = at_rest(3);
    let mut flash = now;
    flash.contents_mut()[..SECTOR].copy_from_slice(&before.contents()[..SECTOR]);
    assert_eq!(all_or_refusal(flash, &records), None);
}

/// Says of the sector that begins here that it has this format.
fn renumber(flash: &mut Small, start: usize, format: u8) {
    let head = &mut flash.contents_mut()[start..start + 32];
    head[8] = format;
    let sum = super::super::sector::checksum(0, &head[..28]).to_le_bytes();
    head[28..].copy_from_slice(&sum);
}

#[test]
fn a_newer_format_is_told_from_damage() {
    for found in [FORMAT + 1, 0xff] {
        let (mut newer, _) = at_rest(1);
        renumber(&mut newer, 0, found);
        assert_eq!(
            mount::<_, CAPACITY>(newer).err(),
            Some(MountError::NewerFormat { found })
        );
    }
}

/// Sectors of another size begin elsewhere, and what begins where ours do may be erased.
#[test]
fn what_lies_elsewhere_is_not_taken_for_nothing() {
    const OTHER: usize = CAPACITY + 64;
    let (flash, _) = at_rest(2);
    let mut second = Small::new(flash.contents().len());
    second.contents_mut()[SECTOR..2 * SECTOR]
        .copy_from_slice(&flash.contents()[SECTOR..2 * SECTOR]);
    assert_eq!(
        mount::<_, OTHER>(second.clone()).err(),
        Some(MountError::OtherGeometry)
    );
    renumber(&mut second, SECTOR, 7);
    assert_eq!(
        mount::<_, OTHER>(second).err(),
        Some(MountError::NewerFormat { found: 7 })
    );
}

#[test]
fn each_mark_alone_vouches_for_a_sector() {
    let (flash, records) = at_rest(1);
    for lost in [32 + 12, SECTOR - 2 * 4] {
        let mut flash = flash.clone();
        flash.contents_mut()[32..32 + 12].fill(0);
        flash.contents_mut()[lost..lost + 4].fill(0xff);
        flash.set_strict(false);
        assert_eq!(all_or_refusal(flash, &records), None);
    }
}

#[test]
fn debris_of_a_first_rotation_is_blank() {
    let (flash, _) = at_rest(1);
    // Without seal and marks: the head, and records.
    let mut debris = flash.clone();
    debris.contents_mut()[32..32 + 12 + 2 * 4].fill(0xff);
    debris.contents_mut()[SECTOR - 2 * 4..SECTOR].fill(0xff);
    let mut pair: Pair<_, CAPACITY> = mount(debris).unwrap();
    assert!(pair.journal.is_blank());
    pair.take(Step::Rotate(0), 0).unwrap();
    assert!(!pair.journal.is_blank());
}

#[test]
fn records_that_changed_places_are_noticed() {
    let mut pair: Pair<_, CAPACITY> = mount(Small::new(3 * SECTOR)).unwrap();
    pair.take(Step::Rotate(0), 0).unwrap();
    pair.take(Step::Append(8), 1).unwrap();
    pair.take(Step::Append(8), 2).unwrap();
    let [_, first, second] = [0, 1, 2].map(|record| pair.addresses[record].0 as usize);
    let mut flash = pair.journal.release();
    let (before, after) = flash.contents_mut().split_at_mut(second);
    before[first..].swap_with_slice(&mut after[..second - first]);
    assert_eq!(mount::<_, CAPACITY>(flash).err(), Some(MountError::Corrupt));
}

#[test]
fn only_the_last_record_can_be_torn() {
    let mut pair: Pair<_, CAPACITY> = mount(Small::new(3 * SECTOR)).unwrap();
    pair.take(Step::Rotate(0), 0).unwrap();
    for seed in 1..4 {
        pair.take(Step::Append(8), seed).unwrap();
    }
    let ends: Vec<usize> = pair.addresses[2..].iter().map(|at| at.0 as usize).collect();
    let mut flash = pair.journal.release();
    // Both commit words of the record before the last, which ends where that begins.
    flash.contents_mut()[ends[1] - 8..ends[1]].fill(0xff);
    assert_eq!(mount::<_, CAPACITY>(flash).err(), Some(MountError::Corrupt));
}

#[test]
fn a_snapshot_without_its_last_record_is_noticed() {
    let mut pair: Pair<_, CAPACITY> = mount(Small::new(3 * SECTOR)).unwrap();
    pair.take(Step::Rotate(0), 0).unwrap();
    pair.take(Step::Append(8), 1).unwrap();
    pair.take(Step::Rotate(1), 2).unwrap();
    let last = pair.addresses[1].0 as usize;
    let mut flash = pair.journal.release();
    flash.contents_mut()[last..last + 36].fill(0xff);
    assert_eq!(mount::<_, CAPACITY>(flash).err(), Some(MountError::Corrupt));
}

fn journal_like() -> impl Strategy<Value = Vec<u8>> {
    // Pieces of journals in wrong places, erased runs and noise.
    let (flash, _) = at_rest(4);
    let source = flash.contents().to_vec();
    let length = source.len();
    let piece = (
        0..length / 4,
        0..length / 4,
        1_usize..80,
        0_u8..4,
        any::<u64>(),
    );
    proptest::collection::vec(piece, 0..12).prop_map(move |pieces| {
        let mut bytes = source.clone();
        for (from, to, units, how, seed) in pieces {
            for at in 0..(4 * units).min(length - 4 * from.max(to)) {
                bytes[4 * to + at] = match how {
                    0 => 0xff,
                    1 => (seed >> (at % 57)) as u8,
                    _ => source[4 * from + at],
                };
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000 * effort() as u32, ..ProptestConfig::default() })]

    #[test]
    fn anything_mounts_or_refuses_and_stays_so(bytes in journal_like()) {
        let mut flash = Small::new(bytes.len());
        flash.contents_mut().copy_from_slice(&bytes);
        // Fabricated contents may ask for what no cut can: marks in used units.
        flash.set_strict(false);
        if let Ok(pair) = mount::<_, CAPACITY>(&mut flash) {
            let records = pair.records;
            let again: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
            prop_assert_eq!(again.records, records);
        }
    }

    #[test]
    fn noise_is_no_journal(bytes in proptest::collection::vec(any::<u8>(), 3 * SECTOR)) {
        let mut flash = Small::new(bytes.len());
        flash.contents_mut().copy_from_slice(&bytes);
        prop_assert_eq!(mount::<_, CAPACITY>(flash).err(), Some(MountError::Corrupt));
    }
}

#[test]
fn zeros_are_no_journal() {
    let mut flash = Small::new(3 * SECTOR);
    flash.contents_mut().fill(0);
    assert_eq!(mount::<_, CAPACITY>(flash).err(), Some(MountError::Corrupt));
}
