//! The journal on a flash that never fails.

use std::vec::Vec;

use latch_flash::Flash;
use proptest::prelude::*;

use super::model::{Pair, Step, mount};
use crate::journal::{
    Address, Entry, Journal, JournalError, MAX_BODY, MAX_FRAME, MountError, Rejected,
    record::Places,
};

type Small = Flash<1, 4, 256>;
const CAPACITY: usize = 700;

fn blank() -> Pair<Small, CAPACITY> {
    mount(Small::new(2 * Journal::<Small, CAPACITY>::SECTOR)).unwrap()
}

#[test]
fn a_blank_journal_takes_a_snapshot_first() {
    let mut pair = blank();
    assert!(pair.journal.is_blank() && !pair.journal.needs_snapshot());
    assert_eq!(pair.journal.room(), 0);
    assert_eq!(
        pair.journal.append(1, b"x"),
        Err(JournalError::NeedsSnapshot)
    );
    pair.take(Step::Rotate(0), 1).unwrap();
    assert!(!pair.journal.is_blank());
    pair.take(Step::Append(5), 2).unwrap();
    pair.read_all();
}

#[test]
fn room_is_what_append_takes() {
    let mut pair = blank();
    pair.take(Step::Rotate(0), 1).unwrap();
    assert!(pair.journal.room() >= CAPACITY - 2 * MAX_FRAME - 23);
    let room = pair.journal.room();
    assert_eq!(
        pair.take(Step::Append(room + 1), 2),
        Err(JournalError::Full)
    );
    pair.take(Step::Append(room), 2).unwrap();
    assert_eq!(pair.journal.room(), 0);
    assert_eq!(pair.take(Step::Append(0), 3), Err(JournalError::Full));
    let mut again: Pair<_, CAPACITY> = mount(pair.journal.release()).unwrap();
    assert_eq!(again.records, pair.records);
    again.read_all();
}

#[test]
fn kinds_and_lengths_are_bounded() {
    let mut pair = blank();
    pair.take(Step::Rotate(0), 1).unwrap();
    for kind in [0, 0x80, 0xff] {
        assert_eq!(pair.journal.append(kind, b""), Err(JournalError::TooLong));
        let put = pair
            .journal
            .rotate(|snapshot| snapshot.put(kind, b"").map(drop));
        assert_eq!(put, Err(JournalError::TooLong));
    }
    assert_eq!(
        pair.journal.append(1, &[0; MAX_BODY + 1]),
        Err(JournalError::TooLong)
    );
    let put = pair
        .journal
        .rotate(|snapshot| snapshot.put(1, &[0; MAX_BODY + 1]).map(drop));
    assert_eq!(put, Err(JournalError::TooLong));
    assert_eq!(
        pair.journal.append(1, &[0; CAPACITY + 256]),
        Err(JournalError::Full)
    );
    // None of this harmed it.
    pair.take(Step::Append(3), 2).unwrap();
    pair.read_all();
}

#[test]
fn a_snapshot_that_fails_changes_nothing() {
    let mut pair = blank();
    pair.take(Step::Rotate(0), 1).unwrap();
    let refused = pair.journal.rotate(|snapshot| {
        snapshot.put(1, b"half of it")?;
        Err(JournalError::WornOut)
    });
    assert_eq!(refused, Err(JournalError::WornOut));
    let full = pair.journal.rotate(|snapshot| {
        loop {
            snapshot.put(1, &[1; 100])?;
        }
    });
    assert_eq!(full, Err(JournalError::Full));
    assert!(!pair.journal.needs_snapshot());
    pair.take(Step::Append(3), 2).unwrap();
    pair.read_all();
    let again: Pair<_, CAPACITY> = mount(pair.journal.release()).unwrap();
    assert_eq!(again.records, pair.records);
}

#[test]
fn addresses_are_of_records_in_the_active_sector_only() {
    let mut pair = blank();
    pair.take(Step::Rotate(0), 1).unwrap();
    pair.take(Step::Append(30), 2).unwrap();
    let old = pair.addresses.clone();
    let mut buffer = [0; MAX_BODY];
    let valid: Vec<u32> = old.iter().map(|at| at.0).collect();
    for at in (0..2048).filter(|at| !valid.contains(at)).chain([u32::MAX]) {
        assert_eq!(
            pair.journal.read(Address(at), &mut buffer),
            Err(JournalError::NoRecord)
        );
    }
    assert_eq!(
        pair.journal.read(old[1], &mut buffer[..29]),
        Err(JournalError::TooLong)
    );
    pair.take(Step::Rotate(1), 3).unwrap();
    assert_eq!(
        pair.journal.read(old[0], &mut buffer),
        Err(JournalError::NoRecord)
    );
    assert_eq!(
        pair.journal
            .rotate(|snapshot| snapshot.copy(old[0]).map(drop)),
        Err(JournalError::NoRecord)
    );
}

