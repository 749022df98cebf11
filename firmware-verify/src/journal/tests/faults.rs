//! Flash that fails while the power is on.

use latch_flash::Flash;

use super::model::{Pair, Step, mount};
use crate::journal::{Journal, JournalError, MountError};

type Small = Flash<1, 8, 64>;
const CAPACITY: usize = 230;
const SECTORS: usize = 3;
const SECTOR: usize = Journal::<Small, CAPACITY>::SECTOR;

/// How a write can fail.
type Fail = fn(&mut Small, core::ops::Range<u32>);
const FAILS: [Fail; 2] = [Small::fail_writes_at, Small::lose_writes_at];

fn started() -> Small {
    let mut pair: Pair<_, CAPACITY> = mount(Small::new(SECTORS * SECTOR)).unwrap();
    pair.take(Step::Rotate(0), 0).unwrap();
    pair.take(Step::Append(13), 1).unwrap();
    pair.journal.release()
}

/// Appends, and rotates when that fails.
fn insist(pair: &mut Pair<&mut Small, CAPACITY>, seed: usize) -> Result<(), JournalError> {
    match pair.take(Step::Append(11), seed) {
        Ok(()) => return Ok(()),
        Err(JournalError::Storage) => {
            assert!(pair.journal.needs_snapshot());
            assert_eq!(pair.journal.room(), 0);
            assert_eq!(
                pair.take(Step::Append(0), seed),
                Err(JournalError::NeedsSnapshot)
            );
        }
        Err(JournalError::Full | JournalError::NeedsSnapshot) => {}
        Err(error) => return Err(error),
    }
    // What the list holds, the snapshot holds: the failed append is not in it.
    for _ in 1..SECTORS {
        match pair.take(Step::Rotate(2), seed) {
            Ok(()) => return Ok(()),
            Err(JournalError::Storage) => {}
            Err(error) => return Err(error),
        }
    }
    Err(JournalError::Storage)
}

#[test]
fn a_bad_unit_anywhere_loses_nothing() {
    let started = started();
    let mut rotated = 0;
    for fail in FAILS {
        for at in (0..started.contents().len() as u32).step_by(8) {
            let mut flash = started.clone();
            fail(&mut flash, at..at + 8);
            let mut records = None;
            for boot in 0..4 {
                let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
                assert!(
                    records.is_none_or(|records| records == pair.records),
                    "unit at {at}, boot {boot}"
                );
                for step in 0..5 {
                    let done = insist(&mut pair, 10 * boot + step);
                    assert_eq!(done, Ok(()), "unit at {at}, boot {boot}, step {step}");
                    pair.read_all();
                }
                rotated += pair.journal.erases();
                records = Some(pair.records);
            }
        }
    }
    assert!(rotated > 100);
}

#[test]
fn a_failed_append_is_found_or_not_but_never_half() {
    let started = started();
    for fail in FAILS {
        for at in (0..SECTOR as u32).step_by(8) {
            let mut flash = started.clone();
            fail(&mut flash, at..at + 8);
            let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
            let before = pair.records.clone();
            let taken = pair.take(Step::Append(30), 7);
            let after = super::model::after(&before, Step::Append(30), 7);
            flash.clear_faults();
            for _ in 0..2 {
                let found = mount::<_, CAPACITY>(&mut flash).unwrap().records;
                assert!(
                    found == after || (taken.is_err() && found == before),
                    "unit at {at}"
                );
            }
        }
    }
}

#[test]
fn every_field_is_read_back() {
    let started = started();
    let mut pair: Pair<_, CAPACITY> = mount(started.clone()).unwrap();
    pair.take(Step::Append(8), 7).unwrap();
    let record = pair.addresses[2].0;
    // Mark, head, body, both commit words.
    for at in [0, 8, 24, 32, 40] {
        let mut flash = started.clone();
        flash.lose_writes_at(record + at..record + at + 8);
        let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
        assert_eq!(pair.take(Step::Append(8), 7), Err(JournalError::Storage));
    }
}

#[test]
fn a_rotation_after_a_failed_append_stays() {
    let started = started();
    let mut failed = 0;
    for fail in FAILS {
        for at in (0..SECTOR as u32).step_by(8) {
            let mut flash = started.clone();
            fail(&mut flash, at..at + 8);
            let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
            if pair.take(Step::Append(30), 7) != Err(JournalError::Storage) {
                continue;
            }
            failed += 1;
            pair.take(Step::Rotate(1), 8).unwrap();
            let records = pair.records;
            assert_eq!(mount::<_, CAPACITY>(&mut flash).unwrap().records, records);
        }
    }
    assert!(failed > 10);
}

#[test]
fn a_flash_without_writes_keeps_what_it_has() {
    for fail in FAILS {
        let mut flash = started();
        let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
        let records = pair.records.clone();
        drop(pair);
        fail(&mut flash, 0..(SECTORS * SECTOR) as u32);
        pair = mount(&mut flash).unwrap();
        for _ in 0..5 {
            assert_eq!(insist(&mut pair, 3).err(), Some(JournalError::Storage));
            pair.read_all();
        }
        drop(pair);
        assert_eq!(mount::<_, CAPACITY>(&mut flash).unwrap().records, records);
    }
}

/// The two marks that close a sector: behind head, seal and a mark; and at the end.
const CLOSED: [u32; 2] = [32 + 16 + 8, SECTOR as u32 - 8];

#[test]
fn one_mark_is_enough_to_close_a_sector() {
    for bad in CLOSED {
        let mut flash = started();
        flash.fail_writes_at(bad..bad + 8);
        let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
        pair.take(Step::Rotate(1), 5).unwrap();
        pair.take(Step::Append(3), 6).unwrap();
        let records = pair.records.clone();
        drop(pair);
        assert_eq!(mount::<_, CAPACITY>(&mut flash).unwrap().records, records);
    }
}

#[test]
fn nothing_goes_on_beside_a_sector_that_can_be_neither_closed_nor_erased() {
    let mut flash = started();
    for bad in CLOSED {
        flash.fail_writes_at(bad..bad + 8);
    }
    let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
    assert_eq!(pair.take(Step::Rotate(1), 5), Err(JournalError::Storage));
    let erases = pair.journal.erases();
    for _ in 0..3 {
        assert_eq!(
            pair.take(Step::Append(1), 5),
            Err(JournalError::NeedsSnapshot)
        );
        assert_eq!(pair.take(Step::Rotate(1), 5), Err(JournalError::Storage));
    }
    // The new sector may be the only good one by now.
    assert_eq!(pair.journal.erases(), erases);
    drop(pair);
    assert_eq!(
        mount::<_, CAPACITY>(&mut flash).err(),
        Some(MountError::Storage)
    );
}

#[test]
fn a_torn_tail_that_cannot_be_repaired_is_not_mounted() {
    let mut flash = started();
    let mut pair: Pair<_, CAPACITY> = mount(&mut flash).unwrap();
    let at = pair
        .take(Step::Append(11), 2)
        .map(|()| pair.addresses[2].0 as usize)
        .unwrap();
    drop(pair);
    // Without its last word.
    let end = at + 8 + 16 + 16 + 8;
    flash.contents_mut()[end..end + 8].fill(0xff);
    let mut healthy = flash.clone();
    flash.fail_writes_at(SECTOR as u32..(SECTORS * SECTOR) as u32);
    assert_eq!(
        mount::<_, CAPACITY>(&mut flash).err(),
        Some(MountError::Storage)
    );
    let pair: Pair<_, CAPACITY> = mount(&mut healthy).unwrap();
    assert_eq!((pair.records.len(), pair.journal.erases()), (3, 1));
}
