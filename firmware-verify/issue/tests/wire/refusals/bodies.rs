//! Bodies that are well signed and cannot be: encodings that are not the canonical one,
//! and values that may not stand where they stand.

use latch_issue::Statement;
use latch_verify::{
    Reason,
    statement::{Action, Audience, Code, Enrolment, Manifest, Outcome, Receipt, State},
    twin::{Entries, Entry, Path, Value},
    types::{Digest, StatementId, Version, VersionRange},
    wire::{Body, Kind, Run, RunWriter, encode},
};

use super::Case;
use crate::{
    envelopes::envelope,
    fixtures::{enrolment_body, full_code, manifest, plain_code, receipt_body, state},
    keys::{DEVICE, Key, OPERATOR, RELEASE},
};

/// Where the epoch stands in a code: after tenant and issuer.
const EPOCH: usize = 24;
/// Where the incarnation stands.
const INCARNATION: usize = EPOCH + 1;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = encodings();
    cases.extend(codes());
    cases.extend(others());
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
    let body = encode(body, &mut buffer).unwrap();
    let bytes = envelope(B::KIND, body, &[signer]);
    Case {
        name,
        kind: B::KIND,
        bytes,
        reason,
    }
}

fn body_of(statement: &Statement) -> Vec<u8> {
    statement.message()[12..].to_vec()
}

/// The plain code's body with part of it replaced.
fn spliced(range: std::ops::Range<usize>, by: &[u8]) -> Vec<u8> {
    let mut body = body_of(&plain_code());
    body.splice(range, by.iter().copied());
    body
}

fn encodings() -> Vec<Case> {
    let plain = body_of(&plain_code());
    // Epoch 3, no incarnation, audience 2 (tenant).
    assert_eq!(plain[EPOCH..EPOCH + 3], [3, 0, 2]);
    let last = plain.len() - 1;
    let full = body_of(&full_code());
    let mode = full
        .windows(5)
        .position(|window| window == b"\x04mode")
        .unwrap();
    let mut not_utf8 = full.clone();
    not_utf8[mode + 1] = 0xff;
    // The same list of leaves, its first path announced in two bytes: one byte longer.
    let mut padded_leaf = full.clone();
    let leaves = padded_leaf
        .windows(2)
        .position(|window| window == b"\x05e")
        .unwrap();
    padded_leaf.splice(leaves..=leaves, [0x85, 0x00]);
    padded_leaf[leaves - 1] += 1;
    let list = [
        (
            "a padded number",
            spliced(EPOCH..EPOCH + 1, &[0x83, 0x00]),
            Reason::NotCanonical,
        ),
        (
            "a padded tag",
            spliced(EPOCH + 2..EPOCH + 3, &[0x82, 0x00]),
            Reason::NotCanonical,
        ),
        (
            "a padded tag of the action",
            spliced(last..last + 1, &[0x88, 0x00]),
            Reason::NotCanonical,
        ),
        (
            "a padded number in a list of leaves",
            padded_leaf,
            Reason::NotCanonical,
        ),
        (
            "a byte after the body",
            [&plain[..], &[0]].concat(),
            Reason::TrailingBytes,
        ),
        (
            "a body cut short",
            plain[..last].to_vec(),
            Reason::NotDecodable,
        ),
        ("an empty body", Vec::new(), Reason::NotDecodable),
        (
            "an option that is neither there nor not",
            spliced(INCARNATION..INCARNATION + 1, &[2]),
            Reason::NotDecodable,
        ),
        (
            "an action that there is not",
            spliced(last..last + 1, &[9]),
            Reason::NotDecodable,
        ),
        (
            "an epoch past 32 bits",
            spliced(EPOCH..EPOCH + 1, &[0xff, 0xff, 0xff, 0xff, 0x1f]),
            Reason::NotDecodable,
        ),
        ("text that is not UTF-8", not_utf8, Reason::NotDecodable),
    ];
    let case = |(name, body, reason): (_, Vec<u8>, _)| {
        let bytes = envelope(Kind::Code, &body, &[OPERATOR]);
        Case {
            name,
            kind: Kind::Code,
            bytes,
            reason,
        }
    };
    list.into_iter().map(case).collect()
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
    let bytes = envelope(Kind::Code, body, &[OPERATOR]);
    Case {
        name,
        kind: Kind::Code,
        bytes,
        reason: Reason::NotDecodable,
    }
}

fn others() -> Vec<Case> {
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
    let weak = Enrolment {
        device_key: Digest([0; 32]),
        ..enrolment_body()
    };
    let not_reduced = Enrolment {
        device_key: Digest(not_reduced()),
        ..enrolment_body()
    };
    let receipt = receipt_body(0, Digest::default(), Outcome::Probed);
    let unknown = Receipt {
        number: 1,
        kind: 42,
        ..receipt.clone()
    };
    let mut buffer = [0; 64];
    let mut leaves = RunWriter::new(&mut buffer);
    let path = Path::new("a").unwrap();
    leaves
        .push(&Entry {
            path,
            value: Value::Null,
        })
        .unwrap();
    let statement = state();
    let mut deleting: State<'_> = statement.body().unwrap();
    deleting.twin = Entries::from_bytes(leaves.finish());
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
        case(
            "an enrolment with a key of small order",
            &weak,
            DEVICE,
            Reason::WeakKey,
        ),
        case(
            "an enrolment with a key that is not reduced",
            &not_reduced,
            DEVICE,
            Reason::WeakKey,
        ),
        case(
            "a receipt with the number 0",
            &receipt,
            DEVICE,
            Reason::BadValue,
        ),
        case(
            "a receipt for a kind that there is not",
            &unknown,
            DEVICE,
            Reason::BadValue,
        ),
        case(
            "a twin with a deletion in it",
            &deleting,
            DEVICE,
            Reason::BadValue,
        ),
    ]
}

/// A y coordinate of 2^255 - 19 + 3: a point that has an encoding of its own, 3.
fn not_reduced() -> [u8; 32] {
    let mut key = [0xff; 32];
    key[0] = 0xed + 3;
    key[31] = 0x7f;
    key
}

#[test]
fn the_key_that_is_not_reduced_is_a_point() {
    let reduced = [[3].as_slice(), &[0; 31]].concat();
    let reduced = latch_verify::wire::PublicKey::new(reduced.try_into().unwrap());
    assert!(
        reduced.is_ok(),
        "otherwise the vector is refused for another reason"
    );
}
