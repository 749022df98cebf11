//! Answering devices that ask for pages of an image.

use std::collections::BTreeMap;

use latch_mqtt::{
    DeviceTopic, Message, PageServer, Publication, PublishError, Publisher, Topic, Topics, Want,
};
use latch_verify::types::DeviceId;

/// What a want was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The device that asked.
    pub device: DeviceId,
    /// The first page that it asked for: those before it are durable there.
    pub first: u32,
    /// How many pages it was sent.
    pub sent: u32,
    /// How many pages the image has.
    pub of: u32,
}

/// Answers wants on a link.
pub struct Server<'a> {
    pages: &'a PageServer,
    topics: &'a Topics,
    sent: BTreeMap<String, u64>,
}

impl<'a> Server<'a> {
    /// A server of this image.
    #[must_use]
    pub fn new(pages: &'a PageServer, topics: &'a Topics) -> Self {
        Self {
            pages,
            topics,
            sent: BTreeMap::new(),
        }
    }

    /// The image.
    #[must_use]
    pub fn pages(&self) -> &PageServer {
        self.pages
    }

    /// Pages that were sent, by device.
    #[must_use]
    pub fn sent(&self) -> &BTreeMap<String, u64> {
        &self.sent
    }

    /// Answers a message if it is a want for this image; pages go to the device's own
    /// topic, in their order. What cannot be read is nobody's want.
    ///
    /// Waits only while the outbox is full.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn answer(
        &mut self,
        message: &Message,
        publisher: &Publisher,
    ) -> Result<Option<Served>, PublishError> {
        let Some(Topic::Device(device, DeviceTopic::Want)) = self.topics.parse(&message.topic)
        else {
            return Ok(None);
        };
        let Ok(want) = Want::parse(&message.payload) else {
            return Ok(None);
        };
        let asked = self.pages.asked(&want);
        if asked.is_empty() {
            return Ok(None);
        }
        let first = asked.start;
        let mut sent = 0;
        for index in asked {
            let Some(page) = self.pages.page(index) else {
                break;
            };
            let publication = Publication::new(self.topics.device_page(&device), page);
            match publisher.offer(publication.clone()) {
                Ok(()) => {}
                Err(PublishError::Full) => drop(publisher.publish(publication).await?),
                Err(error) => return Err(error),
            }
            sent += 1;
        }
        *self.sent.entry(device.to_string()).or_default() += u64::from(sent);
        Ok(Some(Served {
            device,
            first,
            sent,
            of: self.pages.pages(),
        }))
    }
}
