//! The journal alone: an append or a rotation is cut, and what a mount finds is compared with what was written.

use std::ops::RangeInclusive;

use latch_flash::{Flash, Snapshot, Tear};
use latch_verify::journal::Journal;

type Nor = Flash<1, 4, 4096>;
/// Room for a small device's records.
const CAPACITY: usize = 1024;
type Kept = Journal<Nor, CAPACITY>;

const KIND: u8 = 1;
/// Records before the cut, each of this length.
const RECORDS: u8 = 8;
const LENGTH: usize = 40;
/// Seeds of the tears that have some.
const SEEDS: u64 = 4;

/// What is cut.
#[derive(Clone, Copy)]
enum Act {
    Append,
    Rotate,
}

/// The flash when the power goes before an operation, and how many records may be found then.
struct Halt {
    kept: Snapshot<1, 4, 4096>,
    found: RangeInclusive<u8>,
}

fn body(number: u8) -> [u8; LENGTH] {
    [number; LENGTH]
}

/// Counts the records, which have to be the first ones in their order.
fn mount(flash: Nor, scratch: &mut [u8]) -> (Kept, u8) {
    let mut count = 0;
    let journal = Kept::mount(flash, scratch, &mut |entry| {
        assert_eq!(entry.body, body(count), "another record");
        count += 1;
        Ok(())
    });
    (journal.expect("a journal"), count)
}

fn act(journal: &mut Kept, act: Act) -> bool {
    match act {
        Act::Append => journal.append(KIND, &body(RECORDS)).is_ok(),
        Act::Rotate => journal
            .rotate(|snapshot| {
                (0..RECORDS).try_for_each(|number| snapshot.put(KIND, &body(number)).map(|_| ()))
            })
            .is_ok(),
    }
}

pub(crate) fn course() -> Box<dyn FnMut(u64, u64) -> u64> {
    let mut scratch = vec![0; latch_verify::journal::MAX_BODY];
    let (mut journal, _) = mount(Nor::new(2 * Kept::SECTOR), &mut scratch);
    act(&mut journal, Act::Rotate);
    let before = journal.release();
    let (journal, count) = mount(before.clone(), &mut scratch);
    assert_eq!(count, RECORDS);
    let mounted = journal.release().operations();
    let mut halts = Vec::new();
    for what in [Act::Append, Act::Rotate] {
        let (mut journal, _) = mount(before.clone(), &mut scratch);
        assert!(act(&mut journal, what));
        let most = match what {
            Act::Append => RECORDS + 1,
            Act::Rotate => RECORDS,
        };
        for operation in mounted..journal.release().operations() {
            let mut flash = before.clone();
            flash.halt(operation - before.operations());
            let (mut journal, _) = mount(flash, &mut scratch);
            // What was acknowledged is there; a rotation is before the old sector is erased.
            let least = if act(&mut journal, what) {
                most
            } else {
                RECORDS
            };
            halts.push(Halt {
                kept: journal.release().snapshot(),
                found: least..=most,
            });
        }
    }
    let tears: Vec<Tear> = Tear::every(4, SEEDS).collect();
    let mut spare = Some(before);
    Box::new(move |from, count| {
        let all = (halts.len() * tears.len()) as u64;
        for trial in from..from + count {
            let trial = (trial % all) as usize;
            let halt = &halts[trial / tears.len()];
            let mut flash = spare.take().expect("the flash of the last trial");
            flash.restore(&halt.kept);
            flash.tear(tears[trial % tears.len()]);
            assert!(flash.cut_hit(), "no cut");
            flash.power_on();
            let (journal, found) = mount(flash, &mut scratch);
            assert!(halt.found.contains(&found), "{found} records");
            spare = Some(journal.release());
        }
        all
    })
}
