//! From version to version: each follows from the one before, none is left out, and what comes again says nothing new.

use latch_verify::{
    Reason, Refusal,
    statement::{Action, Outcome},
    types::LatchId,
    wire::Kind,
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    keys::{CREW, OPERATOR, ROOT, STRANGER, Signer, seal, seal_bytes, sign_message},
    root::{EPOCH, OTHER_TENANT, RootSpec},
    statements::{NEXT_ROOT, root_id},
};

/// The root keys of a version.
fn keys_of(version: u32) -> [Signer; 2] {
    let number = u8::try_from(version).expect("a small version");
    if version == 1 {
        ROOT
    } else {
        [Signer(100 + 2 * number), Signer(101 + 2 * number)]
    }
}

/// The versions after the first, each with root keys of its own, signed by those before and its own.
fn history(through: u32, raise_epoch: impl Fn(u32) -> bool) -> Vec<(RootSpec, Vec<u8>)> {
    let mut root = RootSpec::default();
    let mut history = Vec::new();
    for version in 2..=through {
        let (old, new) = (keys_of(version - 1), keys_of(version));
        root = if raise_epoch(version) {
            root.next_epoch()
        } else {
            root.next()
        };
        root.exchange_root(old, new);
        history.push((root.clone(), root.sealed(&[old, new].concat())));
    }
    history
}

#[track_caller]
fn serves(bench: &mut Bench) {
    let mut code = bench.code(LatchId::TWIN, Action::Probe);
    code.epoch = bench.root_in_force().1;
    assert_eq!(bench.submit(&seal(&code, &CREW)).outcome(), Outcome::Probed);
}

/// So many that the journal begins new sectors on the way, with keys that no later version knows.
#[test]
fn a_device_that_slept_follows_each_step() {
    let mut bench = Bench::new();
    let erases = |bench: &Bench| bench.hardware.journal.look().erases();
    let before = erases(&bench);
    for (root, envelope) in history(60, |version| version % 7 == 0) {
        bench.accepts_root(&envelope, &root);
        if root.version % 5 == 0 {
            bench = bench.reboot();
            assert_eq!(bench.root_in_force(), (root.version, root.epoch));
            bench.notes(&envelope);
        }
        if root.version % 9 == 0 {
            serves(&mut bench);
        }
    }
    assert_eq!(bench.root_in_force(), (60, EPOCH + 8));
    assert!(erases(&bench) > before + 3, "the journal never fills");
}

/// Across boots alone too: whatever the journal's head was before, the newest root is the one in force.
#[test]
fn a_root_outlives_any_number_of_boots_and_sectors() {
    let mut bench = Bench::new();
    let root = RootSpec::default().next();
    let envelope = root.sealed(&ROOT);
    bench.accepts_root(&envelope, &root);
    let erases = |bench: &Bench| bench.hardware.journal.look().erases();
    let before = erases(&bench);
    let mut boots = 0;
    while erases(&bench) < before + 4 {
        serves(&mut bench);
        bench = bench.reboot();
        assert_eq!(bench.root_in_force(), (2, EPOCH));
        boots += 1;
        assert!(boots < 500, "the journal never fills");
    }
    bench.notes(&envelope);
}

#[test]
fn a_version_that_was_left_out_is_asked_for() {
    let mut root = RootSpec::default();
    let versions: Vec<_> = (2..6)
        .map(|_| {
            root = root.next();
            (root.clone(), root.sealed(&ROOT))
        })
        .collect();
    let mut bench = Bench::new();
    for (spec, envelope) in &versions[1..] {
        let expected = Refusal::new(Reason::RootNotNext, 2, spec.version.into());
        bench.rest_reserves();
        bench.refuses(envelope, expected);
    }
    for (spec, envelope) in &versions {
        bench.accepts_root(envelope, spec);
    }
    serves(&mut bench);
}

/// Without a key in common the device cannot tell a later version from a stranger's.
#[test]
fn a_version_from_beyond_an_exchange_of_keys_is_a_strangers_until_its_turn() {
    let versions = history(4, |_| false);
    let mut bench = Bench::new();
    for (_, envelope) in &versions[1..] {
        bench.ignores(envelope, Reason::UnknownKey);
    }
    for (spec, envelope) in &versions {
        bench.accepts_root(envelope, spec);
    }
    // And so are those that it has left behind.
    for (_, envelope) in &versions[..2] {
        bench.ignores(envelope, Reason::UnknownKey);
    }
    bench.ignores(&RootSpec::default().sealed(&ROOT), Reason::UnknownKey);
    serves(&mut bench);
}

