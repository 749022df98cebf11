//! What the device knows about the time: from a clock that the product vouches for, from
//! attestations, and from what it knew before.

use super::mark::{Mark, drift_ms};
use crate::{
    limits::{ATTESTED_AGE_MS, BROADCAST_LEAP_MS, CLOCK_LAG_MS, MAX_TIME_MS},
    reject::{Reason, Refusal, ensure},
    statement::TimeStatus,
    types::{Millis, TimeMs},
};

/// What two counts of milliseconds that begin at different moments may differ by.
const ROUNDING_MS: u64 = 2;

/// A time with which a verdict can work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub(super) status: TimeStatus,
    /// How much later than a trusted time it may be.
    pub(super) doubt_ms: u64,
}

/// The running knowledge of time, in RAM. The durable floor is the ledger's.
pub(super) struct TimeKeeper {
    /// It is at least this late; runs with the ticks.
    floor: Option<Mark>,
    /// What broadcasts have said, which does not run: a wrong one is outrun after a day.
    heard: Millis,
    /// From where broadcasts may leap: the floor at the boot, or the last answer to a pulse.
    base: Option<Mark>,
    /// The last answer to a pulse, and how old that pulse was by then.
    attested: Option<(Mark, Millis)>,
    /// The latest that the product's clock has shown.
    shown: Option<Mark>,
}

impl TimeKeeper {
    /// What nobody has looked at yet.
    pub(super) const fn nothing() -> Self {
        Self {
            floor: None,
            heard: Millis::ZERO,
            base: None,
            attested: None,
            shown: None,
        }
    }

    /// What a boot knows: the durable floor, or nothing.
    pub(super) fn new(floor: TimeMs, ticks_ms: u64) -> Self {
        let floor = Some(floor.get()).filter(|floor| *floor > 0);
        let floor = floor.map(|at_ms| Mark::new(at_ms, ticks_ms));
        Self {
            floor,
            base: floor,
            ..Self::nothing()
        }
    }

    /// The time, from the best source that there is.
    ///
    /// An attestation of this boot goes before the product's clock, so that a clock that was
    /// thrown forward can be put right. A clock that lies before the floor, or that has stood
    /// still while the ticks went on, is not trusted.
    pub(super) fn known(&self, clock_ms: Option<u64>, ticks_ms: u64) -> Known {
        let floor_ms = self.floor_ms(ticks_ms);
        let lags = |now: u64| {
            self.shown
                .is_some_and(|shown| now.saturating_add(CLOCK_LAG_MS) < shown.at_least_ms(ticks_ms))
        };
        let answer = self.attested_ms(ticks_ms);
        // A clock that agrees with the answer says it more exactly.
        let agrees = |now: u64| {
            answer.is_none_or(|(least, doubt_ms)| {
                let latest = least.saturating_add(doubt_ms);
                now.saturating_add(CLOCK_LAG_MS) >= least
                    && now <= latest.saturating_add(CLOCK_LAG_MS)
            })
        };
        let clock = clock_ms
            .filter(|now| *now <= MAX_TIME_MS && !lags(*now) && agrees(*now))
            .map(|now| (now, 0));
        // Clock and ticks count milliseconds from different moments.
        let runs = self.floor.is_some_and(|floor| floor.ticks_ms() < ticks_ms);
        let rounding_ms = if runs { ROUNDING_MS } else { 0 };
        let latest_ms = |(now, doubt_ms): (u64, u64)| now.saturating_add(doubt_ms);
        let reaches =
            |known: &(u64, u64)| latest_ms(*known).saturating_add(rounding_ms) >= floor_ms;
        match clock.filter(reaches).or(answer.filter(reaches)) {
            Some((now, doubt_ms)) => {
                // The floor is sure, and takes its part of the doubt away.
                let least_ms = now.max(floor_ms);
                Known {
                    status: TimeMs::new(least_ms).map_or(TimeStatus::Unknown, TimeStatus::Trusted),
                    doubt_ms: latest_ms((now, doubt_ms)).saturating_sub(least_ms),
                }
            }
            None => Known {
                status: TimeMs::new(floor_ms)
                    .filter(|floor| floor.get() > 0)
                    .map_or(TimeStatus::Unknown, TimeStatus::Floor),
                doubt_ms: 0,
            },
        }
    }

