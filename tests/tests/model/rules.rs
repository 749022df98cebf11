//! What the reference asks of a code: DESIGN's order of checks, from the signatures to the floors.

use latch_verify::{
    Reason,
    statement::{Freshness, Latch, Rule, RuleChoice},
    types::PostureRule,
    wire::Role,
};

use super::{
    clock::Now,
    memory::Name,
    reference::Device,
    said::{Action, Audience, Code, Context, Id, Said, Statement},
    twin::check_patch,
};
use crate::world::keys::Signer;

/// Which release runs: nothing is installed here.
pub(crate) const FIRMWARE: u16 = 1;
pub(crate) const INCARNATION: u32 = 2;
const TRUST: u8 = 2;

pub(crate) fn ensure(holds: bool, reason: Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(reason) }
}

impl Statement {
    /// What cannot be seen without arithmetic, once the keys are known.
    pub(crate) fn check_signatures(&self) -> Result<(), Reason> {
        ensure(self.forged.is_none(), Reason::BadSignature)
    }

    pub(crate) fn has_twice(&self) -> bool {
        let twice = |(place, key)| self.signers[..place].contains(key);
        self.signers.iter().enumerate().any(twice)
    }
}

impl Code {
    pub(crate) fn name(&self, statement: Id) -> Name {
        Name {
            issuer: self.issuer,
            place: self.place,
            statement,
        }
    }

    fn is_for_one(&self) -> bool {
        matches!(self.audience, Audience::Device | Audience::OtherDevice)
    }

    /// Whether it is a code at all, and for this device: what fails is counted, not answered.
    pub(crate) fn check_address(&self) -> Result<(), Reason> {
        let range = self.context.firmware.unwrap_or_default();
        let ordered = self.audience != Audience::Nobody && range.0 <= range.1;
        ensure(ordered, Reason::BadValue)?;
        match &self.action {
            Action::SetTwin(patch) => check_patch(patch)?,
            Action::Command(name, arguments) => {
                ensure(!name.is_empty() && !name.contains(' '), Reason::BadName)?;
                check_patch(arguments)?;
                let deletes = |(_, leaf): &(String, _)| *leaf == super::said::Leaf::Null;
                ensure(!arguments.iter().any(deletes), Reason::BadValue)?;
            }
            Action::Open(seconds) | Action::Renew(seconds) => {
                ensure(*seconds > 0, Reason::BadValue)?;
            }
            _ => {}
        }
        ensure(self.our_tenant, Reason::OtherTenant)?;
        ensure(self.audience != Audience::OtherDevice, Reason::OtherDevice)?;
        let outside = matches!(self.audience, Audience::Below | Audience::Above);
        ensure(!outside, Reason::OutsideCohort)?;
        ensure(self.our_product != Some(false), Reason::OtherProduct)
    }
}

/// Closing asks for less than opening: one voice shuts one device, and to shut many with a lockdown takes as many as to
/// open. What lifts a lockdown was signed after it.
fn held_to(rule: Rule, code: &Code) -> Rule {
    let shuts = Rule {
        freshness: Freshness::TimeFloor,
        posture: PostureRule::default(),
        ..rule
    };
    match code.action {
        Action::Lockdown if !code.is_for_one() => shuts,
        Action::Close | Action::Lockdown => Rule {
            operators: rule.operators.min(1),
            approvers: 0,
            break_glass: rule.break_glass.min(1),
            ..shuts
        },
        Action::Unlock => Rule {
            freshness: Freshness::Challenge,
            ..rule
        },
        _ => rule,
    }
}

