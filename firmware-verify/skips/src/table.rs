//! What has come of it, as a table.

use std::fmt::Write as _;

use crate::{campaign::Row, inputs::INPUTS};

pub(crate) fn render(rows: &[(usize, Row)], excluded: &[&str]) -> String {
    let mut text = String::new();
    let mut line = |cells: [String; 12]| {
        let [name, numbers @ ..] = cells;
        let numbers: String = numbers.iter().map(|cell| format!(" {cell:>12}")).collect();
        // Writing into a string does not fail.
        let _ = writeln!(text, "{name:<32}{numbers}");
    };
    line(
        [
            "input",
            "instructions",
            "executions",
            "skips",
            "flips",
            "refused",
            "crashed",
            "hung",
            "dead",
            "garbled",
            "untried",
            "accepted",
        ]
        .map(str::to_owned),
    );
    let numbers = |row: &Row| {
        [
            row.instructions,
            row.executions,
            row.skips,
            row.flips,
            row.refused,
            row.crashed,
            row.hung,
            row.dead,
            row.garbled,
            row.untried,
            row.wrong.len(),
        ]
    };
    let mut sums = [0; 11];
    for (input, row) in rows {
        let numbers = numbers(row);
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += number;
        }
        line(cells(INPUTS[*input].name, numbers));
    }
    line(cells("all", sums));
    for (input, row) in rows {
        for wrong in &row.wrong {
            let _ = writeln!(text, "\n{}: {}", INPUTS[*input].name, wrong.told());
        }
    }
    let _ = writeln!(
        text,
        "\nnot skipped: {} functions of curve25519-dalek and sha2",
        excluded.len()
    );
    text
}

fn cells(name: &str, numbers: [usize; 11]) -> [String; 12] {
    let mut cells = [const { String::new() }; 12];
    let texts = std::iter::once(name.to_owned()).chain(numbers.map(|number| number.to_string()));
    for (cell, text) in cells.iter_mut().zip(texts) {
        *cell = text;
    }
    cells
}
