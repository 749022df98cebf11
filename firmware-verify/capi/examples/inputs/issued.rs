//! What a device behind the C interface is given: a trust root, an enrolment, codes, a release and its pages, signed with
//! keys of fixed seeds. Nothing in them is drawn at random, so every run makes the same bytes.

use std::{fs, io, path::Path};

use latch_issue::{
    Arguments, Change, CodeBuilder, ImageTree, Patch, Release, RoleKey, Rules, Statement,
};
use latch_verify::{
    statement::{Audience, Enrolment, KeyKept},
    types::{Digest, LatchId, Sequence, TimeMs},
};

/// The time on the device's clock, in Unix milliseconds. The programs in C have the same.
pub(crate) const NOW_MS: u64 = 1_795_248_000_000;
/// The smallest pages: several make an erase block.
const PAGE_LOG2: u8 = 10;

const ROOT: u8 = 1;
pub(crate) const OPERATOR: u8 = 2;
const RELEASE: u8 = 3;
/// The device's own.
pub(crate) const DEVICE: u8 = 61;

const RULES: &str = r#"
tenant = "acme"
version = 1
epoch = 1

[keys]
root = ["{1}"]
operator = ["{2}"]
release = ["{3}"]

[thresholds]
root = 1
release = 1

[[latch]]
name = "twin"
freshness = "trusted-time"
max-life = "1h"

[[latch]]
name = "firmware"
freshness = "trusted-time"
max-life = "1d"

[[latch]]
name = "trust"
freshness = "challenge"
max-life = "1h"

[[latch]]
name = "valve"
id = 3
freshness = "trusted-time"
max-life = "15m"
max-open = "1m"

[commands]
flush = "valve"
"#;

type Make = fn() -> Vec<u8>;

/// The files, each made when it is asked for: under Miri a signature takes seconds.
const FILES: &[(&str, Make)] = &[
    ("root", root),
    ("enrolment", enrolment),
    ("seed", || [DEVICE; 32].to_vec()),
    ("speed", || code(LatchId::TWIN, speed(7), 0)),
    ("forged", forged),
    ("flush", || code(valve(), flush(), 2)),
    ("open", || code(valve(), Change::Open { seconds: 30 }, 3)),
    ("faster", || code(LatchId::TWIN, speed(9), 5)),
    ("close", || code(valve(), Change::Close, 6)),
    ("install", || code(LatchId::FIRMWARE, install(), 4)),
    ("manifest", || manifest().into_bytes()),
    ("pages", pages),
];

/// One of the files.
pub(crate) fn file(name: &str) -> Vec<u8> {
    let found = FILES.iter().find(|(file, _)| *file == name);
    let (_, make) = found.expect("a file that is made here");
    make()
}

/// Writes all of them.
///
/// # Errors
/// As the file system has it.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    FILES
        .iter()
        .try_for_each(|(name, _)| fs::write(folder.join(name), file(name)))
}

fn valve() -> LatchId {
    LatchId::new(3).unwrap()
}

fn speed(speed: u8) -> Change {
    Change::SetTwin(Patch::from_assignments([format!("pump/speed={speed}")]).unwrap())
}

fn flush() -> Change {
    Change::Command {
        name: "flush".to_owned(),
        arguments: Arguments::from_assignments(["seconds=3".to_owned()]).unwrap(),
    }
}

fn install() -> Change {
    Change::Install {
        manifest: manifest().id(),
    }
}

fn forged() -> Vec<u8> {
    let mut forged = code(LatchId::TWIN, speed(8), 1);
    // The top byte of S: small enough to be canonical still, and wrong.
    *forged.last_mut().unwrap() ^= 1;
    forged
}

fn image() -> Vec<u8> {
    (0..5_000_u32).map(|at| at.to_le_bytes()[0]).collect()
}

fn manifest() -> Statement {
    let tree = ImageTree::read(&image()[..], PAGE_LOG2).unwrap();
    let draft = release().manifest(&tree).unwrap();
    draft.sign(&[&key(RELEASE)]).unwrap()
}

/// Page messages, each behind its length in two bytes.
fn pages() -> Vec<u8> {
    let (image, release) = (image(), manifest().id());
    let tree = ImageTree::read(&image[..], PAGE_LOG2).unwrap();
    let mut pages = Vec::new();
    for (index, data) in (0..).zip(image.chunks(1 << PAGE_LOG2)) {
        let page = tree.page(release, index, data).unwrap();
        pages.extend_from_slice(&u16::try_from(page.len()).unwrap().to_le_bytes());
        pages.extend_from_slice(&page);
    }
    pages
}

pub(crate) fn key(seed: u8) -> RoleKey {
    RoleKey::from_seed(&[seed; 32]).unwrap()
}

fn root() -> Vec<u8> {
    let mut text = RULES.to_owned();
    for seed in [ROOT, OPERATOR, RELEASE] {
        let public = Digest(*key(seed).public().bytes()).to_string();
        text = text.replace(&format!("{{{seed}}}"), &public);
    }
    let draft = Rules::from_text(&text, Path::new("rules")).unwrap().draft();
    draft.unwrap().sign(&[&key(ROOT)]).unwrap().into_bytes()
}

fn enrolment() -> Vec<u8> {
    let enrolment = Enrolment {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 1,
        device_key: Digest(*key(DEVICE).public().bytes()),
        key_kept: KeyKept::Software,
    };
    let signed = Statement::seal(&enrolment, &[&key(DEVICE), &key(OPERATOR)]);
    signed.unwrap().into_bytes()
}

/// A code that one operator has signed.
fn code(latch: LatchId, change: Change, number: u16) -> Vec<u8> {
    let now = TimeMs::new(NOW_MS).unwrap();
    let operator = key(OPERATOR);
    let device = Audience::Device("pump-7".parse().unwrap());
    let tenant = "acme".parse().unwrap();
    let builder = CodeBuilder::new(tenant, 1, operator.id(), device, latch, change)
        .incarnation(1)
        .sequence(Sequence::at(now, number));
    let draft = builder.build(now).unwrap();
    draft.sign(&[&operator]).unwrap().into_bytes()
}

fn release() -> Release {
    Release {
        tenant: "acme".parse().unwrap(),
        product: "pump".parse().unwrap(),
        component: 0,
        version: "1.1.0".parse().unwrap(),
        security_version: 0,
        current: None,
        requirements: Vec::new(),
    }
}
