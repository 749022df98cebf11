//! What is published, and when: receipts as they are made, the state as it changes.

use latch_verify::{
    limits::CHALLENGE_ROTATE_MS,
    statement::Status,
    types::{Challenge, Posture},
};

/// Shortest time between two states that differ in nothing but posture and counters of junk,
/// in milliseconds: neither who sends junk nor a loose contact decides how often a device signs.
pub const STATE_REST_MS: u64 = 60_000;

/// What has been told, and what is to be.
pub(super) struct Outlet {
    connected: bool,
    /// Number of the last receipt that was noticed.
    noticed: u64,
    /// Number of the last receipt that was published.
    told: u64,
    /// Whether the device has changed since its state was published.
    changed: bool,
    last: Option<Published>,
}

/// What of a device decides when its state is published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    /// Messages that it did not answer.
    pub(super) junk: u32,
    /// What is known of its posture.
    pub(super) posture: Posture,
    /// How often open latches ask for a new pulse.
    pub(super) pulse_ms: Option<u64>,
}

impl Seen {
    pub(super) fn of(status: &Status, pulse_ms: Option<u64>) -> Self {
        Self {
            junk: status.junk.count,
            posture: status.posture,
            pulse_ms,
        }
    }
}

/// The state that was published last.
struct Published {
    at_ms: u64,
    junk: u32,
    posture: Posture,
    /// `None` if it could not be read.
    challenge: Option<Challenge>,
    /// When this challenge was published first.
    challenge_since_ms: u64,
}

impl Outlet {
    /// For a device that has made this many receipts.
    pub(super) fn new(receipts: u64) -> Self {
        Self {
            connected: false,
            noticed: receipts,
            told: 0,
            changed: true,
            last: None,
        }
    }

    /// So many receipts were made before: none of them is news.
    pub(super) fn know(&mut self, receipts: u64) {
        self.noticed = self.noticed.max(receipts);
    }

    /// The connection came: whoever listens now may have missed everything.
    pub(super) fn connect(&mut self) {
        self.connected = true;
        self.told = 0;
        self.changed = true;
    }

    pub(super) fn disconnect(&mut self) {
        self.connected = false;
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connected
    }

    /// The device has changed without a receipt.
    pub(super) fn change(&mut self) {
        self.changed = true;
    }

    /// Number of the last receipt that was noticed, and told if anybody listens.
    pub(super) fn told(&self) -> u64 {
        if self.connected {
            self.noticed.min(self.told)
        } else {
            self.noticed
        }
    }

    /// Takes note of a receipt; says whether it is new, and whether to publish it.
    pub(super) fn tell(&mut self, number: u64) -> (bool, bool) {
        let news = number > self.noticed;
        let publish = self.connected && number > self.told;
        self.noticed = self.noticed.max(number);
        self.changed |= news;
        if publish {
            self.told = number;
        }
        (news, publish)
    }

    /// Whether the state is to be published now.
    pub(super) fn state_is_due(&self, now_ms: u64, seen: &Seen) -> bool {
        let due = |at_ms| at_ms <= now_ms;
        self.connected && self.state_at_ms(seen).is_none_or(due)
    }

    /// When the state is to be published next, as things are; `None` for at once.
    pub(super) fn state_at_ms(&self, seen: &Seen) -> Option<u64> {
        let last = self.last.as_ref().filter(|_| !self.changed)?;
        let rested_ms = last.at_ms.saturating_add(STATE_REST_MS);
        let at_ms = if seen.junk != last.junk || seen.posture != last.posture {
            rested_ms
        } else {
            // A challenge that has grown old is replaced when the state is made.
            let old_ms = last.challenge_since_ms.saturating_add(CHALLENGE_ROTATE_MS);
            old_ms.max(rested_ms)
        };
        let beat_ms = seen
            .pulse_ms
            .map(|every_ms| last.at_ms.saturating_add(every_ms));
        Some(beat_ms.map_or(at_ms, |beat_ms| beat_ms.min(at_ms)))
    }

    /// The state was published; this is what the device is, and the challenge in its state, if
    /// that could be read.
    pub(super) fn published(&mut self, now_ms: u64, seen: &Seen, challenge: Option<Challenge>) {
        let known = challenge.is_some();
        let same = self.last.take();
        let same = same.filter(|last| known && last.challenge == challenge);
        self.changed = false;
        self.last = Some(Published {
            at_ms: now_ms,
            junk: seen.junk,
            posture: seen.posture,
            challenge,
            challenge_since_ms: same.map_or(now_ms, |last| last.challenge_since_ms),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Seen = Seen {
        junk: 0,
        posture: Posture { known: 0, value: 0 },
        pulse_ms: None,
    };
    const CHALLENGE: Option<Challenge> = Some(Challenge([1; 16]));

    fn published() -> Outlet {
        let mut outlet = Outlet::new(0);
        outlet.connect();
        assert!(outlet.state_is_due(0, &QUIET));
        outlet.published(0, &QUIET, CHALLENGE);
        outlet
    }

    #[test]
    fn junk_or_posture_alone_waits_for_its_minute() {
        let outlet = published();
        let (mut junk, mut posture) = (QUIET, QUIET);
        junk.junk = 9;
        posture.posture = Posture { known: 1, value: 1 };
        for status in [&junk, &posture] {
            assert!(!outlet.state_is_due(STATE_REST_MS - 1, status));
            assert!(outlet.state_is_due(STATE_REST_MS, status));
        }
        assert!(!outlet.state_is_due(STATE_REST_MS, &QUIET));
    }

    #[test]
    fn a_receipt_or_a_connection_makes_it_due_at_once() {
        let mut outlet = published();
        outlet.tell(1);
        assert!(outlet.state_is_due(1, &QUIET));
        outlet.published(1, &QUIET, CHALLENGE);
        outlet.connect();
        assert!(outlet.state_is_due(1, &QUIET));
        outlet.disconnect();
        assert!(!outlet.state_is_due(1, &QUIET));
    }

    #[test]
    fn a_challenge_is_published_again_when_it_is_old() {
        let mut outlet = published();
        assert!(!outlet.state_is_due(CHALLENGE_ROTATE_MS - 1, &QUIET));
        assert!(outlet.state_is_due(CHALLENGE_ROTATE_MS, &QUIET));
        // If it was not replaced after all, there is a pause before the next attempt.
        outlet.published(CHALLENGE_ROTATE_MS, &QUIET, CHALLENGE);
        assert_eq!(
            outlet.state_at_ms(&QUIET),
            Some(CHALLENGE_ROTATE_MS + STATE_REST_MS)
        );
    }

    #[test]
    fn a_challenge_that_cannot_be_read_counts_as_a_new_one() {
        let mut outlet = published();
        outlet.published(CHALLENGE_ROTATE_MS, &QUIET, None);
        outlet.published(2 * CHALLENGE_ROTATE_MS, &QUIET, None);
        assert_eq!(outlet.state_at_ms(&QUIET), Some(3 * CHALLENGE_ROTATE_MS));
    }

    #[test]
    fn an_open_latch_asks_for_pulses() {
        let outlet = published();
        let beat = Seen {
            pulse_ms: Some(10_000),
            ..QUIET
        };
        assert_eq!(outlet.state_at_ms(&beat), Some(10_000));
        // Junk that keeps coming puts no heartbeat off.
        let junk = Seen { junk: 9, ..beat };
        assert_eq!(outlet.state_at_ms(&junk), Some(10_000));
    }
}
