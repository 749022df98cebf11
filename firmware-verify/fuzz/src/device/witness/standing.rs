//! What stands open, and whether everything is shut.

use latch_verify::{
    statement::{Action, Code, Rule, RuleChoice},
    types::{KeyId, LatchId, Sequence, StatementId},
};

use super::orders::Orders;
use crate::tenant::{SAFETY, latch, rule_of};

/// The latch that can be open, and the lockdown.
#[derive(Default)]
pub(super) struct Standing {
    locked_down: bool,
    /// What an opening that came out will be, once it is carried out.
    staged: Option<Opening>,
    open: Option<Opening>,
}

#[derive(Clone, Copy)]
struct Opening {
    /// The code that has opened it.
    code: (KeyId, Sequence, StatementId),
    rule: RuleChoice,
    since_ms: u64,
    until_ms: u64,
    heard_ms: u64,
}

impl Opening {
    fn asked(&self) -> Rule {
        rule_of(latch(SAFETY), self.rule).expect("a rule that opens")
    }
}

fn ms(seconds: u32) -> u64 {
    u64::from(seconds) * 1000
}

impl Standing {
    /// A code was rightly used.
    pub(super) fn permit(&mut self, code: &Code<'_>) {
        match code.action {
            Action::Lockdown => {
                self.locked_down = true;
                self.open = None;
            }
            Action::Unlock => self.locked_down = false,
            Action::Close if code.latch == latch(SAFETY) => self.open = None,
            _ => {}
        }
    }

    /// An action came out, at these ticks.
    pub(super) fn stage(&mut self, code: &Code<'_>, statement: StatementId, ticks_ms: u64) {
        let new = |seconds| Opening {
            code: (code.issuer, code.sequence, statement),
            rule: code.rule,
            since_ms: ticks_ms,
            until_ms: ticks_ms + ms(seconds),
            heard_ms: ticks_ms,
        };
        self.staged = match code.action {
            Action::Open { seconds } => {
                assert_eq!(code.latch, latch(SAFETY), "a latch that never opens");
                Some(new(seconds))
            }
            Action::Renew { seconds } => {
                let open = self.open.expect("nothing is open that could be renewed");
                Some(Opening {
                    code: open.code,
                    since_ms: open.since_ms,
                    ..new(seconds)
                })
            }
            _ => None,
        };
    }

    /// What came out last was carried out.
    pub(super) fn settle(&mut self) {
        if let Some(staged) = self.staged.take() {
            self.open = Some(staged);
        }
    }

    /// Nothing is open any more.
    pub(super) fn close(&mut self) {
        self.open = None;
        self.staged = None;
    }

    /// An attestation of the time answers a pulse: a heartbeat.
    pub(super) fn hear(&mut self, ticks_ms: u64) {
        for opening in self.open.iter_mut().chain(&mut self.staged) {
            opening.heard_ms = opening.heard_ms.max(ticks_ms);
        }
    }

    pub(super) fn is_locked_down(&self) -> bool {
        self.locked_down
    }

    /// # Panics
    /// When the device says that a latch is open which nothing keeps open.
    pub(super) fn look(&self, open: u16, ticks_ms: u64, orders: &Orders) {
        for number in (0..16).filter(|number| open >> number & 1 == 1) {
            let found = LatchId::new(number);
            assert_eq!(found, Some(latch(SAFETY)), "a latch that never opens");
            let opening = self.open.expect("a latch that nobody has opened");
            let rule = opening.asked();
            let longest_ms = opening.since_ms + ms(rule.max_open_s);
            assert!(
                ticks_ms < opening.until_ms.min(longest_ms),
                "open for too long"
            );
            let silent_ms = opening.heard_ms + ms(rule.heartbeat_s);
            assert!(
                rule.heartbeat_s == 0 || ticks_ms < silent_ms,
                "open without a heartbeat"
            );
            assert!(!self.locked_down, "open in a lockdown");
            let (issuer, sequence, statement) = opening.code;
            assert!(!orders.void(issuer, sequence, statement), "open and void");
        }
    }
}
