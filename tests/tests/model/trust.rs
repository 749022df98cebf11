//! How the reference takes what changes whom and what a device believes.

use latch_verify::{
    Reason,
    statement::{Latch, Outcome, Rule},
    types::TimeMs,
    wire::{Kind, Role},
};

use super::{
    memory::{About, Name},
    reference::{Device, Verdict, id},
    rules::ensure,
    said::{Noise, Revocation, Root, Slip, Statement, Time},
};
use crate::world::keys::{DEVICE, Signer};

/// Those of one envelope.
const MAX_SIGNATURES: u32 = 8;
const MAX_LIFE_S: u32 = 400 * 24 * 3600;

impl Noise {
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::Nothing => Reason::BadLength,
            Self::OtherMagic => Reason::BadMagic,
            Self::OtherKind => Reason::WrongKind,
            Self::LaterVersion => Reason::UnknownBodyVersion,
            Self::Cut => Reason::LengthMismatch,
            Self::Unsigned => Reason::SignatureCount,
            Self::Trailing => Reason::TrailingBytes,
            Self::Padded => Reason::NotCanonical,
            Self::Undecodable => Reason::NotDecodable,
        }
    }

    /// Whether it is seen without looking at a signature.
    pub(super) fn is_shapeless(self) -> bool {
        !matches!(self, Self::Trailing | Self::Padded | Self::Undecodable)
    }
}

impl Device {
    /// A successor: by the root keys in force first, as everything else is told to them only.
    pub(super) fn take_root(&mut self, root: &Root, by: &Statement) -> Verdict {
        let is_old = |key: &Signer| self.root.role(*key) == Some(Role::Root);
        let forger = by.forged.map(|place| by.signers[place]);
        let authentic = ensure(by.signers.iter().any(is_old), Reason::UnknownKey)
            .and_then(|()| ensure(!forger.as_ref().is_some_and(is_old), Reason::BadSignature))
            .and_then(|()| {
                let signed = self.count(&by.signers, Role::Root);
                ensure(signed >= self.root.thresholds.root, Reason::TooFewOldRoot)
            });
        if let Err(reason) = authentic {
            return self.ignore(reason);
        }
        let about = About::other(Kind::Root, by.id, None);
        if let Err(reason) = self.check_successor(root, by) {
            return self.refuse(about, reason);
        }
        let stays = |key: &Signer| root.role(*key) == Some(Role::Time);
        // A floor that keys have thrown forward goes with them.
        let time_key_gone = !self.root.holders(Role::Time).iter().all(stays);
        if root.epoch > self.root.epoch {
            self.memory.begin_epoch(|key| root.role(key).is_some());
        }
        if root.epoch > self.root.epoch || time_key_gone {
            self.times = Default::default();
        }
        self.times.forget_answer();
        (self.root, self.root_id) = (root.clone(), by.id);
        self.anchor += 1;
        let (version, epoch) = (root.version, root.epoch);
        Verdict::Told(self.tell(about, Outcome::RootAccepted { version, epoch }, None))
    }

    fn check_successor(&self, root: &Root, by: &Statement) -> Result<(), Reason> {
        root.check()?;
        ensure(root.our_tenant, Reason::OtherTenant)?;
        let next = self.root.version + 1;
        ensure(root.version == next, Reason::RootNotNext)?;
        ensure(root.epoch >= self.root.epoch, Reason::EpochBack)?;
        ensure(root.role(DEVICE).is_none(), Reason::DeviceKeyListed)?;
        let forger = by.forged.map(|place| by.signers[place]);
        for key in &by.signers {
            let listed = root.role(*key).is_some() || self.root.role(*key).is_some();
            ensure(listed, Reason::UnknownKey)?;
            // The new root keys' signatures are looked at when they are counted.
            let counted = root.role(*key) == Some(Role::Root);
            ensure(counted || forger != Some(*key), Reason::BadSignature)?;
        }
        ensure(forger.is_none(), Reason::BadSignature)?;
        let signed = root.holders(Role::Root);
        let signed = signed.iter().filter(|key| by.signers.contains(key)).count();
        ensure(
            signed >= usize::from(root.thresholds.root),
            Reason::TooFewRoot,
        )
    }

