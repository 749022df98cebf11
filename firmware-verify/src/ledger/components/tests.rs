//! Needs that are not read as they were written.

use std::{boxed::Box, vec::Vec};

use latch_flash::Flash;

use super::*;
use crate::{
    ledger::{CodeName, Doing, Image, InstallPhase, Pending},
    statement::Requirement,
    twin::Bytes,
    types::{Digest, KeyId, Sequence, StatementId, TimeMs, Version, VersionRange},
    wire::{Run, RunWriter, encode, seal_head},
};

type Board = Flash<1, 4, 4096>;
type Book = Journal<Board, 4000>;

fn book() -> Book {
    let flash = Board::new(2 * Book::SECTOR);
    let mounted = Journal::mount(flash, &mut [0; MAX_RECORD], &mut |_| Ok(()));
    let mut book: Book = mounted.unwrap();
    book.rotate(|_| Ok(())).unwrap();
    book
}

fn write(book: &mut Book, record: &Record<'_>) -> Address {
    let mut room = [0; MAX_RECORD];
    book.append(RECORD, encode(record, &mut room).unwrap())
        .unwrap()
}

fn one() -> Version {
    Version {
        major: 1,
        ..Version::default()
    }
}

fn needed() -> Requirement {
    Requirement {
        component: 1,
        versions: VersionRange {
            least: one(),
            most: one(),
        },
    }
}

/// What the main component needs.
fn need() -> Need {
    Need {
        by: MAIN_COMPONENT,
        needed: needed(),
    }
}

/// A device with two components, and nothing in its journal.
fn two() -> KeptComponents {
    let mut components = KeptComponents::new();
    let other = Component {
        number: 1,
        version: one(),
        security_floor: 0,
    };
    components.add(other).unwrap();
    components
}

/// A device of which this record has the need.
fn with_table_at(at: Address) -> KeptComponents {
    let mut components = two();
    components.are_in(Table::of(at, [need()].into_iter()));
    components
}

fn write_table(book: &mut Book) -> Address {
    let mut room = [0; 64];
    let mut writer = RunWriter::new(&mut room);
    writer.push(&need()).unwrap();
    let record = Record::Components {
        others: Run::default(),
        needs: Run::from_bytes(writer.finish()),
    };
    write(book, &record)
}

fn manifest(component: u8, requirements: &[u8]) -> Manifest<'_> {
    Manifest {
        tenant: "t".parse().unwrap(),
        product: "p".parse().unwrap(),
        component,
        version: Version::default(),
        security_version: 0,
        size: 1,
        page_size_log2: 12,
        merkle_root: Digest::default(),
        image_sha256: Digest::default(),
        current: None,
        requirements: Run::from_bytes(requirements),
    }
}

/// Writes a release of this component.
fn write_release(book: &mut Book, component: u8) -> Address {
    let mut room = [0; 64];
    let mut writer = RunWriter::new(&mut room);
    writer.push(&needed()).unwrap();
    let mut body = [0; MAX_RECORD];
    let body = encode(&manifest(component, writer.finish()), &mut body).unwrap();
    let mut envelope = Vec::from(seal_head(Kind::Manifest, 0, body.len()).unwrap());
    envelope.extend_from_slice(body);
    // Signed, as it seems: that was proven when the code was burned.
    envelope.push(1);
    envelope.extend_from_slice(&[0; 72]);
    let code = CodeName {
        issuer: KeyId::default(),
        sequence: Sequence(1),
        statement: StatementId::default(),
    };
    let record = Record::Install {
        pending: Pending {
            code,
            break_glass: false,
            trial: None,
            age_ms: None,
            what: Doing::Install,
        },
        image: Image::default(),
        not_after_ms: TimeMs::default(),
        epoch: 1,
        answered: false,
        phase: InstallPhase::Received,
        stopped: false,
        manifest: Bytes(&envelope),
    };
    write(book, &record)
}

/// A device whose main component's release lies there.
fn with_release_at(at: Address) -> KeptComponents {
    let mut components = two();
    let main = Component {
        number: MAIN_COMPONENT,
        version: one(),
        security_floor: 0,
    };
    components.confirm(main, at).unwrap();
    components
}

