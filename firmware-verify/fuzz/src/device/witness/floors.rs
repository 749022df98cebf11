//! Numbers that only grow.

use std::collections::BTreeMap;

use latch_verify::{
    types::{KeyId, Sequence},
    verdict::Floor,
};

use crate::device::hardware::Machine;

/// Numbers of a device that only grow.
#[derive(Clone, Default)]
pub(super) struct Floors {
    security: u32,
    time_ms: u64,
    chain: u64,
    boot: u32,
    twin: u64,
    anchor: u64,
    issuers: BTreeMap<KeyId, Floor>,
}

impl Floors {
    pub(super) fn of(device: &Machine) -> Self {
        let facts = device.facts();
        Self {
            security: facts.firmware.security_floor,
            time_ms: facts.time_floor_ms.get(),
            chain: facts.chain.number,
            boot: facts.boot,
            twin: facts.twin.version,
            anchor: facts.anchor,
            issuers: facts
                .replay
                .floors()
                .map(|floor| (floor.issuer, floor))
                .collect(),
        }
    }

    pub(super) fn security(&self) -> u32 {
        self.security
    }

    /// How far each issuer was revoked.
    pub(super) fn revoked(&self) -> impl Iterator<Item = (KeyId, Sequence)> {
        self.issuers
            .iter()
            .map(|(issuer, floor)| (*issuer, floor.revoked))
    }

    /// A new epoch voids all codes before it: what kept them from being used again may go.
    pub(super) fn begin_epoch(&mut self) {
        self.time_ms = 0;
        for floor in self.issuers.values_mut() {
            (floor.replay, floor.twin) = (Sequence(0), Sequence(0));
        }
    }

    /// # Panics
    /// When one of the numbers has gone down.
    pub(super) fn is_above(&self, before: &Self) {
        assert!(self.security >= before.security, "the security floor falls");
        assert!(self.time_ms >= before.time_ms, "the time floor falls");
        assert!(self.chain >= before.chain, "the chain gets shorter");
        assert!(self.boot >= before.boot, "boots are forgotten");
        assert!(self.twin >= before.twin, "the twin goes back");
        assert!(self.anchor >= before.anchor, "changes are undone");
        for (issuer, floor) in &before.issuers {
            let none = Floor {
                issuer: *issuer,
                replay: Sequence(0),
                twin: Sequence(0),
                revoked: Sequence(0),
            };
            let now = self.issuers.get(issuer).copied().unwrap_or(none);
            assert!(
                now.replay >= floor.replay && now.twin >= floor.twin,
                "a replay floor falls"
            );
            assert!(now.revoked >= floor.revoked, "a revocation is undone");
        }
    }
}
