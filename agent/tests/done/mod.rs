//! What a relay has done in a test, be its device in this process or behind a link.
#![allow(dead_code, reason = "each test file uses its part")]

use latch_agent::{Effect, LinkedEffect, Notice};
use latch_issue::{DeviceState, RoleKey, SignedReceipt};
use latch_mqtt::{Topics, Want};
use latch_verify::{
    statement::{Outcome, Status},
    types::{Challenge, DeviceId, StatementId},
    wire::PublicKey,
};

/// When the tests take place, in Unix milliseconds.
pub(crate) const BEGIN_MS: u64 = 1_800_000_000_000;
pub(crate) const DEVICE: &str = "pump-7";
/// Of the device's key.
pub(crate) const SEED: [u8; 32] = [9; 32];

/// What the effects of both relays have in common.
pub(crate) trait Shared {
    fn notice(&self) -> Option<&Notice>;
    fn subscribed(&self) -> Option<&String>;
    fn unsubscribed(&self) -> Option<&String>;
    /// Topic and bytes.
    fn published(&self) -> Option<(&String, &Vec<u8>)>;
}

impl Shared for Effect {
    fn notice(&self) -> Option<&Notice> {
        match self {
            Self::Notice(notice) => Some(notice),
            _ => None,
        }
    }

    fn subscribed(&self) -> Option<&String> {
        match self {
            Self::Subscribe(filter) => Some(filter),
            _ => None,
        }
    }

    fn unsubscribed(&self) -> Option<&String> {
        match self {
            Self::Unsubscribe(filter) => Some(filter),
            _ => None,
        }
    }

    fn published(&self) -> Option<(&String, &Vec<u8>)> {
        match self {
            Self::Publish { topic, payload, .. } => Some((topic, payload)),
            _ => None,
        }
    }
}

impl Shared for LinkedEffect {
    fn notice(&self) -> Option<&Notice> {
        match self {
            Self::Notice(notice) => Some(notice),
            _ => None,
        }
    }

    fn subscribed(&self) -> Option<&String> {
        match self {
            Self::Subscribe(filter) => Some(filter),
            _ => None,
        }
    }

    fn unsubscribed(&self) -> Option<&String> {
        match self {
            Self::Unsubscribe(filter) => Some(filter),
            _ => None,
        }
    }

    fn published(&self) -> Option<(&String, &Vec<u8>)> {
        match self {
            Self::Publish(publication) => Some((&publication.topic, &publication.payload)),
            _ => None,
        }
    }
}

/// What a relay has done.
pub(crate) struct Done<E> {
    pub(crate) effects: Vec<E>,
    topics: Topics,
}

impl<E: Shared> Done<E> {
    pub(crate) fn new(effects: Vec<E>, topics: &Topics) -> Self {
        let topics = topics.clone();
        Self { effects, topics }
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.all(Shared::notice)
    }

    pub(crate) fn subscribed(&self) -> Vec<String> {
        self.all(Shared::subscribed)
    }

    pub(crate) fn unsubscribed(&self) -> Vec<String> {
        self.all(Shared::unsubscribed)
    }

    fn all<T: Clone>(&self, of: impl Fn(&E) -> Option<&T>) -> Vec<T> {
        self.effects.iter().filter_map(of).cloned().collect()
    }

    pub(crate) fn published(&self, topic: &str) -> Vec<Vec<u8>> {
        published(&self.effects, topic)
    }

    pub(crate) fn wants(&self) -> Vec<Want> {
        wants(&self.effects, &self.topics)
    }

    pub(crate) fn states(&self) -> usize {
        self.state_bytes().len()
    }

    /// What the last published state says, verified with the device's key.
    pub(crate) fn status(&self) -> Status {
        let state = self.state_bytes().pop().expect("no state was published");
        DeviceState::verify(state, &device_key()).unwrap().status
    }

    pub(crate) fn challenge(&self) -> Challenge {
        self.status().challenge
    }

    pub(crate) fn state_bytes(&self) -> Vec<Vec<u8>> {
        self.published(&self.topics.device_state(&device()))
    }

    pub(crate) fn receipts(&self) -> Vec<Vec<u8>> {
        self.published(&self.topics.device_receipt(&device()))
    }

    /// What the published receipts say, each verified with the device's key.
    pub(crate) fn outcomes(&self) -> Vec<(StatementId, Outcome)> {
        let key = device_key();
        let read = |bytes| {
            let signed = SignedReceipt::verify(bytes, &key).unwrap();
            (signed.receipt().statement, signed.receipt().outcome)
        };
        self.receipts().into_iter().map(read).collect()
    }
}

pub(crate) fn device() -> DeviceId {
    DEVICE.parse().unwrap()
}

pub(crate) fn device_key() -> PublicKey {
    RoleKey::from_seed(&SEED).unwrap().public()
}

/// The pages that were asked for.
pub(crate) fn wants<E: Shared>(effects: &[E], topics: &Topics) -> Vec<Want> {
    let wants = published(effects, &topics.device_want(&device()));
    let parsed = |bytes: &Vec<u8>| Want::parse(bytes).unwrap();
    wants.iter().map(parsed).collect()
}

fn published<E: Shared>(effects: &[E], to: &str) -> Vec<Vec<u8>> {
    let published = effects.iter().filter_map(Shared::published);
    let there = published.filter(|(topic, _)| *topic == to);
    there.map(|(_, payload)| payload.clone()).collect()
}
