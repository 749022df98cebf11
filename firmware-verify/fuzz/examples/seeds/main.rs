//! Writes inputs for the fuzzer to begin with into a folder for each target:
//! `cargo run --example seeds -- FOLDER`. Statements come from `tests/vectors/`, scripts and
//! journals from here. An input that is there already is written again under the same name.

mod scripts;

use std::{
    env,
    error::Error,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

use latch_verify::{
    statement::{Manifest, Revocation, StopSlip, TimeAttestation},
    types::{
        Challenge, Digest, KeyId, ProductId, Sequence, StatementId, TenantId, TimeMs, Version,
    },
    wire::{Body, Run, encode},
};
use serde_json::Value;

/// Targets of statements, by the numbers of their kinds.
const KINDS: [(u64, &str); 9] = [
    (1, "code"),
    (2, "root"),
    (3, "manifest"),
    (4, "time"),
    (5, "revocation"),
    (6, "stop_slip"),
    (7, "receipt"),
    (8, "state"),
    (9, "enrolment"),
];
/// Bytes of an envelope before its body, and where its version stands.
const HEAD: usize = 12;
const VERSION: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let corpora = env::args_os().nth(1).ok_or("name the folder of corpora")?;
    let corpora = Corpora(PathBuf::from(corpora));
    statements(&corpora)?;
    bodies(&corpora)?;
    pages(&corpora)?;
    journals(&corpora)?;
    scripts::add(&corpora)
}

struct Corpora(PathBuf);

impl Corpora {
    /// A body, sealed by those who should, by one more or less, and changed.
    fn body<'a, B: Body<'a>>(&self, target: &str, body: &B) -> Result<(), Box<dyn Error>> {
        let mut buffer = [0; 1024];
        let bytes = encode(body, &mut buffer).map_err(|refusal| format!("{refusal:?}"))?;
        for bit in 0..8 {
            self.add(target, &[&[1, body.version(), 1 << bit], &*bytes].concat())?;
        }
        self.add(target, &[&[1, body.version(), 0], &*bytes].concat())?;
        self.add(
            target,
            &[&[2, body.version(), 0, 40, 0, 1], &*bytes].concat(),
        )
    }

    fn add(&self, target: &str, input: &[u8]) -> Result<(), Box<dyn Error>> {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder)?;
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        fs::write(folder.join(format!("{:016x}", hasher.finish())), input)?;
        Ok(())
    }
}

fn statements(corpora: &Corpora) -> Result<(), Box<dyn Error>> {
    for vector in vectors("statements.json")? {
        let envelope = bytes(&vector["envelope"])?;
        let body = &bytes(&vector["message"])?[HEAD..];
        let target = target(&vector)?;
        corpora.add(target, &[&[0], envelope.as_slice()].concat())?;
        let head = [1, envelope[VERSION], 0];
        corpora.add(target, &[&head, body].concat())?;
        let head = [2, envelope[VERSION], 0, 70, 0, 1];
        corpora.add(target, &[&head, body].concat())?;
    }
    for vector in vectors("refusals.json")? {
        let Ok(target) = target(&vector) else {
            continue;
        };
        let message = bytes(&vector["message"])?;
        corpora.add(target, &[&[0], message.as_slice()].concat())?;
        if let Some((head, rest)) = message.split_at_checked(HEAD) {
            let length = usize::from(u16::from_le_bytes([head[10], head[11]]));
            let body = &rest[..length.min(rest.len())];
            corpora.add(target, &[&[1, head[VERSION], 0], body].concat())?;
        }
    }
    Ok(())
}

/// Bodies that no vector holds.
fn bodies(corpora: &Corpora) -> Result<(), Box<dyn Error>> {
    let tenant = TenantId(*b"acme\0\0\0\0\0\0\0\0\0\0\0\0");
    let issuer = KeyId([0x6a, 0x38, 0x03, 0xd5, 0xf0, 0x59, 0x90, 0x2a]);
    let sequence = Sequence(117_653_372_928_048_879);
    for pulse in [None, Some(Challenge([0xc5; 16]))] {
        let attestation = TimeAttestation {
            tenant,
            time_ms: TimeMs::new(1_795_248_000_000).unwrap_or_default(),
            pulse,
        };
        corpora.body("time", &attestation)?;
    }
    let revocation = Revocation {
        tenant,
        issuer,
        through: sequence,
    };
    corpora.body("revocation", &revocation)?;
    let slip = StopSlip {
        tenant,
        issuer,
        sequence,
        statement: StatementId([7; 16]),
    };
    corpora.body("stop_slip", &slip)?;
    // A release that needs nothing beside it.
    let manifest = Manifest {
        tenant,
        product: ProductId(*b"pump\0\0\0\0\0\0\0\0\0\0\0\0"),
        component: 0,
        version: Version {
            major: 2,
            minor: 0,
            patch: 0,
        },
        security_version: 4,
        size: 2500,
        page_size_log2: 10,
        merkle_root: Digest([1; 32]),
        image_sha256: Digest([2; 32]),
        current: None,
        requirements: Run::default(),
    };
    corpora.body("manifest", &manifest)
}

fn pages(corpora: &Corpora) -> Result<(), Box<dyn Error>> {
    for (size, log2) in [
        (1, 0),
        (5, 0),
        (64, 3),
        (200, 2),
        (300, 0),
        (2500, 10),
        (40_000, 14),
    ] {
        for index in [0, 1, 2, 3, 255] {
            let [low, high] = u16::to_le_bytes(size);
            corpora.add("page", &[1, low, high, log2, index, 0])?;
            corpora.add("page", &[1, low, high, log2, index, 0, 22, 0, 1])?;
        }
    }
    corpora.add("page", &[&[0][..], &[0x5a; 16], &[0; 40]].concat())
}

fn journals(corpora: &Corpora) -> Result<(), Box<dyn Error>> {
    for past in 0..12 {
        corpora.add("journal", &[0, past])?;
        for how in 0..7 {
            for place in [0_u16, 64, 700, 2100, 20_480] {
                let [low, high] = place.to_le_bytes();
                corpora.add("journal", &[0, past, how, low, high, 40, 0, 8])?;
            }
        }
        for first in [6, 14] {
            let records = (0..14).flat_map(|number| [0, number]);
            let input: Vec<u8> = [1, past, first].into_iter().chain(records).collect();
            corpora.add("journal", &input)?;
        }
    }
    Ok(())
}

fn vectors(name: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let text = fs::read_to_string(folder.join(name))?;
    let document: Value = serde_json::from_str(&text)?;
    let vectors = document["vectors"].as_array().ok_or("no vectors")?;
    Ok(vectors.clone())
}

fn target(vector: &Value) -> Result<&'static str, Box<dyn Error>> {
    let number = vector["kind_number"].as_u64().ok_or("no kind")?;
    let found = KINDS.into_iter().find(|(kind, _)| *kind == number);
    Ok(found.ok_or("a kind without a target")?.1)
}

/// The bytes of a hexadecimal string.
fn bytes(field: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    let text = field.as_str().ok_or("not a string")?;
    (0..text.len() / 2)
        .map(|at| Ok(u8::from_str_radix(&text[2 * at..2 * at + 2], 16)?))
        .collect()
}
