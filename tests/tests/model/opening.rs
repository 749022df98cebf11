//! Open latches, as the reference sees them.

use latch_verify::{
    Reason,
    statement::{CloseCause, RuleChoice},
    wire::Role,
};

use super::{
    memory::Name,
    reference::Device,
    rules::ensure,
    said::{Code, Context},
};

/// A latch that a code holds open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    pub(crate) latch: u8,
    pub(crate) name: Name,
    pub(crate) rule: RuleChoice,
    epoch: u32,
    context: Context,
    since: u64,
    pub(crate) until: u64,
    /// When the last sign of life was sent at the earliest.
    pub(super) heard: u64,
    /// What is not as it was signed, and since when.
    pub(super) amiss: Option<(CloseCause, u64)>,
    /// The last code that has renewed it.
    pub(super) renewal: Option<Name>,
    /// It has closed: what is left is to shut and to tell it.
    pub(super) closing: Option<CloseCause>,
}

/// How an opening stands. Moments are ticks in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stands {
    Open {
        next: u64,
        amiss: Option<(CloseCause, u64)>,
    },
    Closed(CloseCause),
}

impl Opening {
    pub(super) fn new(code: &Code, name: Name, seconds: u32, ticks_ms: u64) -> Self {
        Self {
            latch: code.latch,
            name,
            rule: code.rule,
            epoch: code.epoch,
            context: code.context,
            since: ticks_ms,
            until: ticks_ms + ms(seconds),
            heard: ticks_ms,
            amiss: None,
            renewal: None,
            closing: None,
        }
    }
}

fn ms(seconds: u32) -> u64 {
    u64::from(seconds) * 1000
}

impl Device {
    pub(super) fn opening(&self, latch: u8) -> Option<&Opening> {
        self.openings.iter().find(|opening| opening.latch == latch)
    }

    pub(crate) fn is_open(&self, latch: u8) -> bool {
        let opening = self.opening(latch);
        opening.is_some_and(|opening| matches!(self.stand(opening), Stands::Open { .. }))
    }

    /// Every latch that is open, as bits.
    pub(crate) fn open_latches(&self) -> u16 {
        let open = (0..16).filter(|latch| self.is_open(*latch));
        open.fold(0, |bits, latch| bits | 1 << latch)
    }

    /// Three pulses to a heartbeat that an open latch asks for; one a second at most, and one a minute at least.
    pub(crate) fn pulse_every_ms(&self) -> u64 {
        let open = self
            .openings
            .iter()
            .filter(|opening| self.is_open(opening.latch));
        let rules = open.filter_map(|opening| self.root.rule(opening.latch, opening.rule));
        let asked = rules.map(|rule| ms(rule.heartbeat_s) / 3);
        let least = asked.filter(|every_ms| *every_ms > 0).min();
        least.unwrap_or(u64::MAX).clamp(1000, 60_000)
    }

    /// DESIGN, section 5, "Open latches".
    pub(super) fn stand(&self, opening: &Opening) -> Stands {
        if let Some(cause) = opening.closing {
            return Stands::Closed(cause);
        }
        if self.locked_down {
            return Stands::Closed(CloseCause::Lockdown);
        }
        let rule = self.root.rule(opening.latch, opening.rule);
        let role = match opening.rule {
            RuleChoice::Normal => Role::Operator,
            RuleChoice::BreakGlass => Role::BreakGlass,
        };
        let issues = self.root.role(opening.name.issuer) == Some(role);
        let rule = match rule {
            Some(rule) if opening.epoch == self.root.epoch && rule.max_open_s > 0 && issues => rule,
            _ => return Stands::Closed(CloseCause::Trust),
        };
        let mut codes = [Some(opening.name), opening.renewal].into_iter().flatten();
        if codes.any(|name| self.memory.is_void(name)) {
            return Stands::Closed(CloseCause::Revoked);
        }
        // The rule may have become shorter.
        let until = opening.until.min(opening.since + ms(rule.max_open_s));
        if self.ticks_ms >= until {
            return Stands::Closed(CloseCause::Time);
        }
        let silent = match rule.heartbeat_s {
            0 => u64::MAX,
            seconds => opening.heard + ms(seconds),
        };
        if self.ticks_ms >= silent {
            return Stands::Closed(CloseCause::Silence);
        }
        let cause = if !self.posture_fits(rule.posture) {
            Some(CloseCause::Posture)
        } else if self.check_context(&opening.context).is_err() {
            Some(CloseCause::Context)
        } else {
            None
        };
        // A fact grows too old whether anybody looks or not.
        let aged = self.aged_ticks_ms(rule.posture);
        let noted = opening.amiss.map(|(_, since)| since);
        let since = noted.into_iter().chain(aged).min().unwrap_or(self.ticks_ms);
        let amiss = cause.map(|cause| (cause, since));
        let lost = amiss.map_or(u64::MAX, |(_, since)| since + ms(rule.grace_s));
        match amiss {
            Some((cause, _)) if self.ticks_ms >= lost => Stands::Closed(cause),
            _ => Stands::Open {
                next: until.min(silent).min(lost),
                amiss,
            },
        }
    }

