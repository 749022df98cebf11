//! A session that is known to reach its broker before anything rests on it.

use std::{sync::Arc, time::Duration};

use latch_mqtt::{
    Endpoint, Event, EventReceiver, Message, Options, Publication, PublishError, Publisher, Session,
};
use tokio::time::timeout;

use crate::{error::DemoError, traffic::Traffic};

/// Time for the first connection: the loopback takes milliseconds, a broker far away a few
/// round trips with TLS.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// A connection that counts what goes through it.
#[derive(Clone)]
pub(crate) struct Uplink {
    publisher: Publisher,
    traffic: Arc<Traffic>,
}

/// Where its events arrive.
pub(crate) struct Downlink {
    events: EventReceiver,
    traffic: Arc<Traffic>,
}

/// Connects, and subscribes.
///
/// # Errors
/// [`DemoError::Unreachable`] when the first attempt fails, [`DemoError::Late`],
/// [`DemoError::Session`], [`DemoError::Subscribe`].
pub(crate) async fn connect(
    who: &'static str,
    client_id: String,
    endpoint: &Endpoint,
    filters: Vec<String>,
    traffic: Arc<Traffic>,
) -> Result<(Uplink, Downlink), DemoError> {
    let options = Options::new(endpoint.clone(), client_id);
    let (publisher, mut events) = Session::start(options)?;
    let mut wanted = filters.len();
    publisher.subscribe(filters)?;
    let reached = async {
        loop {
            match events.recv().await {
                Some(Event::Connected { .. }) if wanted == 0 => return Ok(()),
                Some(Event::Subscribed { filters }) => {
                    wanted = wanted.saturating_sub(filters.len());
                    if wanted == 0 {
                        return Ok(());
                    }
                }
                Some(
                    Event::Disconnected { reason, .. } | Event::SubscriptionRefused { reason, .. },
                ) => {
                    return Err(reason);
                }
                Some(_) => {}
                None => return Err("the session ended".to_owned()),
            }
        }
    };
    match timeout(CONNECT_LIMIT, reached).await {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => {
            return Err(DemoError::Unreachable {
                who,
                broker: endpoint.to_string(),
                reason,
            });
        }
        Err(_) => {
            let detail = format!("{who} has no answer from {endpoint}");
            return Err(DemoError::Late {
                what: "connecting",
                limit: CONNECT_LIMIT,
                detail,
            });
        }
    }
    let uplink = Uplink::new(publisher, Arc::clone(&traffic));
    Ok((uplink, Downlink { events, traffic }))
}

impl Uplink {
    /// Counts what this session publishes.
    pub(crate) fn new(publisher: Publisher, traffic: Arc<Traffic>) -> Self {
        Self { publisher, traffic }
    }

    /// Publishes, and returns when the broker has it.
    ///
    /// # Errors
    /// [`DemoError::Publish`].
    pub(crate) async fn publish(&self, publication: Publication) -> Result<(), DemoError> {
        self.traffic.sent(&publication);
        self.publisher.publish(publication).await?;
        Ok(())
    }

    /// Queues a message and goes on; waits for the broker only when too many wait already.
    /// Messages leave in the order of these calls.
    ///
    /// # Errors
    /// [`DemoError::Publish`].
    pub(crate) async fn send(&self, publication: Publication) -> Result<(), DemoError> {
        self.traffic.sent(&publication);
        match self.publisher.offer(publication.clone()) {
            Err(PublishError::Full) => self.publisher.publish(publication).await.map(drop)?,
            other => other?,
        }
        Ok(())
    }

    /// Ends the session.
    pub(crate) async fn disconnect(&self) {
        self.publisher.disconnect().await;
    }

    /// The session itself, for what is neither published nor counted.
    pub(crate) fn publisher(&self) -> &Publisher {
        &self.publisher
    }
}

impl Downlink {
    /// The next event, and messages counted; `None` once the session has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().await;
        if let Some(Event::Message(Message { payload, .. })) = &event {
            self.traffic.received(payload);
        }
        event
    }
}
