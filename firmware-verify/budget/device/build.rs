//! Makes what the measured device is given: a trust root, an enrolment, codes, a release and its pages, signed with keys
//! of fixed seeds. Nothing in them is drawn at random, so every build makes the same bytes.

use std::{env, error::Error, fs, path::Path, path::PathBuf};

use latch_issue::{Change, CodeBuilder, ImageTree, Patch, Release, RoleKey, Rules, Statement};
use latch_verify::{
    statement::{Audience, Enrolment, KeyKept},
    types::{Digest, LatchId, Sequence, TimeMs},
};

/// The time on the device's clock, in Unix milliseconds. `src/parts.rs` has the same.
const NOW_MS: u64 = 1_795_248_000_000;
/// Pages of 4 KiB, a sector of common NOR flash.
const PAGE_LOG2: u8 = 12;
/// Bytes of the larger image: a whole slot. `src/bin/walk.rs` has the same.
const LARGE: u32 = 256 * 1024;
/// Enough of the longest codes for the journal's sector to be full on the way.
const LONG_CODES: u16 = 24;

/// Seeds of the keys in `inputs/root.toml`: this byte, 32 times.
const KEYS: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const ROOTS: [u8; 2] = [1, 2];
const OPERATOR: u8 = 3;
const RELEASE: u8 = 5;
/// The device's own. `src/bin/walk.rs` has the same.
const DEVICE: u8 = 61;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    for input in ["build.rs", "memory.x", "inputs/root.toml"] {
        println!("cargo:rerun-if-changed={input}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rustc-link-search={}", out.display());
    fs::copy("memory.x", out.join("memory.x"))?;
    write_inputs(&out)
}

fn write_inputs(out: &Path) -> Outcome<()> {
    let save = |name: &str, bytes: &[u8]| fs::write(out.join(name), bytes);
    save("root", root(1)?.bytes())?;
    save("next-root", root(2)?.bytes())?;
    save("enrolment", enrolment()?.bytes())?;

    save("code", code(LatchId::TWIN, speed(7)?, 0)?.bytes())?;
    save("code-key", key(OPERATOR)?.public().bytes())?;
    let mut forged = code(LatchId::TWIN, speed(8)?, 1)?.into_bytes();
    if let Some(last) = forged.last_mut() {
        // The top byte of S: small enough to be canonical still, and wrong.
        *last ^= 1;
    }
    save("forged", &forged)?;

    let mut long = Vec::new();
    for number in 0..LONG_CODES {
        let patch = Patch::from_assignments([format!("note={}", "n".repeat(900))])?;
        let message = code(LatchId::TWIN, Change::SetTwin(patch), 2 + number)?;
        push(&mut long, message.bytes())?;
    }
    save("long-codes", &long)?;

    let image: Vec<u8> = (0..10_000_u32).map(|at| (at % 251) as u8).collect();
    let tree = ImageTree::read(&image[..], PAGE_LOG2)?;
    let manifest = release()?.manifest(&tree)?.sign(&[&key(RELEASE)?])?;
    let install = Change::Install {
        manifest: manifest.id(),
    };
    save("manifest", manifest.bytes())?;
    save("install", code(LatchId::FIRMWARE, install, 100)?.bytes())?;
    let mut pages = Vec::new();
    for (index, data) in (0_u32..).zip(image.chunks(1 << PAGE_LOG2)) {
        push(&mut pages, &tree.page(manifest.id(), index, data)?)?;
    }
    save("pages", &pages)?;
    write_large(out)
}

/// A release whose image fills a slot.
fn write_large(out: &Path) -> Outcome<()> {
    let image: Vec<u8> = (0..LARGE).map(|at| (at % 241) as u8).collect();
    let tree = ImageTree::read(&image[..], PAGE_LOG2)?;
    let large = Release {
        version: "1.2.0".parse()?,
        ..release()?
    };
    let manifest = large.manifest(&tree)?.sign(&[&key(RELEASE)?])?;
    let install = Change::Install {
        manifest: manifest.id(),
    };
    fs::write(out.join("large-manifest"), manifest.bytes())?;
    let code = code(LatchId::FIRMWARE, install, 101)?;
    fs::write(out.join("large-install"), code.bytes())?;
    let mut pages = Vec::new();
    for (index, data) in (0_u32..).zip(image.chunks(1 << PAGE_LOG2)) {
        push(&mut pages, &tree.page(manifest.id(), index, data)?)?;
    }
    fs::write(out.join("large-pages"), &pages)?;
    Ok(())
}

/// Appends a message behind its length, in two bytes.
fn push(messages: &mut Vec<u8>, message: &[u8]) -> Outcome<()> {
    messages.extend_from_slice(&u16::try_from(message.len())?.to_le_bytes());
    messages.extend_from_slice(message);
    Ok(())
}

fn key(seed: u8) -> Outcome<RoleKey> {
    Ok(RoleKey::from_seed(&[seed; 32])?)
}

fn root(version: u32) -> Outcome<Statement> {
    let file = Path::new("inputs/root.toml");
    let mut text =
        fs::read_to_string(file)?.replace("version = 1", &format!("version = {version}"));
    for seed in KEYS {
        let public = Digest(*key(seed)?.public().bytes()).to_string();
        text = text.replace(&format!("{{{seed}}}"), &public);
    }
    let keys: Vec<RoleKey> = ROOTS.into_iter().map(key).collect::<Outcome<_>>()?;
    let keys: Vec<&RoleKey> = keys.iter().collect();
    Ok(Rules::from_text(&text, file)?.draft()?.sign(&keys)?)
}

fn enrolment() -> Outcome<Statement> {
    let enrolment = Enrolment {
        tenant: "acme".parse()?,
        product: "pump".parse()?,
        device: "pump-7".parse()?,
        incarnation: 1,
        device_key: Digest(*key(DEVICE)?.public().bytes()),
        key_kept: KeyKept::Software,
    };
    Ok(Statement::seal(
        &enrolment,
        &[&key(DEVICE)?, &key(OPERATOR)?],
    )?)
}

fn speed(speed: u8) -> Outcome<Change> {
    Ok(Change::SetTwin(Patch::from_assignments([format!(
        "pump/speed={speed}"
    )])?))
}

/// A code that one operator has signed.
fn code(latch: LatchId, change: Change, number: u16) -> Outcome<Statement> {
    let now = TimeMs::new(NOW_MS).ok_or("a time")?;
    let operator = key(OPERATOR)?;
    let device = Audience::Device("pump-7".parse()?);
    let builder = CodeBuilder::new("acme".parse()?, 1, operator.id(), device, latch, change);
    let draft = builder
        .incarnation(1)
        .sequence(Sequence::at(now, number))
        .build(now)?;
    Ok(draft.sign(&[&operator])?)
}

fn release() -> Outcome<Release> {
    Ok(Release {
        tenant: "acme".parse()?,
        product: "pump".parse()?,
        component: 0,
        version: "1.1.0".parse()?,
        security_version: 0,
        current: None,
        requirements: Vec::new(),
    })
}
