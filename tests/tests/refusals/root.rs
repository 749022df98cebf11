//! 9xx: trust roots and enrolments with which no device is provisioned. A device that refuses stays blank.

use latch_verify::{
    Reason, Refusal,
    device::{Device, MountFault, provision},
    limits::{MAX_KEYS, MAX_LIFE_S},
    statement::{Enrolment, Freshness},
    types::{Digest, LatchId},
    wire::{PublicKey, Role},
};

use crate::world::{
    bench::{Bench, enrolment},
    hardware::{Hardware, Kit},
    keys::{APPROVER, DEVICE, OPERATOR, RELEASE, ROOT, STRANGER, Signer, TIME, seal},
    release::FACTORY,
    root::{OTHER_TENANT, RootSpec, latch, limits, maintenance, rule},
};

/// The identity element, of order 1: with it, some signatures fit every message.
const WEAK: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};

#[track_caller]
fn unprovisioned(root: &[u8], enrolment: &[u8], expected: impl Into<Refusal>) {
    let hardware = Hardware::new();
    let provisioned = provision::<Kit>(hardware.parts(), root, enrolment, FACTORY);
    assert_eq!(
        provisioned.err(),
        Some(MountFault::Refused(expected.into()))
    );
    assert_eq!(hardware.journal.look().operations(), 0);
    let booted = Device::<Kit>::boot(hardware.parts()).err();
    assert_eq!(
        booted,
        Some(MountFault::Refused(Reason::Unprovisioned.into()))
    );
}

/// A root with one change, signed as it should be.
#[track_caller]
fn refused(change: impl FnOnce(&mut RootSpec), expected: impl Into<Refusal>) {
    let mut root = RootSpec::default();
    change(&mut root);
    unprovisioned(&root.sealed(&ROOT), &enrolled(), expected);
}

fn enrolled() -> Vec<u8> {
    seal(&enrolment(), &[DEVICE, OPERATOR[0]])
}

#[test]
fn key_twice() {
    let again = OPERATOR[0].public();
    for role in [Role::Operator, Role::Approver] {
        refused(|root| root.keys.push((role, again)), Reason::KeyTwice);
    }
}

#[test]
fn key_twice_as_a_role_and_as_the_device() {
    let root = RootSpec::default().sealed(&ROOT);
    for signer in [OPERATOR[0], ROOT[0], TIME] {
        let shared = Enrolment {
            device_key: Digest(signer.public()),
            ..enrolment()
        };
        unprovisioned(
            &root,
            &seal(&shared, &[signer, OPERATOR[1]]),
            Reason::KeyTwice,
        );
    }
}

#[test]
fn weak_key() {
    // Not canonical: y = p + 1 encodes the same point as y = 1.
    let mut padded = [0xff; 32];
    (padded[0], padded[31]) = (0xee, 0x7f);
    // Of order 8 (RFC 8032's curve; the list is in "Taming the many EdDSAs", table 1).
    let order_8 = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    // y = 2 is on no point of the curve.
    let mut nowhere = [0; 32];
    nowhere[0] = 2;
    for key in [WEAK, padded, order_8, nowhere, [0; 32], [0xff; 32]] {
        assert_eq!(
            PublicKey::new(key).err(),
            Some(Reason::WeakKey.into()),
            "{key:?}"
        );
        refused(
            |root| root.keys.push((Role::Operator, key)),
            Reason::WeakKey,
        );
        let weak = Enrolment {
            device_key: Digest(key),
            ..enrolment()
        };
        let root = RootSpec::default().sealed(&ROOT);
        unprovisioned(&root, &seal(&weak, &[DEVICE, OPERATOR[0]]), Reason::WeakKey);
    }
}

