//! A tenant for tests: its keys, its trust root, and what they sign.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;

use latch_issue::{
    Change, CodeBuilder, EnrolmentRequest, ImageTree, Patch, ProvisionBundle, Release, RoleKey,
    Rules, StarterKeys, Statement, starter_rules,
};
use latch_verify::{
    statement::{Audience, Enrolment, KeyKept},
    types::{Challenge, Digest, LatchId, Sequence, StatementId, TenantId, TimeMs},
};
use serde_json::Value;

/// Pages of the releases, in bytes.
pub(crate) const PAGE: usize = 1 << PAGE_LOG2;
const PAGE_LOG2: u8 = 10;

/// The latch of commands in the starter's rules.
const MAINTENANCE: u8 = 3;

pub(crate) struct Tenant {
    root: RoleKey,
    operator: RoleKey,
    release: RoleKey,
    root_statement: Statement,
    signed: Option<Sequence>,
}

/// A code that was signed.
pub(crate) struct Code {
    pub(crate) id: StatementId,
    pub(crate) bytes: Vec<u8>,
}

/// A release: its manifest's id and envelope.
pub(crate) type Manifest = Code;

impl Tenant {
    pub(crate) fn new() -> Self {
        let [root, operator, release] =
            [1, 2, 3].map(|seed| RoleKey::from_seed(&[seed; 32]).unwrap());
        let hex = |key: &RoleKey| Digest(*key.public().bytes()).to_string();
        let keys = StarterKeys {
            root: hex(&root),
            operator: hex(&operator),
            release: hex(&release),
        };
        let rules =
            Rules::from_text(&starter_rules(tenant(), &keys), Path::new("root.toml")).unwrap();
        let root_statement = rules.draft().unwrap().sign(&[&root]).unwrap();
        Self {
            root,
            operator,
            release,
            root_statement,
            signed: None,
        }
    }

    pub(crate) fn root(&self) -> &[u8] {
        self.root_statement.bytes()
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
        let release = Release {
            tenant: tenant(),
            product: "pump".parse().unwrap(),
            component: 0,
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
        let statement = draft.sign(&[&self.operator]).unwrap();
        Code {
            id: statement.id(),
            bytes: statement.into_bytes(),
        }
    }
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
