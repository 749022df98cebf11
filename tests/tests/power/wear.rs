//! What burned codes cost in erases: JOURNAL.md states what is printed here.

use latch_tests::{effort, show};
use latch_verify::{twin::Value, types::LatchId};

use super::{board::Board, rig::Rig, sweep::Past};
use crate::world::{
    code::{command, leaves, set},
    root::maintenance,
};

/// Erases between which codes are counted, times the effort.
const ERASES: u64 = 3;
/// What every unit keeps to, in burned codes an erase of a sector: JOURNAL.md promises it.
const LEAST_BURNS: u64 = 20;

/// Burned codes, with their outcomes, an erase of a sector: counted from one erase to a later one.
fn burns_an_erase<const UNIT: usize>(code: impl Fn(&mut Rig<UNIT>, i64) -> Vec<u8>) -> u64 {
    let mut rig = Rig::seasoned(Board::new());
    let erases = |rig: &Rig<UNIT>| rig.board.journal.look().erases();
    let mut number = 0;
    let mut burn_until = |rig: &mut Rig<UNIT>, wanted| {
        let mut burns = 0;
        while erases(rig) < wanted {
            number += 1;
            let code = code(rig, number);
            rig.submit(&code, &mut Past::default()).told();
            burns += 1;
        }
        burns
    };
    let first = erases(&rig) + 1;
    burn_until(&mut rig, first);
    let between = ERASES * u64::from(effort());
    let burns: u64 = burn_until(&mut rig, first + between);
    // Two sectors take turns.
    let wear = rig.board.journal.look().wear().to_vec();
    let (least, most) = (wear.iter().min(), wear.iter().max());
    assert!(
        most.zip(least)
            .is_some_and(|(most, least)| most - least <= 1)
    );
    burns / between
}

fn row<const UNIT: usize>() {
    let commands = burns_an_erase::<UNIT>(|rig, _| rig.fresh(maintenance(), command("restart")));
    let changes = burns_an_erase::<UNIT>(|rig, number| {
        let speed = leaves(&[("speed", Value::Int(number))]);
        rig.fresh(LatchId::TWIN, set(&speed))
    });
    show(format_args!("{UNIT:>4}{commands:>10}{changes:>14}"));
    for burns in [commands, changes] {
        assert!(
            burns >= LEAST_BURNS,
            "units of {UNIT}: an erase every {burns} codes"
        );
    }
}

#[test]
fn erases_a_burned_code() {
    show("burned codes an erase of a sector of 20 KiB");
    show("unit  commands  twin changes");
    row::<1>();
    row::<2>();
    row::<4>();
    row::<8>();
    row::<16>();
    row::<32>();
}
