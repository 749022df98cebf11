//! A tenant for tests: its keys, its trust root, and what they sign.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;

use latch_issue::{
    Change, CodeBuilder, EnrolmentRequest, ImageTree, Patch, ProvisionBundle, Release, RoleKey,
    Rules, StarterKeys, Statement, starter_rules,
};
use latch_verify::{
    statement::{
        Audience, Enrolment, KeyKept, MAIN_COMPONENT, Revocation, StopSlip, TimeAttestation,
    },
    types::{Challenge, Digest, KeyId, LatchId, Sequence, StatementId, TenantId, TimeMs},
};
use serde_json::Value;

/// Pages of the releases, in bytes.
pub(crate) const PAGE: usize = 1 << PAGE_LOG2;
const PAGE_LOG2: u8 = 10;

/// The latch of commands in the starter's rules.
const MAINTENANCE: u8 = 3;
/// Longest silence while the valve is open, in milliseconds.
pub(crate) const HEARTBEAT_MS: u64 = 180_000;
/// Time for which fact 0 may be amiss while the valve is open, in milliseconds.
pub(crate) const GRACE_MS: u64 = 2_000;

const LATCHES: &str = r#"
[[latch]]
name      = "door"
id        = 4
freshness = "trusted-time"
max-life  = "1h"
max-open  = "1h"

[[latch]]
name      = "valve"
id        = 5
freshness = "trusted-time"
max-life  = "1h"
max-open  = "1h"
heartbeat = "180s"
grace     = "2s"
must-hold = [0]
"#;

pub(crate) struct Tenant {
    root: RoleKey,
    operator: RoleKey,
    release: RoleKey,
    time: RoleKey,
    rules: String,
    root_statement: Statement,
    signed: Option<Sequence>,
}

/// A statement that was signed.
pub(crate) struct Code {
    pub(crate) id: StatementId,
    pub(crate) bytes: Vec<u8>,
}

/// A release: its manifest's id and envelope.
pub(crate) type Manifest = Code;

impl Tenant {
    pub(crate) fn new() -> Self {
        let [root, operator, release, time] =
            [1, 2, 3, 4].map(|seed| RoleKey::from_seed(&[seed; 32]).unwrap());
        let hex = |key: &RoleKey| Digest(*key.public().bytes()).to_string();
        let keys = StarterKeys {
            root: hex(&root),
            operator: hex(&operator),
            release: hex(&release),
        };
        let with_time = format!("[keys]\ntime = [{:?}]\n#", hex(&time));
        let rules = starter_rules(tenant(), &keys).replacen("[keys]", &with_time, 1) + LATCHES;
        let root_statement = signed_root(&rules, &root);
        Self {
            root,
            operator,
            release,
            time,
            rules,
            root_statement,
            signed: None,
        }
    }

    pub(crate) fn root(&self) -> &[u8] {
        self.root_statement.bytes()
    }

    /// A later version of the trust root.
    pub(crate) fn successor(&self, version: u32, epoch: u32) -> Code {
        code_of(signed_root(&self.rules_of(version, epoch), &self.root))
    }

    /// The same, signed by a key that is no root key.
    pub(crate) fn false_successor(&self, version: u32) -> Code {
        code_of(signed_root(&self.rules_of(version, 1), &self.operator))
    }

    fn rules_of(&self, version: u32, epoch: u32) -> String {
        let rules = &self.rules;
        let rules = rules.replacen("version = 1\n", &format!("version = {version}\n"), 1);
        rules.replacen("epoch   = 1", &format!("epoch   = {epoch}"), 1)
    }

    /// Voids all that the operator has signed so far.
    pub(crate) fn revoke(&self) -> Code {
        let body = Revocation {
            tenant: tenant(),
            issuer: self.operator.id(),
            through: self.signed.unwrap(),
        };
        code_of(Statement::seal(&body, &[&self.operator]).unwrap())
    }

    /// Voids the code that was signed last.
    pub(crate) fn stop(&self, code: &Code) -> Code {
        let body = StopSlip {
            tenant: tenant(),
            issuer: self.operator.id(),
            sequence: self.signed.unwrap(),
            statement: code.id,
        };
        code_of(Statement::seal(&body, &[&self.operator]).unwrap())
    }

    /// What time it is, in answer to a pulse or to all.
    pub(crate) fn attest(&self, now_ms: u64, pulse: Option<Challenge>) -> Code {
        let body = TimeAttestation {
            tenant: tenant(),
            time_ms: TimeMs::new(now_ms).unwrap(),
            pulse,
        };
        code_of(Statement::seal(&body, &[&self.time]).unwrap())
    }

    /// The key whose revocations are on its topic.
    pub(crate) fn operator(&self) -> KeyId {
        self.operator.id()
    }

    /// The enrolment of a device whose key has this seed.
    pub(crate) fn enrol(&self, device: &str, seed: &[u8; 32]) -> Vec<u8> {
        let key = RoleKey::from_seed(seed).unwrap();
        let enrolment = Enrolment {
            tenant: tenant(),
            product: "pump".parse().unwrap(),
            device: device.parse().unwrap(),
            incarnation: 1,
            device_key: Digest(*key.public().bytes()),
            key_kept: KeyKept::Software,
        };
        let statement = Statement::seal(&enrolment, &[&key, &self.operator]).unwrap();
        statement.into_bytes()
    }

