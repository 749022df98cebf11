//! What is published, and when: receipts as they are made, the state as it changes.

use latch_verify::{limits::CHALLENGE_AGE_MS, types::Challenge};

/// Shortest time between two states that differ in nothing but counters of junk, in
/// milliseconds: who sends junk does not decide how often a device signs.
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

/// The state that was published last.
struct Published {
    at_ms: u64,
    junk: u32,
    challenge: Challenge,
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

    /// How many of the device's receipts, the newest, were not noticed or told.
    pub(super) fn untold(&self, number: u64) -> u64 {
        let known = if self.connected {
            self.noticed.min(self.told)
        } else {
            self.noticed
        };
        number.saturating_sub(known)
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
    pub(super) fn state_is_due(&self, now_ms: u64, junk: u32) -> bool {
        self.connected && self.state_at_ms(junk).is_none_or(|at_ms| at_ms <= now_ms)
    }

    /// When the state is to be published next, as things are; `None` for at once.
    pub(super) fn state_at_ms(&self, junk: u32) -> Option<u64> {
        let last = self.last.as_ref().filter(|_| !self.changed)?;
        let rested_ms = last.at_ms.saturating_add(STATE_REST_MS);
        if junk != last.junk {
            return Some(rested_ms);
        }
        // A challenge that has grown old is replaced when the state is made.
        let old_ms = last.challenge_since_ms.saturating_add(CHALLENGE_AGE_MS);
        Some(old_ms.max(rested_ms))
    }

    /// The state was published, with these in it.
    pub(super) fn published(&mut self, now_ms: u64, junk: u32, challenge: Challenge) {
        let same = self.last.take().filter(|last| last.challenge == challenge);
        self.changed = false;
        self.last = Some(Published {
            at_ms: now_ms,
            junk,
            challenge,
            challenge_since_ms: same.map_or(now_ms, |last| last.challenge_since_ms),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: Challenge = Challenge([1; 16]);

    fn published() -> Outlet {
        let mut outlet = Outlet::new(0);
        outlet.connect();
        assert!(outlet.state_is_due(0, 0));
        outlet.published(0, 0, CHALLENGE);
        outlet
    }

    #[test]
    fn junk_alone_waits_for_its_minute() {
        let outlet = published();
        assert!(!outlet.state_is_due(STATE_REST_MS - 1, 9));
        assert!(outlet.state_is_due(STATE_REST_MS, 9));
        assert!(!outlet.state_is_due(STATE_REST_MS, 0));
    }

    #[test]
    fn a_receipt_or_a_connection_makes_it_due_at_once() {
        let mut outlet = published();
        outlet.tell(1);
        assert!(outlet.state_is_due(1, 0));
        outlet.published(1, 0, CHALLENGE);
        outlet.connect();
        assert!(outlet.state_is_due(1, 0));
        outlet.disconnect();
        assert!(!outlet.state_is_due(1, 0));
    }

    #[test]
    fn a_challenge_is_published_again_when_it_is_old() {
        let mut outlet = published();
        assert!(!outlet.state_is_due(CHALLENGE_AGE_MS - 1, 0));
        assert!(outlet.state_is_due(CHALLENGE_AGE_MS, 0));
        // If it was not replaced after all, there is a pause before the next attempt.
        outlet.published(CHALLENGE_AGE_MS, 0, CHALLENGE);
        assert_eq!(
            outlet.state_at_ms(0),
            Some(CHALLENGE_AGE_MS + STATE_REST_MS)
        );
    }
}
