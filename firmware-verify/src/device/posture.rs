//! What the device knows about itself, and until when it still does.

use crate::types::{Posture, PostureRule};

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

/// Facts, each with the moment at which it is too old.
pub(super) struct Watch {
    posture: Posture,
    until_ticks_ms: [u64; 32],
}

impl Watch {
    /// Nothing is known.
    pub(super) const fn new() -> Self {
        Self {
            posture: Posture { known: 0, value: 0 },
            until_ticks_ms: [0; 32],
        }
    }

    pub(super) fn observe(&mut self, seen: &Observation, ticks_ms: u64) {
        let known = seen.facts & seen.posture.known;
        self.posture = Posture {
            known: self.posture.known & !seen.facts | known,
            value: self.posture.value & !seen.facts | known & seen.posture.value,
        };
        let until = ticks_ms.saturating_add(seen.max_age_ms);
        for (bit, slot) in (0_u32..).zip(self.until_ticks_ms.iter_mut()) {
            if has(known, bit) {
                *slot = until;
            }
        }
    }

    /// What is known now.
    pub(super) fn posture(&self, ticks_ms: u64) -> Posture {
        let mut known = self.posture.known;
        for (bit, until) in (0_u32..).zip(self.until_ticks_ms.iter()) {
            if *until <= ticks_ms {
                known &= !1_u32.checked_shl(bit).unwrap_or(0);
            }
        }
        Posture {
            known,
            value: self.posture.value & known,
        }
    }

    /// When the first fact that a rule asks for grew too old, in ticks.
    pub(super) fn aged_ticks_ms(&self, rule: PostureRule, ticks_ms: u64) -> Option<u64> {
        let asked = self.posture.known & (rule.must_hold | rule.must_not_hold);
        (0_u32..)
            .zip(self.until_ticks_ms.iter())
            .filter(|(bit, until)| has(asked, *bit) && **until <= ticks_ms)
            .map(|(_, until)| *until)
            .min()
    }

    /// When the next fact grows too old, in ticks.
    pub(super) fn next_ticks_ms(&self, ticks_ms: u64) -> Option<u64> {
        (0_u32..)
            .zip(self.until_ticks_ms.iter())
            .filter(|(bit, until)| has(self.posture.known, *bit) && **until > ticks_ms)
            .map(|(_, until)| *until)
            .filter(|until| *until < u64::MAX)
            .min()
    }
}

fn has(facts: u32, bit: u32) -> bool {
    facts.checked_shr(bit).is_some_and(|rest| rest & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::{Observation, Watch};
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
}
