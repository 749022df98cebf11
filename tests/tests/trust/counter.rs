//! A root change counts in hardware, where there is a counter: an older journal does not bring an older root back.

use latch_verify::{
    Reason, Refusal,
    device::MountFault,
    statement::{Action, Outcome},
    types::LatchId,
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    keys::{CREW, ROOT, seal},
    root::{EPOCH, RootSpec},
    statements::root_id,
};

fn next_epoch() -> (RootSpec, Vec<u8>) {
    let root = RootSpec::default().next_epoch();
    let envelope = root.sealed(&ROOT);
    (root, envelope)
}

#[test]
fn a_journal_from_before_the_root_is_not_taken_back() {
    let (root, envelope) = next_epoch();
    let mut bench = Bench::new();
    let before = bench.hardware.fork();
    let counted = bench.device.facts().anchor;
    bench.accepts_root(&envelope, &root);
    let counts = bench.hardware.tally.count.get();
    assert_eq!(counts, Some(counted + 1));
    before.tally.count.set(counts);
    let expected = Refusal::new(Reason::RolledBack, counted + 1, counted);
    assert_eq!(
        Bench::start(before).err(),
        Some(MountFault::Refused(expected))
    );
}

/// Its record is durable, so it is in force; it is told once the counter works again.
#[test]
fn a_root_that_could_not_be_counted_is_in_force_and_told_by_the_next_boot() {
    let (_, envelope) = next_epoch();
    let mut bench = Bench::new();
    let number = bench.device.facts().chain.number;
    bench.hardware.tally.broken.set(true);
    let answer = bench.submit_reserved(&envelope);
    assert_eq!(answer, Answer::Ignored(Reason::CounterFault.into()));
    assert_eq!(bench.root_in_force(), (2, EPOCH + 1));
    assert_eq!(bench.device.facts().chain.number, number);
    // Nothing opens meanwhile, under either root.
    for epoch in [EPOCH, EPOCH + 1] {
        let mut probe = bench.code(LatchId::TWIN, Action::Probe);
        probe.epoch = epoch;
        let answer = bench.submit(&seal(&probe, &CREW));
        match answer {
            Answer::Ignored(refusal) => assert_eq!(refusal.reason, Reason::CounterFault),
            Answer::Told(told) => {
                let reason = Reason::OtherEpoch.number();
                let outcome = told.outcome();
                assert!(
                    matches!(outcome, Outcome::Refused { reason: found, .. } if found == reason),
                    "{outcome:?}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bench.submit_reserved(&envelope), Answer::Noted);
    // A counter that does not answer keeps the device shut.
    let hardware = bench.hardware.clone();
    let fault = MountFault::Refused(Reason::CounterFault.into());
    assert_eq!(Bench::start(hardware.clone()).err(), Some(fault));
    hardware.tally.broken.set(false);
    let mut bench = Bench::start(hardware).expect("a boot");
    bench.skip_sequences(100);
    let about_root = |bench: &Bench| {
        let recent = bench.device.recent();
        recent.filter(|id| *id == root_id(&envelope)).count()
    };
    assert_eq!(about_root(&bench), 1);
    let told = bench.receipt(root_id(&envelope)).expect("a receipt");
    let outcome = Outcome::RootAccepted {
        version: 2,
        epoch: EPOCH + 1,
    };
    assert_eq!(told.outcome(), outcome);
    let anchor = bench.device.facts().anchor;
    assert_eq!(bench.hardware.tally.count.get(), Some(anchor));
    let mut bench = bench.reboot();
    assert_eq!(about_root(&bench), 1);
    bench.notes(&envelope);
    let mut probe = bench.code(LatchId::TWIN, Action::Probe);
    probe.epoch = EPOCH + 1;
    assert_eq!(
        bench.submit(&seal(&probe, &CREW)).outcome(),
        Outcome::Probed
    );
}
