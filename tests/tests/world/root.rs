//! The tenant's trust root, with every list open to change.

use latch_verify::{
    statement::{Freshness, Latch, Root, Rule, Thresholds},
    types::{LatchId, PostureRule, ProductId, TenantId},
    wire::{Kind, Role, Run, RunWriter},
};
use serde::Serialize;

use super::keys::{
    APPROVER, BREAK_GLASS, OPERATOR, RELEASE, ROOT, Signer, TIME, encoded, seal_bytes,
};

pub(crate) const TENANT: TenantId = TenantId(*b"acme\0\0\0\0\0\0\0\0\0\0\0\0");
pub(crate) const OTHER_TENANT: TenantId = TenantId(*b"acme-dev\0\0\0\0\0\0\0\0");
pub(crate) const PRODUCT: ProductId = ProductId(*b"pump-7\0\0\0\0\0\0\0\0\0\0");
pub(crate) const OTHER_PRODUCT: ProductId = ProductId(*b"pump-8\0\0\0\0\0\0\0\0\0\0");
pub(crate) const EPOCH: u32 = 4;

/// Longest life of a code under every rule but that of firmware, in seconds.
pub(crate) const LIFE_S: u32 = 600;
/// Longest life of a firmware code, in seconds.
pub(crate) const FIRMWARE_LIFE_S: u32 = 86_400;
/// The fact that must hold before the limits may change.
pub(crate) const IDLE: u32 = 1 << 0;
/// The fact that must not.
pub(crate) const TAMPERED: u32 = 1 << 1;

/// The safety limits of the pump: one operator, one approver, an answer to a challenge, and posture.
pub(crate) fn limits() -> LatchId {
    latch(3)
}

/// Maintenance: one operator, or two break-glass keys; on trial with an approver.
pub(crate) fn maintenance() -> LatchId {
    latch(4)
}

/// Remarks: one operator, and no more than a time floor.
pub(crate) fn remarks() -> LatchId {
    latch(5)
}

/// Service: opens for a time, with a heartbeat, while nobody tampers.
pub(crate) fn service() -> LatchId {
    latch(6)
}

/// Longest total time for which `service` opens, in seconds.
pub(crate) const SERVICE_OPEN_S: u32 = 1800;
/// Longest silence while `service` is open, in seconds.
pub(crate) const SERVICE_HEARTBEAT_S: u32 = 300;
/// Time that posture or context may be amiss while `service` is open, in seconds.
pub(crate) const SERVICE_GRACE_S: u32 = 20;

pub(crate) fn latch(number: u8) -> LatchId {
    LatchId::new(number).expect("latches are numbered 0 to 15")
}

/// A rule that a test changes in one place.
pub(crate) const fn rule(
    operators: u8,
    approvers: u8,
    freshness: Freshness,
    max_life_s: u32,
) -> Rule {
    Rule {
        operators,
        approvers,
        break_glass: 0,
        freshness,
        max_life_s,
        max_open_s: 0,
        posture: PostureRule {
            must_hold: 0,
            must_not_hold: 0,
        },
        heartbeat_s: 0,
        grace_s: 0,
    }
}

