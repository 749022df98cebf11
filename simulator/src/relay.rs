//! A hostile relay: whoever runs the broker or holds its password. It holds no key, and may
//! publish what it likes, wherever it likes.

use std::sync::Arc;

use latch_issue::Statement;
use latch_mqtt::{Endpoint, Publication, Topics};
use latch_verify::types::{DeviceId, TenantId};

use crate::{
    connection::{Uplink, connect},
    error::DemoError,
    traffic::Traffic,
};

/// The relay's connection.
pub(crate) struct Relay {
    uplink: Uplink,
    topics: Topics,
}

/// Where the relay puts a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Door {
    /// Where a device listens for codes.
    Code,
    /// Where a device listens for pages.
    Page,
}

impl Relay {
    /// Connects.
    ///
    /// # Errors
    /// As [`connect`].
    pub(crate) async fn start(
        endpoint: &Endpoint,
        topics: &Topics,
        tenant: TenantId,
        traffic: Arc<Traffic>,
    ) -> Result<Self, DemoError> {
        let client_id = format!("{tenant}-relay");
        let (uplink, mut downlink) =
            connect("the relay", client_id, endpoint, Vec::new(), traffic).await?;
        // It listens to nothing; its events are taken so that they do not pile up.
        tokio::spawn(async move { while downlink.next().await.is_some() {} });
        Ok(Self {
            uplink,
            topics: topics.clone(),
        })
    }

    /// Puts a message before a device.
    ///
    /// # Errors
    /// [`DemoError::Publish`].
    pub(crate) async fn put(
        &self,
        device: &DeviceId,
        door: Door,
        payload: Vec<u8>,
    ) -> Result<(), DemoError> {
        let topic = match door {
            Door::Code => self.topics.device_code(device),
            Door::Page => self.topics.device_page(device),
        };
        self.uplink.publish(Publication::new(topic, payload)).await
    }

    /// Publishes a release manifest, as whoever runs the broker can.
    ///
    /// # Errors
    /// [`DemoError::Publish`].
    pub(crate) async fn put_manifest(&self, manifest: &Statement) -> Result<(), DemoError> {
        let topic = self.topics.release(manifest.id());
        self.uplink
            .publish(Publication::new(topic, manifest.bytes()).retain(true))
            .await
    }

    /// Ends the session.
    pub(crate) async fn disconnect(&self) {
        self.uplink.disconnect().await;
    }
}
