//! Which pages to send, when, and to whom: each once for many who want it.
//!
//! I/O-free. Pages go to the topic that all devices of an image share, unless few of those who
//! listen there miss them: stragglers are served one by one. A device asks for its next window the moment the last one is complete, while pages
//! that others asked for are on their way to it already. So a page that has just gone out is not
//! sent again at once; if the device got it, its next want takes the place of this one.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, Instant},
};

use latch_mqtt::{MAX_WINDOW, Want};
use latch_verify::types::{DeviceId, StatementId};

/// Silence after which the wants that were gathered are answered: devices of one rollout ask
/// within milliseconds of each other, and a person notices nothing.
const GATHERING: Duration = Duration::from_millis(10);
/// Longest time that a want is gathered, where others keep arriving.
const GATHERING_LONGEST: Duration = Duration::from_millis(250);
/// How long a page that went out may be on its way: a window for a thousand devices through a
/// busy broker. A device that lost it asks again after five seconds by itself.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// Devices are stragglers when they are fewer than one in so many of those who listen.
const STRAGGLERS_IN: usize = 4;

/// What devices want, and what they were sent.
#[derive(Default)]
pub(super) struct Wanted {
    /// The last want of each device: a newer one says that the older is settled.
    asking: BTreeMap<DeviceId, Asking>,
    sent: BTreeMap<(StatementId, u32), Instant>,
}

/// A device that downloads a release.
struct Asking {
    release: StatementId,
    /// Since when it listens: pages that went out before did not reach it.
    since: Instant,
    asked: Instant,
    pages: Range<u32>,
    /// When it is answered at the earliest, while it waits for what may be on its way.
    not_before: Instant,
}

impl Wanted {
    /// A device asks.
    pub(super) fn ask(&mut self, now: Instant, device: DeviceId, want: &Want) {
        let Want::Pages {
            manifest,
            first,
            count,
        } = *want;
        let before = self
            .asking
            .get(&device)
            .filter(|asking| asking.release == manifest);
        let since = before.map_or(now, |asking| asking.since);
        let pages = first..first.saturating_add(count.min(MAX_WINDOW));
        self.asking.insert(
            device,
            Asking {
                release: manifest,
                since,
                asked: now,
                pages,
                not_before: now,
            },
        );
    }

    /// When something is due of the releases that are served.
    pub(super) fn due(&self, is_served: impl Fn(StatementId) -> bool) -> Option<Instant> {
        let waiting = || {
            self.asking
                .values()
                .filter(|asking| !asking.pages.is_empty() && is_served(asking.release))
        };
        let first = waiting()
            .map(|asking| asking.asked.max(asking.not_before))
            .min()?;
        let last = waiting().map(|asking| asking.asked).max()?;
        Some((last + GATHERING).clamp(first, first + GATHERING_LONGEST))
    }

    /// The pages to send now, in order. What may be on its way to a device stays wanted by it.
    pub(super) fn take(
        &mut self,
        now: Instant,
        is_served: impl Fn(StatementId) -> bool,
    ) -> BTreeMap<(StatementId, u32), To> {
        let Self { asking, sent } = self;
        let mut missed: BTreeMap<(StatementId, u32), Vec<DeviceId>> = BTreeMap::new();
        for (name, device) in asking.iter_mut() {
            if now < device.not_before || !is_served(device.release) {
                continue;
            }
            let coming = |page: &u32| {
                let at = sent.get(&(device.release, *page)).copied();
                at.filter(|at| *at >= device.since && now < *at + ON_ITS_WAY)
            };
            for page in device.pages.clone().filter(|page| coming(page).is_none()) {
                missed
                    .entry((device.release, page))
                    .or_default()
                    .push(name.clone());
            }
            match device.pages.clone().filter_map(|page| coming(&page)).max() {
                Some(last) => device.not_before = last + ON_ITS_WAY,
                None => device.pages = 0..0,
            }
        }
        let mut listening: BTreeMap<StatementId, usize> = BTreeMap::new();
        asking
            .values()
            .for_each(|device| *listening.entry(device.release).or_default() += 1);
        missed
            .into_iter()
            .map(|(page, devices)| {
                let few = devices.len() * STRAGGLERS_IN
                    < listening.get(&page.0).copied().unwrap_or_default();
                if few {
                    return (page, To::Each(devices));
                }
                sent.insert(page, now);
                (page, To::All)
            })
            .collect()
    }
}

