//! The topics of one device, as text that was made once.

use latch_mqtt::{DeviceTopic, Topic, Topics};
use latch_verify::types::{DeviceId, Digest, StatementId};

/// What a message that arrived is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Subject {
    /// A statement of any kind, for this device or for many.
    Statement,
    /// The trust root of a version.
    Trust(u32),
    /// A page of an image.
    Page,
    /// A release manifest.
    Release(StatementId),
    /// The state of this device, as somebody has published it.
    State,
    /// Nothing that this device listens for.
    Nothing,
}

/// The topics of a device.
pub(super) struct Names {
    topics: Topics,
    device: DeviceId,
    /// Where receipts go.
    pub(super) receipt: String,
    /// Where the state goes.
    pub(super) state: String,
    /// Where wants go.
    pub(super) want: String,
}

impl Names {
    pub(super) fn new(topics: Topics, device: &DeviceId) -> Self {
        let (receipt, state) = (topics.device_receipt(device), topics.device_state(device));
        let want = topics.device_want(device);
        Self {
            topics,
            device: device.clone(),
            receipt,
            state,
            want,
        }
    }

    /// What the device listens to at all times.
    pub(super) fn filters(&self) -> Vec<String> {
        self.topics.agent_filters(&self.device)
    }

    /// What a message on this topic is about.
    pub(super) fn subject(&self, topic: &str) -> Subject {
        match self.topics.parse(topic) {
            Some(Topic::Device(device, DeviceTopic::Code)) if device == self.device => {
                Subject::Statement
            }
            Some(Topic::Device(device, DeviceTopic::Page)) if device == self.device => {
                Subject::Page
            }
            Some(Topic::Device(device, DeviceTopic::State)) if device == self.device => {
                Subject::State
            }
            Some(Topic::Code(_) | Topic::Revoked(_) | Topic::Time) => Subject::Statement,
            Some(Topic::Trust(version)) => Subject::Trust(version),
            Some(Topic::Page { .. }) => Subject::Page,
            Some(Topic::Release(id)) => Subject::Release(id),
            _ => Subject::Nothing,
        }
    }

    /// Where a release manifest lies.
    pub(super) fn release(&self, manifest: StatementId) -> String {
        self.topics.release(manifest)
    }

    /// Where the trust root of a version lies.
    pub(super) fn trust(&self, version: u32) -> String {
        self.topics.trust(version)
    }

    /// Where the pages of an image go that many devices asked for.
    pub(super) fn pages(&self, root: Digest) -> String {
        self.topics.page_filter(root)
    }
}