    /// It is at least this late; zero when nothing is known.
    #[inline(never)]
    pub(super) fn floor_ms(&self, ticks_ms: u64) -> u64 {
        self.floor
            .map_or(0, |floor| floor.at_least_ms(ticks_ms))
            .max(self.heard.get())
    }

    fn attested_ms(&self, ticks_ms: u64) -> Option<(u64, u64)> {
        let (mark, age) = self.attested?;
        let passed = ticks_ms.saturating_sub(mark.ticks_ms());
        let doubt_ms = age.get().saturating_add(drift_ms(passed).saturating_mul(2));
        (passed < ATTESTED_AGE_MS).then_some((mark.at_least_ms(ticks_ms), doubt_ms))
    }

    /// Notes what the product's clock shows, to see whether it goes on.
    pub(super) fn watch(&mut self, clock_ms: Option<u64>, ticks_ms: u64) {
        let latest = self.shown.map_or(0, |shown| shown.at_least_ms(ticks_ms));
        if let Some(at_ms) = clock_ms.filter(|now| *now <= MAX_TIME_MS && *now >= latest) {
            self.shown = Some(Mark::new(at_ms, ticks_ms));
        }
    }

    /// Takes the answer to a pulse that was made some ticks ago.
    ///
    /// # Errors
    /// [`Reason::TimeBehind`] when it lies before what is known for sure.
    pub(super) fn attest(
        &mut self,
        time: TimeMs,
        made_ticks_ms: u64,
        ticks_ms: u64,
    ) -> Result<(), Refusal> {
        let age_ms = ticks_ms.saturating_sub(made_ticks_ms);
        let (at_ms, floor_ms) = (time.get(), self.floor_ms(ticks_ms));
        // It was signed somewhen in the pulse's life, and says what it was then.
        // Two good clocks differ by seconds, and the floor may come from the other one.
        let latest_ms = at_ms.saturating_add(age_ms).saturating_add(CLOCK_LAG_MS);
        ensure(
            latest_ms >= floor_ms,
            Refusal::new(Reason::TimeBehind, floor_ms, at_ms),
        )?;
        let mark = Mark::new(at_ms.max(floor_ms), ticks_ms);
        // An older pulse's answer says less than what is known already.
        let known = self.attested_ms(ticks_ms);
        if known.is_none_or(|(_, doubt_ms)| age_ms <= doubt_ms) {
            self.attested = Some((mark, Millis::of(age_ms)));
        }
        self.base = Some(mark);
        self.raise(mark.at_ms(), ticks_ms);
        Ok(())
    }

    /// Takes a broadcast: it raises the floor, as far as the ticks and a bound allow. Where no
    /// time is known there is nothing to measure it by, and it says nothing.
    ///
    /// # Errors
    /// [`Reason::TimeBehind`] when it raises nothing.
    pub(super) fn hear(&mut self, time: TimeMs, ticks_ms: u64) -> Result<(), Refusal> {
        let (at_ms, floor_ms) = (time.get(), self.floor_ms(ticks_ms));
        let base = self.base.ok_or(Reason::NoTrustedTime)?;
        let passed = ticks_ms.saturating_sub(base.ticks_ms());
        let furthest = base
            .at_ms()
            .saturating_add(passed)
            .saturating_add(drift_ms(passed))
            .saturating_add(BROADCAST_LEAP_MS);
        let to = at_ms.min(furthest);
        ensure(
            to > floor_ms,
            Refusal::new(Reason::TimeBehind, floor_ms, at_ms),
        )?;
        self.heard = Millis::of(to);
        Ok(())
    }

    /// Raises the running floor, never lowers it.
    pub(super) fn raise(&mut self, at_ms: u64, ticks_ms: u64) {
        if at_ms > self.floor_ms(ticks_ms) {
            self.floor = Some(Mark::new(at_ms, ticks_ms));
        }
    }

    /// Forgets what keys have attested that may no longer be listed.
    pub(super) fn forget_attested(&mut self) {
        self.attested = None;
    }