    pub(super) fn take_time(&mut self, time: &Time, by: &Statement) -> Verdict {
        match self.check_time(time, by) {
            Err(reason) => self.ignore(reason),
            Ok(()) if !self.times.is_worth_writing(self.ticks_ms) => Verdict::Noted,
            Ok(()) if !self.budgets.floors.take(1, self.ticks_ms) => Verdict::Noted,
            Ok(()) => {
                let floor_ms = self.times.floor_ms(self.ticks_ms);
                self.times.written_ms = floor_ms;
                let floor_ms = TimeMs::new(floor_ms).expect("a time");
                let about = About::other(Kind::Time, by.id, None);
                Verdict::Told(self.tell(about, Outcome::TimeRaised { floor_ms }, None))
            }
        }
    }

    fn check_time(&mut self, time: &Time, by: &Statement) -> Result<(), Reason> {
        by.check_signatures()?;
        ensure(time.our_tenant, Reason::OtherTenant)?;
        let asked = self.root.thresholds.time;
        let signed = self.count(&by.signers, Role::Time);
        ensure(asked > 0 && signed >= asked, Reason::TooFewTime)?;
        let Some(pulse) = time.pulse else {
            return self.times.hear(time.time_ms, self.ticks_ms);
        };
        let made = self.nonces.answer_pulse(pulse, self.ticks_ms)?;
        let age_ms = self.ticks_ms - made;
        self.times.attest(time.time_ms, age_ms, self.ticks_ms)?;
        self.hear(made);
        Ok(())
    }

    /// An issuer takes back what it has given, and so does root. Says whether it was the issuer alone.
    fn check_revoker(&self, issuer: Signer, by: &Statement) -> Result<bool, Reason> {
        let signs_codes = !matches!(
            self.root.role(issuer),
            Some(Role::Root | Role::Release | Role::Time)
        );
        ensure(signs_codes, Reason::NotRevocable)?;
        let by_root = self.count(&by.signers, Role::Root) >= self.root.thresholds.root;
        ensure(by_root || by.signers.contains(&issuer), Reason::NotRevoker)?;
        self.memory.has_room(issuer)?;
        Ok(!by_root)
    }

    /// What an issuer takes back could go on for ever, unless something ends by it.
    fn may_take_back(&mut self, by_issuer: bool, ends_something: bool) -> bool {
        !by_issuer || ends_something || self.budgets.taken_back.take(1, self.ticks_ms)
    }

    pub(super) fn take_revocation(&mut self, said: &Revocation, by: &Statement) -> Verdict {
        let authentic = by.check_signatures();
        let ours = ensure(said.our_tenant, Reason::OtherTenant);
        if let Err(reason) = authentic.and(ours) {
            return self.ignore(reason);
        }
        let about = About::other(Kind::Revocation, by.id, Some((said.issuer, said.through)));
        let by_issuer = match self.check_revoker(said.issuer, by) {
            Ok(by_issuer) => by_issuer,
            Err(reason) => return self.refuse(about, reason),
        };
        if self.memory.floor(said.issuer).revoked >= said.through {
            return Verdict::Noted;
        }
        let ended = self.void(|name| name.issuer == said.issuer && name.place <= said.through);
        if !self.may_take_back(by_issuer, ended) {
            return self.ignore(Reason::Throttled);
        }
        self.memory.revoke(said.issuer, said.through);
        self.anchor += 1;
        Verdict::Told(self.tell(about, Outcome::Revoked, None))
    }

    pub(super) fn take_slip(&mut self, said: &Slip, by: &Statement) -> Verdict {
        let authentic = by.check_signatures();
        let ours = ensure(said.our_tenant, Reason::OtherTenant);
        if let Err(reason) = authentic.and(ours) {
            return self.ignore(reason);
        }
        let about = About::other(Kind::StopSlip, by.id, Some((said.issuer, said.place)));
        let by_issuer = match self.check_revoker(said.issuer, by) {
            Ok(by_issuer) => by_issuer,
            Err(reason) => return self.refuse(about, reason),
        };
        let name = Name {
            issuer: said.issuer,
            place: said.place,
            statement: said.statement,
        };
        // What the code holds open may outlive its place in the table of used codes.
        let used = self.memory.is_used(name);
        let settled = self.memory.is_settled(name);
        let ended = self.void(|held| held == name);
        if settled && !ended {
            return Verdict::Noted;
        }
        if !self.may_take_back(by_issuer, ended) {
            return self.ignore(Reason::Throttled);
        }
        let (used, statement) = (used || ended, id(said.statement));
        self.memory.stop(name);
        self.anchor += 1;
        Verdict::Told(self.tell(about, Outcome::Stopped { statement, used }, None))
    }
}

