//! The reference: a device as DESIGN and WIRE.md describe it, without bytes, flash or cryptography.

use latch_verify::{
    Reason,
    statement::{CloseCause, Outcome, RuleChoice},
    types::StatementId,
    wire::Role,
};

use super::{
    budget::Budgets,
    clock::{Nonces, Now, Times},
    memory::{About, Account, Memory, Name, Receipts},
    opening::Opening,
    rules::ensure,
    said::{Action, Code, Id, Root, Said, Statement},
    twin::Node,
};

/// What came of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// A new receipt.
    Told(Account),
    /// A receipt of before, with this number.
    Again(u64),
    Noted,
    Ignored(Reason),
    ManifestWanted,
    /// Burned: this is to be done.
    Unlatched(Action),
}

/// Something burned that has no outcome yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) name: Name,
    pub(crate) latch: u8,
    pub(crate) action: Action,
    pub(super) emergency: bool,
    pub(super) trial: Option<Reason>,
}

#[derive(Clone, Debug)]
pub(crate) struct Device {
    // The world around it.
    pub(crate) ticks_ms: u64,
    pub(crate) clock_ms: Option<u64>,
    /// What is durable.
    pub(crate) root: Root,
    pub(super) root_id: Id,
    pub(crate) boot: u32,
    /// Version and tree.
    pub(crate) twin: (u64, Node),
    pub(crate) memory: Memory,
    pub(crate) receipts: Receipts,
    pub(crate) pending: Option<Pending>,
    pub(crate) locked_down: bool,
    /// Latches that codes have opened, until their closing was told.
    pub(crate) opened: Vec<(u8, Name, bool)>,
    /// Changes that the hardware's counter counts.
    pub(crate) anchor: u64,
    // What a boot forgets.
    pub(crate) times: Times,
    pub(crate) nonces: Nonces,
    pub(super) openings: Vec<Opening>,
    pub(super) staged: Option<Opening>,
    pub(super) handed_out: bool,
    pub(super) budgets: Budgets,
    /// Facts of the posture: what each is, and until when that is known.
    pub(super) facts: [Option<(bool, u64)>; 2],
    /// Messages that were not answered, and the last reason.
    pub(crate) junk: (u32, u16),
}

impl Device {
    pub(crate) fn provisioned(root: Root, root_id: Id, clock_ms: u64) -> Self {
        Self {
            ticks_ms: 0,
            clock_ms: Some(clock_ms),
            root,
            root_id,
            boot: 1,
            twin: Default::default(),
            memory: Memory::default(),
            receipts: Receipts::default(),
            pending: None,
            locked_down: false,
            opened: Vec::new(),
            anchor: 0,
            times: Times::default(),
            nonces: Nonces::booted(0, 0),
            openings: Vec::new(),
            staged: None,
            handed_out: false,
            budgets: Budgets::booted(0),
            facts: [None; 2],
            junk: (0, 0),
        }
    }

    pub(crate) fn now(&self) -> Now {
        self.times.now(self.clock_ms, self.ticks_ms)
    }

    /// The order of DESIGN, section 5.
    pub(crate) fn submit(&mut self, statement: &Statement) -> Verdict {
        self.times.watch(self.clock_ms, self.ticks_ms);
        self.note();
        self.nonces.age(self.ticks_ms);
        let verdict = self.admit(statement).map(|()| match &statement.said {
            // Roots come again at every connection: those of before say nothing new.
            Said::Root(root) if self.is_past(root, statement.id) => Verdict::Noted,
            Said::Code(code) => self.take_code(code, statement),
            Said::Root(root) => self.take_root(root, statement),
            Said::Time(time) => self.take_time(time, statement),
            Said::Revocation(revocation) => self.take_revocation(revocation, statement),
            Said::Slip(slip) => self.take_slip(slip, statement),
            Said::Noise(noise) => self.ignore(noise.reason()),
        });
        let verdict = verdict.unwrap_or_else(|reason| self.ignore(reason));
        self.note();
        verdict
    }

    fn is_past(&self, root: &Root, id: Id) -> bool {
        root.version < self.root.version || id == self.root_id
    }

