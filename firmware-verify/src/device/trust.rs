//! Statements that change whom and what the device believes: successors of the trust root,
//! revocations, stop slips, and attestations of the time.

use core::ops::DerefMut;

use super::{
    Clock as _, Device, Memory, Platform, budget::Written, receipts::About, submit::Submitted,
    voided::Voided,
};
use crate::{
    ledger::{CodeName, Record},
    limits::FLOOR_STEP_MS,
    reject::{Reason, Refusal, ensure},
    statement::{Outcome, Revocation, Root, StopSlip, TimeAttestation},
    twin::Bytes,
    types::{KeyId, Sequence, StatementId, TimeMs},
    verdict::{
        AuthenticRevocation, AuthenticRoot, By, CheckedRoot, authenticate_revocation,
        authenticate_root, check_root, has_enough, judge_time,
    },
    wire::{Envelope, Kind},
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
    /// Takes the next version of the trust root. A bad one leaves the old one in force.
    #[inline(never)]
    pub(super) fn submit_root<'a>(
        &'a mut self,
        statement: &[u8],
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let successor = match authenticate_root(statement, &self.memory.ledger.trust) {
            Ok(successor) => successor,
            Err(refusal) => return self.ignore(refusal),
        };
        let about = about(Kind::Root, successor.id(), None);
        let judged = check_root(&successor, &self.memory.ledger.trust, self.key_id);
        match judged.and_then(|root| self.accept_root(&successor, &root)) {
            Ok(outcome) => self.tell(&about, outcome, out),
            Err(refusal) if is_fault(refusal.reason) => self.ignore(refusal),
            Err(refusal) => self.refuse(&about, refusal, out),
        }
    }

    /// Puts a successor in force, durably.
    #[inline(never)]
    fn accept_root(
        &mut self,
        successor: &AuthenticRoot<'_>,
        root: &CheckedRoot<'_>,
    ) -> Result<Outcome, Refusal> {
        let root = root.read();
        let (version, epoch) = (root.root().version, root.root().epoch);
        let before = self.memory.ledger.trust.terms()?.epoch;
        let resets = epoch > before || root.drops_a_time_key_of(&self.memory.ledger.trust);
        let bytes = successor.bytes();
        self.make_room(bytes.len())?;
        has_enough(successor, &self.memory.ledger.trust)?;
        root.says_what_is_signed()?;
        let at = self.write(&Record::Root(Bytes(bytes)))?;
        self.memory
            .ledger
            .change(|ledger| ledger.succeed(root, at))?;
        // What a new epoch voids stays with the root before, and closes.
        if epoch == before {
            self.follow_root(root.root());
        }
        if resets {
            self.memory.time.forget();
        } else {
            self.memory.time.forget_attested();
        }
        self.note_amiss();
        self.raise_counter()?;
        Ok(Outcome::RootAccepted { version, epoch })
    }

    /// Holds what is open, and what is about to open, to the rules of the root that has come into force.
    fn follow_root(&mut self, root: &Root<'_>) {
        let Memory {
            latches,
            staged,
            ledger,
            ..
        } = &mut *self.memory;
        let facts = &ledger.facts;
        for opening in latches.iter_mut() {
            if let Some(open) = facts.open_latch(opening.latch) {
                opening.follow(root, open.choice());
            }
        }
        for staged in staged.iter_mut() {
            if let Some(open) = facts.open_latch(staged.latch) {
                staged.follow(root, open.choice());
            }
        }
    }

    /// Takes a floor under all that an issuer has signed so far.
    #[inline(never)]
    pub(super) fn submit_revocation<'a>(
        &'a mut self,
        statement: &[u8],
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let (trust, identity) = (&self.memory.ledger.trust, &self.memory.ledger.identity);
        let authentic: AuthenticRevocation<'_, Revocation> =
            match authenticate_revocation(statement, trust, identity) {
                Ok(authentic) => authentic,
                Err(refusal) => return self.ignore(refusal),
            };
        let Revocation {
            issuer, through, ..
        } = *authentic.body();
        let about = about(Kind::Revocation, authentic.id(), Some((issuer, through)));
        let replay = &self.memory.ledger.facts.replay;
        let judged = authentic
            .judge(trust)
            .and_then(|by| replay.has_room(issuer).map(|()| by));
        let by = match judged {
            Ok(by) => by,
            Err(refusal) => return self.refuse(&about, refusal, out),
        };
        if replay.floor(issuer).revoked >= through {
            return Submitted::Noted;
        }
        let voided = Voided::through(issuer, through);
        let install = self.memory.ledger.facts.install.as_ref();
        let downloads = install.is_some_and(|install| voided.holds(&install.pending.code));
        let holds = self.void_latches(&voided) || downloads;
        if let Err(refusal) = self.afford(&voided, authentic.signed(), by, holds) {
            return self.ignore_for(refusal);
        }
        self.tell(&about, Outcome::Revoked, out)
    }

    /// Voids one code.
    #[inline(never)]
    pub(super) fn submit_slip<'a>(
        &'a mut self,
        statement: &[u8],
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let (trust, identity) = (&self.memory.ledger.trust, &self.memory.ledger.identity);
        let authentic: AuthenticRevocation<'_, StopSlip> =
            match authenticate_revocation(statement, trust, identity) {
                Ok(authentic) => authentic,
                Err(refusal) => return self.ignore(refusal),
            };
        let StopSlip {
            issuer,
            sequence,
            statement,
            ..
        } = *authentic.body();
        let about = about(Kind::StopSlip, authentic.id(), Some((issuer, sequence)));
        let replay = &self.memory.ledger.facts.replay;
        let judged = authentic
            .judge(trust)
            .and_then(|by| replay.has_room(issuer).map(|()| by));
        let by = match judged {
            Ok(by) => by,
            Err(refusal) => return self.refuse(&about, refusal, out),
        };
        // By its whole name: an operator may stop its own codes, and none that it only knows by id.
        let named = CodeName {
            issuer,
            sequence,
            statement,
        };
        // What the code has opened or begun may outlive its place in the table of used codes.
        let install = self.memory.ledger.facts.install.as_ref();
        let downloads =
            install.is_some_and(|install| install.pending.code == named && !install.stopped);
        let used = replay.is_used(issuer, sequence, statement);
        let is_stopped = replay.is_stopped(issuer, sequence, statement);
        let voided = Voided::one(named);
        let holds = self.void_latches(&voided) || downloads;
        if is_stopped && !holds {
            return Submitted::Noted;
        }
        let used = used || holds;
        if let Err(refusal) = self.afford(&voided, authentic.signed(), by, holds) {
            return self.ignore_for(refusal);
        }
        self.tell(&about, Outcome::Stopped { statement, used }, out)
    }

    /// Closes the latches that these codes hold open.
    #[inline(never)]
    fn void_latches(&mut self, voided: &Voided) -> bool {
        let Memory {
            latches, ledger, ..
        } = &mut *self.memory;
        latches.revoke(&ledger.facts.open, |code| voided.holds(code))
    }

    /// Takes leave to write that an issuer has taken back what the signed body names: it could go on for ever, unless something
    /// ends by it.
    fn afford(
        &mut self,
        voided: &Voided,
        body: &[u8],
        by: By,
        ends_something: bool,
    ) -> Result<(), Reason> {
        voided.are_named_in(body, &self.memory.ledger.identity.tenant)?;
        let ticks_ms = self.clock.ticks_ms();
        let free = by == By::Root || ends_something;
        let may = free || self.memory.budgets.write(Written::Revocation, ticks_ms);
        ensure(may, Reason::Throttled)
    }

    /// Takes an attestation of the time. It is written down where it raises the floor by a
    /// [step](FLOOR_STEP_MS); what else it says is kept in RAM, so that a heartbeat costs no flash.
    #[inline(never)]
    pub(super) fn submit_time<'a>(
        &'a mut self,
        statement: &[u8],
        out: &'a mut [u8],
    ) -> Submitted<'a> {
        let judged = judge_time(
            statement,
            &self.memory.ledger.trust,
            &self.memory.ledger.identity,
        )
        .and_then(|attestation| self.take_time(&attestation));
        if let Err(refusal) = judged {
            return self.ignore(refusal);
        }
        let ticks_ms = self.clock.ticks_ms();
        let floor_ms = self.memory.time.floor_ms(ticks_ms);
        let written_ms = self.memory.ledger.facts.time_floor_ms.get();
        let step = floor_ms >= written_ms.saturating_add(FLOOR_STEP_MS);
        let Some(floor_ms) = TimeMs::new(floor_ms).filter(|_| step) else {
            return Submitted::Noted;
        };
        let Ok(envelope) = Envelope::parse(Kind::Time, statement) else {
            return Submitted::Noted;
        };
        if !self.memory.budgets.write(Written::TimeFloor, ticks_ms) {
            return Submitted::Noted;
        }
        let about = about(Kind::Time, envelope.id(), None);
        self.tell(&about, Outcome::TimeRaised { floor_ms }, out)
    }

    fn take_time(&mut self, attestation: &TimeAttestation) -> Result<(), Refusal> {
        let ticks_ms = self.clock.ticks_ms();
        let Some(pulse) = attestation.pulse else {
            return self.memory.time.hear(attestation.time_ms, ticks_ms);
        };
        let made_ticks_ms = self.memory.nonces.answer_pulse(pulse, ticks_ms)?;
        self.memory
            .time
            .attest(attestation.time_ms, made_ticks_ms, ticks_ms)?;
        // It was sent after its pulse was made; more is not sure.
        self.memory.latches.hear(made_ticks_ms);
        Ok(())
    }

    /// Tells of a root that was put in force right before a power cut.
    pub(super) fn tell_root(&mut self, out: &mut [u8]) -> Result<(), Reason> {
        let root = self.memory.ledger.trust.terms()?;
        let (version, epoch) = (root.version, root.epoch);
        if version <= self.memory.ledger.facts.root_told {
            return Ok(());
        }
        let about = about(Kind::Root, self.memory.ledger.trust.id(), None);
        self.make_room(0)?;
        self.conclude(&about, Outcome::RootAccepted { version, epoch }, out)
            .map(|_| ())
    }
}

/// Whether the device failed, not the statement.
fn is_fault(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::StorageFault
            | Reason::NoEntropy
            | Reason::CounterFault
            | Reason::LogicFault
            | Reason::MemoryFault
    )
}

#[inline(never)]
fn about(kind: Kind, statement: StatementId, names: Option<(KeyId, Sequence)>) -> About {
    About {
        statement,
        kind,
        issuer: names.map(|(issuer, _)| issuer),
        sequence: names.map(|(_, sequence)| sequence),
        break_glass: false,
        trial: None,
        age_ms: None,
    }
}