    /// Forgets everything: a new epoch of the trust root begins without a floor.
    pub(super) fn forget(&mut self) {
        *self = Self::nothing();
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, ROUNDING_MS, TimeKeeper};
    use crate::{
        limits::{ATTESTED_AGE_MS, BROADCAST_LEAP_MS, CLOCK_LAG_MS},
        reject::Reason,
        statement::TimeStatus,
        types::TimeMs,
    };

    const DAY_MS: u64 = 24 * 3_600_000;
    const NOW_MS: u64 = 20_000 * DAY_MS;

    fn moment(ms: u64) -> TimeMs {
        TimeMs::new(ms).unwrap()
    }

    fn trusted(ms: u64) -> TimeStatus {
        TimeStatus::Trusted(moment(ms))
    }

    fn floor(ms: u64) -> TimeStatus {
        TimeStatus::Floor(moment(ms))
    }

    #[test]
    fn a_clock_set_back_is_not_trusted() {
        let keeper = TimeKeeper::new(moment(NOW_MS), 0);
        assert_eq!(keeper.known(Some(NOW_MS), 0).status, trusted(NOW_MS));
        assert_eq!(keeper.known(Some(NOW_MS - 1), 0).status, floor(NOW_MS));
        assert_eq!(keeper.known(None, 0).status, floor(NOW_MS));
        assert_eq!(
            TimeKeeper::new(moment(0), 0).known(None, 0).status,
            TimeStatus::Unknown
        );
    }

    #[test]
    fn a_clock_that_stands_still_is_not_trusted() {
        let mut keeper = TimeKeeper::new(moment(0), 0);
        keeper.watch(Some(NOW_MS), 0);
        assert_eq!(keeper.known(Some(NOW_MS), 1000).status, trusted(NOW_MS));
        let later = 2 * CLOCK_LAG_MS;
        keeper.watch(Some(NOW_MS), later);
        assert_eq!(
            keeper.known(Some(NOW_MS), later).status,
            TimeStatus::Unknown
        );
        // It is trusted again once it has caught up.
        assert_eq!(
            keeper.known(Some(NOW_MS + later), later).status,
            trusted(NOW_MS + later)
        );
    }

    #[test]
    fn the_floor_runs_with_the_ticks() {
        let keeper = TimeKeeper::new(moment(NOW_MS), 500);
        assert_eq!(
            keeper.known(None, 500 + 256_000).status,
            floor(NOW_MS + 255_000)
        );
    }

    #[test]
    fn an_answer_is_worth_what_its_pulse_was_old() {
        let mut keeper = TimeKeeper::new(moment(0), 0);
        keeper.attest(moment(NOW_MS), 1000, 4000).unwrap();
        let known = keeper.known(None, 4000);
        let expected = Known {
            status: trusted(NOW_MS),
            doubt_ms: 3000,
        };
        assert_eq!(known, expected);
        // And only for a day.
        let status = keeper.known(None, 4000 + ATTESTED_AGE_MS).status;
        assert!(matches!(status, TimeStatus::Floor(_)), "{status:?}");
    }

    #[test]
    fn a_clock_may_lie_behind_a_running_floor_by_what_two_counts_differ() {
        let keeper = TimeKeeper::new(moment(NOW_MS), 0);
        let ticks_ms = 256_000;
        let floor_ms = keeper.floor_ms(ticks_ms);
        let known = |now_ms| keeper.known(Some(now_ms), ticks_ms).status;
        assert_eq!(known(floor_ms - ROUNDING_MS), trusted(floor_ms));
        assert_eq!(known(floor_ms - ROUNDING_MS - 1), floor(floor_ms));
    }

    #[test]
    fn a_clock_that_agrees_with_an_answer_says_it_more_exactly() {
        let mut keeper = TimeKeeper::new(moment(0), 0);
        keeper.attest(moment(NOW_MS), 1000, 4000).unwrap();
        let exactly = |now_ms: u64, doubt_ms: u64| Known {
            status: trusted(now_ms),
            doubt_ms,
        };
        let agreed = NOW_MS + 3000;
        assert_eq!(keeper.known(Some(agreed), 4000), exactly(agreed, 0));
        let latest = NOW_MS + 3000 + CLOCK_LAG_MS;
        assert_eq!(keeper.known(Some(latest), 4000), exactly(latest, 0));
        assert_eq!(keeper.known(Some(latest + 1), 4000), exactly(NOW_MS, 3000));
    }