impl Device {
    /// Everything that a code is refused for, but for what it would do. Says why a rule on trial
    /// would refuse it.
    pub(crate) fn judge(&self, code: &Code, by: &Statement) -> Result<Option<Reason>, Reason> {
        let named = code.incarnation.or(code.is_for_one().then_some(0));
        let enrolled = named.is_none_or(|named| named == INCARNATION);
        ensure(enrolled, Reason::OtherIncarnation)?;
        if let Some(before) = self.memory.entry(code.name(by.id)) {
            let other = before.name.statement != by.id;
            ensure(!other, Reason::SequenceReused)?;
            return Err(Reason::Stopped);
        }
        ensure(code.epoch == self.root.epoch, Reason::OtherEpoch)?;
        let lifts = code.action.only_shuts() || code.action == Action::Unlock;
        ensure(lifts || !self.locked_down, Reason::LockedDown)?;
        let latch = *self.root.latch(code.latch).ok_or(Reason::NoSuchLatch)?;
        let rule = self.rule_of(code, &latch)?;
        self.check_issuer(code, &by.signers)?;
        self.check_signers(code, &rule, &by.signers)?;
        check_life(code, &rule)?;
        self.check_place(code)?;
        check_seconds(code, &rule)?;
        self.check_fresh(code, rule.freshness)?;
        self.check_context(&code.context)?;
        ensure(self.posture_fits(rule.posture), Reason::Posture)?;
        self.check_floors(code)?;
        let ordinary = code.rule == RuleChoice::Normal && !code.action.only_shuts();
        let on_trial = latch.trial.filter(|_| ordinary);
        Ok(on_trial.and_then(|rule| self.judge_trial(code, &rule, by).err()))
    }

    fn judge_trial(&self, code: &Code, rule: &Rule, by: &Statement) -> Result<(), Reason> {
        self.check_signers(code, rule, &by.signers)?;
        check_life(code, rule)?;
        check_seconds(code, rule)?;
        self.check_fresh(code, rule.freshness)?;
        ensure(self.posture_fits(rule.posture), Reason::Posture)
    }

    pub(crate) fn rule_of(&self, code: &Code, latch: &Latch<'_>) -> Result<Rule, Reason> {
        let rule = match code.rule {
            RuleChoice::Normal => latch.rule,
            RuleChoice::BreakGlass => {
                let rule = latch.break_glass.ok_or(Reason::NoBreakGlass)?;
                ensure(code.is_for_one(), Reason::BreakGlassAudience)?;
                rule
            }
        };
        Ok(held_to(rule, code))
    }

    fn check_issuer(&self, code: &Code, signers: &[Signer]) -> Result<(), Reason> {
        let signed = signers.contains(&code.issuer);
        let role = self.root.role(code.issuer).filter(|_| signed);
        let asked = match code.rule {
            RuleChoice::Normal => Role::Operator,
            RuleChoice::BreakGlass => Role::BreakGlass,
        };
        ensure(
            role.ok_or(Reason::IssuerDidNotSign)? == asked,
            Reason::IssuerRole,
        )
    }

    fn check_signers(&self, code: &Code, rule: &Rule, signers: &[Signer]) -> Result<(), Reason> {
        // What a key has signed up to where it is revoked adds nothing to what others sign.
        let counts =
            |key: &Signer| *key == code.issuer || code.place > self.memory.floor(*key).revoked;
        let signers: Vec<Signer> = signers.iter().copied().filter(counts).collect();
        let signed = |role| self.count(&signers, role);
        let approved = signed(Role::Approver);
        ensure(
            signed(Role::Operator) >= rule.operators,
            Reason::TooFewOperators,
        )?;
        ensure(approved >= rule.approvers, Reason::TooFewApprovers)?;
        ensure(
            signed(Role::BreakGlass) >= rule.break_glass,
            Reason::TooFewBreakGlass,
        )
    }

    /// How many keys of a role have signed.
    pub(crate) fn count(&self, signers: &[Signer], role: Role) -> u8 {
        let holders = self.root.holders(role);
        let signed = holders.iter().filter(|key| signers.contains(key)).count();
        u8::try_from(signed).expect("few keys")
    }

    /// Whether what it does stands behind its latch.
    fn check_place(&self, code: &Code) -> Result<(), Reason> {
        let here = |latch: u8| ensure(latch == code.latch, Reason::WrongLatch);
        match &code.action {
            Action::SetTwin(patch) if patch.is_empty() => here(0),
            Action::SetTwin(patch) => {
                let inside = |(path, _): &(String, _)| self.latch_of(path) == Some(code.latch);
                ensure(patch.iter().all(inside), Reason::PropertyElsewhere)
            }
            Action::Command(name, _) => {
                let mut commands = self.root.commands.iter();
                let assigned = commands.find(|(known, _)| known == name);
                here(assigned.ok_or(Reason::CommandUnassigned)?.1.number())
            }
            Action::Install { .. } | Action::Downgrade => here(1),
            Action::Lockdown | Action::Unlock => here(TRUST),
            Action::Open(_) | Action::Renew(_) | Action::Close | Action::Probe => Ok(()),
        }
    }