/// What a ledger with these components reads.
fn read_by_ledger(components: KeptComponents, book: &mut Book) -> Result<Components, Reason> {
    let mut ledger: Box<Ledger<64, 1, 1, 1>> = Box::new(Ledger::zeros());
    ledger.clear();
    ledger.facts.components = components;
    ledger.components(book)
}

#[test]
fn needs_are_those_of_the_component_or_none() {
    let mut buffer = [0; 64];
    let mut writer = RunWriter::new(&mut buffer);
    writer.push(&needed()).unwrap();
    writer.push(&needed()).unwrap();
    let run = writer.finish();
    let mut all = Components::new();
    let refused = add_needs_of(0, &manifest(2, run), &mut all);
    assert_eq!(refused, Err(Reason::LogicFault));
    // One that ends within its second need has not just the first.
    let short = &run[..run.len() - 1];
    assert!(add_needs_of(2, &manifest(2, short), &mut all).is_err());
    assert_eq!(all, Components::new());
    assert_eq!(add_needs_of(2, &manifest(2, run), &mut all), Ok(()));
    let need = Need {
        by: 2,
        needed: needed(),
    };
    assert!(all.needs().eq([need; 2]));
}

/// Flash that reads wrong twice may read right the third time; and a rotation does not wait for ever.
#[test]
fn a_need_is_lost_that_cannot_be_read_three_times() {
    let mut book = book();
    let table = write_table(&mut book);
    let other = write(&mut book, &Record::Attempt);
    let components = with_table_at(table);
    // What is read wrong is an error, or another record.
    for wrong in [None, Some(other)] {
        for wrongs in 0..5 {
            let (mut readings, mut buffer) = (0, [0; MAX_RECORD]);
            let found = components.read_or_refuse(&mut buffer, &mut |at, buffer| {
                readings += 1;
                match wrong {
                    _ if readings > wrongs => book.read(at, buffer),
                    Some(other) => book.read(other, buffer),
                    None => Err(JournalError::Storage),
                }
            });
            let found: Vec<_> = found.unwrap().needs().collect();
            if wrongs < 3 {
                assert_eq!(found, [need()], "{wrongs} wrong");
                assert_eq!(readings, wrongs + 1);
            } else {
                let [lost] = found[..] else {
                    panic!("{found:?}")
                };
                assert_eq!((lost.by, lost.needed.component), (MAIN_COMPONENT, 1));
                assert!(!lost.needed.versions.contains(one()), "{wrongs} wrong");
                assert_eq!(readings, 3);
            }
        }
    }
}

#[test]
fn whatever_lies_where_needs_should_lie_is_a_fault_of_the_storage() {
    let mut book = book();
    let table = write_table(&mut book);
    let release = write_release(&mut book, MAIN_COMPONENT);
    for kept in [with_table_at(table), with_release_at(release)] {
        let all = read_by_ledger(kept, &mut book).unwrap();
        assert!(all.needs().eq([need()]));
    }
    let other = write(&mut book, &Record::Attempt);
    let other_kind = {
        let mut room = [0; MAX_RECORD];
        let entry = book.read(table, &mut room).unwrap();
        book.append(RECORD + 1, entry.body).unwrap()
    };
    let no_record = book.append(RECORD, &[0xff; 8]).unwrap();
    let short = {
        let mut room = [0; 64];
        let mut writer = RunWriter::new(&mut room);
        writer.push(&need()).unwrap();
        let needs = writer.finish();
        let record = Record::Components {
            others: Run::default(),
            needs: Run::from_bytes(&needs[..needs.len() - 1]),
        };
        write(&mut book, &record)
    };
    let of_another = write_release(&mut book, 1);
    let cases = [
        ("another record", with_table_at(other)),
        ("a record of another kind", with_table_at(other_kind)),
        ("no record", with_table_at(no_record)),
        ("a table that ends within a need", with_table_at(short)),
        ("another record", with_release_at(other)),
        ("no record", with_release_at(no_record)),
        ("a table", with_release_at(table)),
        (
            "the release of another component",
            with_release_at(of_another),
        ),
    ];
    for (what, kept) in cases {
        let found = read_by_ledger(kept, &mut book);
        assert_eq!(found.err(), Some(Reason::StorageFault), "{what}");
    }
}
