//! The journal alone: an append or a rotation is cut, and what a mount finds is compared with what was written.

use latch_flash::{Flash, Tear};
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

struct Cut {
    act: Act,
    operation: u64,
    tear: Tear,
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
    let mounting = {
        let (journal, count) = mount(before.clone(), &mut scratch);
        assert_eq!(count, RECORDS);
        journal.release().operations() - before.operations()
    };
    let cuts: Vec<Cut> = [Act::Append, Act::Rotate]
        .into_iter()
        .flat_map(|what| {
            let (mut journal, _) = mount(before.clone(), &mut scratch);
            assert!(act(&mut journal, what));
            let operations = journal.release().operations() - before.operations() - mounting;
            (mounting..mounting + operations).flat_map(move |operation| {
                let tears = Tear::every(4, SEEDS);
                tears.map(move |tear| Cut {
                    act: what,
                    operation,
                    tear,
                })
            })
        })
        .collect();
    let mut spare = Some(before.clone());
    Box::new(move |from, count| {
        let all = cuts.len() as u64;
        for trial in from..from + count {
            let cut = &cuts[(trial % all) as usize];
            let mut flash = spare.take().expect("the flash of the last trial");
            flash.clone_from(&before);
            flash.cut(cut.operation, cut.tear);
            let (mut journal, _) = mount(flash, &mut scratch);
            let done = act(&mut journal, cut.act);
            let mut flash = journal.release();
            assert!(flash.cut_hit(), "no cut");
            flash.power_on();
            let (journal, found) = mount(flash, &mut scratch);
            let most = match cut.act {
                Act::Append => RECORDS + 1,
                Act::Rotate => RECORDS,
            };
            // What was acknowledged is there; a rotation is before the old sector is erased.
            let least = if done { most } else { RECORDS };
            assert!((least..=most).contains(&found), "{found} records");
            spare = Some(journal.release());
        }
        all
    })
}
