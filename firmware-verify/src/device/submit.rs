//! A latch code on its way through the device.

use super::{
    Clock as _, Device, Opened, Platform, Unlatched,
    plan::Plan,
    receipts::About,
    unlatched::{Settlement, Ticket},
};
use crate::{
    ledger::{Doing, Effect, Pending, Recent, Record},
    reject::{Reason, Refusal, ensure},
    statement::{Action, Code, Outcome, RuleChoice, TimeStatus},
    twin::Bytes,
    types::{StatementId, TimeMs},
    verdict::{Authentic, Burned, Grant, Recall, authenticate, judge},
    wire::Kind,
};

/// What the caller has of the release that a code may ask to install.
#[derive(Clone, Copy, Debug)]
pub enum Release<'a> {
    /// Not looked for yet.
    NotAsked,
    /// Looked for and not found.
    NotFound,
    /// The manifest's envelope.
    Found(&'a [u8]),
}

/// What came of a statement that was put in.
#[must_use]
pub enum Submitted<'a> {
    /// The verdict, as a signed receipt to send. Nothing is left to do.
    Answered(&'a [u8]),
    /// Not meant for this device, from nobody it knows, or beyond its budget: counted.
    Ignored(Refusal),
    /// The code asks for a release: find its manifest, then submit both. Nothing was burned.
    ManifestWanted(StatementId),
    /// The code is burned: act now.
    Unlatched(Unlatched<'a>),
}

impl<P: Platform> Device<P> {
    /// Puts a latch code through every check, burns it, and opens its latch.
    ///
    /// `out` takes a receipt: [`crate::limits::MAX_RECEIPT_ENVELOPE`] bytes are enough.
    /// A code that was used before is answered with the receipt of its first time.
    pub fn submit<'a>(
        &'a mut self,
        statement: &'a [u8],
        release: Release<'a>,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        if let Err(refusal) = self.nonces.age(&mut self.entropy, self.clock.ticks_ms()) {
            return self.ignore(refusal);
        }
        let authentic = match authenticate(statement, &self.ledger.trust, &self.ledger.identity) {
            Ok(authentic) => authentic,
            Err(refusal) => return self.ignore(refusal),
        };
        let code = authentic.code();
        if self.was_used(&authentic) {
            return self.answer_again(&authentic, out);
        }
        let planned = judge(
            &authentic,
            &self.ledger.trust,
            &self.ledger.identity,
            &self.conditions(),
            &self.ledger.facts.replay,
        )
        .and_then(|grant| Ok((grant, self.plan(code, release)?)));
        let (grant, plan) = match planned {
            Ok((_, Plan::Manifest(named))) => return Submitted::ManifestWanted(named),
            Ok(granted) => granted,
            Err(refusal) => return self.refuse(&authentic, refusal, out),
        };
        if let Err(refusal) = self.burn(&authentic, &grant, &plan, out) {
            return self.ignore(refusal);
        }
        self.open(authentic, &plan, out)
    }

    /// Records how an action went; returns the receipt.
    ///
    /// # Errors
    /// [`Reason::StorageFault`], [`Reason::KeyFault`]: the outcome will be told after the
    /// next boot, as far as it is known then. [`Reason::LogicFault`] for another's ticket.
    pub fn settle<'o>(
        &mut self,
        ticket: Ticket,
        settlement: Settlement,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Refusal> {
        let pending = self.ledger.facts.pending.ok_or(Reason::LogicFault)?;
        ensure(
            pending.code.statement == ticket.statement(),
            Reason::LogicFault,
        )?;
        let outcome = match (settlement, pending.what) {
            (Settlement::Failed { code }, _) => Outcome::ActuatorFailed { code },
            (Settlement::Done, Doing::Twin) => Outcome::Applied {
                twin_version: self.ledger.facts.twin.version,
            },
            (Settlement::Done, Doing::Command) => Outcome::Performed,
            (Settlement::Done, Doing::Install | Doing::Probe) => {
                return Err(Reason::LogicFault.into());
            }
        };
        self.conclude(&About::from(&pending), outcome, out)
    }

    /// A twin change that was burned before the last boot and whose outcome is not known:
    /// it is made again, since making it twice does no more than once.
    pub fn resume(&self) -> Option<Unlatched<'_>> {
        let facts = &self.ledger.facts;
        let pending = facts
            .pending
            .filter(|pending| pending.what == Doing::Twin)?;
        let opened = Opened::Twin {
            version: facts.twin.version,
            patch: None,
            twin: facts.twin.entries(),
        };
        Some(Unlatched::new(opened, pending.code.statement))
    }

    /// Counts a message that gets no answer.
    pub(super) fn count(&mut self, refusal: Refusal) -> Refusal {
        self.junk.count = self.junk.count.saturating_add(1);
        self.junk.last_reason = refusal.reason.number();
        refusal
    }

    fn ignore<'a>(&mut self, refusal: Refusal) -> Submitted<'a> {
        Submitted::Ignored(self.count(refusal))
    }

    /// Whether the code is among the used ones, or its receipt among the last. The table of
    /// used codes may have forgotten one that was used a moment ago, if its sequence is low.
    fn was_used(&self, authentic: &Authentic<'_>) -> bool {
        let (facts, id, code) = (&self.ledger.facts, authentic.id(), authentic.code());
        let recall = facts.replay.recall(code.issuer, code.sequence, id);
        recall == Recall::Used
            || facts
                .recent_for(id)
                .is_some_and(|recent| recent.refused.is_none())
    }

    /// Answers a code that was used before.
    fn answer_again<'a>(
        &'a mut self,
        authentic: &Authentic<'_>,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let (facts, id) = (&self.ledger.facts, authentic.id());
        if facts
            .pending
            .is_some_and(|pending| pending.code.statement == id)
        {
            // The answer to a code in hand follows when it is settled; until then its
            // last receipt may be an earlier refusal.
            return Submitted::Ignored(Reason::Busy.into());
        }
        match facts.recent_for(id) {
            Some(recent) => self.answer_with(recent, out),
            None => self.refuse(authentic, Reason::AlreadyUsed.into(), out),
        }
    }

    fn answer_with<'a>(&'a mut self, recent: Recent, out: &'a mut [u8]) -> Submitted<'a> {
        match self.repeat(recent, out) {
            Ok(receipt) => Submitted::Answered(receipt),
            Err(fault) => self.ignore(fault),
        }
    }

    /// Answers with a refusal, from the write budget; the same refusal of the same code
    /// is told again without a write.
    fn refuse<'a>(
        &'a mut self,
        authentic: &Authentic<'_>,
        refusal: Refusal,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let number = refusal.reason.number();
        if let Some(recent) = self.ledger.facts.recent_for(authentic.id())
            && recent.refused == Some(number)
        {
            return self.answer_with(recent, out);
        }
        if !self.budget.take(self.clock.ticks_ms()) {
            return self.ignore(refusal);
        }
        let about = about(authentic, None, self.age_ms(authentic.code()));
        let outcome = Outcome::Refused {
            reason: number,
            expected: refusal.expected,
            found: refusal.found,
        };
        match self
            .make_room(0)
            .and_then(|()| self.conclude(&about, outcome, out))
        {
            Ok(receipt) => Submitted::Answered(receipt),
            Err(fault) => self.ignore(fault),
        }
    }

    /// Records durably that the code is used, with what changes in the same moment.
    fn burn(
        &mut self,
        authentic: &Authentic<'_>,
        grant: &Grant,
        plan: &Plan<'_>,
        out: &mut [u8],
    ) -> Result<(), Refusal> {
        let code = authentic.code();
        if matches!(plan, Plan::Install { .. }) {
            self.supersede(out)?;
        }
        let long = match (plan, &code.action) {
            (Plan::Install { manifest, .. }, _) => manifest.len(),
            (_, Action::SetTwin(patch)) => patch.bytes().len(),
            _ => 0,
        };
        self.make_room(long)?;
        let (what, effect) = match (plan, &code.action) {
            (Plan::Patch, Action::SetTwin(patch)) => (Doing::Twin, Effect::Patch(*patch)),
            (Plan::Command, _) => (Doing::Command, Effect::Command),
            (Plan::Install { image, manifest }, _) => {
                let (not_after_ms, epoch) = (code.not_after_ms, code.epoch);
                (
                    Doing::Install,
                    Effect::Install {
                        image: *image,
                        not_after_ms,
                        epoch,
                        answered: code.challenge.is_some(),
                        manifest: Bytes(manifest),
                    },
                )
            }
            (Plan::Probe, _) => (Doing::Probe, Effect::Probe),
            (Plan::Patch | Plan::Manifest(_), _) => return Err(Reason::LogicFault.into()),
        };
        let pending = Pending {
            code: Burned {
                issuer: code.issuer,
                sequence: code.sequence,
                statement: authentic.id(),
                twin: what == Doing::Twin,
            },
            break_glass: code.rule == RuleChoice::BreakGlass,
            trial: grant.trial().map(Reason::number),
            age_ms: self.age_ms(code),
            what,
        };
        // Only a time that the device trusts raises the floor: a code's own times are its issuer's.
        let time_floor_ms = match self.time() {
            TimeStatus::Trusted(now) => now,
            TimeStatus::Floor(_) | TimeStatus::Unknown => TimeMs::default(),
        };
        // A fresh challenge is had before the burn: without randomness nothing is opened.
        self.nonces
            .rotate(&mut self.entropy, self.clock.ticks_ms())?;
        self.append(&Record::Burn {
            pending,
            time_floor_ms,
            effect,
        })
    }

    /// Hands the action out, or concludes at once where there is nothing to carry out.
    fn open<'a>(
        &'a mut self,
        authentic: Authentic<'a>,
        plan: &Plan<'_>,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let id = authentic.id();
        let outcome = match (plan, authentic.into_code().action) {
            (Plan::Patch, Action::SetTwin(patch)) => {
                let twin = &self.ledger.facts.twin;
                let opened = Opened::Twin {
                    version: twin.version,
                    patch: Some(patch),
                    twin: twin.entries(),
                };
                return Submitted::Unlatched(Unlatched::new(opened, id));
            }
            (Plan::Command, Action::Command { name, arguments }) => {
                return Submitted::Unlatched(Unlatched::new(
                    Opened::Command { name, arguments },
                    id,
                ));
            }
            (Plan::Install { .. }, _) => Outcome::InstallStarted,
            _ => Outcome::Probed,
        };
        let Some(pending) = self.ledger.facts.pending else {
            return self.ignore(Reason::LogicFault.into());
        };
        match self.conclude(&About::from(&pending), outcome, out) {
            Ok(receipt) => Submitted::Answered(receipt),
            Err(fault) => self.ignore(fault),
        }
    }

    /// Age of a code, where the time is trusted.
    fn age_ms(&self, code: &Code<'_>) -> Option<u64> {
        match self.time() {
            TimeStatus::Trusted(now) => Some(now.get().saturating_sub(code.sequence.time().get())),
            TimeStatus::Floor(_) | TimeStatus::Unknown => None,
        }
    }
}

fn about(authentic: &Authentic<'_>, trial: Option<Reason>, age_ms: Option<u64>) -> About {
    let code = authentic.code();
    About {
        statement: authentic.id(),
        kind: Kind::Code,
        issuer: Some(code.issuer),
        sequence: Some(code.sequence),
        break_glass: code.rule == RuleChoice::BreakGlass,
        trial: trial.map(Reason::number),
        age_ms,
    }
}
