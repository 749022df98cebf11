//! Latches that stay open for a time, what closes them, and what takes permission back.

use latch_verify::{
    Reason,
    device::{Actuator, Handled, Observation, Opened, Release as Offer},
    limits::MAX_RECEIPT_ENVELOPE,
    statement::{Action, CloseCause, Code, Outcome, Revocation, Rule, RuleChoice, StopSlip},
    types::{LatchId, Posture, Sequence, StatementId},
    wire::{Envelope, Kind},
};

use super::{
    answer::{Answer, Effect, Looked, Told},
    bench::Bench,
    keys::{BREAK_GLASS, CREW, Signer, seal},
    root::{RootSpec, TAMPERED, TENANT, service},
};

/// A latch as it stands in a set of latches.
pub(crate) fn bit(latch: LatchId) -> u16 {
    1 << latch.number()
}

/// A root under which `service` has another rule.
pub(crate) fn service_rule(change: impl FnOnce(&mut Rule)) -> RootSpec {
    let mut root = RootSpec::default();
    change(&mut root.latch_mut(service()).rule);
    root
}

/// Holds a code to the break-glass rule.
pub(crate) fn emergency(code: &mut Code<'_>) {
    (code.rule, code.issuer) = (RuleChoice::BreakGlass, BREAK_GLASS[0].id());
}

/// What a signed code says.
pub(crate) fn read(code: &[u8]) -> (StatementId, Code<'_>) {
    let envelope = Envelope::parse(Kind::Code, code).expect("a code's envelope");
    (envelope.id(), envelope.read().expect("a code"))
}

/// Voids all that a key has signed up to here.
pub(crate) fn revocation(issuer: Signer, through: Sequence, signers: &[Signer]) -> Vec<u8> {
    let issuer = issuer.id();
    let revocation = Revocation {
        tenant: TENANT,
        issuer,
        through,
    };
    seal(&revocation, signers)
}

/// Voids one code.
pub(crate) fn slip(code: &[u8], signers: &[Signer]) -> Vec<u8> {
    seal(&slip_for(code), signers)
}

/// What a slip for a code says.
pub(crate) fn slip_for(code: &[u8]) -> StopSlip {
    let (statement, code) = read(code);
    StopSlip {
        tenant: TENANT,
        issuer: code.issuer,
        sequence: code.sequence,
        statement,
    }
}

impl Bench {
    /// Lets time pass.
    pub(crate) fn pass(&self, ms: u64) {
        self.hardware.clock.advance(ms);
    }

    /// A code of one operator alone, which rests on no challenge: enough to close.
    pub(crate) fn closing(&mut self, latch: LatchId, action: Action<'_>) -> Vec<u8> {
        let mut code = self.code(latch, action);
        code.challenge = None;
        seal(&code, &CREW[..1])
    }

    /// Opens `service`.
    #[track_caller]
    pub(crate) fn opens(&mut self, seconds: u32) -> Told {
        let code = self.code(service(), Action::Open { seconds });
        self.opens_by(&code, &CREW)
    }

    /// Opens a latch by a code that must be accepted.
    #[track_caller]
    pub(crate) fn opens_by(&mut self, code: &Code<'_>, signers: &[Signer]) -> Told {
        let Action::Open { seconds } = code.action else {
            panic!("{:?} opens nothing", code.action);
        };
        let latch = code.latch;
        let told = self.submit(&seal(code, signers)).told();
        assert_eq!(told.outcome(), Outcome::Opened { seconds });
        assert_eq!(self.effects.last(), Some(&Effect::Open { latch, seconds }));
        assert!(self.device.is_open(latch), "told open, and is not");
        assert_ne!(told.receipt.status.open & bit(latch), 0);
        told
    }

    /// Renews `service`.
    #[track_caller]
    pub(crate) fn renews(&mut self, seconds: u32) -> Told {
        let latch = service();
        let code = self.sealed(latch, Action::Renew { seconds });
        let told = self.submit(&code).told();
        assert_eq!(told.outcome(), Outcome::Renewed { seconds });
        assert_eq!(self.effects.last(), Some(&Effect::Renew { latch, seconds }));
        assert!(self.device.is_open(latch));
        told
    }

    /// Nothing has changed without a message. Tells when to look again.
    #[track_caller]
    pub(crate) fn idle(&mut self) -> Option<u64> {
        let number = self.device.facts().chain.number;
        match self.poll() {
            Looked::Idle(wake_in_ms) => {
                assert_eq!(self.device.facts().chain.number, number);
                wake_in_ms
            }
            other => panic!("{other:?}, though nothing has changed"),
        }
    }

