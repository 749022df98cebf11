//! 9xx: roots that do not follow the one in force. What the keys in force have not signed is counted; the rest is
//! answered, and the root in force stays.

use latch_verify::{
    Reason, Refusal,
    statement::Outcome,
    types::LatchId,
    wire::{Kind, Role},
};

use crate::world::{
    answer::Answer,
    bench::Bench,
    keys::{DEVICE, OPERATOR, ROOT, STRANGER, Signer, seal_bytes},
    root::{EPOCH, OTHER_TENANT, RootSpec, latch, limits},
    statements::NEXT_ROOT,
};

/// The first root's successor with one change, signed by the keys in force.
fn changed(change: impl FnOnce(&mut RootSpec)) -> RootSpec {
    let mut root = RootSpec::default().next();
    change(&mut root);
    root
}

/// Refused with a receipt; afterwards the same root without the change is accepted.
#[track_caller]
fn refused(change: impl FnOnce(&mut RootSpec), expected: impl Into<Refusal>) {
    let mut bench = Bench::new();
    bench.refuses(&changed(change).sealed(&ROOT), expected);
    bench.succeed(&RootSpec::default().next(), &ROOT);
}

#[test]
fn root_not_next() {
    for found in [3, 4, u32::MAX] {
        let expected = Refusal::new(Reason::RootNotNext, 2, found.into());
        refused(|root| root.version = found, expected);
    }
    // Another first version: one was in force already.
    let mut bench = Bench::new();
    let mut other = RootSpec::default();
    other.thresholds.time = 0;
    let expected = Refusal::new(Reason::RootNotNext, 2, 1);
    bench.refuses(&other.sealed(&ROOT), expected);
}

#[test]
fn epoch_back() {
    for found in [EPOCH - 1, 0] {
        let expected = Refusal::new(Reason::EpochBack, EPOCH.into(), found.into());
        refused(|root| root.epoch = found, expected);
    }
    // As far forward as its holders like.
    let far = changed(|root| root.epoch = u32::MAX);
    Bench::new().succeed(&far, &ROOT);
}

#[test]
fn device_key_listed() {
    refused(
        |root| root.list(Role::Operator, DEVICE),
        Reason::DeviceKeyListed,
    );
}

#[test]
fn too_few_root() {
    let exchanged = changed(|root| root.exchange_root(ROOT, NEXT_ROOT));
    let raised = changed(|root| {
        root.list(Role::Root, NEXT_ROOT[0]);
        root.thresholds.root = 3;
    });
    let mut bench = Bench::new();
    let expected = Refusal::new(Reason::TooFewRoot, 2, 0);
    bench.refuses(&exchanged.sealed(&ROOT), expected);
    let expected = Refusal::new(Reason::TooFewRoot, 3, 2);
    bench.refuses(&raised.sealed(&ROOT), expected);
    bench.succeed(&exchanged, &[ROOT, NEXT_ROOT].concat());
}

#[test]
fn too_few_old_root() {
    let mut bench = Bench::new();
    let root = changed(|root| root.thresholds.root = 1);
    let expected = Refusal::new(Reason::TooFewOldRoot, 2, 1);
    bench.ignores(&root.sealed(&ROOT[..1]), expected);
    bench.ignores(&root.sealed(&[ROOT[1], OPERATOR[0]]), expected);
    bench.ignores(&root.sealed(&[ROOT[1], STRANGER]), expected);
    bench.succeed(&root, &ROOT);
}

#[test]
fn unknown_key_and_bad_signature_of_a_successor() {
    let mut bench = Bench::new();
    let root = RootSpec::default().next();
    bench.ignores(&root.sealed(&[STRANGER]), Reason::UnknownKey);
    bench.refuses(
        &root.sealed(&[ROOT[0], ROOT[1], STRANGER]),
        Reason::UnknownKey,
    );
    for (signers, told) in [
        ([ROOT[0], OPERATOR[0], ROOT[1]], false),
        ([ROOT[0], ROOT[1], OPERATOR[0]], true),
    ] {
        let mut envelope = root.sealed(&signers);
        let last = envelope.len() - 2;
        envelope[last] ^= 1;
        if told {
            bench.refuses(&envelope, Reason::BadSignature);
        } else {
            bench.ignores(&envelope, Reason::BadSignature);
        }
    }
    bench.succeed(&root, &ROOT);
}

#[test]
fn a_successor_of_another_tenant_is_refused() {
    refused(|root| root.tenant = OTHER_TENANT, Reason::OtherTenant);
}

