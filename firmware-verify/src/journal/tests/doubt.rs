//! Sectors of rotations that were cut, as no single sweep leaves them: seals that come and go, and erases that
//! hardly began.

use std::{vec, vec::Vec};

use embedded_storage::nor_flash::NorFlash;
use latch_flash::{Flash, Tear};

use super::{
    cuts::{ERASE, Part, blank, live, settle},
    effort,
    model::{Pair, Records, Step, after, mount},
};
use crate::journal::{Journal, JournalError};

const CAPACITY: usize = 190;
type Small = Flash<1, 4, ERASE>;
const SECTOR: usize = Journal::<Small, CAPACITY>::SECTOR;
const PART: Part = Part {
    sectors: 2,
    ecc: false,
    weak: true,
};

/// After `steps`, the last of which was cut when its sector was just sealed, and before it was accepted.
fn sealed(steps: &[Step]) -> (Small, Vec<Records>) {
    let mut flash = blank::<1, 4, CAPACITY>(PART);
    let mut allowed = vec![Records::new()];
    let (last, first) = steps.split_last().unwrap();
    live::<1, 4, CAPACITY>(&mut flash, &mut allowed, first, 0);
    let before = flash.clone();
    // The mark, and with it acceptance, is what comes after the only write of twelve bytes.
    for operation in 0.. {
        flash.clone_from(&before);
        flash.cut(operation, Tear::After);
        let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
        assert_eq!(pair.take(*last, first.len()), Err(JournalError::Storage));
        drop(pair);
        if flash.cut_length() == Some(12) {
            break;
        }
    }
    flash.power_on();
    allowed.push(after(&allowed[0], *last, first.len()));
    (flash, allowed)
}

const FIRST: &[Step] = &[Step::Rotate(0)];
const SECOND: &[Step] = &[Step::Rotate(0), Step::Append(4), Step::Rotate(1)];

#[test]
fn a_sealed_sector_takes_over() {
    for steps in [FIRST, SECOND] {
        let (mut flash, allowed) = sealed(steps);
        let pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
        assert_eq!(pair.records, allowed[1]);
        drop(pair);
        settle::<1, 4, CAPACITY>(&mut flash, &mut vec![allowed[1].clone()]);
    }
}

/// A weak seal was read as missing, so the old sector went on; then the seal is there again.
#[test]
fn a_seal_that_comes_late_undoes_nothing() {
    let (sealed, allowed) = sealed(SECOND);
    for appends in 1..4 {
        let mut flash = sealed.clone();
        // As if the new sector had never been: only the old one goes on.
        flash.erase(SECTOR as u32, 2 * SECTOR as u32).unwrap();
        let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
        assert_eq!(pair.records, allowed[0]);
        for seed in 0..appends {
            pair.take(Step::Append(6), 30 + seed).unwrap();
        }
        let records = pair.records;
        flash.contents_mut()[SECTOR..].copy_from_slice(&sealed.contents()[SECTOR..]);
        settle::<1, 4, CAPACITY>(&mut flash, &mut vec![records]);
    }
}

/// An accepted sector that is damaged, while the one before it is still open: nobody acted on it.
#[test]
fn a_damaged_sector_that_nobody_acted_on_is_left_out() {
    let (mut flash, allowed) = sealed(SECOND);
    let new = &mut flash.contents_mut()[SECTOR..];
    new[32 + 12..][..4].fill(0);
    // In the head of its first record.
    new[32 + 12 + 2 * 4 + 4] ^= 1;
    settle::<1, 4, CAPACITY>(&mut flash, &mut vec![allowed[0].clone()]);
}

/// A sector was rejected and its erase was cut: all of it is weak, and may look whole by chance.
#[test]
fn a_half_erased_sector_is_not_trusted() {
    for (steps, sector) in [(FIRST, 0), (SECOND, 1)] {
        let (sealed, allowed) = sealed(steps);
        let range = (sector * SECTOR) as u32..((sector + 1) * SECTOR) as u32;
        for seed in 0..1500 * effort() {
            let mut flash = sealed.clone();
            flash.cut(0, Tear::Bits(seed));
            flash.erase(range.start, range.end).unwrap_err();
            flash.power_on();
            settle::<1, 4, CAPACITY>(&mut flash, &mut allowed.clone());
        }
    }
}
