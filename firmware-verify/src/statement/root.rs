//! The trust root: whose signatures count, and for what.

use serde::{Deserialize, Serialize};

use super::{rule::Rule, rules::Rules};
use crate::{
    limits::{MAX_ASSIGNMENTS, MAX_KEYS, MAX_LATCHES, MAX_NAME, MAX_SIGNATURES},
    reject::{Reason, Refusal, ensure},
    twin::Path,
    types::{LatchId, TenantId, is_name_byte},
    wire::{Body, Item, KeyRing, Kind, PublicKey, Role, Run},
};

/// A key and its one role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RootKey {
    /// What it may sign for.
    pub role: Role,
    /// The Ed25519 public key; see [`PublicKey::new`] for which are refused.
    #[serde(with = "hex_key")]
    pub key: [u8; 32],
}

crate::wire::reads!(struct RootKey { role, key });

/// Raw on the wire, hexadecimal for people.
mod hex_key {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::types::Digest;

    pub(super) fn serialize<S: Serializer>(
        key: &[u8; 32],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Digest(*key).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; 32], D::Error> {
        Digest::deserialize(deserializer).map(|Digest(key)| key)
    }
}

impl Item<'_> for RootKey {
    const MAX: usize = MAX_KEYS;
}

/// Signatures asked for, per kind of statement that no latch stands before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct Thresholds {
    /// Root keys for this root and its successor.
    pub root: u8,
    /// Release keys for a manifest.
    pub release: u8,
    /// Time keys for an attestation. Zero when there are no time keys.
    pub time: u8,
}

crate::wire::reads!(struct Thresholds { root, release, time });

/// A named gate and its rules.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Latch<'a> {
    /// The number that codes carry.
    pub id: LatchId,
    /// The name that people use.
    pub name: &'a str,
    /// The rule that is enforced.
    pub rule: Rule,
    /// The rule for break-glass codes, where there is one.
    pub break_glass: Option<Rule>,
    /// A rule on trial: its verdict is reported, never enforced.
    pub trial: Option<Rule>,
}

crate::wire::reads!(struct Latch<'a> { id, name, rule, break_glass, trial });

impl<'a> Item<'a> for Latch<'a> {
    const MAX: usize = MAX_LATCHES;
}

/// A branch of the twin that belongs behind a latch other than `twin`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct PropertyAssignment<'a> {
    /// The branch: the path and everything below it.
    #[serde(borrow)]
    pub path: Path<'a>,
    /// Its latch.
    pub latch: LatchId,
}

crate::wire::reads!(struct PropertyAssignment<'a> { path, latch });

impl<'a> Item<'a> for PropertyAssignment<'a> {
    const MAX: usize = MAX_ASSIGNMENTS;
}

/// A command and the latch before it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct CommandAssignment<'a> {
    /// The command's name.
    pub name: &'a str,
    /// Its latch.
    pub latch: LatchId,
}

crate::wire::reads!(struct CommandAssignment<'a> { name, latch });

impl<'a> Item<'a> for CommandAssignment<'a> {
    const MAX: usize = MAX_ASSIGNMENTS;
}

/// A trust root (after TUF's root role).
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Root<'a> {
    /// The tenant whose devices it governs.
    pub tenant: TenantId,
    /// 1 for the first; each successor has one more.
    pub version: u32,
    /// Raised to void every code that was signed before.
    pub epoch: u32,
    /// The keys, each once.
    #[serde(borrow)]
    pub keys: Run<'a, RootKey>,
    /// Signatures asked for.
    pub thresholds: Thresholds,
    /// The latches, in the order of their numbers; 0, 1 and 2 are always there.
    #[serde(borrow)]
    pub latches: Run<'a, Latch<'a>>,
    /// Branches of the twin behind other latches, in the order of their paths, none below another.
    #[serde(borrow)]
    pub properties: Run<'a, PropertyAssignment<'a>>,
    /// Commands, in the order of their names. A command that is not listed cannot run.
    #[serde(borrow)]
    pub commands: Run<'a, CommandAssignment<'a>>,
}

crate::wire::reads!(struct Root<'a> { tenant, version, epoch, keys, thresholds, latches, properties, commands });

impl<'a> Body<'a> for Root<'a> {
    const KIND: Kind = Kind::Root;

    fn check(&self) -> Result<(), Refusal> {
        self.check_with(PublicKey::fit)
    }
}

/// How the bytes of a key are taken.
type TakeKey = fn([u8; 32]) -> Result<PublicKey, Reason>;

impl<'a> Root<'a> {
    /// The keys with their ids.
    ///
    /// # Errors
    /// [`Reason::WeakKey`], [`Reason::KeyTwice`].
    pub fn key_ring(&self) -> Result<KeyRing, Refusal> {
        Ok(self.ring_of(PublicKey::fit)?)
    }

    fn ring_of(&self, take: TakeKey) -> Result<KeyRing, Reason> {
        let mut ring = KeyRing::default();
        for RootKey { role, key } in self.keys.iter() {
            ring.list(role, take(key)?)?;
        }
        Ok(ring)
    }

    /// As [`check`](Body::check), of a root that was checked when it was taken: its keys are not decoded again.
    pub(crate) fn check_kept(&self) -> Result<(), Refusal> {
        self.check_with(PublicKey::listed)
    }

    fn check_with(&self, take: TakeKey) -> Result<(), Refusal> {
        self.keys.sound()?;
        self.latches.sound()?;
        self.properties.sound()?;
        self.commands.sound()?;
        self.check_keys(take)?;
        self.check_latches()?;
        self.check_properties()?;
        Ok(self.check_commands()?)
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> Rules<'a> {
        Rules {
            latches: self.latches,
            properties: self.properties,
            commands: self.commands,
        }
    }

