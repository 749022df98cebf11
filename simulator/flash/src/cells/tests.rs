use super::*;

const UNIT: usize = 4;

/// Sixteen bytes in four units, the first of which is programmed.
fn cells() -> Cells<UNIT> {
    let mut cells = Cells::new(16);
    cells.program(0, &[0x0f, 0xff, 0, 0xaa]);
    cells
}

fn read(cells: &mut Cells<UNIT>, unit: usize) -> Result<[u8; UNIT], FlashError> {
    let mut bytes = [0; UNIT];
    cells.read(unit * UNIT, &mut bytes).map(|()| bytes)
}

#[test]
fn a_torn_write_is_between_before_and_meant_in_every_bit() {
    let meant = [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0];
    for tear in Tear::every(meant.len(), 200) {
        let mut cells = cells();
        cells.tear_program(4, &meant, tear);
        assert_eq!(cells.data[..4], [0x0f, 0xff, 0, 0xaa], "{tear:?}");
        assert_eq!(cells.data[12..], [ERASED; 4], "{tear:?}");
        for (index, (found, meant)) in cells.data[4..12].iter().zip(meant).enumerate() {
            let landed = tear.landed(index, index / UNIT, 8);
            assert_eq!(*found, !landed | meant, "{tear:?}");
        }
    }
}

#[test]
fn a_torn_erase_raises_bits_and_lowers_none() {
    for tear in Tear::every(16, 200) {
        let mut cells = cells();
        cells.program(4, &[0x12, 0x34, 0x56, 0x78]);
        let before = cells.data.clone();
        cells.tear_erase(0..16, tear);
        for (index, (found, before)) in cells.data.iter().zip(before).enumerate() {
            let landed = tear.landed(index, index / UNIT, 16);
            assert_eq!(*found, before | landed, "{tear:?}");
        }
    }
}

#[test]
fn ecc_knows_units_torn_half_way_from_those_untouched_or_whole() {
    for tear in Tear::every(2 * UNIT, 200) {
        let mut cells = cells();
        cells.ecc = true;
        cells.tear_program(4, &[0x12; 8], tear);
        for unit in 1..3 {
            let stored = cells.data[unit * UNIT..][..UNIT].to_vec();
            let clean = stored == [ERASED; UNIT] || stored == [0x12; UNIT];
            let reads = read(&mut cells, unit).is_ok();
            // Where bits are torn one by one, those that check them may be torn alone.
            let alone = clean && tear.shakes();
            assert!(reads == clean || alone, "{tear:?}: {stored:?}");
        }
        assert!(read(&mut cells, 0).is_ok() && read(&mut cells, 3).is_ok());

        cells.erase(0..16);
        assert_eq!(read(&mut cells, 1), Ok([ERASED; UNIT]), "{tear:?}");
    }
}

#[test]
fn ecc_knows_units_of_which_only_the_checks_were_torn() {
    let (mut blank, mut whole) = ([0; 2], [0; 2]);
    for seed in 0..2000 {
        let mut cells = cells();
        cells.ecc = true;
        cells.tear_program(4, &[0x7f, 0xff, 0xff, 0xff], Tear::Bits(seed));
        let reads = read(&mut cells, 1);
        let found = match cells.data[4] {
            ERASED => &mut blank,
            _ => &mut whole,
        };
        found[usize::from(reads.is_ok())] += 1;
        // What does not read is no fresh unit, whatever lies in it.
        let again = std::panic::catch_unwind(|| cells.check_program(4, &[0; UNIT]));
        assert_eq!(again.is_ok(), reads == Ok([ERASED; UNIT]), "seed {seed}");
        cells.erase(0..16);
        assert_eq!(read(&mut cells, 1), Ok([ERASED; UNIT]));
    }
    for found in [blank, whole] {
        assert!(found.iter().all(|count| *count > 10), "{found:?}");
    }
}

#[test]
fn ecc_knows_units_erased_half_way() {
    let mut cells = cells();
    cells.ecc = true;
    cells.tear_erase(0..16, Tear::Prefix(1));
    assert_eq!(read(&mut cells, 0), Err(FlashError::Ecc));
    assert_eq!(read(&mut cells, 1), Ok([ERASED; UNIT]));
}

#[test]
fn a_unit_that_a_torn_erase_left_blank_is_not_fresh() {
    let mut cells = cells();
    cells.tear_erase(0..16, Tear::Prefix(3));
    assert_eq!(cells.data[3], 0xaa);
    cells.data[3] = ERASED;
    let again = std::panic::catch_unwind(|| cells.check_program(0, &[0; UNIT]));
    assert!(again.is_err());
    cells.check_program(4, &[0; UNIT]);

    cells.tear_erase(0..16, Tear::Prefix(UNIT));
    cells.check_program(0, &[0; UNIT]);
}

