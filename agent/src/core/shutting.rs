//! What is still to be shut: latches that have closed, until the hook has shut what stands
//! behind them.
//!
//! It goes on beside whatever else is carried out, one hook at a time. No code is begun
//! meanwhile, so that an opening cannot be overtaken by the shutting before it.

use std::collections::VecDeque;

use latch_verify::types::{LatchId, StatementId};

use super::event::{Hook, HookResult, LatchEvent};

/// How often shutting is tried. Codes wait meanwhile, so a hook that never works must not
/// hold back for good the ones that could mend it.
pub const SHUT_TRIES: u8 = 3;

/// The rest between two tries, in milliseconds: a bus or a service that was busy answers
/// within seconds.
pub const SHUT_REST_MS: u64 = 2_000;

/// Latches to be shut, in order; the first one is at work.
#[derive(Default)]
pub(super) struct Shutting {
    due: VecDeque<Shut>,
    tries: u8,
    phase: Phase,
}

#[derive(Clone, Copy)]
struct Shut {
    statement: Option<StatementId>,
    latch: Option<LatchId>,
    event: LatchEvent,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Ready,
    Running,
    Resting {
        until_ms: u64,
    },
}

/// How a try has ended.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Tried {
    Shut,
    /// It comes again.
    Failed,
    /// It was the last try.
    GivenUp(Option<LatchId>),
}

impl Shutting {
    /// A latch has closed, or every one (`None`).
    pub(super) fn put(
        &mut self,
        statement: Option<StatementId>,
        latch: Option<LatchId>,
        event: LatchEvent,
    ) {
        let at_work = usize::from(self.phase == Phase::Running);
        if latch.is_none() {
            // Those that wait are among them.
            self.due.truncate(at_work);
        }
        let waits = |shut: &Shut| shut.latch.is_none() || shut.latch == latch;
        if self.due.iter().skip(at_work).any(waits) {
            return;
        }
        self.due.push_back(Shut {
            statement,
            latch,
            event,
        });
    }

    /// The hook to start now.
    pub(super) fn begin(&mut self, now_ms: u64) -> Option<Hook> {
        match self.phase {
            Phase::Running => return None,
            Phase::Resting { until_ms } if until_ms > now_ms => return None,
            _ => {}
        }
        let Some(Shut {
            statement,
            latch,
            event,
        }) = self.due.front().copied()
        else {
            self.phase = Phase::Ready;
            return None;
        };
        self.phase = Phase::Running;
        Some(Hook::Latch {
            statement,
            latch,
            event,
        })
    }

    /// The hook has ended.
    pub(super) fn end(&mut self, now_ms: u64, result: HookResult) -> Tried {
        self.phase = Phase::Ready;
        self.tries = self.tries.saturating_add(1);
        if result.is_err() && self.tries < SHUT_TRIES {
            self.phase = Phase::Resting {
                until_ms: now_ms.saturating_add(SHUT_REST_MS),
            };
            return Tried::Failed;
        }
        self.tries = 0;
        let latch = self.due.pop_front().and_then(|shut| shut.latch);
        match result {
            Ok(()) => Tried::Shut,
            Err(_) => Tried::GivenUp(latch),
        }
    }

    /// Whether nothing is left to shut.
    pub(super) fn is_over(&self) -> bool {
        self.due.is_empty()
    }

    /// When the next try is due.
    pub(super) fn again_at_ms(&self) -> Option<u64> {
        match self.phase {
            Phase::Resting { until_ms } => Some(until_ms),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use latch_verify::statement::CloseCause;

    use super::*;

    const CLOSE: LatchEvent = LatchEvent::Close {
        cause: Some(CloseCause::Time),
    };

    fn latch(number: u8) -> Option<LatchId> {
        LatchId::new(number)
    }

    fn begun(shutting: &mut Shutting, now_ms: u64) -> Option<Option<LatchId>> {
        shutting.begin(now_ms).map(|hook| match hook {
            Hook::Latch { latch, .. } => latch,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn one_after_the_other_and_each_once() {
        let mut shutting = Shutting::default();
        for number in [3, 4, 3] {
            shutting.put(None, latch(number), CLOSE);
        }
        assert_eq!(begun(&mut shutting, 0), Some(latch(3)));
        assert_eq!(begun(&mut shutting, 0), None);
        // It was opened and has closed again since its shutting began.
        shutting.put(None, latch(3), CLOSE);
        for number in [4, 3] {
            assert_eq!(shutting.end(0, Ok(())), Tried::Shut);
            assert_eq!(begun(&mut shutting, 0), Some(latch(number)));
        }
        assert_eq!(shutting.end(0, Ok(())), Tried::Shut);
        assert!(shutting.is_over());
    }

    #[test]
    fn everything_takes_the_place_of_each() {
        let mut shutting = Shutting::default();
        shutting.put(None, latch(3), CLOSE);
        shutting.put(None, None, LatchEvent::Lockdown);
        shutting.put(None, latch(4), CLOSE);
        assert_eq!(begun(&mut shutting, 0), Some(None));
        assert_eq!(shutting.end(0, Ok(())), Tried::Shut);
        assert!(shutting.is_over());
    }

    #[test]
    fn what_fails_is_tried_again_and_then_given_up() {
        let mut shutting = Shutting::default();
        shutting.put(None, latch(3), CLOSE);
        let mut now_ms = 0;
        for _ in 1..SHUT_TRIES {
            assert_eq!(begun(&mut shutting, now_ms), Some(latch(3)));
            assert_eq!(shutting.end(now_ms, Err(1)), Tried::Failed);
            assert_eq!(begun(&mut shutting, now_ms + SHUT_REST_MS - 1), None);
            now_ms += SHUT_REST_MS;
            assert_eq!(shutting.again_at_ms(), Some(now_ms));
        }
        assert_eq!(begun(&mut shutting, now_ms), Some(latch(3)));
        assert_eq!(shutting.end(now_ms, Err(1)), Tried::GivenUp(latch(3)));
        assert!(shutting.is_over() && shutting.again_at_ms().is_none());
    }
}
