//! Every durable operation, on every write unit, with the power gone at every operation of the flash in it, in every way in
//! which that tears. The table says how many cuts were made, each proven to have been reached; no cell may be empty.
//!
//! Usually some cuts of each cell are made, drawn by `LATCH_TEST_SEED`; from `LATCH_TEST_EFFORT=10` on, all of them.

use std::{fmt::Write as _, thread};

use super::{
    cut::{Class, Stage},
    operation::{Operation, operations},
    sweep::noise,
};
use latch_tests::{effort, show};

/// From here on every operation of the flash is cut.
pub(crate) const ALL: u32 = 10;
/// Cuts of each cell in a sample, times the effort.
const SAMPLE: u64 = 2;
/// Parts with error correction have units of 8 bytes and more.
const ECC_FROM: usize = 8;

/// The seed that `LATCH_TEST_SEED` names, 0 unless it is set.
pub(crate) fn seed() -> u64 {
    let asked = std::env::var("LATCH_TEST_SEED").ok();
    asked.and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

/// The cuts of one operation on one unit.
struct Row {
    name: &'static str,
    unit: usize,
    /// Operations of the flash in it.
    operations: usize,
    /// Those that were cut at least once.
    cut: usize,
    /// Cuts of each class.
    hits: [u32; Class::ALL.len()],
    /// Those on a part with error correction.
    ecc: u32,
}

impl Row {
    fn empty_cells(&self) -> impl Iterator<Item = String> {
        let Self {
            name, unit, ecc, ..
        } = *self;
        let classes = Class::ALL.into_iter().zip(self.hits);
        let ecc_cell = (unit >= ECC_FROM).then_some(("error correction", ecc));
        classes
            .map(|(class, hits)| (class.name(), hits))
            .chain(ecc_cell)
            .filter(|(_, hits)| *hits == 0)
            .map(move |(class, _)| format!("`{name}`, units of {unit}: {class}"))
    }
}

fn row<const UNIT: usize>(operation: Operation<UNIT>) -> Row {
    let stage = Stage::new(operation);
    let count = stage.lengths.len();
    let mut row = Row {
        name: stage.name(),
        unit: UNIT,
        operations: count,
        cut: 0,
        hits: [0; Class::ALL.len()],
        ecc: 0,
    };
    let mut cut = vec![false; count];
    for (column, class) in Class::ALL.into_iter().enumerate() {
        for (at, draw) in places(count, &[UNIT, column, stage.name().len()]) {
            for ecc in parts(UNIT, draw) {
                if !stage.cut(stage.cut_at(at, class, draw, ecc), &[])[0] {
                    // What was torn may be read otherwise, but nothing was torn before the first cut.
                    panic!("`{}` has no operation {at}", stage.name());
                }
                cut[at] = true;
                row.hits[column] += 1;
                row.ecc += u32::from(ecc);
            }
        }
    }
    row.cut = cut.into_iter().filter(|cut| *cut).count();
    row
}

/// Which of `count` operations of the flash are cut, each with a draw of its own.
fn places(count: usize, salt: &[usize]) -> Vec<(usize, u64)> {
    let salt = salt
        .iter()
        .fold(seed(), |salt, part| noise(*part as u64, salt));
    if effort() >= ALL {
        return (0..count).map(|at| (at, noise(at as u64, salt))).collect();
    }
    (0..SAMPLE * u64::from(effort()))
        .map(|draw| noise(draw, salt))
        .map(|draw| ((draw % count as u64) as usize, draw))
        .collect()
}

/// On which parts: with error correction or without, or both.
fn parts(unit: usize, draw: u64) -> Vec<bool> {
    if unit < ECC_FROM {
        vec![false]
    } else if effort() >= ALL {
        vec![false, true]
    } else {
        vec![draw >> 32 & 1 == 1]
    }
}

fn rows<const UNIT: usize>() -> Vec<Row> {
    operations::<UNIT>().into_iter().map(row).collect()
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<22}{:>5}{:>10}", "operation", "unit", "cut");
    for class in Class::ALL {
        let _ = write!(text, "{:>7}", class.name());
    }
    text += "    ecc\n";
    for row in rows {
        let cut = format!("{}/{}", row.cut, row.operations);
        let _ = write!(text, "{:<22}{:>5}{cut:>10}", row.name, row.unit);
        for hits in row.hits {
            let _ = write!(text, "{hits:>7}");
        }
        let _ = writeln!(text, "{:>7}", row.ecc);
    }
    text
}

#[test]
fn every_operation_is_cut_in_every_way_on_every_unit() {
    let units: [fn() -> Vec<Row>; 6] = [
        rows::<1>, rows::<2>, rows::<4>, rows::<8>, rows::<16>, rows::<32>,
    ];
    let mut rows: Vec<Row> = thread::scope(|scope| {
        let running = units.map(|rows| scope.spawn(rows));
        let rows = running.map(|rows| rows.join().expect("no check has failed"));
        rows.into_iter().flatten().collect()
    });
    rows.sort_by_key(|row| row.name);
    show(table(&rows));
    let empty: Vec<String> = rows.iter().flat_map(Row::empty_cells).collect();
    assert!(empty.is_empty(), "never cut: {empty:#?}");
}