    /// The latch of a branch, if there is one for all of it.
    fn latch_of(&self, path: &str) -> Option<u8> {
        let is_in =
            |path: &str, branch: &str| path == branch || path.starts_with(&format!("{branch}/"));
        let properties = &self.root.properties;
        if properties
            .iter()
            .any(|(branch, _)| *branch != path && is_in(branch, path))
        {
            return None;
        }
        let assigned = properties.iter().find(|(branch, _)| is_in(path, branch));
        Some(assigned.map_or(0, |(_, latch)| latch.number()))
    }

    fn check_fresh(&self, code: &Code, tier: Freshness) -> Result<(), Reason> {
        if let Some(answer) = code.challenge {
            ensure(code.is_for_one(), Reason::ChallengeAudience)?;
            ensure(self.nonces.accepts(answer), Reason::ChallengeStale)?;
        }
        let answers = code.challenge.is_some();
        let now = self.now();
        match now {
            Now::Trusted(now, doubt_ms) => {
                ensure(now >= code.begin_ms, Reason::NotYetValid)?;
                ensure(now + doubt_ms < code.end_ms, Reason::Expired)?;
            }
            Now::Floor(floor_ms) => {
                ensure(answers || floor_ms < code.end_ms, Reason::Expired)?;
            }
            Now::Unknown => {}
        }
        let trusted = matches!(now, Now::Trusted(..));
        match tier {
            Freshness::Challenge => ensure(answers, Reason::ChallengeMissing),
            Freshness::TrustedTime => ensure(answers || trusted, Reason::NoTrustedTime),
            Freshness::TimeFloor => Ok(()),
        }
    }

    pub(crate) fn check_context(&self, context: &Context) -> Result<(), Reason> {
        let Context {
            firmware,
            twin_version,
            boot,
        } = *context;
        let within = |(least, most): (u16, u16)| (least..=most).contains(&FIRMWARE);
        ensure(firmware.is_none_or(within), Reason::FirmwareOutside)?;
        let same = twin_version.is_none_or(|version| version == self.twin.0);
        ensure(same, Reason::TwinVersion)?;
        ensure(boot.is_none_or(|boot| boot == self.boot), Reason::OtherBoot)
    }

    fn check_floors(&self, code: &Code) -> Result<(), Reason> {
        let floor = self.memory.floor(code.issuer);
        ensure(code.place > floor.replay, Reason::BelowFloor)?;
        ensure(code.place > floor.revoked, Reason::Revoked)?;
        let changes_twin = matches!(code.action, Action::SetTwin(_));
        ensure(!changes_twin || code.place > floor.twin, Reason::OutOfOrder)?;
        self.memory.has_room(code.issuer)
    }
}

fn check_life(code: &Code, rule: &Rule) -> Result<(), Reason> {
    ensure(code.begin_ms < code.end_ms, Reason::EndsBeforeBegin)?;
    let life_ms = code.end_ms - code.begin_ms;
    ensure(
        life_ms <= u64::from(rule.max_life_s) * 1000,
        Reason::LivesTooLong,
    )?;
    ensure(code.place >> 16 <= code.end_ms, Reason::SequenceAfterEnd)
}

fn check_seconds(code: &Code, rule: &Rule) -> Result<(), Reason> {
    let (Action::Open(seconds) | Action::Renew(seconds)) = code.action else {
        return Ok(());
    };
    ensure(rule.max_open_s > 0, Reason::NeverOpens)?;
    ensure(seconds <= rule.max_open_s, Reason::OpenTooLong)
}

/// Whether a statement is a code.
pub(crate) fn as_code(statement: &Statement) -> Option<&Code> {
    match &statement.said {
        Said::Code(code) => Some(code),
        _ => None,
    }
}