#[test]
fn threshold_unreachable() {
    let expected = |keys| Refusal::new(Reason::ThresholdUnreachable, 4, keys);
    refused(|root| root.thresholds.root = 4, expected(2));
    refused(|root| root.thresholds.release = 4, expected(2));
    refused(|root| root.thresholds.time = 4, expected(1));
    refused(
        |root| root.latch_mut(limits()).rule.operators = 4,
        expected(3),
    );
    refused(
        |root| root.latch_mut(limits()).rule.approvers = 4,
        expected(2),
    );
    let emergency = |root: &mut RootSpec| {
        let rule = root.latch_mut(maintenance()).break_glass.as_mut();
        rule.expect("a rule").break_glass = 4;
    };
    refused(emergency, expected(2));
}

#[test]
fn threshold_zero() {
    refused(|root| root.thresholds.root = 0, Reason::ThresholdZero);
    refused(|root| root.thresholds.release = 0, Reason::ThresholdZero);
    refused(
        |root| root.latch_mut(limits()).rule.operators = 0,
        Reason::ThresholdZero,
    );
    let emergency = |root: &mut RootSpec| {
        let rule = root.latch_mut(maintenance()).break_glass.as_mut();
        rule.expect("a rule").break_glass = 0;
    };
    refused(emergency, Reason::ThresholdZero);
}

#[test]
fn root_order() {
    refused(|root| root.version = 0, Reason::RootOrder);
    refused(|root| root.latches.swap(0, 1), Reason::RootOrder);
    refused(|root| root.latches.push(root.latches[0]), Reason::RootOrder);
    refused(|root| root.properties.swap(0, 1), Reason::RootOrder);
    refused(
        |root| root.properties.insert(1, ("limits/max", limits())),
        Reason::RootOrder,
    );
    refused(
        |root| root.properties.insert(1, ("limits", limits())),
        Reason::RootOrder,
    );
    refused(|root| root.commands.swap(0, 1), Reason::RootOrder);
    refused(
        |root| root.commands.insert(1, ("restart", limits())),
        Reason::RootOrder,
    );
}

#[test]
fn assigned_nowhere() {
    refused(
        |root| root.properties[0].1 = latch(9),
        Reason::AssignedNowhere,
    );
    refused(
        |root| root.commands[0].1 = latch(9),
        Reason::AssignedNowhere,
    );
}

#[test]
fn rule_too_weak() {
    for id in [LatchId::FIRMWARE, LatchId::TRUST] {
        refused(
            |root| root.latch_mut(id).rule.freshness = Freshness::TimeFloor,
            Reason::RuleTooWeak,
        );
    }
    let opens = |root: &mut RootSpec| {
        let rule = &mut root.latch_mut(limits()).rule;
        (rule.freshness, rule.max_open_s) = (Freshness::TimeFloor, 1);
    };
    refused(opens, Reason::RuleTooWeak);
}

#[test]
fn rule_bounds() {
    refused(
        |root| root.latch_mut(limits()).rule.max_life_s = 0,
        Reason::RuleBounds,
    );
    refused(
        |root| root.latch_mut(limits()).rule.max_life_s = MAX_LIFE_S + 1,
        Reason::RuleBounds,
    );
    refused(
        |root| root.latch_mut(limits()).rule.max_open_s = MAX_LIFE_S + 1,
        Reason::RuleBounds,
    );
    // Break-glass keys do not count in a usual rule, nor others in a break-glass rule.
    refused(
        |root| root.latch_mut(limits()).rule.break_glass = 1,
        Reason::RuleBounds,
    );
    let emergency = |change: fn(&mut latch_verify::statement::Rule)| {
        move |root: &mut RootSpec| {
            change(
                root.latch_mut(maintenance())
                    .break_glass
                    .as_mut()
                    .expect("a rule"),
            );
        }
    };
    refused(emergency(|rule| rule.operators = 1), Reason::RuleBounds);
    refused(emergency(|rule| rule.approvers = 1), Reason::RuleBounds);
    // It lives no longer than the usual rule, and never stands before trust.
    refused(emergency(|rule| rule.max_life_s = 601), Reason::RuleBounds);
    let glass = latch_verify::statement::Rule {
        break_glass: 1,
        ..rule(0, 0, Freshness::Challenge, 60)
    };
    refused(
        |root| root.latch_mut(LatchId::TRUST).break_glass = Some(glass),
        Reason::RuleBounds,
    );
}

