//! The power stays, and one operation of the journal fails while the root changes: refused by the flash, or lost by it
//! without a word.

use latch_verify::{Reason, statement::Outcome};

use crate::{
    sweep::{crowded, seasoned},
    world::{
        answer::Answer,
        bench::Bench,
        hardware::Mishap,
        keys::ROOT,
        root::{EPOCH, RootSpec},
        statements::{NEXT_ROOT, root_id},
    },
};

/// Lets each operation fail in turn.
fn sweep(start: &Bench, root: &RootSpec, envelope: &[u8]) {
    let next = (root.version, root.epoch);
    let accepted = Outcome::RootAccepted {
        version: root.version,
        epoch: root.epoch,
    };
    let receipts = |bench: &Bench| {
        let recent = bench.device.recent();
        recent.filter(|id| *id == root_id(envelope)).count()
    };
    for mishap in [Mishap::Refused, Mishap::Lost] {
        let mut operation = 0;
        loop {
            let mut bench = start.fork();
            bench.hardware.journal.expect_mishap(operation, mishap);
            let answer = bench.submit_reserved(envelope);
            let reached = bench.hardware.journal.mishap_hit();
            let place = format!("{mishap:?} at operation {operation}: {answer:?}");
            let in_force = bench.root_in_force();
            match &answer {
                Answer::Told(told) => assert_eq!((told.outcome(), in_force), (accepted, next)),
                Answer::Ignored(refusal) => {
                    assert_eq!(refusal.reason, Reason::StorageFault, "{place}");
                    assert!(in_force == (1, EPOCH) || in_force == next, "{place}");
                }
                other => panic!("{other:?}"),
            }
            // A boot agrees, and tells of what could not be told.
            let mut bench = bench.reboot();
            assert_eq!(bench.root_in_force(), in_force, "{place}");
            assert_eq!(receipts(&bench), usize::from(in_force == next), "{place}");
            if in_force == next {
                bench.notes(envelope);
            } else {
                bench.accepts_root(envelope, root);
            }
            let bench = bench.reboot();
            assert_eq!(
                (bench.root_in_force(), receipts(&bench)),
                (next, 1),
                "{place}"
            );
            if !reached {
                break;
            }
            operation += 1;
        }
        assert!(operation > 3, "{operation} operations");
    }
}

#[test]
fn a_root_survives_an_operation_that_fails() {
    let mut root = RootSpec::default().next_epoch();
    root.exchange_root(ROOT, NEXT_ROOT);
    let envelope = root.sealed(&[ROOT, NEXT_ROOT].concat());
    let crowded = crowded(
        |bench| bench,
        |bench| &bench.hardware,
        |_, hardware, _| {
            let mut bench = Bench::start(hardware.clone()).expect("a boot");
            bench.submit_reserved(&envelope).told();
        },
    );
    for start in [seasoned(), crowded] {
        sweep(&start, &root, &envelope);
    }
}
