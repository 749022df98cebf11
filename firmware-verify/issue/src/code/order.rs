//! The order of the codes of one process: no two have one place, without a memory that outlives it.

use std::sync::atomic::{AtomicU64, Ordering};

use latch_verify::types::Sequence;

/// How far codes that follow each other may run ahead of the clock, in milliseconds: sixty thousand a millisecond for a
/// second. A clock that was set back by more begins anew.
const APART_MS: u64 = 1000;

/// The places that have been given out, of which the last is enough.
pub(super) struct Order {
    last: AtomicU64,
}

impl Order {
    /// Nothing has been given out.
    pub(super) const fn new() -> Self {
        Self {
            last: AtomicU64::new(0),
        }
    }

    /// A place for a code: the fresh one, or the next where that would not follow.
    ///
    /// Sixteen random bits tell issuers apart that know nothing of each other; of the codes of one process in one
    /// millisecond some would collide (of 300 every other time, by the birthday bound). Those follow each other instead.
    pub(super) fn next(&self, fresh: Sequence) -> Sequence {
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(following(last, fresh).0)
            });
        following(last.unwrap_or_else(|last| last), fresh)
    }
}

fn following(last: u64, fresh: Sequence) -> Sequence {
    let last = Sequence(last);
    let ahead_ms = last.time().get().saturating_sub(fresh.time().get());
    if fresh <= last && ahead_ms < APART_MS {
        Sequence(last.0.saturating_add(1))
    } else {
        fresh
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, thread};

    use latch_verify::types::TimeMs;

    use super::*;

    const NOW_MS: u64 = 1_800_000_000_000;
    /// Codes that are signed in one millisecond.
    const AT_ONCE: u16 = 1000;

    fn at(time_ms: u64, random: u16) -> Sequence {
        Sequence::at(TimeMs::new(time_ms).unwrap(), random)
    }

    #[test]
    fn what_follows_by_itself_stays_as_it_is() {
        let order = Order::new();
        for fresh in [at(NOW_MS, 3), at(NOW_MS, 9), at(NOW_MS + 1, 0)] {
            assert_eq!(order.next(fresh), fresh);
        }
    }

    #[test]
    fn in_one_millisecond_each_has_a_place_of_its_own() {
        let order = Order::new();
        let places: Vec<Sequence> = (0..AT_ONCE)
            .map(|number| order.next(at(NOW_MS, number.wrapping_mul(40_503))))
            .collect();
        assert!(places.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn threads_share_no_place() {
        let order = Order::new();
        let of_one = || (0..AT_ONCE).map(|_| order.next(at(NOW_MS, 7))).collect();
        let places: Vec<Vec<Sequence>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(of_one)).collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.collect()
        });
        let apart: BTreeSet<&Sequence> = places.iter().flatten().collect();
        assert_eq!(apart.len(), 4 * usize::from(AT_ONCE));
    }

    #[test]
    fn a_clock_set_back_by_less_than_a_second_goes_on() {
        let order = Order::new();
        order.next(at(NOW_MS, 7));
        let next = order.next(at(NOW_MS - APART_MS + 1, 9));
        assert_eq!(next, at(NOW_MS, 8));
    }

    #[test]
    fn a_clock_set_back_by_a_second_begins_anew() {
        let order = Order::new();
        order.next(at(NOW_MS, 7));
        let fresh = at(NOW_MS - APART_MS, 9);
        assert_eq!(order.next(fresh), fresh);
    }
}