#[test]
fn bad_names_and_paths_in_a_root() {
    refused(
        |root| root.latch_mut(limits()).name = "the limits",
        Reason::BadName,
    );
    refused(|root| root.latch_mut(limits()).name = "", Reason::BadName);
    refused(|root| root.commands[0].0 = "re start", Reason::BadName);
    refused(|root| root.properties[0].0 = "limits//max", Reason::BadPath);
}

#[test]
fn too_many_entries_in_a_root() {
    let spare = |number: u8| (Role::Operator, Signer(100 + number).public());
    let fill = |root: &mut RootSpec| {
        root.keys
            .extend((0..).map(spare).take(MAX_KEYS + 1 - root.keys.len()));
    };
    refused(fill, Reason::TooManyEntries);
}

#[test]
fn latch_missing() {
    for place in 0..3 {
        refused(
            |root| {
                root.latches.remove(place);
            },
            Reason::LatchMissing,
        );
    }
}

#[test]
fn too_few_root() {
    let root = RootSpec::default();
    let expected = |found| Refusal::new(Reason::TooFewRoot, 2, found);
    unprovisioned(&root.sealed(&ROOT[..1]), &enrolled(), expected(1));
    let others = [OPERATOR[0], RELEASE[0], APPROVER[0], TIME];
    unprovisioned(&root.sealed(&others), &enrolled(), expected(0));
    unprovisioned(
        &root.sealed(&[ROOT[0], STRANGER]),
        &enrolled(),
        Reason::UnknownKey,
    );
}

/// A device begins with whatever root is the newest: one that it had to follow from the first would begin with keys that
/// were taken out of service.
#[test]
fn a_device_may_begin_with_a_later_root() {
    let second = RootSpec {
        version: 2,
        ..RootSpec::default()
    };
    let root = second.sealed(&[ROOT[0], ROOT[1], STRANGER]);
    let hardware = Hardware::new();
    let device = provision::<Kit>(hardware.parts(), &root, &enrolled(), FACTORY).expect("a device");
    assert_eq!(device.status().root_version, 2);
    assert_eq!(device.facts().chain.number, 0);
    drop(device);
    // Nor has the next boot anything to tell of it.
    let bench = crate::world::bench::Bench::start(hardware).expect("a boot");
    assert_eq!(bench.device.facts().chain.number, 0);
}

#[test]
fn not_device_key() {
    let root = RootSpec::default().sealed(&ROOT);
    unprovisioned(
        &root,
        &seal(&enrolment(), &[OPERATOR[0]]),
        Reason::NotDeviceKey,
    );
}

#[test]
fn not_countersigned() {
    let root = RootSpec::default().sealed(&ROOT);
    unprovisioned(
        &root,
        &seal(&enrolment(), &[DEVICE]),
        Reason::NotCountersigned,
    );
    // By an operator, and nobody else.
    let others = [DEVICE, ROOT[0], RELEASE[0], APPROVER[0]];
    unprovisioned(
        &root,
        &seal(&enrolment(), &others),
        Reason::NotCountersigned,
    );
}

#[test]
fn an_enrolment_in_another_tenant_is_refused() {
    let root = RootSpec::default().sealed(&ROOT);
    let other = Enrolment {
        tenant: OTHER_TENANT,
        ..enrolment()
    };
    unprovisioned(
        &root,
        &seal(&other, &[DEVICE, OPERATOR[0]]),
        Reason::OtherTenant,
    );
}

#[test]
fn already_provisioned() {
    let bench = Bench::new();
    let before = (bench.standing(), bench.journal_operations());
    let root = RootSpec::default().sealed(&ROOT);
    let again = provision::<Kit>(bench.hardware.parts(), &root, &enrolled(), FACTORY);
    assert_eq!(
        again.err(),
        Some(MountFault::Refused(Reason::AlreadyProvisioned.into()))
    );
    assert_eq!((bench.standing(), bench.journal_operations()), before);
}
