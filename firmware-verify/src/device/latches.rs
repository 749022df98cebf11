//! The latches that are open, and what keeps them so.

use heapless::Vec;

use crate::{
    division::divide,
    ledger::{CodeName, Ledger, OpenLatch, OpenLatches},
    limits::{PULSE_LEAST_MS, PULSE_ROTATE_MS, PULSES_A_HEARTBEAT},
    reject::Reason,
    statement::{CloseCause, RuleChoice},
    types::LatchId,
    verdict::{Conditions, InForce, context_holds},
    wire::Role,
};

use super::{
    opening::{HeldTo, Opening},
    posture::Watch,
};

/// What keeps a latch open.
pub(super) struct Around<
    'a,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
> {
    ledger: &'a Ledger<TWIN, USED, LATCHES, ISSUERS>,
    conditions: &'a Conditions,
    posture: &'a Watch,
    ticks_ms: u64,
}

impl<'a, const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Around<'a, TWIN, USED, LATCHES, ISSUERS>
{
    pub(super) fn of(
        ledger: &'a Ledger<TWIN, USED, LATCHES, ISSUERS>,
        conditions: &'a Conditions,
        posture: &'a Watch,
        ticks_ms: u64,
    ) -> Self {
        Self {
            ledger,
            conditions,
            posture,
            ticks_ms,
        }
    }
}

/// How an open latch stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// It stays open, until something changes or the ticks come to here.
    Open {
        next_ticks_ms: u64,
        amiss: Option<(CloseCause, u64)>,
    },
    /// It closes now.
    Closed(CloseCause),
}

impl Opening {
    /// Whether the latch stays open.
    pub(super) fn stand<
        const TWIN: usize,
        const USED: usize,
        const LATCHES: usize,
        const ISSUERS: usize,
    >(
        &self,
        around: &Around<'_, TWIN, USED, LATCHES, ISSUERS>,
    ) -> Standing {
        let Around {
            ledger,
            conditions,
            posture,
            ticks_ms,
        } = *around;
        let facts = &ledger.facts;
        if let Some(cause) = self.closing {
            return Standing::Closed(cause);
        }
        if facts.locked_down {
            return Standing::Closed(CloseCause::Lockdown);
        }
        // What the journal has forgotten is not open.
        let Some(open) = facts.open_latch(self.latch) else {
            return Standing::Closed(CloseCause::Fault);
        };
        let Some(rule) = self.rule(&open, &ledger.trust) else {
            return Standing::Closed(CloseCause::Trust);
        };
        let is_void = |code: &CodeName| {
            let CodeName {
                issuer,
                sequence,
                statement,
            } = *code;
            facts.replay.is_void(issuer, sequence, statement)
        };
        if is_void(&open.code) || self.renewal().as_ref().is_some_and(is_void) {
            return Standing::Closed(CloseCause::Revoked);
        }
        // The rule in force may have become shorter since.
        let until_ticks_ms = self.until_ticks_ms().min(self.longest_ticks_ms());
        if ticks_ms >= until_ticks_ms {
            return Standing::Closed(CloseCause::Time);
        }
        let silent_at = match rule.heartbeat_s {
            0 => u64::MAX,
            seconds => self.heard_ticks_ms().saturating_add(ms(seconds)),
        };
        if ticks_ms >= silent_at {
            return Standing::Closed(CloseCause::Silence);
        }
        let amiss = self.look(rule, conditions).map(|cause| {
            // A fact that grew too old has done so whether anybody looked or not.
            let aged = posture.aged_ticks_ms(rule.posture, ticks_ms);
            let noted = self.amiss().map(|(_, since)| since);
            (
                cause,
                noted.into_iter().chain(aged).min().unwrap_or(ticks_ms),
            )
        });
        let lost_at = match amiss {
            None => u64::MAX,
            Some((_, since)) => since.saturating_add(ms(rule.grace_s)),
        };
        match amiss {
            Some((cause, _)) if ticks_ms >= lost_at => Standing::Closed(cause),
            _ => Standing::Open {
                next_ticks_ms: until_ticks_ms.min(silent_at).min(lost_at),
                amiss,
            },
        }
    }

