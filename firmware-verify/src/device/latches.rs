//! The latches that are open, and what keeps them so.

use heapless::Vec;

use crate::{
    division::divide,
    ledger::{CodeName, Ledger},
    limits::{PULSE_LEAST_MS, PULSE_ROTATE_MS, PULSES_A_HEARTBEAT},
    reject::{Reason, Refusal, ensure},
    statement::{CloseCause, Context, Root, Rule, RuleChoice},
    types::{LatchId, PostureRule},
    verdict::{Conditions, InForce, context_holds},
    wire::Role,
};

use super::posture::Watch;

/// A latch that a code has opened. In RAM: a boot closes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    pub(super) latch: LatchId,
    pub(super) code: CodeName,
    pub(super) choice: RuleChoice,
    pub(super) held_to: HeldTo,
    pub(super) context: Context,
    /// When it was opened, in ticks; the longest open time counts from here.
    pub(super) since_ticks_ms: u64,
    /// When its time is over.
    pub(super) until_ticks_ms: u64,
    /// When the last heartbeat was sent, as far as is sure.
    pub(super) heard_ticks_ms: u64,
    /// What is amiss, and since when.
    pub(super) amiss: Option<(CloseCause, u64)>,
    /// The last code that has renewed it.
    pub(super) renewal: Option<CodeName>,
    /// It has closed, for this reason; what is left is to shut and to tell it.
    pub(super) closing: Option<CloseCause>,
    /// Its closing was noticed, and could not be told yet.
    pub(super) noticed: bool,
}

/// What a latch is held to while it is open: the part of its rule that is not settled once it opens.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldTo {
    /// The version of the root whose rule it is.
    root: u32,
    max_open_s: u32,
    heartbeat_s: u32,
    grace_s: u32,
    posture: PostureRule,
}

impl HeldTo {
    /// A rule of the root of this version.
    pub(super) fn the(rule: &Rule, root: u32) -> Self {
        Self {
            root,
            max_open_s: rule.max_open_s,
            heartbeat_s: rule.heartbeat_s,
            grace_s: rule.grace_s,
            posture: rule.posture,
        }
    }
}

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
        let Some(rule) = self.rule(&ledger.trust) else {
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
        if is_void(&self.code) || self.renewal.as_ref().is_some_and(is_void) {
            return Standing::Closed(CloseCause::Revoked);
        }
        // The rule in force may have become shorter since.
        let longest = self.since_ticks_ms.saturating_add(ms(rule.max_open_s));
        let until_ticks_ms = self.until_ticks_ms.min(longest);
        if ticks_ms >= until_ticks_ms {
            return Standing::Closed(CloseCause::Time);
        }
        let silent_at = match rule.heartbeat_s {
            0 => u64::MAX,
            seconds => self.heard_ticks_ms.saturating_add(ms(seconds)),
        };
        if ticks_ms >= silent_at {
            return Standing::Closed(CloseCause::Silence);
        }
        let amiss = self.look(rule, conditions).map(|cause| {
            // A fact that grew too old has done so whether anybody looked or not.
            let aged = posture.aged_ticks_ms(rule.posture, ticks_ms);
            let noted = self.amiss.map(|(_, since)| since);
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
    pub(super) fn pulse_every_ms(&self, trust: &InForce) -> u64 {
        let heartbeat_s = self.rule(trust).map_or(0, |rule| rule.heartbeat_s);
        match divide(ms(heartbeat_s), PULSES_A_HEARTBEAT).0 {
            0 => PULSE_ROTATE_MS,
            every_ms => every_ms.clamp(PULSE_LEAST_MS, PULSE_ROTATE_MS),
        }
    }

    /// The rule that holds it open, unless the trust root has changed under it.
    fn rule(&self, trust: &InForce) -> Option<&HeldTo> {
        let role = match self.choice {
            RuleChoice::Normal => Role::Operator,
            RuleChoice::BreakGlass => Role::BreakGlass,
        };
        let issues = trust.ring().role(self.code.issuer) == Some(role);
        let stands = trust.terms().ok()?.version == self.held_to.root;
        (stands && self.held_to.max_open_s > 0 && issues).then_some(&self.held_to)
    }

    /// Holds it to the rule of a root that has come into force, from the one before it and in the same epoch. Where there is none,
    /// the latch stays with a root that is in force no more, and closes.
    pub(super) fn follow(&mut self, root: &Root<'_>) {
        let latch = root.latch(self.latch);
        let rule = match self.choice {
            RuleChoice::Normal => latch.map(|latch| latch.rule),
            RuleChoice::BreakGlass => latch.and_then(|latch| latch.break_glass),
        };
        let before = root.version.checked_sub(1);
        if let Some(rule) = rule.filter(|_| before == Some(self.held_to.root)) {
            self.held_to = HeldTo::the(&rule, root.version);
        }
    }

    fn look(&self, rule: &HeldTo, conditions: &Conditions) -> Option<CloseCause> {
        if conditions.posture.unmet(rule.posture) != 0 {
            return Some(CloseCause::Posture);
        }
        context_holds(&self.context, conditions)
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

    pub(super) fn open(&mut self, opening: Opening) -> Result<(), Refusal> {
        self.close(opening.latch);
        self.open
            .push(opening)
            .map_err(|_| Reason::LogicFault.into())
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

    /// Closes every latch that one of these codes has opened or renewed last. Says whether one
    /// was open.
    pub(super) fn revoke(&mut self, is_void: impl Fn(&CodeName) -> bool) -> bool {
        let mut closed = false;
        for opening in self.open.iter_mut() {
            let voided = is_void(&opening.code) || opening.renewal.as_ref().is_some_and(&is_void);
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
            opening.heard_ticks_ms = opening.heard_ticks_ms.max(ticks_ms);
        }
    }

    /// The latch as it is open, if it may stay so for so long from now.
    ///
    /// # Errors
    /// [`Reason::AlreadyOpen`]; [`Reason::NotOpen`], [`Reason::OpenedOtherwise`],
    /// [`Reason::OpenTooLong`] with the seconds that are left.
    #[inline(never)]
    pub(super) fn may_renew(
        &self,
        latch: LatchId,
        choice: RuleChoice,
        seconds: u32,
        ticks_ms: u64,
    ) -> Result<Opening, Refusal> {
        let opening = self.get(latch).ok_or(Reason::NotOpen)?;
        ensure(opening.choice == choice, Reason::OpenedOtherwise)?;
        let longest_ms = ms(opening.held_to.max_open_s);
        let end = opening.since_ticks_ms.saturating_add(longest_ms);
        let (left_s, _) = divide(end.saturating_sub(ticks_ms), 1000);
        ensure(
            u64::from(seconds) <= left_s,
            Refusal::new(Reason::OpenTooLong, left_s, seconds.into()),
        )?;
        Ok(*opening)
    }
}

/// Seconds as milliseconds.
pub(super) fn ms(seconds: u32) -> u64 {
    u64::from(seconds).saturating_mul(1000)
}