    /// As [`Rules::latch`].
    #[must_use]
    pub fn latch(&self, id: LatchId) -> Option<Latch<'a>> {
        self.rules().latch(id)
    }

    /// As [`Rules::latch_of_path`].
    #[must_use]
    pub fn latch_of_path(&self, path: Path<'_>) -> Option<LatchId> {
        self.rules().latch_of_path(path)
    }

    /// As [`Rules::latch_of_command`].
    #[must_use]
    pub fn latch_of_command(&self, name: &str) -> Option<LatchId> {
        self.rules().latch_of_command(name)
    }

    fn check_keys(&self, take: TakeKey) -> Result<(), Refusal> {
        self.ring_of(take)?;
        ensure(self.version > 0, Reason::RootOrder)?;
        ensure(
            self.thresholds.root > 0 && self.thresholds.release > 0,
            Reason::ThresholdZero,
        )?;
        self.reachable(self.thresholds.root, Role::Root)?;
        self.reachable(self.thresholds.release, Role::Release)?;
        self.reachable(self.thresholds.time, Role::Time)
    }

    fn check_latches(&self) -> Result<(), Refusal> {
        let mut before = None;
        for latch in self.latches.iter() {
            ensure(before < Some(latch.id), Reason::RootOrder)?;
            before = Some(latch.id);
            check_name(latch.name)?;
            self.check_latch_name(&latch)?;
            latch.rule.check(false)?;
            self.check_rule(&latch, &latch.rule)?;
            if let Some(rule) = latch.trial {
                // What is on trial is meant to be enforced one day.
                rule.check(false)?;
                self.check_rule(&latch, &rule)?;
            }
            if let Some(rule) = latch.break_glass {
                rule.check(true)?;
                // Break-glass never changes trust, and lives no longer than the normal way.
                ensure(
                    latch.id != LatchId::TRUST && rule.max_life_s <= latch.rule.max_life_s,
                    Reason::RuleBounds,
                )?;
                self.check_rule(&latch, &rule)?;
            }
        }
        let always = [LatchId::TWIN, LatchId::FIRMWARE, LatchId::TRUST];
        Ok(ensure(
            always.iter().all(|id| self.latch(*id).is_some()),
            Reason::LatchMissing,
        )?)
    }

    fn check_rule(&self, latch: &Latch<'_>, rule: &Rule) -> Result<(), Refusal> {
        let needs_fresh =
            matches!(latch.id, LatchId::FIRMWARE | LatchId::TRUST) || rule.max_open_s > 0;
        ensure(rule.is_fresh() || !needs_fresh, Reason::RuleTooWeak)?;
        self.check_signers(rule)
    }

    /// Names are told to people, so they are what they seem: each once, and those of the
    /// latches that are always there are fixed.
    fn check_latch_name(&self, latch: &Latch<'_>) -> Result<(), Reason> {
        let fixed = match latch.id {
            LatchId::TWIN => Some("twin"),
            LatchId::FIRMWARE => Some("firmware"),
            LatchId::TRUST => Some("trust"),
            _ => None,
        };
        ensure(fixed.is_none_or(|name| name == latch.name), Reason::BadName)?;
        let same = self
            .latches
            .iter()
            .filter(|other| other.name == latch.name)
            .count();
        ensure(same == 1, Reason::RootOrder)
    }

    fn check_signers(&self, rule: &Rule) -> Result<(), Refusal> {
        // An envelope has to hold them all.
        let sum = [rule.operators, rule.approvers, rule.break_glass];
        self.envelope_holds(sum.into_iter().map(u64::from).sum())?;
        self.reachable(rule.operators, Role::Operator)?;
        self.reachable(rule.approvers, Role::Approver)?;
        self.reachable(rule.break_glass, Role::BreakGlass)
    }

    fn check_properties(&self) -> Result<(), Reason> {
        let mut before: Option<Path<'_>> = None;
        for assignment in self.properties.iter() {
            assignment.path.sound()?;
            if let Some(before) = before {
                ensure(
                    before < assignment.path && !before.covers(assignment.path),
                    Reason::RootOrder,
                )?;
            }
            before = Some(assignment.path);
            ensure(
                self.latch(assignment.latch).is_some(),
                Reason::AssignedNowhere,
            )?;
        }
        Ok(())
    }

    fn check_commands(&self) -> Result<(), Reason> {
        let mut before = None;
        for assignment in self.commands.iter() {
            check_name(assignment.name)?;
            ensure(before < Some(assignment.name), Reason::RootOrder)?;
            before = Some(assignment.name);
            ensure(
                self.latch(assignment.latch).is_some(),
                Reason::AssignedNowhere,
            )?;
        }
        Ok(())
    }

    fn envelope_holds(&self, signatures: u64) -> Result<(), Refusal> {
        let most = crate::twin::wide(MAX_SIGNATURES);
        ensure(
            signatures <= most,
            Refusal::new(Reason::ThresholdUnreachable, signatures, most),
        )
    }

    fn reachable(&self, threshold: u8, role: Role) -> Result<(), Refusal> {
        self.envelope_holds(threshold.into())?;
        // No more are looked for than are asked for: every rule is seen to, and each key is decoded where it lies.
        let of_role = self.keys.iter().filter(|key| key.role == role);
        let keys = of_role.take(threshold.into()).count();
        ensure(
            usize::from(threshold) <= keys,
            Refusal::new(
                Reason::ThresholdUnreachable,
                threshold.into(),
                crate::twin::wide(keys),
            ),
        )
    }
}

/// A name of a latch or command: 1 to 32 of `A-Z a-z 0-9 . _ -`.
pub(super) fn check_name(name: &str) -> Result<(), Reason> {
    ensure(
        (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_name_byte),
        Reason::BadName,
    )
}
