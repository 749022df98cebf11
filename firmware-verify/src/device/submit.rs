//! The door: every statement comes in here.

use core::ops::DerefMut;

use super::{Clock as _, Device, Memory, Platform, Unlatched, budget::Written, receipts::About};
use crate::{
    ledger::Recent,
    reject::{Reason, Refusal, ensure},
    statement::Outcome,
    types::{Challenge, StatementId, TenantId},
    wire::{Envelope, Kind, Role, peek, peek_kind},
};

/// Numbers of the actions that close, as they stand at the end of a code's body.
const CLOSE: u8 = 4;
const LOCKDOWN: u8 = 7;

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
    /// Taken in, or in force already; there is nothing to tell.
    Noted,
    /// Not meant for this device, from nobody it knows, or beyond its budget: counted.
    Ignored(Refusal),
    /// The code asks for a release: find its manifest, then submit both. Nothing was burned.
    ManifestWanted(StatementId),
    /// The code is burned: act now.
    Unlatched(Unlatched<'a>),
}

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
    /// Puts a statement through every check: a latch code, a successor of the trust root, a
    /// revocation, a stop slip, or an attestation of the time.
    ///
    /// A code is burned before its latch opens, and one that was used before is answered with
    /// the receipt of its first time. `release` matters to codes that install.
    /// `out` takes a receipt: [`crate::limits::MAX_RECEIPT_ENVELOPE`] bytes are enough.
    pub fn submit<'a>(
        &'a mut self,
        statement: &'a [u8],
        release: Release<'a>,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        self.watch_clock();
        self.note_amiss();
        let aged = self
            .memory
            .nonces
            .age(&mut self.entropy, self.clock.ticks_ms());
        match self.admit(statement) {
            Ok(None) => Submitted::Noted,
            Ok(Some(Kind::Root)) => self.submit_root(statement, out),
            Ok(Some(Kind::Time)) => self.submit_time(statement, out),
            Ok(Some(Kind::Revocation)) => self.submit_revocation(statement, out),
            Ok(Some(Kind::StopSlip)) => self.submit_slip(statement, out),
            Ok(Some(_)) => self.submit_code(statement, release, aged, out),
            Err(refusal) => self.ignore(refusal),
        }
    }

    /// Looks at a statement's shape and signers, which costs no arithmetic, and takes leave to
    /// check its signatures. `None` for what says nothing new.
    #[inline(never)]
    fn admit(&mut self, statement: &[u8]) -> Result<Option<Kind>, Refusal> {
        let kind = match peek_kind(statement) {
            Some(
                kind @ (Kind::Root | Kind::Time | Kind::Revocation | Kind::StopSlip | Kind::Code),
            ) => kind,
            // What else there is has no business here; the shape says what is wrong with it.
            _ => Kind::Code,
        };
        let envelope = Envelope::parse(kind, statement)?;
        let ring = self.memory.ledger.trust.ring();
        let all = envelope.signers().count();
        let known = match kind {
            // A successor may be signed by keys that only it lists; those of root keys in force
            // come first, and without them the others are not looked at.
            Kind::Root => {
                let in_force = |id| ring.role(id) == Some(Role::Root);
                let known = envelope.signers().filter(|id| in_force(*id));
                known.count().min(1).saturating_mul(all)
            }
            _ => envelope
                .signers()
                .filter(|id| ring.role(*id).is_some())
                .count(),
        };
        ensure(known == all, Reason::UnknownKey)?;
        if kind == Kind::Root && self.is_past_root(&envelope) {
            return Ok(None);
        }
        let signatures = u32::try_from(all).map_err(|_| Reason::LogicFault)?;
        let preferred = kind == Kind::Code && self.seems_urgent(envelope.body());
        let ticks_ms = self.clock.ticks_ms();
        ensure(
            self.memory
                .budgets
                .check(kind, signatures, preferred, ticks_ms),
            Reason::Throttled,
        )?;
        self.work.signatures_checked = self
            .work
            .signatures_checked
            .saturating_add(signatures.into());
        Ok(Some(kind))
    }

    /// Whether a code looks as if it answered the challenge, or closed something: by its bytes,
    /// since nothing is parsed before its signatures are checked. Whoever makes it look so without
    /// a cause takes from a reserve, and gains nothing else.
    fn seems_urgent(&self, body: &[u8]) -> bool {
        let challenges = self.memory.nonces.challenges();
        let answers = body
            .windows(challenges.current.0.len())
            .filter_map(|window| window.try_into().ok())
            .any(|nonce| challenges.accept(Challenge(nonce)));
        // The action stands last, and these two have no fields.
        answers || matches!(body.last(), Some(&(CLOSE | LOCKDOWN)))
    }

    /// Whether a root is of a version that is past, or the one in force. Brokers retain them
    /// all, and deliver them at every connection: they say nothing new, and cost nothing. That is
    /// read before any signature is checked, since all that comes of it is to look away.
    fn is_past_root(&self, envelope: &Envelope<'_>) -> bool {
        let in_force = self
            .memory
            .ledger
            .trust
            .terms()
            .map_or(0, |root| root.version);
        match peek::<(TenantId, u32)>(envelope.body()) {
            Some((_, version)) if version < in_force => true,
            Some(_) => envelope.id() == self.memory.ledger.trust.id(),
            None => false,
        }
    }

    /// Counts a message that gets no answer.
    pub(super) fn count(&mut self, refusal: Refusal) -> Refusal {
        self.junk.count = self.junk.count.saturating_add(1);
        self.junk.last_reason = refusal.reason.number();
        refusal
    }

    // Apart from its many callers, as is what answers: a verdict ends here, and takes their registers no longer.
    #[inline(never)]
    pub(super) fn ignore<'a>(&mut self, refusal: Refusal) -> Submitted<'a> {
        Submitted::Ignored(self.count(refusal))
    }

    /// As [`ignore`](Self::ignore), where the reason says it all.
    #[inline(never)]
    pub(super) fn ignore_for<'a>(&mut self, reason: Reason) -> Submitted<'a> {
        self.ignore(reason.into())
    }

    /// Sends a receipt again, from a budget.
    pub(super) fn answer_with<'a>(
        &'a mut self,
        recent: Recent,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        if !self.memory.budgets.repeat(self.clock.ticks_ms()) {
            return self.ignore_for(Reason::Throttled);
        }
        match self.repeat(recent, out) {
            Ok(receipt) => Submitted::Answered(receipt),
            Err(fault) => self.ignore_for(fault),
        }
    }

    /// Answers with a refusal, from the write budget; the same refusal of the same statement
    /// is told again without a write.
    pub(super) fn refuse<'a>(
        &'a mut self,
        about: &About,
        refusal: Refusal,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let number = refusal.reason.number();
        if let Some(recent) = self.memory.ledger.facts.recent_for(about.statement)
            && recent.refused == Some(number)
        {
            return self.answer_with(recent, out);
        }
        if !self
            .memory
            .budgets
            .write(Written::Refusal, self.clock.ticks_ms())
        {
            return self.ignore(refusal);
        }
        let outcome = Outcome::Refused {
            reason: number,
            expected: refusal.expected,
            found: refusal.found,
        };
        self.tell(about, outcome, out)
    }

    /// Records an outcome that needs no burn before it, and answers with its receipt.
    pub(super) fn tell<'a>(
        &'a mut self,
        about: &About,
        outcome: Outcome,
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        match self
            .make_room(0)
            .and_then(|()| self.conclude(about, outcome, out))
        {
            Ok(receipt) => Submitted::Answered(receipt),
            Err(fault) => self.ignore_for(fault),
        }
    }
}
