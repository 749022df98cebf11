//! What the reference knows about the time, and its nonces.

use latch_verify::Reason;

use super::said::Nonce;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
const MAX_TIME_MS: u64 = (1 << 48) - 1;
/// What two counts of milliseconds that begin at different moments may differ by.
const ROUNDING_MS: u64 = 2;
/// How far a clock may lag behind the ticks.
const LAG_MS: u64 = 5000;

/// A moment that was known when the ticks stood here.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at_ms: u64,
    ticks_ms: u64,
}

/// Ticks are true to one part in 256.
fn drift_ms(passed_ms: u64) -> u64 {
    passed_ms / 256
}

impl Mark {
    fn least_ms(self, ticks_ms: u64) -> u64 {
        let passed = ticks_ms - self.ticks_ms;
        (self.at_ms + passed - drift_ms(passed)).min(MAX_TIME_MS)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Now {
    Unknown,
    Floor(u64),
    /// This late, or so much later.
    Trusted(u64, u64),
}

/// Time, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// The floor that the flash holds.
    pub(crate) written_ms: u64,
    floor: Option<Mark>,
    /// What broadcasts have said: it does not run.
    heard_ms: u64,
    /// From where broadcasts count.
    base: Option<Mark>,
    /// The last answer to a pulse, and how old the pulse was.
    answer: Option<(Mark, u64)>,
    /// The latest that the product's clock was seen to show.
    shown: Option<Mark>,
}

impl Times {
    pub(crate) fn booted(written_ms: u64, ticks_ms: u64) -> Self {
        let at_ms = written_ms;
        let floor = (at_ms > 0).then_some(Mark { at_ms, ticks_ms });
        Self {
            written_ms,
            floor,
            base: floor,
            ..Self::default()
        }
    }

    pub(crate) fn floor_ms(&self, ticks_ms: u64) -> u64 {
        let running = self.floor.map_or(0, |floor| floor.least_ms(ticks_ms));
        running.max(self.heard_ms)
    }

    /// The answer of the last day, and how much later it may be.
    fn answered(&self, ticks_ms: u64) -> Option<(u64, u64)> {
        let (mark, age_ms) = self.answer?;
        let passed = ticks_ms - mark.ticks_ms;
        let doubt_ms = age_ms + 2 * drift_ms(passed);
        (passed < DAY_MS).then(|| (mark.least_ms(ticks_ms), doubt_ms))
    }

    /// An answer counts more than a clock, unless a clock that keeps up with the ticks agrees with it: that is exact.
    /// What cannot have come to the floor yet counts for nothing.
    pub(crate) fn now(&self, clock_ms: Option<u64>, ticks_ms: u64) -> Now {
        let floor_ms = self.floor_ms(ticks_ms);
        let runs = |now: u64| {
            let shown_ms = self.shown.map_or(0, |shown| shown.least_ms(ticks_ms));
            now <= MAX_TIME_MS && now + LAG_MS >= shown_ms
        };
        let clock = clock_ms.filter(|now| runs(*now));
        let exact = clock.map(|now| (now, 0));
        let answer = self.answered(ticks_ms);
        let exact = exact.filter(|(now, _)| {
            let agrees =
                |(least, doubt_ms)| *now + LAG_MS >= least && *now <= least + doubt_ms + LAG_MS;
            answer.is_none_or(agrees)
        });
        // A floor that runs may be ahead by what two counts are rounded.
        let floor_runs = self.floor.is_some_and(|floor| floor.ticks_ms < ticks_ms);
        let rounding_ms = if floor_runs { ROUNDING_MS } else { 0 };
        // The floor is sure, and takes its part of the doubt away.
        let above = |(now, doubt_ms): (u64, u64)| {
            let least = now.max(floor_ms);
            let reaches = now + doubt_ms + rounding_ms >= floor_ms;
            reaches.then(|| Now::Trusted(least, (now + doubt_ms).saturating_sub(least)))
        };
        match exact.and_then(above).or(answer.and_then(above)) {
            Some(known) => known,
            None if floor_ms > 0 => Now::Floor(floor_ms),
            None => Now::Unknown,
        }
    }

    /// Looks at the product's clock.
    pub(crate) fn watch(&mut self, clock_ms: Option<u64>, ticks_ms: u64) {
        let latest = self.shown.map_or(0, |shown| shown.least_ms(ticks_ms));
        if let Some(at_ms) = clock_ms.filter(|now| (latest..=MAX_TIME_MS).contains(now)) {
            self.shown = Some(Mark { at_ms, ticks_ms });
        }
    }

    pub(crate) fn raise(&mut self, at_ms: u64, ticks_ms: u64) {
        if at_ms > self.floor_ms(ticks_ms) {
            self.floor = Some(Mark { at_ms, ticks_ms });
        }
    }