    /// What an operator gives a device that asks to be enrolled.
    pub(crate) fn bundle(&self, request: Vec<u8>) -> Vec<u8> {
        let request = EnrolmentRequest::from_bytes(request).unwrap();
        let enrolment = request.countersign(&self.operator).unwrap();
        let bundle = ProvisionBundle::new(self.root_statement.clone(), enrolment).unwrap();
        bundle.to_bytes().unwrap()
    }

    /// What an operator gives a device whose key has this seed.
    pub(crate) fn bundle_for(&self, device: &str, seed: &[u8; 32]) -> Vec<u8> {
        let enrolment = Statement::from_bytes(self.enrol(device, seed)).unwrap();
        let bundle = ProvisionBundle::new(self.root_statement.clone(), enrolment).unwrap();
        bundle.to_bytes().unwrap()
    }

    /// A code for one device that changes its twin.
    pub(crate) fn set(&mut self, device: &str, now_ms: u64, patch: &Value) -> Code {
        let change = Change::SetTwin(Patch::from_json(patch).unwrap());
        self.code(device, now_ms, LatchId::TWIN, change, None)
    }

    /// A code for one device that runs a command.
    pub(crate) fn command(
        &mut self,
        device: &str,
        now_ms: u64,
        name: &str,
        challenge: Challenge,
    ) -> Code {
        let arguments =
            latch_issue::Arguments::from_json(&serde_json::json!({"after": 3})).unwrap();
        let change = Change::Command {
            name: name.to_owned(),
            arguments,
        };
        let latch = LatchId::new(MAINTENANCE).unwrap();
        self.code(device, now_ms, latch, change, Some(challenge))
    }

    /// A code for one device that does something to a latch.
    pub(crate) fn latch(
        &mut self,
        device: &str,
        now_ms: u64,
        latch: LatchId,
        change: Change,
    ) -> Code {
        self.code(device, now_ms, latch, change, None)
    }

    /// A code for one device that opens a latch.
    pub(crate) fn open(&mut self, device: &str, now_ms: u64, latch: LatchId, seconds: u32) -> Code {
        self.latch(device, now_ms, latch, Change::Open { seconds })
    }

    /// A code for one device that installs a release.
    pub(crate) fn install(&mut self, device: &str, now_ms: u64, manifest: StatementId) -> Code {
        self.code(
            device,
            now_ms,
            LatchId::FIRMWARE,
            Change::Install { manifest },
            None,
        )
    }

    /// A release of an image.
    pub(crate) fn release(&self, version: &str, image: &[u8]) -> Manifest {
        self.release_for(MAIN_COMPONENT, version, image)
    }

    /// A release of an image for a component.
    pub(crate) fn release_for(&self, component: u8, version: &str, image: &[u8]) -> Manifest {
        let release = Release {
            tenant: tenant(),
            product: "pump".parse().unwrap(),
            component,
            version: version.parse().unwrap(),
            security_version: 1,
            current: None,
            requirements: Vec::new(),
        };
        let tree = ImageTree::read(image, PAGE_LOG2).unwrap();
        let statement = release
            .manifest(&tree)
            .unwrap()
            .sign(&[&self.release])
            .unwrap();
        Code {
            id: statement.id(),
            bytes: statement.into_bytes(),
        }
    }

    fn code(
        &mut self,
        device: &str,
        now_ms: u64,
        latch: LatchId,
        change: Change,
        challenge: Option<Challenge>,
    ) -> Code {
        let audience = Audience::Device(device.parse().unwrap());
        let mut builder =
            CodeBuilder::new(tenant(), 1, self.operator.id(), audience, latch, change)
                .incarnation(1);
        if let Some(before) = self.signed {
            builder = builder.after(before);
        }
        if let Some(challenge) = challenge {
            builder = builder.challenge(challenge);
        }
        let draft = builder.build(TimeMs::new(now_ms).unwrap()).unwrap();
        self.signed = Some(
            draft
                .body::<latch_verify::statement::Code<'_>>()
                .unwrap()
                .sequence,
        );
        code_of(draft.sign(&[&self.operator]).unwrap())
    }
}

fn signed_root(rules: &str, key: &RoleKey) -> Statement {
    let rules = Rules::from_text(rules, Path::new("root.toml")).unwrap();
    rules.draft().unwrap().sign(&[key]).unwrap()
}

fn code_of(statement: Statement) -> Code {
    Code {
        id: statement.id(),
        bytes: statement.into_bytes(),
    }
}

/// A latch that opens for a time.
pub(crate) fn door() -> LatchId {
    LatchId::new(4).unwrap()
}

/// A latch that opens for a time, while fact 0 holds and heartbeats come.
pub(crate) fn valve() -> LatchId {
    LatchId::new(5).unwrap()
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// Bytes for an image of so many pages, no two pages alike.
pub(crate) fn image(pages: usize) -> Vec<u8> {
    (0..pages * PAGE)
        .map(|place| u8::try_from((place / PAGE * 7 + place) % 251).unwrap())
        .collect()
}
