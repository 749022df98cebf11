//! What a device does: from the burn to the outcome, and whatever happens without a message.

use latch_verify::{
    Reason,
    statement::{CloseCause, Outcome, RuleChoice},
    types::LatchId,
};

use super::{
    budget::Budgets,
    clock::{Nonces, Now, Times},
    memory::{About, Account},
    opening::{Opening, Stands},
    reference::{Device, Pending, Verdict, refused},
    rules::ensure,
    said::{Action, Code, Id},
};

impl Device {
    /// Used from here on, whatever comes.
    pub(super) fn burn(&mut self, code: &Code, id: Id, trial: Option<Reason>) -> Verdict {
        if let Err(reason) = self.prepare(code) {
            return self.ignore(reason);
        }
        if let Now::Trusted(now, _) = self.now() {
            self.times.written_ms = self.times.written_ms.max(now);
            self.times.raise(self.times.written_ms, self.ticks_ms);
        }
        let name = code.name(id);
        let changes_twin = matches!(code.action, Action::SetTwin(_));
        self.memory.burn(name, true, changes_twin);
        // To undo what only closes, or did nothing, would help nobody.
        if !matches!(code.action, Action::Probe | Action::Close) {
            self.anchor += 1;
        }
        self.pending = Some(Pending {
            name,
            latch: code.latch,
            action: code.action.clone(),
            emergency: code.rule == RuleChoice::BreakGlass,
            trial,
        });
        match &code.action {
            Action::SetTwin(patch) => {
                let next = self.twin.1.patched(patch).expect("planned");
                self.twin = (self.twin.0 + 1, next);
            }
            Action::Open(seconds) => {
                self.note_opened(code.latch, name, code.rule == RuleChoice::BreakGlass);
                self.staged = Some(Opening::new(code, name, *seconds, self.ticks_ms));
            }
            Action::Renew(seconds) => self.staged = self.renewed(code.latch, name, *seconds),
            Action::Close => self.shut(code.latch),
            Action::Lockdown => {
                self.locked_down = true;
                self.openings.clear();
                self.opened.clear();
            }
            Action::Unlock => {
                self.locked_down = false;
                return Verdict::Told(self.conclude(Outcome::Unlocked));
            }
            Action::Probe => return Verdict::Told(self.conclude(Outcome::Probed)),
            _ => {}
        }
        self.handed_out = true;
        Verdict::Unlatched(code.action.clone())
    }

    /// Leave for what one signature could ask for without end, and a new challenge where this one is answered.
    fn prepare(&mut self, code: &Code) -> Result<(), Reason> {
        let is_open = self.opened.iter().any(|(latch, ..)| *latch == code.latch);
        let idle = match code.action {
            Action::Close => !is_open,
            Action::Lockdown => self.locked_down,
            _ => false,
        };
        if code.action == Action::Lockdown && !idle {
            // What lifts it is signed after it.
            self.nonces.renounce(self.ticks_ms);
        }
        let granted = !idle || self.budgets.idle.take(1, self.ticks_ms);
        ensure(granted, Reason::Throttled)?;
        if code.challenge.is_some() && !code.action.only_shuts() {
            self.nonces.rotate(self.ticks_ms);
        }
        Ok(())
    }

    /// How what was unlatched has gone.
    pub(crate) fn settle(&mut self, failure: Option<i32>) -> Account {
        let pending = self.pending.clone().expect("something to settle");
        self.note();
        self.handed_out = false;
        let staged = self.staged.take();
        if let Some(code) = failure {
            // What may not have opened counts as closed.
            self.opened.retain(|(_, name, _)| *name != pending.name);
            return self.conclude(Outcome::ActuatorFailed { code });
        }
        let outcome = match pending.action {
            Action::SetTwin(_) => Outcome::Applied {
                twin_version: self.twin.0,
            },
            Action::Command(..) => Outcome::Performed,
            Action::Open(seconds) => Outcome::Opened { seconds },
            Action::Renew(seconds) => Outcome::Renewed { seconds },
            Action::Close => closed(pending.latch, CloseCause::Code),
            Action::Lockdown => Outcome::LockedDown,
            other => unreachable!("{other:?} is concluded at once"),
        };
        if let Some(mut opening) = staged {
            if let (Action::Renew(_), before) = (&pending.action, self.opening(opening.latch)) {
                // A renewal opens nothing that has closed in the meantime.
                let Some(before) = before.filter(|_| self.is_open(opening.latch)) else {
                    return self.conclude(refused(Reason::NotOpen));
                };
                opening.amiss = before.amiss;
                opening.heard = opening.heard.max(before.heard);
            }
            self.openings.retain(|old| old.latch != opening.latch);
            self.openings.push(opening);
        }
        self.conclude(outcome)
    }