#[test]
fn what_the_caller_rejects_is_corrupt() {
    let mut pair = blank();
    pair.take(Step::Rotate(0), 1).unwrap();
    let flash = pair.journal.release();
    let rejected =
        Journal::<_, CAPACITY>::mount(flash.clone(), &mut [0; MAX_BODY], &mut |_: Entry<'_>| {
            Err(Rejected)
        });
    assert_eq!(rejected.err(), Some(MountError::Corrupt));
    let short = Journal::<_, CAPACITY>::mount(flash, &mut [], &mut |_: Entry<'_>| Ok(()));
    assert_eq!(short.err(), Some(MountError::BufferTooSmall));
}

#[test]
fn one_sector_is_too_small() {
    let flash = Small::new(2 * Journal::<Small, CAPACITY>::SECTOR - 256);
    assert_eq!(
        mount::<_, CAPACITY>(flash).err(),
        Some(MountError::TooSmall)
    );
}

#[test]
fn another_geometry_is_not_ours() {
    let mut pair = blank();
    pair.take(Step::Rotate(0), 1).unwrap();
    assert_eq!(
        mount::<_, 300>(pair.journal.release()).err(),
        Some(MountError::OtherGeometry)
    );
}

#[test]
fn wear_is_spread_and_one_erase_a_rotation() {
    const SECTORS: usize = 5;
    const ROUNDS: usize = 20;
    let flash = Small::new(SECTORS * Journal::<Small, CAPACITY>::SECTOR);
    let mut pair: Pair<_, CAPACITY> = mount(flash).unwrap();
    for round in 0..ROUNDS * SECTORS {
        pair.take(Step::Rotate(2), round).unwrap();
        pair.take(Step::Append(9), round).unwrap();
        assert_eq!(pair.journal.erases(), 1);
        // A boot between any two rotations costs no wear.
        let records = pair.records.clone();
        pair = mount(pair.journal.release()).unwrap();
        assert_eq!((&pair.records, pair.journal.erases()), (&records, 0));
    }
    let flash = pair.journal.release();
    assert!(
        flash.wear().iter().all(|wear| *wear == ROUNDS as u32),
        "{:?}",
        flash.wear()
    );
}

#[test]
fn the_frame_is_as_large_as_said() {
    let at = |length| Places::of::<Flash<1, 32, 256>>(length).end - length;
    assert_eq!((0..100).map(at).max(), Some(MAX_FRAME));
    assert_eq!(Places::of::<Flash<1, 1, 256>>(10).end, 10 + 28);
}

#[test]
fn ecc_and_wide_reads_make_no_difference() {
    fn run<const READ: usize, const WRITE: usize>() {
        type Wide<const READ: usize, const WRITE: usize> = Flash<READ, WRITE, 512>;
        let mut flash = Wide::<READ, WRITE>::new(3 * Journal::<Wide<READ, WRITE>, 1000>::SECTOR);
        flash.set_ecc(true);
        let mut pair: Pair<_, 1000> = mount(flash).unwrap();
        for (seed, step) in [
            Step::Rotate(0),
            Step::Append(0),
            Step::Append(33),
            Step::Rotate(2),
            Step::Append(1),
        ]
        .into_iter()
        .enumerate()
        {
            pair.take(step, seed).unwrap();
            pair.read_all();
        }
        let again: Pair<_, 1000> = mount(pair.journal.release()).unwrap();
        assert_eq!(again.records, pair.records);
    }
    run::<1, 1>();
    run::<4, 1>();
    run::<32, 2>();
    run::<1, 16>();
    run::<16, 16>();
    run::<32, 32>();
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_usize..90).prop_map(Step::Append),
        1 => (0_usize..3).prop_map(Step::Rotate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64 * super::effort() as u32, ..ProptestConfig::default() })]

    #[test]
    fn it_holds_what_a_list_holds(steps in proptest::collection::vec((step(), any::<bool>()), 1..60)) {
        let mut pair = blank();
        for (seed, (step, reboot)) in steps.into_iter().enumerate() {
            match pair.take(step, seed) {
                Ok(()) => {}
                Err(JournalError::Full) => pair.take(Step::Rotate(2), seed).unwrap(),
                Err(JournalError::NeedsSnapshot) => prop_assert!(pair.journal.is_blank()),
                Err(error) => prop_assert!(false, "{error}"),
            }
            pair.read_all();
            if reboot {
                let records = pair.records.clone();
                pair = mount(pair.journal.release()).unwrap();
                prop_assert_eq!(&pair.records, &records);
            }
        }
    }
}