#[test]
fn a_torn_unit_that_a_torn_erase_left_blank_is_not_fresh() {
    let mut blanks = 0;
    for seed in 0..200 {
        let mut cells = cells();
        cells.tear_program(4, &[0x7f, 0xff, 0xff, 0x7f], Tear::Prefix(1));
        cells.tear_erase(0..16, Tear::Bits(seed));
        if cells.data[4..8] == [ERASED; UNIT] {
            blanks += 1;
            let again = std::panic::catch_unwind(|| cells.check_program(4, &[0; UNIT]));
            assert!(again.is_err(), "seed {seed}");
        }
    }
    assert!(blanks > 10);
}

#[test]
fn a_unit_that_a_torn_write_left_erased_can_be_written() {
    let mut blanks = 0;
    for seed in 0..200 {
        let mut cells = cells();
        cells.tear_program(4, &[0x7f, 0xff, 0xff, 0x7f], Tear::Bits(seed));
        if cells.data[4..8] == [ERASED; UNIT] {
            blanks += 1;
            cells.check_program(4, &[0; UNIT]);
        }
    }
    assert!(blanks > 10);
}

#[test]
fn a_shaken_unit_is_weak_even_if_all_or_none_of_it_landed() {
    for seed in 0..500 {
        let mut cells = Cells::<1>::new(1);
        cells.keep_weak = true;
        cells.tear_program(0, &[0], Tear::Bits(seed));
        assert!(cells.has_weak(0..1), "seed {seed}: {:02x?}", cells.data);
    }
}

/// All readings of one unit, over many reads.
fn readings(cells: &mut Cells<UNIT>, unit: usize) -> Vec<Result<[u8; UNIT], FlashError>> {
    let mut readings: Vec<_> = (0..2_000).map(|_| read(cells, unit)).collect();
    readings.sort_by_key(|reading| reading.unwrap_or_default());
    readings.dedup();
    readings
}

#[test]
fn weak_bits_read_as_before_as_meant_and_as_anything_between() {
    let meant = [0xf0, 0xff, 0xff, 0xff];
    let mut cells = cells();
    cells.keep_weak = true;
    cells.tear_program(4, &meant, Tear::Bits(3));
    let readings = readings(&mut cells, 1);
    assert_eq!(readings.len(), 16, "four weak bits: {readings:02x?}");
    for reading in readings.into_iter().flatten() {
        assert!(reading[0] & 0xf0 == 0xf0 && reading[1..] == [ERASED; 3]);
    }

    // Programmed to 0 once more, two of them are firm.
    cells.check_program(4, &[0xfc, 0xff, 0xff, 0xff]);
    cells.program(4, &[0xfc, 0xff, 0xff, 0xff]);
    let seconds: Vec<u8> = (0..2_000)
        .map(|_| read(&mut cells, 1).unwrap()[0])
        .collect();
    assert!(seconds.iter().all(|byte| byte & 3 == 0));
    assert!(seconds.iter().any(|byte| byte & 0x0c == 0x0c));
    assert!(seconds.iter().any(|byte| byte & 0x0c == 0));

    cells.erase(4..8);
    assert_eq!(self::readings(&mut cells, 1), [Ok([ERASED; UNIT])]);
}

#[test]
fn weak_bits_are_only_where_the_cut_was() {
    let mut cells = cells();
    cells.keep_weak = true;
    cells.tear_program(4, &[0; 12], Tear::Prefix(6));
    assert_eq!(readings(&mut cells, 1), [Ok([0; UNIT])], "it was finished");
    assert!(readings(&mut cells, 2).len() > 2, "the cut was here");
    assert_eq!(readings(&mut cells, 3), [Ok([ERASED; UNIT])], "not begun");
}

#[test]
fn with_ecc_weak_bits_read_whole_or_not_at_all() {
    let mut cells = cells();
    cells.keep_weak = true;
    cells.ecc = true;
    cells.tear_program(4, &[0; 4], Tear::Bits(1));
    let readings = readings(&mut cells, 1);
    for expected in [Ok([0; UNIT]), Ok([ERASED; UNIT]), Err(FlashError::Ecc)] {
        assert!(readings.contains(&expected), "{expected:?} in {readings:?}");
    }
    assert!(
        readings
            .iter()
            .flatten()
            .all(|unit| [[0; UNIT], [ERASED; UNIT]].contains(unit))
    );
}

#[test]
fn a_bit_raised_by_a_torn_erase_is_weak_too() {
    let mut cells = cells();
    cells.keep_weak = true;
    cells.tear_erase(0..16, Tear::Bits(9));
    let readings = readings(&mut cells, 0);
    assert!(readings.contains(&Ok([0x0f, 0xff, 0, 0xaa])));
    assert!(readings.contains(&Ok([ERASED; UNIT])));
}