/// Who is sent a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum To {
    /// All devices that listen for the image's pages.
    All,
    /// Each of these.
    Each(Vec<DeviceId>),
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE: StatementId = StatementId([1; 16]);

    struct Case {
        wanted: Wanted,
        /// Pages that went to some devices only.
        own: Vec<To>,
        start: Instant,
    }

    impl Case {
        fn new() -> Self {
            Self {
                wanted: Wanted::default(),
                own: Vec::new(),
                start: Instant::now(),
            }
        }

        fn ask(&mut self, at_ms: u64, device: &str, first: u32, count: u32) {
            let now = self.start + Duration::from_millis(at_ms);
            let want = Want::Pages {
                manifest: RELEASE,
                first,
                count,
            };
            self.wanted.ask(now, device.parse().expect("a name"), &want);
        }

        fn due(&self) -> Option<u128> {
            let due = self.wanted.due(|release| release == RELEASE);
            due.map(|due| due.duration_since(self.start).as_millis())
        }

        fn take(&mut self, at_ms: u64) -> Vec<u32> {
            let now = self.start + Duration::from_millis(at_ms);
            let pages = self.wanted.take(now, |release| release == RELEASE);
            let own = pages.values().filter(|to| **to != To::All);
            self.own.extend(own.cloned());
            pages.into_keys().map(|(_, page)| page).collect()
        }
    }

    #[test]
    fn many_wants_cost_what_one_does() {
        let mut case = Case::new();
        for device in 0..50 {
            case.ask(device % 10, &format!("d{device}"), 0, 4);
        }
        assert_eq!(case.due(), Some(9 + 10));
        assert_eq!(case.take(19), [0, 1, 2, 3]);
        assert_eq!(case.due(), None);
        assert_eq!(case.take(20), [0; 0]);
    }

    #[test]
    fn wants_that_keep_coming_do_not_put_the_first_one_off_for_good() {
        let mut case = Case::new();
        for at_ms in 0..400 {
            case.ask(at_ms, &format!("d{at_ms}"), 0, 4);
        }
        assert_eq!(case.due(), Some(250));
    }

    #[test]
    fn what_is_on_its_way_is_not_sent_again_to_those_who_get_it() {
        let mut case = Case::new();
        case.ask(0, "fast", 0, 2);
        case.ask(0, "slow", 0, 2);
        assert_eq!(case.take(10), [0, 1]);
        case.ask(15, "fast", 2, 2);
        assert_eq!(case.take(25), [2, 3]);
        case.ask(26, "slow", 2, 2);
        assert_eq!(case.take(36), [0; 0], "it listened when they went out");
        case.ask(40, "slow", 4, 1);
        assert_eq!(case.take(50), [4], "it had them");
        assert_eq!(case.due(), None);
    }

    #[test]
    fn who_did_not_get_them_waits_a_moment() {
        let mut case = Case::new();
        case.ask(0, "unlucky", 0, 2);
        assert_eq!(case.take(10), [0, 1]);
        case.ask(20, "unlucky", 0, 3);
        assert_eq!(case.take(30), [2], "what nobody was sent goes at once");
        assert_eq!(case.due(), Some(2010));
        assert_eq!(case.take(2010), [0, 1], "page 2 is on its way");
    }

    #[test]
    fn who_begins_later_is_served_at_once() {
        let mut case = Case::new();
        case.ask(0, "first", 0, 2);
        assert_eq!(case.take(10), [0, 1]);
        case.ask(11, "later", 0, 2);
        assert_eq!(
            case.take(21),
            [0, 1],
            "it did not listen when they went out"
        );
    }

    #[test]
    fn stragglers_are_served_one_by_one() {
        let mut case = Case::new();
        for device in 0..9 {
            case.ask(0, &format!("d{device}"), 0, 2);
        }
        assert_eq!(case.take(10), [0, 1]);
        assert_eq!(case.own, []);
        case.ask(20, "late", 0, 2);
        case.ask(20, "later", 1, 1);
        assert_eq!(case.take(30), [0, 1]);
        let to = |names: &[&str]| {
            To::Each(
                names
                    .iter()
                    .map(|name| name.parse().expect("a name"))
                    .collect(),
            )
        };
        assert_eq!(case.own, [to(&["late"]), to(&["late", "later"])]);
        assert_eq!(case.due(), None, "both are answered");
    }

    #[test]
    fn what_is_not_served_yet_stays_wanted() {
        let mut case = Case::new();
        case.ask(0, "early", 0, 1);
        assert!(
            case.wanted
                .take(case.start + GATHERING, |_| false)
                .is_empty()
        );
        assert_eq!(case.wanted.due(|_| false), None);
        assert_eq!(case.take(1000), [0]);
    }

    #[test]
    fn a_want_for_more_than_a_window_gets_a_window() {
        let mut case = Case::new();
        case.ask(0, "greedy", u32::MAX - 1, u32::MAX);
        assert_eq!(case.take(10).len(), 1);
        case.ask(20, "greedy", 0, u32::MAX);
        assert_eq!(case.take(30).len(), MAX_WINDOW as usize);
    }
}