impl Root {
    /// WIRE.md, section 5.
    fn check(&self) -> Result<(), Reason> {
        let twice = |(place, key)| self.keys[..place].iter().any(|(_, other)| other == key);
        let keys = self.keys.iter().map(|(_, key)| key);
        ensure(!keys.enumerate().any(twice), Reason::KeyTwice)?;
        ensure(self.version > 0, Reason::RootOrder)?;
        let asked = self.thresholds;
        ensure(asked.root > 0 && asked.release > 0, Reason::ThresholdZero)?;
        self.reach(asked.root, Role::Root)?;
        self.reach(asked.release, Role::Release)?;
        self.reach(asked.time, Role::Time)?;
        for (place, latch) in self.latches.iter().enumerate() {
            let before = place
                .checked_sub(1)
                .and_then(|before| self.latches.get(before));
            let ordered = before.is_none_or(|before| before.id < latch.id);
            ensure(ordered, Reason::RootOrder)?;
            self.check_latch(latch)?;
        }
        let always = (0..3).all(|latch| self.latch(latch).is_some());
        ensure(always, Reason::LatchMissing)?;
        let targets = self.properties.iter().chain(&self.commands);
        let mut targets = targets.map(|(_, latch)| latch.number());
        let assigned = targets.all(|latch| self.latch(latch).is_some());
        ensure(assigned, Reason::AssignedNowhere)
    }

    fn reach(&self, asked: u8, role: Role) -> Result<(), Reason> {
        let held = self.holders(role).len();
        ensure(usize::from(asked) <= held, Reason::ThresholdUnreachable)
    }

    fn check_latch(&self, latch: &Latch<'_>) -> Result<(), Reason> {
        for rule in [Some(latch.rule), latch.trial].into_iter().flatten() {
            check_rule(&rule, rule.operators, rule.break_glass)?;
            self.check_reach(latch, &rule)?;
        }
        if let Some(rule) = latch.break_glass {
            check_rule(&rule, rule.break_glass, rule.operators | rule.approvers)?;
            let short = rule.max_life_s <= latch.rule.max_life_s;
            ensure(latch.id.number() != 2 && short, Reason::RuleBounds)?;
            self.check_reach(latch, &rule)?;
        }
        Ok(())
    }

    fn check_reach(&self, latch: &Latch<'_>, rule: &Rule) -> Result<(), Reason> {
        use latch_verify::statement::Freshness::TimeFloor;
        let needs_fresh = matches!(latch.id.number(), 1 | 2) || rule.max_open_s > 0;
        let fresh = rule.freshness != TimeFloor;
        ensure(fresh || !needs_fresh, Reason::RuleTooWeak)?;
        let sum =
            u32::from(rule.operators) + u32::from(rule.approvers) + u32::from(rule.break_glass);
        ensure(sum <= MAX_SIGNATURES, Reason::ThresholdUnreachable)?;
        self.reach(rule.operators, Role::Operator)?;
        self.reach(rule.approvers, Role::Approver)?;
        self.reach(rule.break_glass, Role::BreakGlass)
    }
}

fn check_rule(rule: &Rule, asked: u8, others: u8) -> Result<(), Reason> {
    ensure(asked > 0, Reason::ThresholdZero)?;
    ensure(others == 0, Reason::RuleBounds)?;
    let posture = rule.posture;
    ensure(
        posture.must_hold & posture.must_not_hold == 0,
        Reason::RuleBounds,
    )?;
    let lives = (1..=MAX_LIFE_S).contains(&rule.max_life_s) && rule.max_open_s <= MAX_LIFE_S;
    ensure(lives, Reason::RuleBounds)
}
