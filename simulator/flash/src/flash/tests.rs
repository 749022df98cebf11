use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

use super::Flash;
use crate::{FlashError, Tear};

type Small = Flash<2, 4, 64>;

fn flash() -> Small {
    Small::new(256)
}

fn read<const N: usize>(flash: &mut Small, offset: u32) -> Result<[u8; N], FlashError> {
    let mut bytes = [0; N];
    flash.read(offset, &mut bytes).map(|()| bytes)
}

#[test]
fn what_is_written_is_read_until_its_block_is_erased() {
    let mut flash = flash();
    assert_eq!(flash.contents(), [0xff; 256]);
    flash.write(60, b"overends").unwrap();
    assert_eq!(read(&mut flash, 60), Ok(*b"overends"));
    flash.erase(0, 64).unwrap();
    assert_eq!(read(&mut flash, 60), Ok(*b"\xff\xff\xff\xffends"));
    flash.write(60, b"over").unwrap();
}

#[test]
#[should_panic(expected = "the unit at 0x8 a second time")]
fn a_unit_is_programmed_once_even_if_the_bytes_are_the_same() {
    let mut flash = flash();
    flash.write(8, b"same").unwrap();
    let _ = flash.write(4, b"newusame");
}

#[test]
#[should_panic(expected = "a second time")]
fn a_unit_programmed_with_erased_bytes_is_programmed() {
    let mut flash = flash();
    flash.write(8, &[0xff; 4]).unwrap();
    let _ = flash.write(8, b"more");
}

#[test]
#[should_panic(expected = "raise bits of the unit at 0x8")]
fn bits_only_fall() {
    let mut flash = flash();
    flash.write(8, &[0; 4]).unwrap();
    let _ = flash.write(8, &[1; 4]);
}

#[test]
#[should_panic(expected = "raise bits")]
fn what_a_test_put_there_counts_as_programmed() {
    let mut flash = flash();
    flash.contents_mut()[9] = 0;
    let _ = flash.write(8, b"more");
}

#[test]
fn a_part_that_is_not_strict_sums_the_bits_and_ecc_sees_it() {
    let mut flash = flash();
    flash.set_strict(false);
    flash.write(8, &[0b1100; 4]).unwrap();
    flash.write(8, &[0b1010; 4]).unwrap();
    assert_eq!(read(&mut flash, 8), Ok([0b1000; 4]));
    flash.set_ecc(true);
    assert_eq!(read::<4>(&mut flash, 8), Err(FlashError::Ecc));
    assert_eq!(read::<2>(&mut flash, 10), Err(FlashError::Ecc));
    assert_eq!(read(&mut flash, 12), Ok([0xff; 4]));
}

#[test]
fn ends_must_be_aligned_and_within() {
    let mut flash = flash();
    assert_eq!(read::<2>(&mut flash, 1), Err(FlashError::NotAligned));
    assert_eq!(read::<3>(&mut flash, 0), Err(FlashError::NotAligned));
    assert_eq!(read::<4>(&mut flash, 254), Err(FlashError::OutOfBounds));
    assert_eq!(flash.write(2, &[0; 4]), Err(FlashError::NotAligned));
    assert_eq!(flash.write(0, &[0; 2]), Err(FlashError::NotAligned));
    assert_eq!(flash.write(256, &[0; 4]), Err(FlashError::OutOfBounds));
    assert_eq!(flash.erase(0, 32), Err(FlashError::NotAligned));
    assert_eq!(flash.erase(32, 64), Err(FlashError::NotAligned));
    assert_eq!(flash.erase(64, 0), Err(FlashError::OutOfBounds));
    assert_eq!(flash.erase(192, 320), Err(FlashError::OutOfBounds));
    assert_eq!((flash.operations(), flash.reads()), (0, 0));
    assert_eq!(flash.contents(), [0xff; 256]);
}

#[test]
fn calls_and_wear_are_counted() {
    let mut flash = flash();
    flash.write(0, &[0; 64]).unwrap();
    flash.write(64, &[]).unwrap();
    flash.erase(0, 192).unwrap();
    flash.erase(64, 128).unwrap();
    flash.erase(64, 64).unwrap();
    read::<64>(&mut flash, 0).unwrap();
    assert_eq!((flash.reads(), flash.writes(), flash.erases()), (1, 1, 2));
    assert_eq!(flash.operations(), 3);
    assert_eq!(flash.wear(), [1, 2, 1, 0]);
}

#[test]
fn a_cut_takes_the_power_until_it_is_given_back() {
    let mut flash = flash();
    flash.write(0, b"done").unwrap();
    flash.cut(1, Tear::Suffix(3));
    flash.write(4, b"also").unwrap();
    assert!(!flash.cut_hit() && !flash.is_off());

    assert_eq!(flash.write(8, b"torn off"), Err(FlashError::PowerLost));
    assert!(flash.cut_hit() && flash.is_off());
    assert_eq!(flash.cut_length(), Some(8));
    assert_eq!(read::<4>(&mut flash, 0), Err(FlashError::PowerLost));
    assert_eq!(flash.write(16, b"none"), Err(FlashError::PowerLost));
    assert_eq!(flash.erase(0, 64), Err(FlashError::PowerLost));
    assert_eq!(flash.operations(), 3);

    flash.power_on();
    assert!(flash.cut_hit() && !flash.is_off());
    assert_eq!(
        read(&mut flash, 0),
        Ok(*b"donealso\xff\xff\xff\xff\xffoff\xff\xff\xff\xff")
    );
    flash.write(16, b"more").unwrap();
    flash.cut(0, Tear::Before);
    assert!(!flash.cut_hit());
}

