//! Statements that the vectors are made of. Everything is fixed, so that every run makes
//! the same bytes.

mod device;
mod trust;

pub(crate) use device::{added, receipt_body, receipts, state};
pub(crate) use trust::{revocations, root, successor, times};

use latch_issue::{
    Arguments, Change, CodeBuilder, Cohort, ImageTree, Patch, Release, RoleKey, Statement,
};
use latch_verify::{
    statement::{Audience, Enrolment, KeyKept, Requirement},
    types::{Challenge, Digest, LatchId, Sequence, StatementId, TimeMs, Version, VersionRange},
};
use serde_json::json;

use crate::keys::{APPROVER, BREAK_GLASS, DEVICE, Key, OPERATOR, RELEASE, SECOND};

/// 2026-11-21 08:00:00 UTC.
const NOW_MS: u64 = 1_795_248_000_000;

fn code(audience: Audience, latch: u8, change: Change) -> CodeBuilder {
    issued(OPERATOR, audience, latch, change)
}

fn issued(issuer: Key, audience: Audience, latch: u8, change: Change) -> CodeBuilder {
    let latch = LatchId::new(latch).unwrap();
    let (tenant, issuer) = ("acme".parse().unwrap(), issuer.private().id());
    let now = TimeMs::new(NOW_MS).unwrap();
    let named = matches!(audience, Audience::Device(_));
    let builder = CodeBuilder::new(tenant, 3, issuer, audience, latch, change)
        .sequence(Sequence::at(now, 0xbeef));
    if named {
        builder.incarnation(2)
    } else {
        builder
    }
}

fn build(builder: CodeBuilder, keys: &[Key]) -> Statement {
    sealed(builder.build(TimeMs::new(NOW_MS).unwrap()).unwrap(), keys)
}

fn device() -> Audience {
    Audience::Device("pump-7".parse().unwrap())
}

/// A code with every optional field in use.
pub(crate) fn full_code() -> Statement {
    let patch = json!({
        "mode": null, "name": "north", "on": true, "empty": {},
        "pump": {"limit": -5, "raw": {"$bytes": "00ff"}},
    });
    let change = Change::SetTwin(Patch::from_json(&patch).unwrap());
    let (least, most) = (version("1.2.0"), version("1.9.4294967295"));
    let builder = code(device(), 0, change)
        .product("pump".parse().unwrap())
        .challenge(Challenge([0xc4; 16]))
        .firmware(VersionRange { least, most })
        .twin_version(17)
        .boot(300);
    build(builder, &[OPERATOR, APPROVER])
}

/// A code with no optional field in use.
pub(crate) fn plain_code() -> Statement {
    build(code(Audience::Tenant, 0, Change::Probe), &[OPERATOR])
}

/// One code for every action and audience.
pub(crate) fn codes() -> Vec<(&'static str, Statement)> {
    let manifest = manifest().id();
    let arguments = Arguments::from_json(&json!({"delay": {"seconds": 5}})).unwrap();
    let command = Change::Command {
        name: "restart".to_owned(),
        arguments,
    };
    let cohort = Cohort::percent(StatementId([0x5a; 16]), "1", "12.5").unwrap();
    let open = Change::Open { seconds: 600 };
    let glass = issued(BREAK_GLASS, device(), 3, open)
        .break_glass()
        .life_s(120);
    vec![
        ("a twin change with every optional field", full_code()),
        (
            "a probe for a whole tenant with no optional field",
            plain_code(),
        ),
        (
            "a command",
            build(code(device(), 3, command), &[OPERATOR, SECOND]),
        ),
        (
            "a release for a cohort",
            build(code(cohort, 1, Change::Install { manifest }), &[OPERATOR]),
        ),
        (
            "a downgrade",
            build(
                code(device(), 1, Change::Downgrade { manifest }),
                &[OPERATOR],
            ),
        ),
        ("an opening under break-glass", build(glass, &[BREAK_GLASS])),
        (
            "a renewal",
            build(
                code(device(), 3, Change::Renew { seconds: 60 }),
                &[OPERATOR],
            ),
        ),
        (
            "a closing",
            build(code(device(), 3, Change::Close), &[OPERATOR]),
        ),
        (
            "a lockdown",
            build(code(device(), 2, Change::Lockdown), &[OPERATOR]),
        ),
        ("an opening", opening()),
        ("the end of a lockdown", unlocking()),
    ]
}

/// An opening as its latch's rule asks for it.
pub(crate) fn opening() -> Statement {
    let builder = code(device(), 3, Change::Open { seconds: 600 }).challenge(Challenge([0xc4; 16]));
    build(builder, &[OPERATOR, SECOND])
}

/// The one code that needs body version 1.
pub(crate) fn unlocking() -> Statement {
    let builder = code(device(), 2, Change::Unlock).challenge(Challenge([0xc4; 16]));
    build(builder, &[OPERATOR])
}

/// 2,500 bytes that count up, modulo 251.
pub(crate) fn image() -> Vec<u8> {
    (0..2500_u32)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

pub(crate) fn manifest() -> Statement {
    let release = Release {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        component: 0,
        version: version("2.0.1"),
        security_version: 4,
        current: Some(VersionRange {
            least: version("1.0.0"),
            most: version("2.0.0"),
        }),
        requirements: vec![Requirement {
            component: 1,
            versions: VersionRange {
                least: version("0.9.0"),
                most: version("0.9.99"),
            },
        }],
    };
    let tree = ImageTree::read(&image()[..], 10).unwrap();
    sealed(release.manifest(&tree).unwrap(), &[RELEASE])
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

pub(crate) fn enrolment_body() -> Enrolment {
    Enrolment {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 2,
        device_key: Digest(*DEVICE.private().public().bytes()),
        key_kept: KeyKept::Hardware,
    }
}

pub(crate) fn enrolment() -> Statement {
    seal(&enrolment_body(), &[DEVICE, OPERATOR])
}

fn seal<'a>(body: &impl latch_verify::wire::Body<'a>, keys: &[Key]) -> Statement {
    sealed(latch_issue::Draft::new(body).unwrap(), keys)
}

pub(crate) fn sealed(draft: latch_issue::Draft, keys: &[Key]) -> Statement {
    let keys: Vec<RoleKey> = keys.iter().map(|key| key.private()).collect();
    draft.sign(&keys.iter().collect::<Vec<_>>()).unwrap()
}
