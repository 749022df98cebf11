//! What the device knows about itself, and until when it still does.

use crate::{
    limits::MAX_TIME_MS,
    types::{Millis, Posture, PostureRule},
};

/// What one source says about some of the device's facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Observation {
    /// The facts of which the source speaks: bit n for fact n.
    pub facts: u32,
    /// What they are. Those that it does not know are unknown from now on.
    pub posture: Posture,
    /// How long that may be relied on, in milliseconds; then they are unknown.
    pub max_age_ms: u64,
}

/// A moment in ticks. What is later than fits comes earlier: then nothing is relied on for longer than it was said.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Moment(Millis);

impl Moment {
    const BEGINNING: Self = Self(Millis::ZERO);
    /// It does not come.
    const NEVER: Self = Self(Millis::of(u64::MAX));
    /// The last that does.
    const LAST_MS: u64 = MAX_TIME_MS - 1;

    /// When something is over that began at these ticks.
    fn after(ticks_ms: u64, age_ms: u64) -> Self {
        match ticks_ms.saturating_add(age_ms) {
            u64::MAX => Self::NEVER,
            end_ms => Self(Millis::of(end_ms.min(Self::LAST_MS))),
        }
    }

    fn ticks_ms(self) -> u64 {
        match self {
            Self::NEVER => u64::MAX,
            Self(millis) => millis.get(),
        }
    }
}

/// Facts, each with the moment at which it is too old.
pub(super) struct Watch {
    posture: Posture,
    until: [Moment; 32],
}

impl Watch {
    /// Nothing is known.
    pub(super) const fn new() -> Self {
        Self {
            posture: Posture { known: 0, value: 0 },
            until: [Moment::BEGINNING; 32],
        }
    }

    pub(super) fn observe(&mut self, seen: &Observation, ticks_ms: u64) {
        let known = seen.facts & seen.posture.known;
        self.posture = Posture {
            known: self.posture.known & !seen.facts | known,
            value: self.posture.value & !seen.facts | known & seen.posture.value,
        };
        let until = Moment::after(ticks_ms, seen.max_age_ms);
        for (bit, slot) in (0_u32..).zip(self.until.iter_mut()) {
            if has(known, bit) {
                *slot = until;
            }
        }
    }

    /// Some facts, those of which something is known, and until when in ticks.
    fn known(&self, facts: u32) -> impl Iterator<Item = (u32, u64)> {
        let known = self.posture.known & facts;
        (0_u32..)
            .zip(self.until.iter())
            .filter(move |(bit, _)| has(known, *bit))
            .map(|(bit, until)| (bit, until.ticks_ms()))
    }

    /// What is known now.
    pub(super) fn posture(&self, ticks_ms: u64) -> Posture {
        let fresh = self
            .known(u32::MAX)
            .filter(|(_, until_ms)| *until_ms > ticks_ms);
        let known = fresh.fold(0, |known, (bit, _)| {
            known | 1_u32.checked_shl(bit).unwrap_or(0)
        });
        Posture {
            known,
            value: self.posture.value & known,
        }
    }

    /// When the first fact that a rule asks for grew too old, in ticks.
    pub(super) fn aged_ticks_ms(&self, rule: PostureRule, ticks_ms: u64) -> Option<u64> {
        self.known(rule.must_hold | rule.must_not_hold)
            .map(|(_, until_ms)| until_ms)
            .filter(|until_ms| *until_ms <= ticks_ms)
            .min()
    }

    /// When the next fact grows too old, in ticks.
    pub(super) fn next_ticks_ms(&self, ticks_ms: u64) -> Option<u64> {
        self.known(u32::MAX)
            .map(|(_, until_ms)| until_ms)
            .filter(|until_ms| *until_ms > ticks_ms && *until_ms < u64::MAX)
            .min()
    }
}

fn has(facts: u32, bit: u32) -> bool {
    facts.checked_shr(bit).is_some_and(|rest| rest & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::{Moment, Observation, Watch};
    use crate::types::Posture;

    #[test]
    fn each_source_speaks_for_its_own_facts_and_for_a_time() {
        let mut watch = Watch::new();
        let known = |value| Posture {
            known: u32::MAX,
            value,
        };
        watch.observe(
            &Observation {
                facts: 0b011,
                posture: known(0b101),
                max_age_ms: 100,
            },
            0,
        );
        assert_eq!(
            watch.posture(99),
            Posture {
                known: 0b011,
                value: 0b001
            }
        );
        watch.observe(
            &Observation {
                facts: 0b100,
                posture: known(0b100),
                max_age_ms: u64::MAX,
            },
            50,
        );
        assert_eq!(watch.next_ticks_ms(50), Some(100));
        assert_eq!(
            watch.posture(100),
            Posture {
                known: 0b100,
                value: 0b100
            }
        );
        assert_eq!(watch.next_ticks_ms(100), None);
        // A source that no longer knows makes its fact unknown.
        watch.observe(
            &Observation {
                facts: 0b100,
                posture: Posture::default(),
                max_age_ms: 1000,
            },
            200,
        );
        assert_eq!(watch.posture(200), Posture::default());
    }

    #[test]
    fn a_moment_that_is_too_far_away_comes_earlier_and_never_later() {
        let last = Moment::LAST_MS;
        for (begin, age, end) in [
            (0, 0, 0),
            (7, last - 7, last),
            (7, last - 6, last),
            (u64::MAX - 9, 8, last),
            (7, u64::MAX, u64::MAX),
        ] {
            assert_eq!(Moment::after(begin, age).ticks_ms(), end);
        }
        let mut watch = Watch::new();
        let seen = Observation {
            facts: 1,
            posture: Posture { known: 1, value: 1 },
            max_age_ms: u64::MAX - 1,
        };
        watch.observe(&seen, 0);
        assert_eq!(watch.posture(last - 1).known, 1);
        assert_eq!(watch.posture(last).known, 0);
    }
}