    fn conclude(&mut self, outcome: Outcome) -> Account {
        let pending = self.pending.take().expect("something burned");
        let about = About::code(pending.name, pending.emergency);
        let account = self.tell(about, outcome, pending.trial);
        self.memory.told(pending.name, account.number);
        self.note();
        account
    }

    /// A twin change that the last boot left undone: once a boot.
    pub(crate) fn resume(&mut self) -> bool {
        let left = self
            .pending
            .as_ref()
            .is_some_and(|left| matches!(left.action, Action::SetTwin(_)));
        let resumed = left && !self.handed_out;
        self.handed_out |= resumed;
        resumed
    }

    /// What the next boot finds.
    pub(crate) fn reboot(&mut self) {
        self.boot += 1;
        self.times = Times::booted(self.times.written_ms, self.ticks_ms);
        self.nonces = Nonces::booted(self.nonces.drawn(), self.ticks_ms);
        self.budgets = Budgets::booted(self.ticks_ms);
        (self.openings, self.staged, self.handed_out) = (Vec::new(), None, false);
        (self.facts, self.junk) = ([None; 2], (0, 0));
        let interrupted = self.pending.as_ref().map(|left| left.action.clone());
        match interrupted {
            None | Some(Action::SetTwin(_)) => {}
            Some(Action::Close) => {
                let latch = self.pending.as_ref().expect("it was closed").latch;
                self.conclude(closed(latch, CloseCause::Code));
            }
            Some(Action::Lockdown) => {
                self.conclude(Outcome::LockedDown);
            }
            Some(_) => {
                let name = self.conclude(Outcome::Interrupted).about.name();
                self.opened.retain(|(_, opened, _)| Some(*opened) != name);
            }
        }
        for (latch, name, emergency) in std::mem::take(&mut self.opened) {
            let about = About::code(name, emergency);
            self.tell(about, closed(latch, CloseCause::Reboot), None);
        }
    }

    /// The first latch that has closed by itself, or when to look again.
    pub(crate) fn poll(&mut self) -> Result<(u8, CloseCause, Account), Option<u64>> {
        self.times.watch(self.clock_ms, self.ticks_ms);
        let mut wake_ticks_ms = u64::MAX;
        for place in 0..self.openings.len() {
            match self.stand(&self.openings[place]) {
                Stands::Open { next, amiss } => {
                    self.openings[place].amiss = amiss;
                    wake_ticks_ms = wake_ticks_ms.min(next);
                }
                Stands::Closed(cause) => {
                    let opening = self.openings[place];
                    return Ok((opening.latch, cause, self.close(opening, cause)));
                }
            }
        }
        let facts = self.facts.iter().flatten().map(|(_, until)| *until);
        let ages = facts.filter(|until| *until > self.ticks_ms && !self.openings.is_empty());
        let wake = ages
            .chain([wake_ticks_ms])
            .min()
            .filter(|at| *at < u64::MAX);
        Err(wake.map(|at| at.saturating_sub(self.ticks_ms)))
    }

    /// Tells of a latch that closes by itself, in the name of the code that had opened it.
    fn close(&mut self, opening: Opening, cause: CloseCause) -> Account {
        let Opening {
            latch, name, rule, ..
        } = opening;
        self.shut(latch);
        let about = About::code(name, rule == RuleChoice::BreakGlass);
        self.tell(about, closed(latch, cause), None)
    }

    /// Signs its state: old nonces are replaced for that.
    pub(crate) fn publish(&mut self) {
        self.nonces.age(self.ticks_ms);
        self.nonces.beat(self.ticks_ms, self.pulse_every_ms());
    }
}

pub(super) fn closed(latch: u8, cause: CloseCause) -> Outcome {
    let latch = LatchId::new(latch).expect("a latch of the root");
    Outcome::Closed { latch, cause }
}
