//! From drafts to the statements that are no codes: roots, revocations, stop slips, times.

use latch_verify::{statement::Latch, types::LatchId, wire::Role};

use super::{
    draft::Scene,
    rules::as_code,
    said::{Place, Revocation, Root, Said, Slip, Statement, Time},
    step::{Pulse, Revoker, RootChange, TimeDraft, UpTo},
};
use crate::world::{
    keys::{DEVICE, STRANGER, Signer},
    root::{RootSpec, limits},
};

/// What is said, by whom, and which signature is none.
pub(crate) type Made = (Said, Vec<Signer>, Option<usize>);

impl Scene<'_> {
    fn revokers(&self, issuer: Signer, by: Revoker) -> (Vec<Signer>, Option<usize>) {
        let root = self.device.root.holders(Role::Root);
        match by {
            Revoker::Issuer | Revoker::ForOthers => (vec![issuer], None),
            Revoker::Root => (root, None),
            Revoker::OneRoot => (root[..1].to_vec(), None),
            Revoker::Another | Revoker::InOwnName => {
                let operators = self.device.root.holders(Role::Operator);
                let other = operators.into_iter().find(|key| *key != issuer);
                (vec![other.unwrap_or(STRANGER)], None)
            }
            Revoker::Forged => (vec![issuer], Some(0)),
        }
    }

    pub(crate) fn slip(&self, code: &Statement, by: Revoker) -> Option<Made> {
        let said = as_code(code)?;
        let (signers, forged) = self.revokers(said.issuer, by);
        let slip = Slip {
            our_tenant: !matches!(by, Revoker::ForOthers),
            issuer: match by {
                Revoker::InOwnName => signers[0],
                _ => said.issuer,
            },
            place: said.place,
            statement: code.id,
        };
        Some((Said::Slip(slip), signers, forged))
    }

    pub(crate) fn revocation(&self, whose: usize, up_to: UpTo, by: Revoker) -> Made {
        let root = &self.device.root;
        let mut issuers = root.holders(Role::Operator);
        issuers.extend(root.holders(Role::BreakGlass));
        issuers.extend(root.holders(Role::Approver));
        issuers.extend(root.holders(Role::Time));
        let issuer = match up_to {
            UpTo::Code(back) => self.place_of(back).map(|(issuer, _)| issuer),
            _ => None,
        };
        let issuer = issuer.unwrap_or(issuers[whose % issuers.len()]);
        let now = self.now_ms() << 16;
        let through: Place = match up_to {
            UpTo::Nothing => 0,
            UpTo::Before(ms) => now - (ms << 16),
            UpTo::Now => now | 0xffff,
            UpTo::Code(back) => self.place_of(back).map_or(now, |(_, place)| place),
            UpTo::All => u64::MAX,
        };
        let (signers, forged) = self.revokers(issuer, by);
        let said = Revocation {
            our_tenant: !matches!(by, Revoker::ForOthers),
            issuer,
            through,
        };
        (Said::Revocation(said), signers, forged)
    }

    pub(crate) fn time(&self, draft: TimeDraft) -> Made {
        let pulse = self.device.nonces.pulse;
        let pulse = match draft.pulse {
            Pulse::None => None,
            Pulse::Current => Some(pulse.current.0),
            Pulse::Previous => Some(pulse.previous.unwrap_or(pulse.current).0),
            Pulse::Old(draws) => Some(pulse.current.0.saturating_sub(draws)),
        };
        let keys = self.device.root.holders(Role::Time);
        let key = keys.first().copied().unwrap_or(STRANGER);
        let (signers, forged) = match draft.by {
            None => (vec![key], None),
            Some(by) => self.revokers(key, by),
        };
        let said = Time {
            our_tenant: !matches!(draft.by, Some(Revoker::ForOthers)),
            time_ms: self.now_ms().saturating_add_signed(draft.offset_ms),
            pulse,
        };
        (Said::Time(said), signers, forged)
    }

    /// A successor of the root in force. `new` is a key that no root has listed.
    pub(crate) fn root(&self, changes: &[RootChange], new: Signer) -> Made {
        let old = &self.device.root;
        let mut root = Root {
            version: old.version + 1,
            ..old.clone()
        };
        for change in changes {
            self.change(&mut root, *change, new);
        }
        let mut signers = old.holders(Role::Root);
        for key in root.holders(Role::Root) {
            if !signers.contains(&key) {
                signers.push(key);
            }
        }
        let mut forged = None;
        for change in changes {
            match *change {
                RootChange::OneOldSigner => {
                    signers.remove(0);
                }
                RootChange::NoNewSigner => signers.retain(|key| old.role(*key).is_some()),
                RootChange::WithOperator => signers.extend(old.holders(Role::Operator).last()),
                RootChange::Stranger => signers.push(STRANGER),
                RootChange::Forged(place) => forged = Some(place),
                _ => {}
            }
        }
        (Said::Root(root), signers, forged)
    }

    fn change(&self, root: &mut Root, change: RootChange, new: Signer) {
        fn latch(root: &mut Root, number: u8) -> Option<&mut Latch<'static>> {
            root.latches
                .iter_mut()
                .find(|latch| latch.id.number() == number)
        }
        match change {
            RootChange::Epoch(by) => root.epoch = root.epoch.saturating_add_signed(by.into()),
            RootChange::Rotate(role) => {
                let mut keys = root.keys.iter_mut();
                if let Some(key) = keys.find(|(held, _)| *held == role) {
                    key.1 = new;
                }
            }
            RootChange::NoNewSigner => self.change(root, RootChange::Rotate(Role::Root), new),
            RootChange::TimeOutOfReach => root.thresholds.time = 9,
            RootChange::Version(by) => {
                root.version = root.version.saturating_add_signed(by.into());
            }
            RootChange::OtherTenant => root.our_tenant = false,
            RootChange::TwinOperators(count) => {
                if let Some(latch) = latch(root, 0) {
                    latch.rule.operators = count;
                }
            }
            RootChange::LimitsApprovers(count) => {
                if let Some(latch) = latch(root, 3) {
                    latch.rule.approvers = count;
                }
            }
            RootChange::Maintenance { max_open_s } => {
                if let Some(latch) = latch(root, 4) {
                    latch.rule.max_open_s = max_open_s;
                    latch.trial = latch.trial.map(|mut rule| {
                        rule.max_open_s = max_open_s;
                        rule
                    });
                }
            }
            RootChange::NoEmergency => {
                for latch in &mut root.latches {
                    latch.break_glass = None;
                }
            }
            RootChange::ServiceGone => {
                // And back again, with the next root of this kind.
                let gone = root.latch(6).is_some();
                root.latches.retain(|latch| latch.id.number() != 6);
                let service = RootSpec::default().latches.pop();
                root.latches.extend(service.filter(|_| !gone));
            }
            RootChange::ServiceHeartbeat(seconds) => {
                if let Some(latch) = latch(root, 6) {
                    latch.rule.heartbeat_s = seconds;
                }
            }
            RootChange::NoTime => root.thresholds.time = 1 - root.thresholds.time.min(1),
            RootChange::RootThreshold(count) => root.thresholds.root = count,
            RootChange::WeakRemarks => {
                if let Some(latch) = latch(root, 5) {
                    latch.rule.max_open_s = 60;
                }
            }
            RootChange::Lives(seconds) => {
                if let Some(latch) = latch(root, 0) {
                    latch.rule.max_life_s = seconds;
                }
            }
            RootChange::KeyTwice => root.keys.push((Role::Time, root.keys[0].1)),
            RootChange::DeviceKey => {
                root.keys.retain(|(role, _)| *role != Role::Time);
                root.keys.push((Role::Time, DEVICE));
            }
            RootChange::Disorder => root.latches.swap(0, 1),
            RootChange::NoTrust => root.latches.retain(|latch| latch.id != LatchId::TRUST),
            RootChange::AssignedNowhere => {
                let nowhere = LatchId::new(9).expect("a latch");
                root.commands.push(("wander", nowhere));
            }
            RootChange::OneOldSigner
            | RootChange::WithOperator
            | RootChange::Stranger
            | RootChange::Forged(_) => {}
        }
    }
}

/// The bench's root, as a description, with one branch more that lies inside another latch's.
pub(crate) fn first_root() -> Root {
    let RootSpec {
        version,
        epoch,
        keys,
        thresholds,
        latches,
        mut properties,
        commands,
        ..
    } = RootSpec::default();
    properties.insert(1, ("pump/guard", limits()));
    let named = |public: [u8; 32]| {
        let mut seeds = (1..=99).map(Signer);
        seeds
            .find(|key| key.public() == public)
            .expect("a key of the world")
    };
    Root {
        our_tenant: true,
        version,
        epoch,
        keys: keys
            .into_iter()
            .map(|(role, key)| (role, named(key)))
            .collect(),
        thresholds,
        latches,
        properties,
        commands,
    }
}
