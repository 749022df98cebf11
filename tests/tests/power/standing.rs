//! What a device durably knows and may never lose: its floors, its root, its used codes, its counters.

use latch_verify::verdict::{Burned, Floor};

use super::rig::Rig;

/// All that only grows, at one moment.
#[derive(Debug)]
pub(crate) struct Standing {
    root_version: u32,
    epoch: u32,
    security_floor: u32,
    time_floor_ms: u64,
    floors: Vec<Floor>,
    burned: Vec<Burned>,
    boot: u32,
    pub(crate) receipts: u64,
    twin_version: u64,
    root_told: u32,
    anchor: u64,
}

impl Standing {
    pub(crate) fn of<const UNIT: usize>(rig: &Rig<UNIT>) -> Self {
        let facts = rig.device.facts();
        let status = rig.device.status();
        Self {
            root_version: status.root_version,
            epoch: status.epoch,
            security_floor: facts.firmware.security_floor,
            time_floor_ms: facts.time_floor_ms.get(),
            floors: facts.replay.floors().collect(),
            burned: facts.replay.burned().collect(),
            boot: facts.boot,
            receipts: facts.chain.number,
            twin_version: facts.twin.version,
            root_told: facts.root_told,
            anchor: facts.anchor,
        }
    }

    /// Nothing of it was lost since.
    #[track_caller]
    pub(crate) fn is_kept_by(&self, later: &Self) {
        for (what, before, after) in [
            ("root", self.root_version, later.root_version),
            ("epoch", self.epoch, later.epoch),
            ("security floor", self.security_floor, later.security_floor),
            ("count of boots", self.boot, later.boot),
            ("root that was told", self.root_told, later.root_told),
        ] {
            assert!(after >= before, "the {what} fell from {before} to {after}");
        }
        for (what, before, after) in [
            ("number of receipts", self.receipts, later.receipts),
            ("version of the twin", self.twin_version, later.twin_version),
            ("count of changes", self.anchor, later.anchor),
        ] {
            assert!(after >= before, "the {what} fell from {before} to {after}");
        }
        if later.epoch > self.epoch {
            // Every code of the epochs before is void, so nothing is remembered of them.
            return;
        }
        assert!(
            later.time_floor_ms >= self.time_floor_ms,
            "the time floor fell from {} to {}",
            self.time_floor_ms,
            later.time_floor_ms
        );
        for before in &self.floors {
            let after = later.floor(before);
            assert!(
                after.replay >= before.replay
                    && after.twin >= before.twin
                    && after.revoked >= before.revoked,
                "a floor fell: {before:?} became {after:?}"
            );
        }
        for used in &self.burned {
            let kept = later.burned.iter().any(|found| {
                found.statement == used.statement
                    && found.used == used.used
                    && found.stopped >= used.stopped
                    && found.receipt >= used.receipt
            });
            let settled = later
                .floors
                .iter()
                .any(|floor| floor.issuer == used.issuer && floor.replay >= used.sequence);
            assert!(kept || settled, "a code is forgotten: {used:?}");
        }
    }

    #[track_caller]
    fn floor(&self, like: &Floor) -> &Floor {
        let mut floors = self.floors.iter();
        floors
            .find(|floor| floor.issuer == like.issuer)
            .unwrap_or_else(|| panic!("a floor is gone: {like:?}"))
    }
}
