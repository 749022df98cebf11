//! From a draft to a code: what would be accepted as things stand, and then its flaws.

use latch_verify::{statement::RuleChoice, wire::Role};

use super::{
    clock::Now,
    content::{action, spoil_patch},
    reference::Device,
    rules::{FIRMWARE, INCARNATION, as_code},
    said::{Action, Audience, Code, Context, Place, Statement},
    step::{Draft, Flaw, What, Wide},
};
use crate::world::{
    code::{BEGUN_MS, CODE_LIFE_MS},
    keys::{STRANGER, Signer},
};

/// What those know who sign for a device.
pub(crate) struct Scene<'a> {
    pub(crate) device: &'a Device,
    pub(crate) sent: &'a [(Statement, Vec<u8>)],
    /// The time, whether the device knows it or not.
    pub(crate) true_ms: u64,
    /// A number that was never used in a sequence.
    pub(crate) random: u16,
}

/// A code with its signers.
pub(crate) struct Drafted {
    pub(crate) code: Code,
    pub(crate) signers: Vec<Signer>,
    pub(crate) forged: Option<usize>,
}

impl Scene<'_> {
    /// What an issuer takes for the time.
    pub(crate) fn now_ms(&self) -> u64 {
        match self.device.now() {
            Now::Trusted(now, _) => now,
            Now::Floor(floor) => floor.max(self.true_ms),
            Now::Unknown => self.true_ms,
        }
    }

    pub(crate) fn code(&self, draft: &Draft) -> Drafted {
        let mut drafted = self.sound(draft);
        for flaw in &draft.flaws {
            self.spoil(&mut drafted, flaw);
        }
        drafted
    }

    fn sound(&self, draft: &Draft) -> Drafted {
        let device = self.device;
        let what = self.sensible(draft);
        let (latch, action) = action(what);
        // Not every latch has a break-glass rule.
        let rule = match device.root.rule(latch, draft.rule) {
            Some(_) => draft.rule,
            None => RuleChoice::Normal,
        };
        let (issuer, signers) = self.crew(latch, rule, draft.issuer, &action);
        let asks = device.root.asks_for_challenge(latch, rule) && !action.only_shuts();
        let alone = asks || rule == RuleChoice::BreakGlass;
        let audience = match draft.audience {
            Wide::Cohort if !alone => Audience::Inside,
            Wide::Tenant if !alone => Audience::Tenant,
            _ => Audience::Device,
        };
        let for_one = audience == Audience::Device;
        let blind = !matches!(device.now(), Now::Trusted(..));
        let answers = for_one && (asks || draft.answers || blind);
        let now_ms = self.now_ms();
        let context = Context {
            firmware: Some((0, FIRMWARE)),
            twin_version: Some(device.twin.0),
            boot: Some(device.boot),
        };
        let code = Code {
            our_tenant: true,
            issuer,
            epoch: device.root.epoch,
            incarnation: for_one.then_some(INCARNATION),
            audience,
            our_product: draft.issuer.is_multiple_of(2).then_some(true),
            latch,
            rule,
            place: now_ms << 16 | u64::from(self.random),
            begin_ms: now_ms - BEGUN_MS,
            end_ms: now_ms - BEGUN_MS + CODE_LIFE_MS,
            challenge: answers.then_some(device.nonces.challenge.current.0),
            context: if draft.in_context {
                context
            } else {
                Context::default()
            },
            action,
        };
        Drafted {
            code,
            signers,
            forged: None,
        }
    }

    /// What is worth doing as things stand: what cannot be done is tried less often.
    fn sensible(&self, draft: &Draft) -> What {
        let device = self.device;
        let stubborn = draft.issuer == 0;
        let opens = |latch| {
            let rule = device.root.rule(latch, draft.rule);
            rule.is_some_and(|rule| rule.max_open_s > 0)
        };
        match draft.what {
            // A lockdown would be the end of most stories.
            What::Set(..) | What::Open(..) if device.locked_down => What::Unlock,
            What::Open(latch, seconds) | What::Renew(latch, seconds)
                if !stubborn && !opens(latch) =>
            {
                What::Open(6, seconds)
            }
            What::Renew(latch, seconds) if !stubborn && !device.is_open(latch) => {
                What::Open(latch, seconds)
            }
            What::Open(latch, seconds) if !stubborn && device.is_open(latch) => {
                What::Renew(latch, seconds)
            }
            what => what,
        }
    }

    /// An issuer and whoever else has to sign.
    fn crew(
        &self,
        latch: u8,
        rule: RuleChoice,
        first: usize,
        action: &Action,
    ) -> (Signer, Vec<Signer>) {
        let root = &self.device.root;
        let Some(asked) = root.rule(latch, rule) else {
            return (STRANGER, vec![STRANGER]);
        };
        let (role, count) = match rule {
            RuleChoice::Normal => (Role::Operator, asked.operators),
            RuleChoice::BreakGlass => (Role::BreakGlass, asked.break_glass),
        };
        let mut issuers = root.holders(role);
        let turn = first % issuers.len().max(1);
        issuers.rotate_left(turn);
        // Whose codes are all void issues none.
        issuers.sort_by_key(|key| self.device.memory.floor(*key).revoked == u64::MAX);
        let count = if action.only_shuts() { 1 } else { count };
        let approvers = if action.only_shuts() {
            0
        } else {
            asked.approvers
        };
        let issuers = issuers.into_iter().take(count.into());
        let others = root
            .holders(Role::Approver)
            .into_iter()
            .take(approvers.into());
        let signers: Vec<Signer> = issuers.chain(others).collect();
        (signers[0], signers)
    }

    fn spoil(&self, drafted: &mut Drafted, flaw: &Flaw) {
        let device = self.device;
        let Drafted {
            code,
            signers,
            forged,
        } = drafted;
        let now_ms = self.now_ms();
        match flaw {
            Flaw::OneSignerLess(place) if signers.len() > 1 => {
                signers.remove(place % signers.len());
            }
            Flaw::OneSignerLess(_) => {}
            Flaw::OneSignerMore(key) if signers.contains(&Signer(*key)) => {}
            Flaw::OneSignerMore(key) => signers.push(Signer(*key)),
            Flaw::Twice => signers.push(signers[0]),
            Flaw::Forged(place) => *forged = Some(*place),
            Flaw::IssuerUnsigned => {
                signers.retain(|key| *key != code.issuer);
                signers.extend(device.root.holders(Role::Release).first());
            }
            Flaw::Issuer(key) => {
                code.issuer = Signer(*key);
                if !signers.contains(&code.issuer) {
                    signers.push(code.issuer);
                }
            }
            Flaw::OtherTenant => code.our_tenant = false,
            Flaw::OtherDevice => code.audience = Audience::OtherDevice,
            Flaw::Outside(false) => code.audience = Audience::Below,
            Flaw::Outside(true) => code.audience = Audience::Above,
            Flaw::Nobody => code.audience = Audience::Nobody,
            Flaw::ForAll => (code.audience, code.incarnation) = (Audience::Tenant, None),
            Flaw::OtherProduct => code.our_product = Some(false),
            Flaw::Incarnation(named) => code.incarnation = *named,
            Flaw::Epoch(by) => code.epoch = code.epoch.saturating_add_signed((*by).into()),
            Flaw::Latch(latch) => code.latch = *latch,
            Flaw::OtherRule => {
                code.rule = match code.rule {
                    RuleChoice::Normal => RuleChoice::BreakGlass,
                    RuleChoice::BreakGlass => RuleChoice::Normal,
                };
            }
            Flaw::EarlierPlace(ms) => code.place -= ms << 16,
            Flaw::Floor(behind) => {
                let floor = device.memory.floor(code.issuer);
                let floor = [floor.replay, floor.twin, floor.revoked].into_iter().max();
                let floor = floor.filter(|floor| (1..u64::MAX).contains(floor));
                code.place = floor.map_or(code.place, |floor| floor + behind);
            }
            Flaw::SamePlace(back) => {
                if let Some((issuer, place)) = self.place_of(*back) {
                    (code.issuer, code.place) = (issuer, place);
                    if !signers.contains(&issuer) {
                        signers.push(issuer);
                    }
                }
            }
            Flaw::PlaceAfterEnd => code.place = (code.end_ms + 1) << 16,
            Flaw::BeginsIn(ms) => code.begin_ms = now_ms + ms,
            Flaw::EndsIn(ms) => code.end_ms = now_ms.saturating_add_signed(*ms),
            Flaw::Inverted => code.end_ms = code.begin_ms,
            Flaw::Longest(more) => {
                if let Some(rule) = device.root.rule(code.latch, code.rule) {
                    code.end_ms = code.begin_ms + u64::from(rule.max_life_s) * 1000 + more;
                }
            }
            Flaw::NoAnswer => code.challenge = None,
            Flaw::PreviousAnswer => {
                let previous = device.nonces.challenge.previous;
                code.challenge = previous.map(|(nonce, _)| nonce).or(code.challenge);
            }
            Flaw::OldAnswer(draws) => {
                code.challenge = Some(device.nonces.challenge.current.0.saturating_sub(*draws));
            }
            Flaw::Twin(by) => {
                let version = device.twin.0.saturating_add_signed((*by).into());
                code.context.twin_version = Some(version);
            }
            Flaw::Boot(by) => {
                code.context.boot = Some(device.boot.saturating_add_signed((*by).into()));
            }
            Flaw::Firmware(least, most) => code.context.firmware = Some((*least, *most)),
            Flaw::Patch(patch) => spoil_patch(&mut code.action, *patch),
            Flaw::Name(other) => {
                code.action = Action::Command((*other).to_owned(), Vec::new());
            }
            Flaw::Seconds(other) => {
                if let Action::Open(seconds) | Action::Renew(seconds) = &mut code.action {
                    *seconds = *other;
                }
            }
        }
    }

    /// Issuer and place of a code that was sent before.
    pub(super) fn place_of(&self, back: usize) -> Option<(Signer, Place)> {
        let codes = self.sent.iter().rev();
        let mut codes = codes.filter_map(|(statement, _)| as_code(statement));
        codes.nth(back).map(|code| (code.issuer, code.place))
    }
}