    /// Notes what is amiss, and what has closed: that stays so, whatever changes next.
    pub(super) fn note(&mut self) {
        for place in 0..self.openings.len() {
            match self.stand(&self.openings[place]) {
                Stands::Open { amiss, .. } => self.openings[place].amiss = amiss,
                Stands::Closed(cause) => self.openings[place].closing = Some(cause),
            }
        }
    }

    /// Closes what fits, if it is not closed for another reason already. Says whether anything was open.
    pub(super) fn shut_where(
        &mut self,
        cause: CloseCause,
        fits: impl Fn(&Opening) -> bool,
    ) -> bool {
        let open = self.openings.iter_mut();
        let open = open.filter(|opening| opening.closing.is_none() && fits(opening));
        let closed = open.map(|opening| opening.closing = Some(cause)).count();
        closed > 0
    }

    pub(super) fn may_renew(&self, code: &Code, seconds: u32) -> Result<(), Reason> {
        ensure(self.is_open(code.latch), Reason::NotOpen)?;
        let opening = self.opening(code.latch).ok_or(Reason::NotOpen)?;
        ensure(opening.rule == code.rule, Reason::OpenedOtherwise)?;
        let rule = self
            .root
            .rule(code.latch, code.rule)
            .ok_or(Reason::NotOpen)?;
        let left_ms = (opening.since + ms(rule.max_open_s)).saturating_sub(self.ticks_ms);
        ensure(ms(seconds) <= left_ms, Reason::OpenTooLong)
    }

    /// The opening as it will be once its renewal is settled.
    pub(super) fn renewed(&self, latch: u8, name: Name, seconds: u32) -> Option<Opening> {
        let opening = *self.opening(latch)?;
        Some(Opening {
            until: self.ticks_ms + ms(seconds),
            heard: self.ticks_ms,
            renewal: Some(name),
            ..opening
        })
    }

    pub(super) fn note_opened(&mut self, latch: u8, name: Name, emergency: bool) {
        self.opened.retain(|(opened, ..)| *opened != latch);
        self.opened.push((latch, name, emergency));
    }

    pub(super) fn shut(&mut self, latch: u8) {
        self.openings.retain(|opening| opening.latch != latch);
        self.opened.retain(|(opened, ..)| *opened != latch);
    }

    /// Voids what these codes have opened or renewed last. Says whether anything was open.
    pub(super) fn void(&mut self, is_void: impl Fn(Name) -> bool) -> bool {
        self.shut_where(CloseCause::Revoked, |opening| {
            let mut codes = [Some(opening.name), opening.renewal].into_iter().flatten();
            codes.any(&is_void)
        })
    }

    /// A sign of life that was sent after these ticks.
    pub(super) fn hear(&mut self, ticks_ms: u64) {
        for opening in &mut self.openings {
            opening.heard = opening.heard.max(ticks_ms);
        }
    }
}
