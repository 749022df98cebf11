//! A small tenant for unit tests: keys by seed, rules that can be varied, a device's state.

use std::{collections::BTreeMap, path::Path};

use latch_verify::{
    statement::{FirmwareStatus, Junk, Status, TimeStatus},
    types::{Challenge, Digest, Posture, StatementId, TenantId, Version},
    verdict::TrustRoot,
};

use crate::{
    keys::RoleKey,
    patch::Document,
    receipts::DeviceState,
    root::Rules,
    sign::{Draft, Statement},
};

pub(crate) fn key(seed: u8) -> RoleKey {
    RoleKey::from_seed(&[seed; 32]).unwrap()
}

pub(crate) fn hex(seed: u8) -> String {
    Digest(*key(seed).public().bytes()).to_string()
}

pub(crate) fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// Rules to be varied: root key 1, release key 3, approver 4, time key 5, operators 2 and 6,
/// break-glass key 7.
#[derive(Clone)]
pub(crate) struct RulesText {
    tenant: &'static str,
    version: u32,
    epoch: u32,
    keys: BTreeMap<&'static str, Vec<u8>>,
    thresholds: BTreeMap<&'static str, u8>,
    tail: String,
}

pub(crate) fn rules() -> RulesText {
    let keys = [
        ("root", vec![1]),
        ("operator", vec![2, 6]),
        ("release", vec![3]),
        ("approver", vec![4]),
        ("time", vec![5]),
        ("break-glass", vec![7]),
    ];
    RulesText {
        tenant: "acme",
        version: 1,
        epoch: 1,
        keys: keys.into(),
        thresholds: [("root", 1), ("release", 1), ("time", 1)].into(),
        tail: include_str!("fixture.toml").to_owned(),
    }
}

impl RulesText {
    pub(crate) fn tenant(mut self, tenant: &'static str) -> Self {
        self.tenant = tenant;
        self
    }

    pub(crate) fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    pub(crate) fn epoch(mut self, epoch: u32) -> Self {
        self.epoch = epoch;
        self
    }

    pub(crate) fn keys(mut self, role: &'static str, seeds: &[u8]) -> Self {
        self.keys.insert(role, seeds.to_vec());
        self
    }

    pub(crate) fn threshold(mut self, role: &'static str, asked: u8) -> Self {
        self.thresholds.insert(role, asked);
        self
    }

    /// Replaces a part that must be there, once.
    pub(crate) fn with(mut self, part: &str, by: &str) -> Self {
        assert!(self.tail.contains(part), "{part}");
        self.tail = self.tail.replacen(part, by, 1);
        self
    }

    pub(crate) fn text(&self) -> String {
        let list = |seeds: &Vec<u8>| {
            let keys: Vec<String> = seeds
                .iter()
                .map(|seed| format!("\"{}\"", hex(*seed)))
                .collect();
            keys.join(", ")
        };
        let keys: String = self
            .keys
            .iter()
            .map(|(role, seeds)| format!("{role} = [{}]\n", list(seeds)))
            .collect();
        let thresholds: String = self
            .thresholds
            .iter()
            .map(|(role, asked)| format!("{role} = {asked}\n"))
            .collect();
        format!(
            "tenant = \"{}\"\nversion = {}\nepoch = {}\n[keys]\n{keys}[thresholds]\n{thresholds}{}",
            self.tenant, self.version, self.epoch, self.tail
        )
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules::from_text(&self.text(), Path::new("root.toml")).unwrap()
    }

    pub(crate) fn draft(&self) -> Draft {
        self.rules().draft().unwrap()
    }

    /// Signed by the keys of these seeds.
    pub(crate) fn signed(&self, seeds: &[u8]) -> Statement {
        let keys: Vec<RoleKey> = seeds.iter().map(|seed| key(*seed)).collect();
        let keys: Vec<&RoleKey> = keys.iter().collect();
        self.draft().sign(&keys).unwrap()
    }

    /// In force, as a first root signed by the keys of these seeds.
    pub(crate) fn trust(&self, seeds: &[u8]) -> TrustRoot {
        TrustRoot::first(self.signed(seeds).bytes()).unwrap()
    }
}

pub(crate) fn trust() -> TrustRoot {
    rules().trust(&[1])
}

/// A state of `pump-7` that understands these body versions.
pub(crate) fn state(body_versions: (u8, u8)) -> DeviceState {
    let zeros = StatementId::default();
    DeviceState {
        tenant: tenant(),
        product: "pump".parse().unwrap(),
        device: "pump-7".parse().unwrap(),
        incarnation: 1,
        receipts: 0,
        head: Digest::default(),
        status: Status {
            time: TimeStatus::Unknown,
            challenge: Challenge([4; 16]),
            pulse: Challenge([5; 16]),
            locked_down: false,
            open: 0,
            root_version: 1,
            epoch: 1,
            twin_version: 0,
            firmware: FirmwareStatus {
                version: Version::default(),
                manifest: zeros,
                security_floor: 0,
                trial_boots_left: 0,
            },
            boot: 1,
            posture: Posture::default(),
            junk: Junk::default(),
            body_versions,
        },
        twin: Document::default(),
        components: Vec::new(),
    }
}
