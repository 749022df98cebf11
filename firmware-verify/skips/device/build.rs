//! Makes what the device is given: statements that it takes, and one that it must refuse for each reason that is tried.
//! Keys have fixed seeds and nothing is drawn at random, so every build makes the same bytes.

use std::{env, error::Error, fs, path::Path, path::PathBuf};

use latch_issue::{
    Change, CodeBuilder, Extent, ImageTree, Patch, Release, RoleKey, Rules, Statement, revoke,
};
use latch_verify::{
    statement::{Audience, Enrolment, KeyKept},
    types::{Digest, LatchId, Sequence, TimeMs},
};

/// The time on the device's clock, in Unix milliseconds: that of `latch-budget-device`.
const NOW_MS: u64 = 1_795_248_000_000;
/// Pages of 1 KiB, the smallest: they are hashed, not judged.
const PAGE_LOG2: u8 = 10;
/// The latch in `inputs/root.toml` that asks for two operators.
const SAFETY: u8 = 3;

/// Seeds of the keys in `inputs/root.toml`: this byte, 32 times.
const KEYS: [u8; 6] = [1, 2, 3, 4, 5, 6];
const ROOTS: [u8; 2] = [1, 2];
/// Signs what must be refused.
const OPERATOR: u8 = 3;
/// Signs what is taken before, so that nothing of it stands in the other's way.
const COLLEAGUE: u8 = 4;
const RELEASE: u8 = 5;
const APPROVER: u8 = 6;
const DEVICE: u8 = 61;

const EPOCH: u32 = 2;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    for input in ["build.rs", "inputs/root.toml"] {
        println!("cargo:rerun-if-changed={input}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let save = |name: &str, bytes: &[u8]| fs::write(out.join(name), bytes);
    save("root", root(1, &ROOTS)?.bytes())?;
    save("enrolment", enrolment()?.bytes())?;
    save("device-key", key(DEVICE)?.public().bytes())?;
    for (name, statement) in codes()? {
        save(name, statement.bytes())?;
    }
    let forged = Code::by(OPERATOR, 12).sets("pump/speed=9")?.sign()?;
    save("forged", &spoiled(forged.into_bytes()))?;
    save("root-next", root(2, &ROOTS)?.bytes())?;
    save("root-one-short", root(2, &ROOTS[..1])?.bytes())?;
    release(&save)?;
    release_raising(&save)
}

/// Codes with good signatures.
fn codes() -> Outcome<Vec<(&'static str, Statement)>> {
    let speed = "pump/speed=9";
    let limit = "pump/limit=9";
    let safety = LatchId::new(SAFETY).ok_or("a latch")?;
    let good = Code::by(COLLEAGUE, 10).sets("pump/speed=7")?;
    let good_safety = Code::by(COLLEAGUE, 11).at(safety).sets("pump/limit=7")?;
    let revoked = Code::by(OPERATOR, 13).sets(speed)?;
    let revocation = revoke(
        "acme".parse()?,
        key(OPERATOR)?.id(),
        Extent::Through(revoked.sequence()?),
    )?;
    let expired = Code {
        now_ms: NOW_MS - 3_600_000,
        ..Code::by(OPERATOR, 14)
    };
    let elsewhere = Code {
        device: "pump-8",
        ..Code::by(OPERATOR, 15)
    };
    let stale = Code {
        epoch: EPOCH - 1,
        ..Code::by(OPERATOR, 16)
    };
    let open = Change::Open { seconds: 60 };
    Ok(vec![
        ("good", good.sign()?),
        ("good-safety", good_safety.sign_by(&[COLLEAGUE, OPERATOR])?),
        ("revocation", revocation.sign(&[&key(OPERATOR)?])?),
        ("revoked", revoked.sign()?),
        ("expired", expired.sets(speed)?.sign()?),
        ("elsewhere", elsewhere.sets(speed)?.sign()?),
        ("stale", stale.sets(speed)?.sign()?),
        ("by-approver", Code::by(APPROVER, 17).sets(speed)?.sign()?),
        (
            "one-short",
            Code::by(OPERATOR, 18).at(safety).sets(limit)?.sign()?,
        ),
        (
            "open-one-short",
            Code::by(OPERATOR, 19).at(safety).does(open).sign()?,
        ),
    ])
}

fn release(save: &impl Fn(&str, &[u8]) -> std::io::Result<()>) -> Outcome<()> {
    let released = Released::of(0, 20)?;
    save("install", released.install.bytes())?;
    save("manifest", released.manifest.bytes())?;
    for (index, page) in released.pages.into_iter().enumerate() {
        save(&format!("page-{index}"), &page)?;
        save(&format!("page-{index}-forged"), &spoiled(page))?;
    }
    save("manifest-forged", &spoiled(released.manifest.into_bytes()))?;
    Ok(())
}

/// A release that raises the security floor, so that nothing can be fallen back to.
fn release_raising(save: &impl Fn(&str, &[u8]) -> std::io::Result<()>) -> Outcome<()> {
    let released = Released::of(1, 21)?;
    save("install-raising", released.install.bytes())?;
    save("manifest-raising", released.manifest.bytes())?;
    for (index, page) in released.pages.iter().enumerate() {
        save(&format!("raising-page-{index}"), page)?;
    }
    Ok(())
}

/// A release, the code that installs it, and its pages.
struct Released {
    install: Statement,
    manifest: Statement,
    pages: Vec<Vec<u8>>,
}

impl Released {
    fn of(security_version: u32, number: u16) -> Outcome<Self> {
        let image: Vec<u8> = (0..2_500_u32).map(|at| (at % 251) as u8).collect();
        let tree = ImageTree::read(&image[..], PAGE_LOG2)?;
        let manifest = Release {
            tenant: "acme".parse()?,
            product: "pump".parse()?,
            component: 0,
            version: "1.1.0".parse()?,
            security_version,
            current: None,
            requirements: Vec::new(),
        }
        .manifest(&tree)?
        .sign(&[&key(RELEASE)?])?;
        let install = Change::Install {
            manifest: manifest.id(),
        };
        let install = Code::by(COLLEAGUE, number)
            .at(LatchId::FIRMWARE)
            .does(install)
            .sign()?;
        let pages = (0_u32..).zip(image.chunks(1 << PAGE_LOG2));
        let pages = pages
            .map(|(index, data)| tree.page(manifest.id(), index, data))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            install,
            manifest,
            pages,
        })
    }
}