    #[test]
    fn of_two_answers_the_closer_one_counts() {
        let mut keeper = TimeKeeper::new(moment(0), 0);
        keeper.attest(moment(NOW_MS), 1000, 4000).unwrap();
        let known = keeper.known(None, 5000);
        assert!((3000..3100).contains(&known.doubt_ms), "{known:?}");
        // An older pulse is answered later, and by somebody slow: nothing is less certain by that.
        keeper.attest(moment(NOW_MS), 0, 5000).unwrap();
        assert_eq!(keeper.known(None, 5000), known);
        keeper.attest(moment(NOW_MS + 3000), 6900, 7000).unwrap();
        assert_eq!(keeper.known(None, 7000).doubt_ms, 100);
    }

    #[test]
    fn a_floor_within_the_doubt_takes_no_trust_away() {
        let mut keeper = TimeKeeper::new(moment(0), 0);
        keeper.attest(moment(NOW_MS + 1000), 0, 10_000).unwrap();
        // Somebody broadcasts the time exactly: the answer was under way for some of its doubt.
        keeper.hear(moment(NOW_MS + 7000), 10_000).unwrap();
        let expected = Known {
            status: trusted(NOW_MS + 7000),
            doubt_ms: 4000,
        };
        assert_eq!(keeper.known(None, 10_000), expected);
        // A clock that lies below the floor is not believed, and the answer still is.
        assert_eq!(keeper.known(Some(NOW_MS + 6000), 10_000), expected);
        keeper.hear(moment(NOW_MS + 11_000), 10_000).unwrap();
        assert_eq!(keeper.known(None, 10_000).status, trusted(NOW_MS + 11_000));
        // One beyond the doubt contradicts it.
        keeper.hear(moment(NOW_MS + 11_001), 10_000).unwrap();
        assert_eq!(keeper.known(None, 10_000).status, floor(NOW_MS + 11_001));
    }

    #[test]
    fn an_answer_goes_before_a_clock_thrown_forward() {
        let mut keeper = TimeKeeper::new(moment(NOW_MS), 0);
        let wrong = Some(NOW_MS + 40 * 365 * DAY_MS);
        keeper.watch(wrong, 0);
        keeper.attest(moment(NOW_MS + 20), 0, 10).unwrap();
        assert_eq!(keeper.known(wrong, 10).status, trusted(NOW_MS + 20));
    }

    #[test]
    fn an_answer_before_the_floor_is_refused() {
        let mut keeper = TimeKeeper::new(moment(NOW_MS), 0);
        let behind = moment(NOW_MS - CLOCK_LAG_MS - 1);
        let refusal = keeper.attest(behind, 0, 10).unwrap_err();
        assert_eq!(refusal.reason, Reason::TimeBehind);
        // Signed when the pulse was made, and under way since: not before the floor.
        keeper.attest(moment(NOW_MS), 0, 10).unwrap();
        assert_eq!(keeper.known(None, 10).status, trusted(NOW_MS + 10));
    }

    #[test]
    fn broadcasts_raise_the_floor_by_a_day_in_all() {
        let mut keeper = TimeKeeper::new(moment(NOW_MS), 0);
        let far = moment(NOW_MS + 1000 * DAY_MS);
        keeper.hear(far, 0).unwrap();
        assert_eq!(
            keeper.known(None, 0).status,
            floor(NOW_MS + BROADCAST_LEAP_MS)
        );
        assert_eq!(keeper.hear(far, 0).unwrap_err().reason, Reason::TimeBehind);
        // Without any time it says nothing.
        let mut keeper = TimeKeeper::new(moment(0), 0);
        assert_eq!(
            keeper.hear(far, 0).unwrap_err().reason,
            Reason::NoTrustedTime
        );
    }
}