/// Brokers retain roots and send them again at every connection.
#[test]
fn the_root_in_force_comes_again_and_says_nothing_new() {
    let first = RootSpec::default().sealed(&ROOT);
    let mut root = RootSpec::default().next_epoch();
    root.exchange_root(ROOT, NEXT_ROOT);
    let envelope = root.sealed(&[ROOT, NEXT_ROOT].concat());
    let mut bench = Bench::new();
    for _ in 0..20 {
        bench.notes(&first);
    }
    bench.accepts_root(&envelope, &root);
    for _ in 0..20 {
        bench.notes(&envelope);
    }
    let mut bench = bench.reboot();
    bench.notes(&envelope);
    // It is the same root however many have signed it, if they are enough.
    bench.notes(&root.sealed(&NEXT_ROOT));
    // And whoever else has: nothing is looked at that would change nothing.
    bench.notes(&root.sealed(&[NEXT_ROOT[0], ROOT[0], ROOT[1]]));
}

/// One topic a version: whoever reads them all again reads those of before too.
#[test]
fn versions_of_before_come_again_and_cost_nothing() {
    let mut bench = Bench::new();
    let mut root = RootSpec::default();
    let mut versions = vec![root.sealed(&ROOT)];
    for version in 2..16 {
        root = if version % 3 == 0 {
            root.next_epoch()
        } else {
            root.next()
        };
        versions.push(root.sealed(&ROOT));
        bench.accepts_root(&versions[versions.len() - 1], &root);
    }
    for _ in 0..2 {
        for envelope in &versions {
            bench.notes(envelope);
        }
        bench = bench.reboot();
    }
    assert_eq!(bench.root_in_force(), (15, root.epoch));
}

#[test]
fn of_one_version_there_is_one_content() {
    let root = RootSpec::default().next();
    let mut other = root.clone();
    other.thresholds.time = 0;
    let (envelope, other) = (root.sealed(&ROOT), other.sealed(&ROOT));
    assert_ne!(root_id(&envelope), root_id(&other));
    let mut bench = Bench::new();
    bench.accepts_root(&envelope, &root);
    let expected = Refusal::new(Reason::RootNotNext, 3, 2);
    let told = bench.refuses(&other, expected);
    // Told once; then told again without a write.
    let operations = bench.journal_operations();
    assert_eq!(bench.submit_reserved(&other), Answer::Told(told));
    assert_eq!(bench.journal_operations(), operations);
    let mut bench = bench.reboot();
    bench.rest_reserves();
    bench.notes(&envelope);
}

/// Whoever the device does not trust makes it write and sign nothing by whatever looks like a root.
#[test]
fn junk_costs_no_write() {
    let mut bench = Bench::new();
    let root = RootSpec::default().next();
    let genuine = root.sealed(&ROOT);
    let message_len = genuine.len() - 1 - 2 * 72;
    let message = &genuine[..message_len];
    let other_tenant = RootSpec {
        tenant: OTHER_TENANT,
        ..root.clone()
    };
    let too_few = |found| Refusal::new(Reason::TooFewOldRoot, 2, found);
    let empty = seal_bytes(Kind::Root, &[], &[STRANGER]);
    let first_root = RootSpec::default().sealed(&ROOT);
    let grafted = [message, &first_root[first_root.len() - 1 - 2 * 72..]].concat();
    let mut swapped = sign_message(message, &ROOT);
    let (first, second) = (message_len + 1, message_len + 1 + 72);
    for at in 8..72 {
        swapped.swap(first + at, second + at);
    }
    let junk: Vec<(Vec<u8>, Refusal)> = vec![
        (root.sealed(&[STRANGER]), Reason::UnknownKey.into()),
        (root.sealed(&NEXT_ROOT), Reason::UnknownKey.into()),
        // Trusted for other things.
        (root.sealed(&OPERATOR), Reason::UnknownKey.into()),
        (root.sealed(&ROOT[..1]), too_few(1)),
        (root.sealed(&[ROOT[0], STRANGER]), too_few(1)),
        (
            root.sealed(&[ROOT[0], OPERATOR[0], OPERATOR[1]]),
            too_few(1),
        ),
        (root.sealed(&[ROOT[0]; 2]), Reason::DuplicateKey.into()),
        (other_tenant.sealed(&[STRANGER]), Reason::UnknownKey.into()),
        (empty, Reason::UnknownKey.into()),
        (swapped, Reason::BadSignature.into()),
        (
            genuine[..genuine.len() - 1].to_vec(),
            Reason::LengthMismatch.into(),
        ),
        (message.to_vec(), Reason::LengthMismatch.into()),
        // Good signatures, of another root.
        (grafted, Reason::BadSignature.into()),
    ];
    for _ in 0..10 {
        for (envelope, expected) in &junk {
            bench.rest_reserves();
            bench.ignores(envelope, *expected);
        }
    }
    bench.accepts_root(&genuine, &root);
}
