//! Who is at the other end, and for how long it was not heard.

use super::{
    greeting::Greeting,
    timing::{PING_MS, SILENT_MS, WORKING_MS},
};

/// The peer of a session that is up.
pub(super) struct Peer {
    pub(super) id: u32,
    pub(super) greeting: Greeting,
    /// When this end last listened.
    listened_at_ms: u64,
    /// For how long it has listened and heard nothing.
    silent_ms: u64,
    patience_ms: u64,
    ping_at_ms: u64,
}

impl Peer {
    pub(super) fn new(id: u32, greeting: Greeting, now_ms: u64) -> Self {
        Self {
            id,
            greeting,
            listened_at_ms: now_ms,
            silent_ms: 0,
            patience_ms: SILENT_MS,
            ping_at_ms: now_ms.saturating_add(PING_MS),
        }
    }

    /// Time has passed. Says whether the peer was silent for too long.
    ///
    /// A program that was at work for a while has not listened: what it finds then may be the
    /// peer's words of all that time.
    pub(super) fn is_lost(&mut self, now_ms: u64) -> bool {
        let gap_ms = now_ms.saturating_sub(self.listened_at_ms).min(PING_MS);
        self.silent_ms = self.silent_ms.saturating_add(gap_ms);
        self.listened_at_ms = now_ms;
        self.silent_ms >= self.patience_ms
    }

    /// Anything has come from it.
    pub(super) fn heard(&mut self, now_ms: u64) {
        self.silent_ms = 0;
        self.pinged(now_ms);
    }

    /// It has said that it works. Messages of its own that come then do not mean that it is back:
    /// they may have left before it began.
    pub(super) fn works(&mut self) {
        self.patience_ms = WORKING_MS;
    }

    pub(super) fn is_working(&self) -> bool {
        self.patience_ms == WORKING_MS
    }

    /// It has answered: it is at its line.
    pub(super) fn answers(&mut self) {
        self.patience_ms = SILENT_MS;
    }

    pub(super) fn pinged(&mut self, now_ms: u64) {
        self.ping_at_ms = now_ms.saturating_add(PING_MS);
    }

    pub(super) fn ping_at_ms(&self) -> u64 {
        self.ping_at_ms
    }

    /// When it is lost, if this end listens and nothing comes.
    pub(super) fn lost_at_ms(&self) -> u64 {
        let left_ms = self.patience_ms.saturating_sub(self.silent_ms);
        self.listened_at_ms.saturating_add(left_ms)
    }
}