#[test]
fn every_class_of_tear_errs_and_leaves_what_it_says() {
    for tear in Tear::every(64, 20) {
        let mut flash = flash();
        flash.cut(0, tear);
        assert_eq!(flash.write(0, &[0; 64]), Err(FlashError::PowerLost));
        let written: Vec<u8> = (0..64).map(|at| !tear.landed(at, at / 4, 64)).collect();
        assert_eq!(flash.contents()[..64], written, "{tear:?}");

        let mut flash = self::flash();
        flash.write(0, &[0; 64]).unwrap();
        flash.cut(0, tear);
        assert_eq!(flash.erase(0, 64), Err(FlashError::PowerLost));
        let erased: Vec<u8> = (0..64).map(|at| tear.landed(at, at / 4, 64)).collect();
        assert_eq!(flash.contents()[..64], erased, "{tear:?}");
        assert_eq!(flash.wear()[0], u32::from(tear != Tear::Before));
    }
}

#[test]
fn a_fork_goes_its_own_way_and_leaves_the_stem() {
    let mut stem = flash();
    stem.set_weak(true);
    stem.write(0, b"both").unwrap();
    stem.cut(1, Tear::Bits(5));
    let mut fork = stem.clone();
    let mut again = flash();
    again.write(32, b"gone").unwrap();
    again.clone_from(&stem);

    for flash in [&mut fork, &mut again] {
        flash.write(4, b"fork").unwrap();
        assert_eq!(flash.erase(0, 256), Err(FlashError::PowerLost));
        assert!(flash.cut_hit());
        flash.power_on();
    }
    // The same calls from the same state: the same bytes, noise included.
    assert_eq!(fork.contents(), again.contents());
    assert_eq!(format!("{fork:?}"), format!("{again:?}"));
    for _ in 0..100 {
        assert_eq!(read::<8>(&mut fork, 0), read::<8>(&mut again, 0));
    }
    assert_eq!(read(&mut stem, 0), Ok(*b"both\xff\xff\xff\xff"));
    stem.write(4, b"stem").unwrap();
    assert!(!stem.is_off());
}

/// Everything that can be told apart from outside, with the order in which weak bits come out.
fn account(mut flash: Small) -> impl PartialEq + std::fmt::Debug {
    let readings: Vec<_> = (0..100)
        .flat_map(|_| {
            (0..32)
                .step_by(4)
                .map(|unit| read::<4>(&mut flash, unit))
                .collect::<Vec<_>>()
        })
        .collect();
    let used: Vec<bool> = (0..32)
        .step_by(4)
        .map(|unit| {
            let mut fork = flash.clone();
            std::panic::catch_unwind(move || fork.write(unit, &[0; 4]).is_err()).is_err()
        })
        .collect();
    (
        format!("{flash:?}"),
        flash.wear().to_vec(),
        flash.contents().to_vec(),
        readings,
        used,
    )
}

#[test]
fn a_fork_carries_what_is_worn_torn_and_weak() {
    let mut stem = flash();
    stem.set_ecc(true);
    stem.erase(0, 64).unwrap();
    stem.write(0, &[0xff; 4]).unwrap();
    for (unit, weak, tear) in [(8, false, Tear::Prefix(1)), (16, true, Tear::Bits(2))] {
        stem.set_weak(weak);
        stem.cut(0, tear);
        stem.write(unit, &[0x50; 4]).unwrap_err();
        stem.power_on();
    }
    let mut again = flash();
    again.clone_from(&stem);
    assert_eq!(account(stem.clone()), account(again));

    // And nothing of what was there before.
    let mut again = stem.clone();
    again.clone_from(&flash());
    assert_eq!(account(flash()), account(again));
}

#[test]
fn addresses_fail_as_they_were_told_until_cleared() {
    let mut flash = flash();
    flash.fail_reads_at(6..7);
    assert_eq!(read::<4>(&mut flash, 4), Err(FlashError::ReadError));
    assert_eq!(read(&mut flash, 4), Ok([0xff; 2]));
    assert_eq!(read(&mut flash, 8), Ok([0xff; 2]));

    flash.fail_writes_at(70..71);
    assert_eq!(flash.write(68, b"fail"), Err(FlashError::WriteError));
    assert_eq!(flash.erase(0, 128), Err(FlashError::WriteError));
    flash.write(72, b"good").unwrap();
    flash.erase(0, 64).unwrap();

    flash.lose_writes_at(128..129);
    flash.write(124, b"goodlost").unwrap();
    assert_eq!(read(&mut flash, 124), Ok([0xff; 8]));

    flash.cut(0, Tear::After);
    flash.clear_faults();
    flash.write(68, b"fine").unwrap();
    flash.write(124, b"goodlost").unwrap();
    assert_eq!(read(&mut flash, 4), Ok([0xff; 4]));
    assert_eq!(read(&mut flash, 124), Ok(*b"goodlost"));
}

#[test]
fn a_cut_in_an_operation_that_fails_anyway_changes_nothing() {
    let mut flash = flash();
    flash.fail_writes_at(0..1);
    flash.cut(0, Tear::After);
    assert_eq!(flash.write(0, b"fail"), Err(FlashError::PowerLost));
    assert!(flash.cut_hit());
    assert_eq!(flash.contents(), [0xff; 256]);
}

#[test]
fn power_can_go_between_operations() {
    let mut flash = flash();
    flash.write(0, b"kept").unwrap();
    flash.power_off();
    assert_eq!(flash.write(4, b"none"), Err(FlashError::PowerLost));
    flash.power_on();
    assert_eq!(read(&mut flash, 0), Ok(*b"kept\xff\xff\xff\xff"));
}

#[test]
#[should_panic(expected = "not whole erase blocks")]
fn a_capacity_is_whole_blocks() {
    Small::new(100);
}
