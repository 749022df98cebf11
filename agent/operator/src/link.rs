//! One conversation with the broker: connected or an error that says why, within a bound.

use std::{collections::VecDeque, time::Duration};

use latch_mqtt::{
    Acknowledged, Endpoint, Event, EventReceiver, LossKind, Message, Options, Publication,
    PublishError, Publisher, Session, StartError, SubscribeError,
};
use tokio::time::{Instant, timeout_at};

/// How long the first connection, a subscription or a publication may take. A person is
/// waiting; a broker that answers at all does so within this.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// Why there is no conversation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The system gave no random bytes for a client id.
    #[error("the system's source of randomness failed: {0}")]
    NoEntropy(getrandom::Error),
    /// The options can never lead to a connection.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The first connection failed.
    #[error("no connection to the broker at {broker}: {reason}")]
    Connect {
        /// The broker, without user and password.
        broker: String,
        /// What kind of thing went wrong.
        kind: LossKind,
        /// What went wrong.
        reason: String,
    },
    /// The broker did not answer in time.
    #[error("the broker at {broker} did not answer within {} s while {during}", ANSWER_WAIT.as_secs())]
    Silent {
        /// The broker.
        broker: String,
        /// What was asked of it.
        during: &'static str,
    },
    /// The broker does not let us listen.
    #[error("the broker at {broker} refuses the subscription to {filter}: {reason}")]
    SubscriptionRefused {
        /// The broker.
        broker: String,
        /// The filter.
        filter: String,
        /// Its reason.
        reason: String,
    },
    /// A filter is none.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// The broker did not take a message.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The session is over.
    #[error("the session with the broker at {0} ended")]
    Ended(String),
}

/// Something that happened on the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A message arrived.
    Message(Message),
    /// The connection broke; it comes back by itself.
    Lost {
        /// Why, for people.
        reason: String,
    },
    /// The connection is back.
    Back,
    /// Messages were lost because too many waited.
    Overflowed {
        /// How many.
        dropped: u64,
    },
}

/// A connection to the broker.
#[derive(Debug)]
pub struct Link {
    broker: String,
    publisher: Publisher,
    events: EventReceiver,
    /// What happened while something else was awaited.
    waiting: VecDeque<Happening>,
}

impl Link {
    /// Connects.
    ///
    /// # Errors
    /// [`LinkError::Connect`] at the first attempt that fails, [`LinkError::Silent`],
    /// [`LinkError::Start`], [`LinkError::NoEntropy`].
    pub async fn connect(endpoint: Endpoint) -> Result<Self, LinkError> {
        let broker = endpoint.to_string();
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(LinkError::NoEntropy)?;
        let client_id = format!("latch-{:016x}", u64::from_le_bytes(random));
        let (publisher, mut events) = Session::start(Options::new(endpoint, client_id))?;
        let until = Instant::now() + ANSWER_WAIT;
        loop {
            let event = timeout_at(until, events.recv()).await;
            match event.map_err(|_| LinkError::Silent {
                broker: broker.clone(),
                during: "connecting",
            })? {
                Some(Event::Connected { .. }) => break,
                Some(Event::Disconnected { kind, reason }) => {
                    return Err(LinkError::Connect {
                        broker,
                        kind,
                        reason,
                    });
                }
                Some(_) => {}
                None => return Err(LinkError::Ended(broker)),
            }
        }
        Ok(Self {
            broker,
            publisher,
            events,
            waiting: VecDeque::new(),
        })
    }

    /// The broker, without user and password.
    #[must_use]
    pub fn broker(&self) -> &str {
        &self.broker
    }

    /// Where messages are queued without waiting for the broker.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Subscribes, and returns when the broker has accepted: what is published from now on
    /// arrives.
    ///
    /// # Errors
    /// [`LinkError::SubscriptionRefused`], [`LinkError::Subscribe`], [`LinkError::Silent`],
    /// [`LinkError::Ended`].
    pub async fn subscribe(
        &mut self,
        filters: impl IntoIterator<Item = String>,
    ) -> Result<(), LinkError> {
        let mut open: Vec<String> = filters.into_iter().collect();
        self.publisher.subscribe(open.clone())?;
        let until = Instant::now() + ANSWER_WAIT;
        while !open.is_empty() {
            let during = "subscribing";
            let event = timeout_at(until, self.events.recv()).await;
            match event.map_err(|_| LinkError::Silent {
                broker: self.broker.clone(),
                during,
            })? {
                Some(Event::Subscribed { filters }) => {
                    open.retain(|filter| !filters.contains(filter));
                }
                Some(Event::SubscriptionRefused { filter, reason }) if open.contains(&filter) => {
                    return Err(LinkError::SubscriptionRefused {
                        broker: self.broker.clone(),
                        filter,
                        reason,
                    });
                }
                Some(other) => self.waiting.extend(happening(other)),
                None => return Err(LinkError::Ended(self.broker.clone())),
            }
        }
        Ok(())
    }

    /// Publishes, and returns when the broker has taken the message over.
    ///
    /// # Errors
    /// [`LinkError::Publish`], [`LinkError::Silent`].
    pub async fn publish(&self, publication: Publication) -> Result<Acknowledged, LinkError> {
        let until = Instant::now() + ANSWER_WAIT;
        match timeout_at(until, self.publisher.publish(publication)).await {
            Ok(acknowledged) => Ok(acknowledged?),
            Err(_) => Err(LinkError::Silent {
                broker: self.broker.clone(),
                during: "publishing",
            }),
        }
    }

    /// What happens next. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`LinkError::Ended`], [`LinkError::SubscriptionRefused`] after a reconnection.
    pub async fn next(&mut self) -> Result<Happening, LinkError> {
        if let Some(happening) = self.waiting.pop_front() {
            return Ok(happening);
        }
        loop {
            match self.events.recv().await {
                Some(Event::SubscriptionRefused { filter, reason }) => {
                    return Err(LinkError::SubscriptionRefused {
                        broker: self.broker.clone(),
                        filter,
                        reason,
                    });
                }
                Some(event) => {
                    if let Some(happening) = happening(event) {
                        return Ok(happening);
                    }
                }
                None => return Err(LinkError::Ended(self.broker.clone())),
            }
        }
    }

    /// Says goodbye, once what is under way has arrived.
    pub async fn close(self) {
        self.publisher.disconnect().await;
    }
}

fn happening(event: Event) -> Option<Happening> {
    match event {
        Event::Message(message) => Some(Happening::Message(message)),
        Event::Disconnected { reason, .. } => Some(Happening::Lost { reason }),
        Event::Connected { .. } => Some(Happening::Back),
        Event::Overflowed { dropped } => Some(Happening::Overflowed { dropped }),
        Event::Subscribed { .. } | Event::SubscriptionRefused { .. } => None,
    }
}
