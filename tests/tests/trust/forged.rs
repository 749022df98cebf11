//! Whatever is changed about a root on its way: the old one stays in force, and the device writes no more than a few
//! refusals from their budget.

use latch_verify::{
    Reason,
    device::{Device, MountFault, Release as Offer},
    journal::MountError,
    ledger::Record,
    statement::Outcome,
    wire::decode,
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    hardware::Kit,
    journal::rewrite,
    keys::ROOT,
    root::{EPOCH, RootSpec},
    statements::{NEXT_ROOT, root_id},
};

/// A root with other root keys, signed by both pairs.
fn exchanged() -> (RootSpec, Vec<u8>) {
    let mut root = RootSpec::default().next_epoch();
    root.exchange_root(ROOT, NEXT_ROOT);
    let envelope = root.sealed(&[ROOT, NEXT_ROOT].concat());
    (root, envelope)
}

/// Puts a changed envelope in, and looks at everything. Returns the reason, and whether it was told.
#[track_caller]
fn attempt(bench: &mut Bench, envelope: &[u8]) -> (Reason, bool) {
    bench.rest_reserves();
    // An old challenge gives way to a new one, which is no work of the statement.
    let _ = bench.state();
    let costs = |bench: &Bench| (bench.journal_operations(), bench.hardware.signed.get());
    let before = (bench.standing(), costs(bench));
    let answer = bench.submit_once(envelope, Offer::NotAsked);
    assert_eq!(bench.standing(), before.0, "something has changed");
    assert_eq!(bench.root_in_force(), (1, EPOCH));
    match answer {
        Answer::Ignored(refusal) => {
            assert_eq!(costs(bench), before.1, "{refusal:?} has cost something");
            (refusal.reason, false)
        }
        Answer::Told(told) => match told.outcome() {
            Outcome::Refused { reason, .. } => {
                (Reason::from_number(reason).expect("a known reason"), true)
            }
            other => panic!("{other:?}"),
        },
        // It claims to be of a version before: nothing is looked at.
        Answer::Noted => {
            assert_eq!(
                costs(bench),
                before.1,
                "a version of before has cost something"
            );
            (Reason::RootNotNext, false)
        }
        other => panic!("{other:?}"),
    }
}

/// Where the version lies: behind the head and the tenant.
const VERSION_AT: usize = 12 + 16;

#[test]
fn no_bit_of_a_root_can_be_changed() {
    let (root, envelope) = exchanged();
    let message = envelope.len() - 1 - 4 * 72;
    let new_keys = message + 1 + 2 * 72;
    let mut bench = Bench::new();
    let number = bench.device.facts().chain.number;
    let mut flipped = envelope.clone();
    for bit in 0..8 * envelope.len() {
        let (byte, mask) = (bit / 8, 1 << (bit % 8));
        flipped[byte] ^= mask;
        let (reason, told) = attempt(&mut bench, &flipped);
        flipped[byte] ^= mask;
        // Only what the keys in force have signed is answered.
        assert_eq!(told, byte >= new_keys, "{reason:?} at byte {byte}");
        if (12..message).contains(&byte) && byte != VERSION_AT {
            assert_eq!(reason, Reason::BadSignature, "at byte {byte}");
        }
    }
    // Of each of two new signatures an id and the rest: one receipt each, however often it was tried.
    assert_eq!(bench.device.facts().chain.number, number + 4);
    bench.rest_reserves();
    bench.accepts_root(&envelope, &root);
}

#[test]
fn no_part_of_a_root_can_be_left_out_or_added() {
    let (root, envelope) = exchanged();
    let mut bench = Bench::new();
    for len in 0..envelope.len() {
        let (_, told) = attempt(&mut bench, &envelope[..len]);
        assert!(!told, "{len} bytes");
    }
    let longer = [envelope.as_slice(), &[0]].concat();
    assert_eq!(
        attempt(&mut bench, &longer),
        (Reason::LengthMismatch, false)
    );
    bench.rest_reserves();
    bench.accepts_root(&envelope, &root);
}

/// A changed root does not stand in the way of the genuine one, which has the same id where only signatures differ.
#[test]
fn a_refused_root_is_accepted_once_it_is_whole() {
    let (root, envelope) = exchanged();
    let mut bench = Bench::new();
    let torn = root.sealed(&ROOT);
    assert_eq!(root_id(&torn), root_id(&envelope));
    assert_eq!(attempt(&mut bench, &torn), (Reason::TooFewRoot, true));
    let mut bench = bench.reboot();
    assert_eq!(attempt(&mut bench, &torn), (Reason::TooFewRoot, true));
    let told = bench.accepts_root(&envelope, &root);
    assert_eq!(bench.receipt(root_id(&envelope)), Ok(told));
    bench.notes(&envelope);
}

/// A boot believes no root for its checksum.
#[test]
fn no_byte_of_the_root_in_force_can_be_changed_in_the_journal() {
    let mut bench = Bench::new();
    let root = RootSpec::default().next();
    bench.succeed(&root, &ROOT);
    let envelope = root.sealed(&ROOT);
    let holds =
        |body: &[u8]| matches!(decode(body), Ok(Record::Root(root)) if root.0.ends_with(&envelope));
    let hardware = bench.hardware.fork();
    rewrite(&hardware, |_| {});
    assert!(Device::<Kit>::boot(hardware.parts()).is_ok());
    for byte in 1..=envelope.len() {
        let (hardware, mut changed) = (bench.hardware.fork(), 0);
        rewrite(&hardware, |body| {
            if holds(body) {
                let place = body.len() - byte;
                body[place] ^= 1;
                changed += 1;
            }
        });
        let booted = Device::<Kit>::boot(hardware.parts());
        let shut = MountFault::Journal(MountError::Corrupt);
        assert_eq!(
            (booted.err(), changed),
            (Some(shut), 1),
            "{byte} from the end"
        );
    }
}
