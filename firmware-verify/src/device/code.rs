//! A latch code on its way through the device.

use core::ops::DerefMut;

use super::{
    Clock as _, Device, Memory, Opened, Platform, Unlatched,
    budget::Written,
    plan::Plan,
    receipts::About,
    submit::{Release, Submitted},
};
use crate::{
    ledger::{CodeName, Doing, Effect, Pending, Record},
    reject::{Reason, Refusal, ensure},
    statement::{Action, CloseCause, Code, Outcome, RuleChoice, TimeStatus},
    twin::Bytes,
    types::TimeMs,
    verdict::{Authentic, Grant, Recall, admit},
    wire::{Kind, Verified},
};

impl<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
    M,
> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED, LATCHES, ISSUERS>>,
{
    /// Puts a latch code through every check, burns it, and opens its latch.
    #[inline(never)]
    pub(super) fn submit_code<'a>(
        &'a mut self,
        statement: &'a [u8],
        release: Release<'a>,
        aged: Result<(), Reason>,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        match self.memory.ledger.trust.verify(Kind::Code, statement) {
            Ok(verified) => self.take_code(&verified, release, aged, out),
            Err(refusal) => self.ignore(refusal),
        }
    }

    /// A code of which every signature is good. What it takes of the stack is held by no
    /// verification but that of a release.
    #[inline(never)]
    fn take_code<'a>(
        &'a mut self,
        verified: &Verified<'a>,
        release: Release<'a>,
        aged: Result<(), Reason>,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        // Looked at where it lies: taken out, it would lie on the stack twice below the check of a release.
        let admitted = admit(verified, &self.memory.ledger.identity);
        let authentic = match &admitted {
            Ok(authentic) => authentic,
            Err(refusal) => return self.ignore(*refusal),
        };
        let code = authentic.code();
        if self.was_used(authentic) {
            return self.answer_again(authentic, out);
        }
        // What answers a challenge that should have been replaced opens nothing; what closes is
        // obeyed.
        if let (Err(fault), true, false) = (aged, code.challenge.is_some(), code.action.closes()) {
            return self.ignore_for(fault);
        }
        let judged = self.judge(authentic);
        // Whoever may close is obeyed at once, whatever keeps the code from being burned; where the rules that say who may cannot
        // be read, so is any issuer.
        let may_close = match &judged {
            Ok(_) => true,
            Err(refusal) => refusal.reason == Reason::StorageFault && self.shuts_unruled(authentic),
        };
        if may_close {
            match code.action {
                Action::Close => self.memory.latches.shut(Some(code.latch), CloseCause::Code),
                Action::Lockdown => self.memory.latches.shut(None, CloseCause::Lockdown),
                _ => {}
            }
        }
        let planned = judged.and_then(|grant| {
            let plan = self.plan(code, authentic.id(), grant.rule(), release)?;
            Ok((grant, plan))
        });
        let (grant, plan) = match planned {
            Ok((_, Plan::Manifest(named))) => return Submitted::ManifestWanted(named),
            Ok(granted) => granted,
            // It is the device that failed, and the code can come again.
            Err(refusal) if refusal.reason == Reason::StorageFault => return self.ignore(refusal),
            Err(refusal) => return self.refuse_code(authentic, refusal, out),
        };
        let burned = authentic
            .is_by_signers_of(verified)
            .and_then(|()| authentic.says_what_is_signed(verified))
            .map_err(Refusal::from)
            .and_then(|()| self.burn(authentic, &grant, &plan, out));
        if let Err(refusal) = burned {
            return self.ignore(refusal);
        }
        self.open(authentic, &plan, out)
    }

    #[inline(never)]
    fn refuse_code<'a>(
        &'a mut self,
        authentic: &Authentic<'_>,
        refusal: Refusal,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let about = about(authentic, self.age_ms(authentic.code()));
        self.refuse(&about, refusal, out)
    }

    /// Whether the code is in hand, among the used ones, or its receipt among the last. The table
    /// of used codes may have forgotten one that was used a moment ago, if its sequence is low, or
    /// if a new epoch has begun since.
    fn was_used(&self, authentic: &Authentic<'_>) -> bool {
        let (facts, id, code) = (&self.memory.ledger.facts, authentic.id(), authentic.code());
        let recall = facts.replay.recall(code.issuer, code.sequence, id);
        matches!(recall, Recall::Used { .. })
            || facts
                .pending
                .is_some_and(|pending| pending.code.statement == id)
            || facts
                .recent_for(id)
                .is_some_and(|recent| recent.refused.is_none())
    }

    /// Answers a code that was used before.
    #[inline(never)]
    fn answer_again<'a>(
        &'a mut self,
        authentic: &Authentic<'_>,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let (facts, id) = (&self.memory.ledger.facts, authentic.id());
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
            None => {
                let receipt = match facts.replay.recall(
                    authentic.code().issuer,
                    authentic.code().sequence,
                    id,
                ) {
                    Recall::Used { receipt } => receipt,
                    _ => 0,
                };
                let used = Refusal::new(Reason::AlreadyUsed, receipt, 0);
                self.refuse_code(authentic, used, out)
            }
        }
    }

    /// Records durably that the code is used, with what changes in the same moment.
    #[inline(never)]
    fn burn(
        &mut self,
        authentic: &Authentic<'_>,
        grant: &Grant,
        plan: &Plan<'_>,
        out: &mut [u8],
    ) -> Result<(), Refusal> {
        let code = authentic.code();
        grant.holds()?;
        let again = self.judge(authentic)?;
        again.holds()?;
        if matches!(plan, Plan::Open) {
            // What the latch will be held to comes from the first judgement, and is not looked at again while it is open.
            self.is_staged_by(again.rule())?;
        }
        self.prepare(code)?;
        match plan {
            Plan::Install { .. } => self.supersede(out)?,
            Plan::Open => self.tell_lapsed(code.latch, out)?,
            _ => {}
        }
        let long = match (plan, &code.action) {
            (Plan::Install { manifest, .. }, _) => manifest.len(),
            (_, Action::SetTwin(patch)) => patch.bytes().len(),
            _ => 0,
        };
        self.make_room(long)?;
        let latch = code.latch;
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
            (Plan::Open, _) => (Doing::Open, Effect::Open { latch }),
            (Plan::Renew, _) => (Doing::Renew, Effect::Renew),
            (Plan::Close, _) => (Doing::Close { latch }, Effect::Close { latch }),
            (Plan::Lockdown, _) => (Doing::Lockdown, Effect::Lockdown),
            (Plan::Unlock, _) => (Doing::Unlock, Effect::Unlock),
            (Plan::Patch | Plan::Manifest(_), _) => return Err(Reason::LogicFault.into()),
        };
        let pending = Pending {
            code: name(authentic),
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
        let burned = self.append(&Record::Burn {
            pending,
            time_floor_ms,
            effect,
        });
        if let Err(fault) = burned {
            // Where only the counter has failed, the code is burned and must act no more.
            self.handed_out |= self.memory.ledger.facts.pending.is_some();
            return Err(fault.into());
        }
        // From here on nothing that the code closes is open.
        match plan {
            Plan::Close => self.memory.latches.close(latch),
            Plan::Lockdown => self.memory.latches.close_all(),
            _ => {}
        }
        Ok(())
    }

    /// What a burn needs before anything is written: leave, where one signature could ask for it
    /// for ever, and a new challenge where the code answers the present one. A code that closes
    /// replaces none, or whoever may close could keep everybody else from answering.
    ///
    /// # Errors
    /// [`Reason::Throttled`], [`Reason::NoEntropy`].
    fn prepare(&mut self, code: &Code<'_>) -> Result<(), Reason> {
        let ticks_ms = self.clock.ticks_ms();
        let idle = match code.action {
            Action::Close => self.memory.ledger.facts.open_latch(code.latch).is_none(),
            Action::Lockdown if !self.memory.ledger.facts.locked_down => {
                // What lifts it is signed after it.
                self.memory.nonces.renounce(&mut self.entropy, ticks_ms);
                false
            }
            Action::Lockdown => true,
            _ => false,
        };
        let may = !idle || self.memory.budgets.write(Written::Closing, ticks_ms);
        ensure(may, Reason::Throttled)?;
        if code.challenge.is_some() && !code.action.closes() {
            self.memory.nonces.rotate(&mut self.entropy, ticks_ms)?;
        }
        Ok(())
    }

    /// Hands the action out, or concludes at once where there is nothing to carry out.
    #[inline(never)]
    fn open<'a>(
        &'a mut self,
        authentic: &Authentic<'a>,
        plan: &Plan<'_>,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        match plan {
            Plan::Install { .. } => return self.conclude_burned(Outcome::InstallStarted, out),
            Plan::Unlock => return self.conclude_burned(Outcome::Unlocked, out),
            Plan::Probe => return self.conclude_burned(Outcome::Probed, out),
            _ => {}
        }
        let (id, latch) = (authentic.id(), authentic.code().latch);
        // No burn, no effect: what was read back is asked, not the way here.
        let in_hand = self
            .memory
            .ledger
            .facts
            .pending
            .map(|pending| pending.code.statement);
        if in_hand != Some(id) {
            return self.ignore_for(Reason::LogicFault);
        }
        // What closes is handed out in doubt, too: nothing else would have it shut, as it counts as closed by now.
        if !matches!(plan, Plan::Close | Plan::Lockdown) {
            if !self.is_remembered(authentic) {
                return self.ignore_for(Reason::LogicFault);
            }
            if let Err(spoiled) = self.memory.ledger.whole() {
                return self.ignore_for(spoiled);
            }
        }
        self.handed_out = true;
        let twin = &self.memory.ledger.facts.twin;
        let opened = match (plan, authentic.code().action) {
            (Plan::Patch, Action::SetTwin(patch)) => Opened::Twin {
                version: twin.version,
                patch: Some(patch),
                twin: twin.entries(),
            },
            (Plan::Command, Action::Command { name, arguments }) => {
                Opened::Command { name, arguments }
            }
            (Plan::Open, Action::Open { seconds }) => Opened::Open { latch, seconds },
            (Plan::Renew, Action::Renew { seconds }) => Opened::Renew { latch, seconds },
            (Plan::Close, _) => Opened::Close { latch },
            (Plan::Lockdown, _) => Opened::Lockdown,
            _ => return Submitted::Ignored(Reason::LogicFault.into()),
        };
        Submitted::Unlatched(Unlatched::new(opened, id))
    }

    /// Whether the code would be refused from now on, as one that was used.
    fn is_remembered(&self, authentic: &Authentic<'_>) -> bool {
        let (replay, code) = (&self.memory.ledger.facts.replay, authentic.code());
        replay.is_used(code.issuer, code.sequence, authentic.id())
            || code.sequence <= replay.floor(code.issuer).replay
    }

    /// Ends a code behind which nothing has to be carried out.
    fn conclude_burned<'a>(&'a mut self, outcome: Outcome, out: &'a mut [u8]) -> Submitted<'a> {
        let Some(pending) = self.memory.ledger.facts.pending else {
            return self.ignore_for(Reason::LogicFault);
        };
        match self.conclude(&About::from(&pending), outcome, out) {
            Ok(receipt) => Submitted::Answered(receipt),
            Err(fault) => self.ignore_for(fault),
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

fn name(authentic: &Authentic<'_>) -> CodeName {
    let code = authentic.code();
    CodeName {
        issuer: code.issuer,
        sequence: code.sequence,
        statement: authentic.id(),
    }
}

fn about(authentic: &Authentic<'_>, age_ms: Option<u64>) -> About {
    let code = authentic.code();
    About {
        statement: authentic.id(),
        kind: Kind::Code,
        issuer: Some(code.issuer),
        sequence: Some(code.sequence),
        break_glass: code.rule == RuleChoice::BreakGlass,
        trial: None,
        age_ms,
    }
}