/// What a trust root is made of.
#[derive(Clone)]
pub(crate) struct RootSpec {
    pub(crate) tenant: TenantId,
    pub(crate) version: u32,
    pub(crate) epoch: u32,
    pub(crate) keys: Vec<(Role, [u8; 32])>,
    pub(crate) thresholds: Thresholds,
    pub(crate) latches: Vec<Latch<'static>>,
    pub(crate) properties: Vec<(&'static str, LatchId)>,
    pub(crate) commands: Vec<(&'static str, LatchId)>,
}

impl Default for RootSpec {
    fn default() -> Self {
        let keys = |role, signers: &[Signer]| -> Vec<(Role, [u8; 32])> {
            signers
                .iter()
                .map(|signer| (role, signer.public()))
                .collect()
        };
        Self {
            tenant: TENANT,
            version: 1,
            epoch: EPOCH,
            keys: [
                keys(Role::Root, &ROOT),
                keys(Role::Operator, &OPERATOR),
                keys(Role::Release, &RELEASE),
                keys(Role::Approver, &APPROVER),
                keys(Role::Time, &[TIME]),
                keys(Role::BreakGlass, &BREAK_GLASS),
            ]
            .concat(),
            thresholds: Thresholds {
                root: 2,
                release: 2,
                time: 1,
            },
            latches: latches(),
            properties: vec![("limits", limits()), ("remarks", remarks())],
            commands: vec![("restart", maintenance()), ("vent", limits())],
        }
    }
}

fn latches() -> Vec<Latch<'static>> {
    let latch = |id, name, rule| Latch {
        id,
        name,
        rule,
        break_glass: None,
        trial: None,
    };
    let posture = PostureRule {
        must_hold: IDLE,
        must_not_hold: TAMPERED,
    };
    let emergency = Rule {
        break_glass: 2,
        ..rule(0, 0, Freshness::Challenge, LIFE_S / 2)
    };
    vec![
        latch(
            LatchId::TWIN,
            "twin",
            rule(2, 0, Freshness::TrustedTime, LIFE_S),
        ),
        latch(
            LatchId::FIRMWARE,
            "firmware",
            rule(1, 1, Freshness::TrustedTime, FIRMWARE_LIFE_S),
        ),
        latch(
            LatchId::TRUST,
            "trust",
            rule(2, 1, Freshness::Challenge, LIFE_S),
        ),
        latch(
            limits(),
            "limits",
            Rule {
                posture,
                ..rule(1, 1, Freshness::Challenge, LIFE_S)
            },
        ),
        Latch {
            break_glass: Some(emergency),
            trial: Some(rule(1, 2, Freshness::TrustedTime, LIFE_S)),
            ..latch(
                maintenance(),
                "maintenance",
                rule(1, 0, Freshness::TrustedTime, LIFE_S),
            )
        },
        latch(
            remarks(),
            "remarks",
            rule(1, 0, Freshness::TimeFloor, LIFE_S),
        ),
        Latch {
            break_glass: Some(Rule {
                max_open_s: SERVICE_OPEN_S / 6,
                ..emergency
            }),
            ..latch(
                service(),
                "service",
                Rule {
                    max_open_s: SERVICE_OPEN_S,
                    heartbeat_s: SERVICE_HEARTBEAT_S,
                    grace_s: SERVICE_GRACE_S,
                    posture: PostureRule {
                        must_hold: 0,
                        must_not_hold: TAMPERED,
                    },
                    ..rule(1, 1, Freshness::TrustedTime, LIFE_S)
                },
            )
        },
    ]
}

impl RootSpec {
    /// The body, sound or not.
    pub(crate) fn body(&self) -> Vec<u8> {
        let (keys, latches) = (run(&self.keys), run(&self.latches));
        let (properties, commands) = (run(&self.properties), run(&self.commands));
        encoded(&Root {
            tenant: self.tenant,
            version: self.version,
            epoch: self.epoch,
            keys: Run::from_bytes(&keys),
            thresholds: self.thresholds,
            latches: Run::from_bytes(&latches),
            properties: Run::from_bytes(&properties),
            commands: Run::from_bytes(&commands),
        })
    }

    /// The envelope.
    pub(crate) fn sealed(&self, signers: &[Signer]) -> Vec<u8> {
        seal_bytes(Kind::Root, &self.body(), signers)
    }

    /// The latch with this number, to change it.
    pub(crate) fn latch_mut(&mut self, id: LatchId) -> &mut Latch<'static> {
        let mut latches = self.latches.iter_mut();
        latches
            .find(|latch| latch.id == id)
            .expect("the root lists this latch")
    }
}

/// Items one after the other, as they lie in a list.
pub(crate) fn run<T: Serialize>(items: &[T]) -> Vec<u8> {
    let mut buffer = [0; 4096];
    let mut writer = RunWriter::new(&mut buffer);
    for item in items {
        writer
            .push(item)
            .expect("the buffer is larger than any list");
    }
    writer.finish().to_vec()
}
