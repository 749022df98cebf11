//! What went over the broker, counted at our own ends, and what it keeps of it.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use latch_mqtt::Publication;

use serde::Serialize;

/// Counters shared by everybody who is connected.
#[derive(Default, Debug)]
pub(crate) struct Traffic {
    published: AtomicU64,
    published_bytes: AtomicU64,
    delivered: AtomicU64,
    delivered_bytes: AtomicU64,
    pages: AtomicU64,
    retained: Mutex<BTreeSet<String>>,
}

/// The counters at one moment. Bytes are payload, without what MQTT adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TrafficTotals {
    /// Messages that were published.
    pub published: u64,
    /// Their payload in bytes.
    pub published_bytes: u64,
    /// Messages that arrived, counted at each receiver.
    pub delivered: u64,
    /// Their payload in bytes.
    pub delivered_bytes: u64,
    /// Image pages that were published; one message can serve every device that waits for it.
    pub pages_published: u64,
}

impl Traffic {
    /// A message leaves.
    pub(crate) fn sent(&self, publication: &Publication) {
        self.published.fetch_add(1, Relaxed);
        self.published_bytes
            .fetch_add(publication.payload.len() as u64, Relaxed);
        if publication.retain {
            let mut retained = self.retained.lock().unwrap_or_else(PoisonError::into_inner);
            retained.insert(publication.topic.clone());
        }
    }

    /// The topics under which the broker keeps something of ours.
    pub(crate) fn retained(&self) -> BTreeSet<String> {
        self.retained
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A message arrives.
    pub(crate) fn received(&self, payload: &[u8]) {
        self.delivered.fetch_add(1, Relaxed);
        self.delivered_bytes
            .fetch_add(payload.len() as u64, Relaxed);
    }

    /// One of the messages that left is a page.
    pub(crate) fn page(&self) {
        self.pages.fetch_add(1, Relaxed);
    }

    /// The counters now.
    pub(crate) fn totals(&self) -> TrafficTotals {
        TrafficTotals {
            published: self.published.load(Relaxed),
            published_bytes: self.published_bytes.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            delivered_bytes: self.delivered_bytes.load(Relaxed),
            pages_published: self.pages.load(Relaxed),
        }
    }
}