/// The same with a bit of each of its last bytes changed: the top of a signature's S, which stays canonical, or the end of a page.
/// A single bit of S is one addition of the curve arithmetic, and the skip that undoes it makes a genuine signature again.
fn spoiled(mut bytes: Vec<u8>) -> Vec<u8> {
    for byte in bytes.iter_mut().rev().take(SPOILED) {
        *byte ^= 1;
    }
    bytes
}

/// Bytes that are spoiled: no multiple of the base point that is added at one step, at most 127 times a power of two, makes
/// up for so many.
const SPOILED: usize = 8;

/// A code on its way.
struct Code {
    issuer: u8,
    number: u16,
    now_ms: u64,
    device: &'static str,
    epoch: u32,
    latch: LatchId,
    change: Option<Change>,
}

impl Code {
    fn by(issuer: u8, number: u16) -> Self {
        Self {
            issuer,
            number,
            now_ms: NOW_MS,
            device: "pump-7",
            epoch: EPOCH,
            latch: LatchId::TWIN,
            change: None,
        }
    }

    fn at(self, latch: LatchId) -> Self {
        Self { latch, ..self }
    }

    fn does(self, change: Change) -> Self {
        Self {
            change: Some(change),
            ..self
        }
    }

    fn sets(self, assignment: &str) -> Outcome<Self> {
        let patch = Patch::from_assignments([assignment.to_owned()])?;
        Ok(self.does(Change::SetTwin(patch)))
    }

    fn sequence(&self) -> Outcome<Sequence> {
        let now = TimeMs::new(self.now_ms).ok_or("a time")?;
        Ok(Sequence::at(now, self.number))
    }

    fn sign(self) -> Outcome<Statement> {
        let issuer = self.issuer;
        self.sign_by(&[issuer])
    }

    fn sign_by(self, signers: &[u8]) -> Outcome<Statement> {
        let now = TimeMs::new(self.now_ms).ok_or("a time")?;
        let sequence = self.sequence()?;
        let (tenant, issuer) = ("acme".parse()?, key(self.issuer)?.id());
        let device = Audience::Device(self.device.parse()?);
        let change = self.change.ok_or("a change")?;
        let builder = CodeBuilder::new(tenant, self.epoch, issuer, device, self.latch, change);
        let draft = builder.incarnation(1).sequence(sequence).build(now)?;
        let keys: Vec<RoleKey> = signers.iter().copied().map(key).collect::<Outcome<_>>()?;
        Ok(draft.sign(&keys.iter().collect::<Vec<_>>())?)
    }
}

fn key(seed: u8) -> Outcome<RoleKey> {
    Ok(RoleKey::from_seed(&[seed; 32])?)
}

fn root(version: u32, signers: &[u8]) -> Outcome<Statement> {
    let file = Path::new("inputs/root.toml");
    let mut text =
        fs::read_to_string(file)?.replace("version = 1", &format!("version = {version}"));
    for seed in KEYS {
        let public = Digest(*key(seed)?.public().bytes()).to_string();
        text = text.replace(&format!("{{{seed}}}"), &public);
    }
    let keys: Vec<RoleKey> = signers.iter().copied().map(key).collect::<Outcome<_>>()?;
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