/// A first root and a successor are read alike.
#[test]
fn a_successor_has_to_be_sound() {
    refused(|root| root.list(Role::Time, OPERATOR[0]), Reason::KeyTwice);
    refused(
        |root| root.keys.push((Role::Time, [0; 32])),
        Reason::WeakKey,
    );
    let expected = Refusal::new(Reason::ThresholdUnreachable, 3, 2);
    refused(|root| root.thresholds.root = 3, expected);
    refused(|root| root.thresholds.release = 0, Reason::ThresholdZero);
    refused(|root| root.latches.swap(0, 1), Reason::RootOrder);
    refused(
        |root| root.latches.retain(|latch| latch.id != LatchId::TRUST),
        Reason::LatchMissing,
    );
    refused(
        |root| root.commands[0].1 = latch(9),
        Reason::AssignedNowhere,
    );
    let glass = |root: &mut RootSpec| root.latch_mut(limits()).rule.break_glass = 1;
    refused(glass, Reason::RuleBounds);
    let mut bench = Bench::new();
    let mut body = RootSpec::default().next().body();
    body.push(0);
    bench.refuses(&seal_bytes(Kind::Root, &body, &ROOT), Reason::TrailingBytes);
}

/// A root that would be accepted, with all that can be wrong about it.
struct Attempt {
    root: RootSpec,
    trailing: bool,
    signers: Vec<Signer>,
    /// Changes of the sealed bytes.
    bytes: Vec<fn(&mut Vec<u8>)>,
}

type Make = fn(&mut Attempt);

/// In the order in which they must be found, each with whether it is told, and what it changes: two that change the same
/// thing cannot be had together.
const FAULTS: &[(Reason, bool, &str, Make)] = &[
    (Reason::LengthMismatch, false, "length", |attempt| {
        attempt.bytes.push(|bytes| bytes.push(0));
    }),
    (Reason::DuplicateKey, false, "twice", |attempt| {
        attempt.signers.push(attempt.signers[0]);
    }),
    (Reason::BadSignature, false, "signature", |attempt| {
        // The first signature's last byte but one lies before whatever else was added at the end.
        attempt.bytes.push(|bytes| {
            let body = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
            bytes[12 + body + 1 + 70] ^= 1;
        });
    }),
    (Reason::TooFewOldRoot, false, "old", |attempt| {
        attempt.signers.retain(|signer| *signer != ROOT[1]);
    }),
    (Reason::TrailingBytes, true, "trailing", |attempt| {
        attempt.trailing = true;
    }),
    (Reason::WeakKey, true, "weak", |attempt| {
        attempt.root.keys.push((Role::Time, [0; 32]));
    }),
    (Reason::RootOrder, true, "order", |attempt| {
        attempt.root.latches.swap(0, 1);
    }),
    (Reason::OtherTenant, true, "tenant", |attempt| {
        attempt.root.tenant = OTHER_TENANT;
    }),
    (Reason::RootNotNext, true, "version", |attempt| {
        attempt.root.version += 1;
    }),
    (Reason::EpochBack, true, "epoch", |attempt| {
        attempt.root.epoch -= 1;
    }),
    (Reason::DeviceKeyListed, true, "device", |attempt| {
        attempt.root.list(Role::Operator, DEVICE);
    }),
    (Reason::UnknownKey, true, "stranger", |attempt| {
        attempt.signers.push(STRANGER);
    }),
    (Reason::TooFewRoot, true, "new", |attempt| {
        attempt.signers.retain(|signer| *signer != NEXT_ROOT[1]);
    }),
];

/// What a fork of the device says to a root with these faults.
fn answer(bench: &Bench, faults: &[&(Reason, bool, &str, Make)]) -> Answer {
    let mut attempt = Attempt {
        root: changed(|root| root.exchange_root(ROOT, NEXT_ROOT)),
        trailing: false,
        signers: [ROOT, NEXT_ROOT].concat(),
        bytes: Vec::new(),
    };
    for (_, _, _, make) in faults {
        make(&mut attempt);
    }
    let mut body = attempt.root.body();
    if attempt.trailing {
        body.push(0);
    }
    let mut envelope = seal_bytes(Kind::Root, &body, &attempt.signers);
    for change in attempt.bytes {
        change(&mut envelope);
    }
    bench.fork().submit(&envelope)
}

#[test]
fn of_two_faults_of_a_successor_the_earlier_is_told() {
    let bench = Bench::new();
    let sound = answer(&bench, &[]).outcome();
    assert!(matches!(sound, Outcome::RootAccepted { version: 2, .. }));
    let mut wrong = Vec::new();
    let mut look = |faults: &[&(Reason, bool, &str, Make)], first: Reason, told: bool| {
        let answer = answer(&bench, faults);
        let found = match &answer {
            Answer::Ignored(refusal) => (Some(refusal.reason), false),
            Answer::Told(told) => match told.outcome() {
                Outcome::Refused { reason, .. } => (Reason::from_number(reason), true),
                _ => (None, true),
            },
            _ => (None, false),
        };
        if found != (Some(first), told) {
            wrong.push(format!("{first:?} of {}: {answer:?}", faults.len()));
        }
    };
    for (place, first) in FAULTS.iter().enumerate() {
        look(&[first], first.0, first.1);
        for second in &FAULTS[place + 1..] {
            assert_ne!(first.2, second.2);
            look(&[first, second], first.0, first.1);
            look(&[second, first], first.0, first.1);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
