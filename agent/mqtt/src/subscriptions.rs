//! Which filters a session wants, whatever becomes of its connections.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::session::SUBSCRIPTIONS_MAX;

/// The wanted filters. Each carries the number of the call that asked for it,
/// so that asking again is told from still wanting.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    wanted: Mutex<Wanted>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Wanted {
    calls: u64,
    filters: BTreeMap<String, u64>,
}

/// What was asked of the broker in its present session for us.
#[derive(Debug, Default)]
pub(crate) struct Asked(BTreeMap<String, u64>);

/// What to ask to come from one to the other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) subscribe: Vec<String>,
    pub(crate) unsubscribe: Vec<String>,
}

impl Subscriptions {
    /// Adds filters, or nothing if they would exceed the bound.
    pub(crate) fn add(&self, filters: Vec<String>) -> bool {
        let mut wanted = self.wanted();
        let new = filters
            .iter()
            .filter(|filter| !wanted.filters.contains_key(*filter))
            .count();
        if wanted.filters.len() + new > SUBSCRIPTIONS_MAX {
            return false;
        }
        wanted.calls += 1;
        let call = wanted.calls;
        wanted
            .filters
            .extend(filters.into_iter().map(|filter| (filter, call)));
        drop(wanted);
        self.changed.notify_one();
        true
    }

    pub(crate) fn remove(&self, filters: &[String]) {
        let mut wanted = self.wanted();
        for filter in filters {
            wanted.filters.remove(filter);
        }
        drop(wanted);
        self.changed.notify_one();
    }

    /// Resolves after a change since the last time.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What must be asked now; `asked` is brought up to date.
    pub(crate) fn difference(&self, asked: &mut Asked) -> Difference {
        let wanted = self.wanted();
        let subscribe = wanted
            .filters
            .iter()
            .filter(|(filter, call)| asked.0.get(*filter) != Some(call))
            .map(|(filter, _)| filter.clone())
            .collect();
        let unsubscribe = asked
            .0
            .keys()
            .filter(|filter| !wanted.filters.contains_key(*filter))
            .cloned()
            .collect();
        asked.0.clone_from(&wanted.filters);
        Difference {
            subscribe,
            unsubscribe,
        }
    }

    /// No code panics while it holds the lock; a poisoned one is still sound.
    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_differences_are_asked() {
        let subscriptions = Subscriptions::default();
        let mut asked = Asked::default();
        assert!(subscriptions.add(names(&["a", "b"])));
        let first = subscriptions.difference(&mut asked);
        assert_eq!(
            first,
            Difference {
                subscribe: names(&["a", "b"]),
                ..Difference::default()
            }
        );
        assert_eq!(subscriptions.difference(&mut asked), Difference::default());

        subscriptions.remove(&names(&["a", "never"]));
        assert!(subscriptions.add(names(&["c"])));
        let second = subscriptions.difference(&mut asked);
        assert_eq!(
            second,
            Difference {
                subscribe: names(&["c"]),
                unsubscribe: names(&["a"])
            }
        );
    }

    #[test]
    fn a_new_session_and_a_new_call_ask_again() {
        let subscriptions = Subscriptions::default();
        let mut asked = Asked::default();
        assert!(subscriptions.add(names(&["a", "b"])));
        subscriptions.difference(&mut asked);
        assert!(subscriptions.add(names(&["b"])));
        assert_eq!(
            subscriptions.difference(&mut asked).subscribe,
            names(&["b"])
        );
        assert_eq!(
            subscriptions.difference(&mut Asked::default()).subscribe,
            names(&["a", "b"])
        );
    }

    #[test]
    fn the_number_of_filters_is_bounded() {
        let subscriptions = Subscriptions::default();
        let many: Vec<String> = (0..SUBSCRIPTIONS_MAX).map(|n| n.to_string()).collect();
        assert!(subscriptions.add(many.clone()));
        assert!(!subscriptions.add(names(&["one more"])));
        assert!(subscriptions.add(many));
    }
}