    /// What costs no arithmetic, and leave for that which does.
    fn admit(&mut self, statement: &Statement) -> Result<(), Reason> {
        if let Said::Noise(noise) = &statement.said
            && noise.is_shapeless()
        {
            return Err(noise.reason());
        }
        ensure(!statement.has_twice(), Reason::DuplicateKey)?;
        let is_known = |key| self.root.role(key).is_some();
        let mut signers = statement.signers.iter().copied();
        let known = match statement.said {
            // A successor may be signed by keys that only it lists, besides those in force.
            Said::Root(_) => signers.any(|key| self.root.role(key) == Some(Role::Root)),
            _ => signers.all(is_known),
        };
        ensure(known, Reason::UnknownKey)?;
        let is_past =
            matches!(&statement.said, Said::Root(root) if self.is_past(root, statement.id));
        let Budgets {
            codes,
            urgent,
            roots,
            revocations,
            time,
            ..
        } = &mut self.budgets;
        let (count, ticks_ms) = (statement.signers.len(), self.ticks_ms);
        let granted = match &statement.said {
            Said::Root(_) if is_past => true,
            Said::Root(_) => roots.take(count, ticks_ms),
            Said::Time(_) => time.take(count, ticks_ms),
            Said::Revocation(_) | Said::Slip(_) => revocations.take(count, ticks_ms),
            Said::Noise(_) => codes.take(count, ticks_ms),
            Said::Code(code) => {
                let answers = code
                    .challenge
                    .is_some_and(|nonce| self.nonces.accepts(nonce));
                let hurries = answers || code.action.only_shuts();
                codes.take(count, ticks_ms) || hurries && urgent.take(count, ticks_ms)
            }
        };
        ensure(granted, Reason::Throttled)
    }

    pub(super) fn ignore(&mut self, reason: Reason) -> Verdict {
        self.junk = (self.junk.0 + 1, reason.number());
        Verdict::Ignored(reason)
    }

    /// A receipt that was given before, from its budget.
    fn repeat(&mut self, number: u64) -> Verdict {
        if self.budgets.repeats.take(1, self.ticks_ms) {
            Verdict::Again(number)
        } else {
            self.ignore(Reason::Throttled)
        }
    }

    /// A refusal with its receipt, from the budget of writes; told again without a write.
    pub(super) fn refuse(&mut self, about: About, reason: Reason) -> Verdict {
        if let Some(last) = self.receipts.last_for(about.statement)
            && last.refused() == Some(reason.number())
        {
            return self.repeat(last.number);
        }
        if !self.budgets.refusals.take(1, self.ticks_ms) {
            return self.ignore(reason);
        }
        Verdict::Told(self.tell(about, refused(reason), None))
    }

    pub(super) fn tell(
        &mut self,
        about: About,
        outcome: Outcome,
        trial: Option<Reason>,
    ) -> Account {
        let number = self.receipts.count + 1;
        let account = Account {
            number,
            about,
            outcome,
            trial,
        };
        self.receipts.add(account);
        if let Some(name) = about.name().filter(|_| account.refused().is_none()) {
            self.memory.told(name, number);
        }
        account
    }

    fn take_code(&mut self, code: &Code, by: &Statement) -> Verdict {
        if let Err(reason) = by.check_signatures().and_then(|()| code.check_address()) {
            return self.ignore(reason);
        }
        let name = code.name(by.id);
        let about = About::code(name, code.rule == RuleChoice::BreakGlass);
        let last = self.receipts.last_for(by.id).copied();
        let answered = last.is_some_and(|last| last.refused().is_none());
        if self.memory.is_used(name) || answered {
            let in_hand = self
                .pending
                .as_ref()
                .is_some_and(|doing| doing.name == name);
            return match last {
                // Its answer follows.
                _ if in_hand => Verdict::Ignored(Reason::Busy),
                Some(last) => self.repeat(last.number),
                None => self.refuse(about, Reason::AlreadyUsed),
            };
        }
        let judged = self.judge(code, by);
        if judged.is_ok() && code.action.only_shuts() {
            // Whoever may close is obeyed at once, whatever keeps the code from being burned.
            let (cause, only) = match code.action {
                Action::Close => (CloseCause::Code, Some(code.latch)),
                _ => (CloseCause::Lockdown, None),
            };
            self.shut_where(cause, |opening| {
                only.is_none_or(|latch| latch == opening.latch)
            });
        }
        match judged.and_then(|trial| self.plan(code).map(|()| trial)) {
            Ok(_) if code.action == (Action::Install { asked: false }) => Verdict::ManifestWanted,
            Ok(_) if code.action == Action::Downgrade => Verdict::ManifestWanted,
            Ok(trial) => self.burn(code, by.id, trial),
            Err(reason) => self.refuse(about, reason),
        }
    }

    /// What a code would do here and now.
    fn plan(&self, code: &Code) -> Result<(), Reason> {
        ensure(self.pending.is_none(), Reason::Busy)?;
        match &code.action {
            Action::SetTwin(patch) => self.twin.1.patched(patch).map(|_| ()),
            Action::Install { asked: true } => Err(Reason::ManifestMissing),
            Action::Open(_) => {
                ensure(!self.is_open(code.latch), Reason::AlreadyOpen)?;
                // What has closed has to be shut before it is opened again.
                ensure(self.opening(code.latch).is_none(), Reason::Busy)
            }
            Action::Renew(seconds) => self.may_renew(code, *seconds),
            _ => Ok(()),
        }
    }
}

/// A refusal, whose evidence is not compared.
pub(super) fn refused(reason: Reason) -> Outcome {
    Outcome::Refused {
        reason: reason.number(),
        expected: 0,
        found: 0,
    }
}

/// The id as receipts write it.
pub(crate) fn id(statement: Id) -> StatementId {
    StatementId(statement)
}
