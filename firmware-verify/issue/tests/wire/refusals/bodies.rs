//! Codes and manifests that are well signed and cannot be: values that may not stand where they
//! stand, and bodies in another version than theirs.

use latch_issue::Statement;
use latch_verify::{
    Reason,
    statement::{Action, Audience, Code, Manifest},
    types::{StatementId, Version, VersionRange},
    wire::{Body, Kind, Run, encode},
};

use super::Case;
use crate::{
    envelopes::envelope,
    fixtures::{full_code, manifest, opening, plain_code, root, unlocking},
    keys::{Key, OPERATOR, RELEASE, ROOT},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = codes();
    cases.extend(versions());
    cases.extend(manifests());
    cases
}

/// A body around which everything is as it should be.
pub(super) fn case<'a, B: Body<'a>>(
    name: &'static str,
    body: &B,
    signer: Key,
    reason: Reason,
) -> Case {
    let mut buffer = [0; 4096];
    let encoded = encode(body, &mut buffer).unwrap();
    let bytes = envelope(B::KIND, body.version(), encoded, &[signer]);
    Case {
        name,
        kind: B::KIND,
        bytes,
        reason,
    }
}

pub(super) fn body_of(statement: &Statement) -> Vec<u8> {
    statement.message()[12..].to_vec()
}

fn codes() -> Vec<Case> {
    let plain = plain_code();
    let code: Code<'_> = plain.body().unwrap();
    let salt = StatementId([1; 16]);
    let cohort = |from, below| Code {
        audience: Audience::Cohort { salt, from, below },
        ..code.clone()
    };
    let range = VersionRange {
        least: Version {
            major: 2,
            minor: 0,
            patch: 0,
        },
        most: Version {
            major: 1,
            minor: 0,
            patch: 0,
        },
    };
    let mut backwards = code.clone();
    backwards.context.firmware = Some(range);
    let command = |name| Code {
        action: Action::Command {
            name,
            arguments: Run::default(),
        },
        ..code.clone()
    };
    let long = "a".repeat(33);
    let act = |action| Code {
        action,
        ..code.clone()
    };
    let refused = |name, code: &Code<'_>, reason| case(name, code, OPERATOR, reason);
    let mut device = code.clone();
    device.audience = Audience::Device("ab".parse().unwrap());
    vec![
        refused("an empty cohort", &cohort(5, 5), Reason::BadValue),
        refused(
            "a cohort past ten thousand",
            &cohort(0, 10_001),
            Reason::BadValue,
        ),
        refused(
            "a range of versions that ends before it begins",
            &backwards,
            Reason::BadValue,
        ),
        refused("a command without a name", &command(""), Reason::BadName),
        refused(
            "a command with a space in its name",
            &command("re start"),
            Reason::BadName,
        ),
        refused(
            "a command with a long name",
            &command(&long),
            Reason::BadName,
        ),
        refused(
            "an opening for no time",
            &act(Action::Open { seconds: 0 }),
            Reason::BadValue,
        ),
        refused(
            "a renewal for no time",
            &act(Action::Renew { seconds: 0 }),
            Reason::BadValue,
        ),
        renamed("a device named ..", &device, b".."),
        renamed("a device with a slash in its name", &device, b"a/"),
    ]
}

/// A code for the device `ab`, with that name replaced after encoding.
fn renamed(name: &'static str, code: &Code<'_>, device: &[u8; 2]) -> Case {
    let mut buffer = [0; 512];
    let body = encode(code, &mut buffer).unwrap();
    let at = body
        .windows(3)
        .position(|window| window == b"\x02ab")
        .unwrap();
    body[at + 1..at + 3].copy_from_slice(device);
    let bytes = envelope(Kind::Code, 0, body, &[OPERATOR]);
    Case {
        name,
        kind: Kind::Code,
        bytes,
        reason: Reason::NotDecodable,
    }
}

/// A body in another version than the lowest that can say it.
fn versions() -> Vec<Case> {
    let versioned = |name, version, statement: &Statement, reason| {
        let body = body_of(statement);
        let bytes = envelope(Kind::Code, version, &body, &[OPERATOR]);
        Case {
            name,
            kind: Kind::Code,
            bytes,
            reason,
        }
    };
    let mut cases = vec![
        versioned(
            "the end of a lockdown in version 0",
            0,
            &unlocking(),
            Reason::NotCanonical,
        ),
        versioned(
            "a twin change in version 1",
            1,
            &full_code(),
            Reason::NotCanonical,
        ),
        versioned(
            "a probe in version 1",
            1,
            &plain_code(),
            Reason::NotCanonical,
        ),
        versioned(
            "an opening in version 1",
            1,
            &opening(),
            Reason::NotCanonical,
        ),
    ];
    for (name, kind, statement) in [
        ("a trust root in version 1", Kind::Root, root()),
        ("a manifest in version 1", Kind::Manifest, manifest()),
    ] {
        let bytes = envelope(kind, 1, &body_of(&statement), &[ROOT]);
        let reason = Reason::UnknownBodyVersion;
        cases.push(Case {
            name,
            kind,
            bytes,
            reason,
        });
    }
    cases
}

fn manifests() -> Vec<Case> {
    let release = manifest();
    let good: Manifest<'_> = release.body().unwrap();
    let refused =
        |name, manifest: &Manifest<'_>| case(name, manifest, RELEASE, Reason::BadManifest);
    let backwards = VersionRange {
        least: Version {
            major: 2,
            minor: 0,
            patch: 0,
        },
        most: Version {
            major: 1,
            minor: 0,
            patch: 0,
        },
    };
    vec![
        refused("an empty image", &Manifest { size: 0, ..good }),
        refused(
            "an image past 64 MiB",
            &Manifest {
                size: (64 << 20) + 1,
                ..good
            },
        ),
        refused(
            "pages of 512 bytes",
            &Manifest {
                page_size_log2: 9,
                ..good
            },
        ),
        refused(
            "pages of 32 KiB",
            &Manifest {
                page_size_log2: 15,
                ..good
            },
        ),
        refused(
            "current versions that end before they begin",
            &Manifest {
                current: Some(backwards),
                ..good
            },
        ),
    ]
}
