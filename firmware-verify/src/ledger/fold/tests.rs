//! Records whose lists are not what a sound journal holds. Their checksums are right: a release has written them that should not
//! have, or a fault on the way to the flash.

use std::{boxed::Box, vec, vec::Vec};

use crate::{
    journal::Address,
    ledger::{CodeName, Ledger, OpenLatch, Record},
    limits::{MAX_NEEDS, MAX_RECORD},
    reject::Reason,
    statement::Requirement,
    types::{KeyId, LatchId, Sequence, StatementId, Version, VersionRange},
    verdict::{Burned, Component, Floor, Need, Use},
    wire::{Item, Run, RunWriter, decode_whole, encode},
};

/// What the ledger makes of a list.
type Fold = fn(&[u8]) -> Result<(), Reason>;

/// What the ledger makes of a record that lies in a journal.
fn folded(record: &Record<'_>) -> Result<(), Reason> {
    let mut room = [0; MAX_RECORD];
    let body = encode(record, &mut room).unwrap();
    let mut ledger: Box<Ledger<64, 4, 4, 4>> = Box::new(Ledger::zeros());
    ledger.clear();
    let read: Record<'_> = decode_whole(body).unwrap();
    ledger.facts.apply(&read, None, Address::NOWHERE)
}

fn run<'b, T: Item<'b>>(items: &[T]) -> Vec<u8> {
    let mut room = [0; MAX_RECORD];
    let mut writer = RunWriter::new(&mut room);
    items.iter().for_each(|item| writer.push(item).unwrap());
    writer.finish().to_vec()
}

fn need(by: u8) -> Need {
    let versions = VersionRange {
        least: Version::default(),
        most: Version::default(),
    };
    let needed = Requirement {
        component: 1,
        versions,
    };
    Need { by, needed }
}

fn needing(needs: &[u8]) -> Result<(), Reason> {
    folded(&Record::Components {
        others: Run::default(),
        needs: Run::from_bytes(needs),
    })
}

#[test]
fn a_list_that_ends_within_an_item_is_refused() {
    let (issuer, sequence, statement) = (KeyId([1; 8]), Sequence(7), StatementId([2; 16]));
    let burned = run(&[Burned {
        issuer,
        sequence,
        statement,
        used: Use::Once,
        stopped: false,
        receipt: 1,
    }]);
    let floors = run(&[Floor {
        issuer,
        replay: sequence,
        twin: sequence,
        revoked: sequence,
    }]);
    let code = CodeName {
        issuer,
        sequence,
        statement,
    };
    let open = run(&[OpenLatch {
        latch: LatchId::TWIN,
        code,
        break_glass: false,
    }]);
    let others = run(&[Component {
        number: 1,
        version: Version::default(),
        security_floor: 0,
    }]);
    let needs = run(&[need(0)]);
    let tables: [(&[u8], Fold); 5] = [
        (&burned, |run| folded(&Record::Burned(Run::from_bytes(run)))),
        (&floors, |run| folded(&Record::Floors(Run::from_bytes(run)))),
        (&open, |run| folded(&Record::Open(Run::from_bytes(run)))),
        (&others, |run| {
            folded(&Record::Components {
                others: Run::from_bytes(run),
                needs: Run::default(),
            })
        }),
        (&needs, needing),
    ];
    for (nth, (table, fold)) in tables.into_iter().enumerate() {
        assert_eq!(fold(table), Ok(()), "list {nth}");
        let short = &table[..table.len() - 1];
        assert_eq!(fold(short), Err(Reason::NotDecodable), "list {nth}");
    }
}

/// What cannot be read would not be known as lost when the table decays later: nobody would need anything any more.
#[test]
fn needs_are_refused_that_not_all_can_be_read() {
    let mut needs = vec![need(0); MAX_NEEDS];
    assert_eq!(needing(&run(&needs)), Ok(()));
    needs.push(need(2));
    assert_eq!(needing(&run(&needs)), Err(Reason::TooManyEntries));
    // The last number, in two bytes where one would do.
    let mut padded = run(&[need(0), need(2)]);
    let last = padded.pop().unwrap();
    padded.extend([last | 0x80, 0]);
    assert_eq!(needing(&padded), Err(Reason::NotCanonical));
}