    /// The answer to a pulse of this age: signed at some moment since, so never before the floor
    /// by more than that and what good clocks differ by.
    pub(crate) fn attest(&mut self, at_ms: u64, age_ms: u64, ticks_ms: u64) -> Result<(), Reason> {
        let floor_ms = self.floor_ms(ticks_ms);
        if at_ms + age_ms + LAG_MS < floor_ms {
            return Err(Reason::TimeBehind);
        }
        let at_ms = at_ms.max(floor_ms);
        let mark = Mark { at_ms, ticks_ms };
        // An older pulse's answer says less than what is known already.
        let known = self.answered(ticks_ms);
        if known.is_none_or(|(_, doubt_ms)| age_ms <= doubt_ms) {
            self.answer = Some((mark, age_ms));
        }
        self.base = Some(mark);
        self.raise(at_ms, ticks_ms);
        Ok(())
    }

    /// A broadcast: raises the floor, at most by what has passed and a day.
    pub(crate) fn hear(&mut self, at_ms: u64, ticks_ms: u64) -> Result<(), Reason> {
        let base = self.base.ok_or(Reason::NoTrustedTime)?;
        let passed = ticks_ms - base.ticks_ms;
        let furthest = base.at_ms + passed + drift_ms(passed) + DAY_MS;
        if at_ms.min(furthest) <= self.floor_ms(ticks_ms) {
            return Err(Reason::TimeBehind);
        }
        self.heard_ms = at_ms.min(furthest);
        Ok(())
    }

    /// The keys that have answered may no longer be listed.
    pub(crate) fn forget_answer(&mut self) {
        self.answer = None;
    }

    /// Whether the floor has risen enough to be written.
    pub(crate) fn is_worth_writing(&self, ticks_ms: u64) -> bool {
        self.floor_ms(ticks_ms) >= self.written_ms + HOUR_MS
    }
}

/// A nonce, when it was made, and the one before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) current: (Nonce, u64),
    pub(crate) previous: Option<(Nonce, u64)>,
}

/// The nonces of a boot: each is the number of its draw.
#[derive(Clone, Debug)]
pub(crate) struct Nonces {
    drawn: Nonce,
    pub(crate) challenge: Asked,
    pub(crate) pulse: Asked,
    answered_ticks_ms: Option<u64>,
}

impl Nonces {
    pub(crate) fn booted(drawn: Nonce, ticks_ms: u64) -> Self {
        let asked = |nonce| Asked {
            current: (nonce, ticks_ms),
            previous: None,
        };
        Self {
            drawn: drawn + 2,
            challenge: asked(drawn + 1),
            pulse: asked(drawn + 2),
            answered_ticks_ms: None,
        }
    }

    pub(crate) fn drawn(&self) -> Nonce {
        self.drawn
    }

    fn next(&mut self, old: Asked, ticks_ms: u64) -> Asked {
        self.drawn += 1;
        Asked {
            current: (self.drawn, ticks_ms),
            previous: Some(old.current),
        }
    }

    /// A new challenge.
    pub(crate) fn rotate(&mut self, ticks_ms: u64) {
        self.challenge = self.next(self.challenge, ticks_ms);
    }

    /// A new challenge, and nothing that answers an older one.
    pub(crate) fn renounce(&mut self, ticks_ms: u64) {
        self.rotate(ticks_ms);
        self.challenge.previous = None;
    }

    /// Challenges are replaced at half an hour, and answered for an hour.
    pub(crate) fn age(&mut self, ticks_ms: u64) {
        if ticks_ms - self.challenge.current.1 >= HOUR_MS / 2 {
            self.rotate(ticks_ms);
        }
        for asked in [&mut self.challenge, &mut self.pulse] {
            asked.previous = asked.previous.filter(|(_, made)| ticks_ms - made < HOUR_MS);
        }
    }

    /// A signed state carries a pulse that is younger than this.
    pub(crate) fn beat(&mut self, ticks_ms: u64, every_ms: u64) {
        if ticks_ms - self.pulse.current.1 >= every_ms {
            self.pulse = self.next(self.pulse, ticks_ms);
        }
    }

    pub(crate) fn accepts(&self, answer: Nonce) -> bool {
        let Asked { current, previous } = self.challenge;
        current.0 == answer || previous.is_some_and(|(nonce, _)| nonce == answer)
    }

    /// When the pulse was made; each is answered once, and none after a later one.
    pub(crate) fn answer_pulse(&mut self, answer: Nonce, ticks_ms: u64) -> Result<u64, Reason> {
        let Asked { current, previous } = self.pulse;
        let asked = [Some(current), previous].into_iter().flatten();
        let (_, made) = asked
            .filter(|(_, made)| ticks_ms - made < HOUR_MS)
            .filter(|(_, made)| self.answered_ticks_ms.is_none_or(|last| *made > last))
            .find(|(nonce, _)| *nonce == answer)
            .ok_or(Reason::PulseStale)?;
        self.answered_ticks_ms = Some(made);
        Ok(made)
    }
}