    /// How often a new pulse is to leave for its sake.
    pub(super) fn pulse_every_ms(&self) -> u64 {
        match divide(ms(self.held_to.heartbeat_s), PULSES_A_HEARTBEAT).0 {
            0 => PULSE_ROTATE_MS,
            every_ms => every_ms.clamp(PULSE_LEAST_MS, PULSE_ROTATE_MS),
        }
    }

    /// The rule that holds it open, unless the trust root has changed under it.
    fn rule(&self, open: &OpenLatch, trust: &InForce) -> Option<&HeldTo> {
        let role = match open.choice() {
            RuleChoice::Normal => Role::Operator,
            RuleChoice::BreakGlass => Role::BreakGlass,
        };
        let issues = trust.ring().role(open.code.issuer) == Some(role);
        let stands = trust.terms().ok()?.version == self.held_to.root;
        (stands && self.held_to.max_open_s > 0 && issues).then_some(&self.held_to)
    }

    fn look(&self, rule: &HeldTo, conditions: &Conditions) -> Option<CloseCause> {
        if conditions.posture.unmet(rule.posture) != 0 {
            return Some(CloseCause::Posture);
        }
        context_holds(&self.context(), conditions)
            .is_err()
            .then_some(CloseCause::Context)
    }
}

/// The open latches of a device.
pub(super) struct Latches<const LATCHES: usize> {
    open: Vec<Opening, LATCHES>,
}

impl<const LATCHES: usize> Latches<LATCHES> {
    pub(super) const fn new() -> Self {
        Self { open: Vec::new() }
    }

    pub(super) fn get(&self, latch: LatchId) -> Option<&Opening> {
        self.open.iter().find(|opening| opening.latch == latch)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Opening> {
        self.open.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Opening> {
        self.open.iter_mut()
    }

    /// Whether there is room for one more to be open, unless it is there already.
    pub(super) fn has_room_for(&self, latch: LatchId) -> bool {
        !self.open.is_full() || self.get(latch).is_some()
    }

    pub(super) fn open(&mut self, opening: Opening) -> Result<(), Reason> {
        self.close(opening.latch);
        self.open.push(opening).map_err(|_| Reason::LogicFault)
    }

    pub(super) fn close(&mut self, latch: LatchId) {
        self.open.retain(|opening| opening.latch != latch);
    }

    pub(super) fn close_all(&mut self) {
        self.open.clear();
    }

    /// Lets a latch, or all of them, be closed from now on; what stands behind is still to be
    /// shut.
    pub(super) fn shut(&mut self, latch: Option<LatchId>, cause: CloseCause) {
        let all = self.open.iter_mut();
        for opening in all.filter(|opening| latch.is_none_or(|latch| opening.latch == latch)) {
            opening.closing = opening.closing.or(Some(cause));
        }
    }

    /// Closes every latch that one of these codes has opened or renewed last; the ledger knows which has opened it. Says whether
    /// one was open.
    pub(super) fn revoke(
        &mut self,
        opened: &OpenLatches<LATCHES>,
        is_void: impl Fn(&CodeName) -> bool,
    ) -> bool {
        let mut closed = false;
        for opening in self.open.iter_mut() {
            let mut by = opened.iter().filter(|open| open.latch == opening.latch);
            let voided = by.any(|open| is_void(&open.code))
                || opening.renewal().as_ref().is_some_and(&is_void);
            if voided && opening.closing.is_none() {
                opening.closing = Some(CloseCause::Revoked);
                closed = true;
            }
        }
        closed
    }

    /// Every open latch has heard a heartbeat that was sent at these ticks or later.
    pub(super) fn hear(&mut self, ticks_ms: u64) {
        for opening in self.open.iter_mut() {
            opening.hear(ticks_ms);
        }
    }
}

/// Seconds as milliseconds.
pub(super) fn ms(seconds: u32) -> u64 {
    u64::from(seconds).saturating_mul(1000)
}