    /// The latch has closed by itself: shut before anybody looked, and told once, in the name of the code that had
    /// opened it.
    #[track_caller]
    pub(crate) fn closes(&mut self, opened: &Told, latch: LatchId, cause: CloseCause) -> Told {
        assert!(!self.device.is_open(latch), "open, though nobody looked");
        assert_eq!(self.device.open_latches() & bit(latch), 0);
        let (effects, number) = (self.effects.len(), self.device.facts().chain.number);
        let told = match self.poll() {
            Looked::Closed {
                latch: found,
                cause: why,
                told,
            } => {
                assert_eq!((found, why), (latch, cause));
                told.expect("a receipt")
            }
            other => panic!("{other:?} rather than closed for {cause:?}"),
        };
        assert_eq!(told.outcome(), Outcome::Closed { latch, cause });
        let (before, after) = (&opened.receipt, &told.receipt);
        assert_eq!(
            (after.statement, after.kind, after.issuer, after.sequence),
            (
                before.statement,
                before.kind,
                before.issuer,
                before.sequence
            )
        );
        assert_eq!(after.break_glass, before.break_glass);
        assert_eq!(after.number, number + 1);
        assert_eq!(after.status.open & bit(latch), 0);
        self.idle();
        assert_eq!(self.effects.len(), effects);
        assert_eq!(self.device.facts().open_latch(latch), None);
        told
    }

    /// The latch is open now, and closes by itself after exactly this long, whenever one looks. Ends at that moment.
    #[track_caller]
    pub(crate) fn closes_after(
        &mut self,
        ms: u64,
        opened: &Told,
        latch: LatchId,
        cause: CloseCause,
    ) -> Told {
        self.stays_open(ms - 1, latch);
        self.pass(1);
        self.closes(opened, latch, cause)
    }

    /// The latch stays open for this long, looked at when the device asks for it and at the end.
    #[track_caller]
    pub(crate) fn stays_open(&mut self, ms: u64, latch: LatchId) {
        let mut left_ms = ms;
        loop {
            assert!(self.device.is_open(latch), "shut {left_ms} ms too early");
            let wake_in_ms = self.idle().expect("an open latch closes at some time");
            assert!(wake_in_ms > 0, "asked to be looked at again at once");
            if left_ms == 0 {
                return;
            }
            let step = wake_in_ms.min(left_ms);
            self.pass(step);
            left_ms -= step;
        }
    }

    /// One source says something about the facts in a mask, for a time.
    pub(crate) fn sees(&mut self, facts: u32, posture: Posture, max_age_ms: u64) {
        self.device.observe(&Observation {
            facts,
            posture,
            max_age_ms,
        });
    }

    /// Whether somebody tampers; `None` when that is not known.
    pub(crate) fn tampered(&mut self, tampered: Option<bool>) {
        let posture = Posture {
            known: if tampered.is_some() { TAMPERED } else { 0 },
            value: if tampered == Some(true) { TAMPERED } else { 0 },
        };
        self.sees(TAMPERED, posture, u64::MAX);
    }

    /// Shuts everything.
    #[track_caller]
    pub(crate) fn locks_down(&mut self) -> Told {
        let code = self.closing(LatchId::TRUST, Action::Lockdown);
        let told = self.submit(&code).told();
        assert_eq!(told.outcome(), Outcome::LockedDown);
        assert!(self.device.status().locked_down);
        told
    }
}

/// Hands that act as they are told, until they are broken.
#[derive(Default)]
pub(crate) struct Hands {
    /// What they have done.
    pub(crate) done: Vec<Effect>,
    /// What they have shut, and why.
    pub(crate) shut: Vec<(LatchId, CloseCause)>,
    /// Their number for why they cannot.
    pub(crate) broken: Option<i32>,
    /// Receipts that were sent.
    pub(crate) sent: Vec<Told>,
}

impl Actuator for Hands {
    fn act(&mut self, action: Opened<'_>) -> Result<(), i32> {
        if let Some(code) = self.broken {
            return Err(code);
        }
        self.done.push(Effect::of(&action));
        Ok(())
    }

    fn shut(&mut self, latch: LatchId, cause: CloseCause) {
        self.shut.push((latch, cause));
    }
}

impl Hands {
    /// Serves a statement with these hands.
    pub(crate) fn serve(&mut self, bench: &mut Bench, statement: &[u8]) -> Handled {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let mut sent = Vec::new();
        let handled = bench.device.serve(
            statement,
            Offer::NotAsked,
            self,
            &mut out,
            &mut |receipt: &[u8]| sent.push(Told::read(receipt)),
        );
        self.sent.append(&mut sent);
        handled
    }

    /// Shuts what has closed.
    pub(crate) fn tend(&mut self, bench: &mut Bench) -> Option<u64> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let mut sent = Vec::new();
        let wake_in_ms = bench.device.tend(self, &mut out, &mut |receipt: &[u8]| {
            sent.push(Told::read(receipt));
        });
        self.sent.append(&mut sent);
        wake_in_ms
    }
}

/// The reason in an answer, counted or told.
pub(crate) fn refused(answer: &Answer) -> Option<Reason> {
    match answer {
        Answer::Ignored(refusal) => Some(refusal.reason),
        Answer::Wanted(_) | Answer::Noted => None,
        Answer::Told(told) => match told.outcome() {
            Outcome::Refused { reason, .. } => Reason::from_number(reason),
            _ => None,
        },
    }
}
