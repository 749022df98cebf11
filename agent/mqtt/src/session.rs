//! One connection to a broker that comes back by itself.
//!
//! A [`Session`] is one background task. Publications wait in a bounded queue
//! while there is no connection, are sent in order, and are sent again, in
//! order, until the broker has acknowledged them: at least once. Subscriptions
//! are remembered and asked for again whenever the broker has forgotten them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::client;
use crate::driver::Driver;
use crate::endpoint::Endpoint;
use crate::inbox::{EventReceiver, Inbox};
use crate::outbox::{Command, Outbox};
use crate::subscriptions::Subscriptions;

/// The largest packet that is sent or accepted. A page of 16 KiB, its proof of
/// at most 32 hashes (1 KiB), an envelope around them, a topic of 256 bytes and
/// properties stay below 20 KiB; the next power of two leaves room.
pub const PACKET_MAX_BYTES: u32 = 32 * 1024;

/// Publications under way without an acknowledgement. The MQTT library reserves
/// memory for each (65,536 unless told), and brokers queue beyond some 20 anyway
/// (Mosquitto's `max_inflight_messages`).
pub const IN_FLIGHT_MAX: u16 = 20;

/// Publications that wait to be under way, so that memory stays bounded while
/// there is no connection.
pub const OUTBOX_LEN: usize = 64;

/// Messages the broker may have under way to us without an acknowledgement
/// (Receive Maximum).
pub const RECEIVE_MAX: u16 = 64;

/// Filters one session may subscribe to: a device's agent needs eight, a
/// gateway with a hundred devices a few hundred.
pub const SUBSCRIPTIONS_MAX: usize = 1024;

/// How long a session that ends waits for acknowledgements, and then for its
/// last packet to leave.
pub const DISCONNECT_GRACE: Duration = Duration::from_secs(5);

/// The shortest possible rest of a PUBLISH beside topic and payload: fixed
/// header 5, topic length 2, packet id 2, properties 6.
const PUBLISH_OVERHEAD_BYTES: usize = 15;

/// What to connect to, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The broker.
    pub endpoint: Endpoint,
    /// Who we are to the broker: unique on it, for a second session with the
    /// same name ends the first.
    pub client_id: String,
    /// Longest silence before a sign of life, in seconds; 0 sends none. The
    /// broker gives us up after one and a half times this.
    pub keep_alive_s: u16,
    /// Whether the broker remembers us while we are away.
    pub persistence: Persistence,
    /// What the broker publishes when we vanish without a goodbye.
    pub last_will: Option<LastWill>,
}

impl Options {
    /// A session that the broker forgets when the connection ends, without a
    /// last will, with a sign of life every 30 seconds (half of the shortest
    /// idle limit of common load balancers).
    #[must_use]
    pub fn new(endpoint: Endpoint, client_id: impl Into<String>) -> Self {
        Self {
            endpoint,
            client_id: client_id.into(),
            keep_alive_s: 30,
            persistence: Persistence::Forget,
            last_will: None,
        }
    }
}

/// Whether a broker keeps subscriptions, and messages for us, while we are away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// Every connection starts afresh; what was published meanwhile is missed,
    /// unless it is retained.
    Forget,
    /// The broker remembers us for this long, also while this process is not
    /// running. What was published meanwhile arrives after the next connect.
    Keep {
        /// Session expiry, in seconds; `u32::MAX` never expires.
        expiry_s: u32,
    },
}

/// A message that the broker publishes for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWill {
    /// What it publishes.
    pub publication: Publication,
    /// How long it waits for our return before that, in seconds.
    pub delay_s: u32,
}

/// A message to publish, at least once (QoS 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The topic, without wildcards.
    pub topic: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
    /// How long the broker keeps it for absent or later subscribers, in seconds.
    pub expiry_s: Option<u32>,
}

impl Publication {
    /// A message that is neither retained nor expires.
    #[must_use]
    pub fn new(topic: impl Into<String>, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            retain: false,
            expiry_s: None,
        }
    }

    /// The same, retained or not.
    #[must_use]
    pub fn retain(mut self, retain: bool) -> Self {
        self.retain = retain;
        self
    }

    /// The same, expiring after this many seconds.
    #[must_use]
    pub fn expiring(mut self, expiry_s: u32) -> Self {
        self.expiry_s = Some(expiry_s);
        self
    }

    /// An upper bound of its size as a packet.
    pub(crate) fn packet_bytes(&self) -> usize {
        PUBLISH_OVERHEAD_BYTES + self.topic.len() + self.payload.len()
    }

    fn check(&self) -> Result<(), PublishError> {
        if !client::is_topic(&self.topic) {
            return Err(PublishError::Topic {
                topic: self.topic.clone(),
            });
        }
        let max_bytes = PACKET_MAX_BYTES;
        if self.packet_bytes() > max_bytes as usize {
            return Err(PublishError::TooLarge {
                topic: self.topic.clone(),
                bytes: self.packet_bytes(),
                max_bytes,
            });
        }
        Ok(())
    }
}

/// The broker has taken a publication over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// The broker said that nobody listens to this topic now. Brokers need not say so.
    pub no_subscribers: bool,
}

/// Why a session cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The client id is empty.
    #[error("the session needs a client id: a name that no other client of the broker uses")]
    ClientId,
    /// The last will cannot be published.
    #[error("the last will cannot be published: {0}")]
    LastWill(#[source] PublishError),
    /// No certificate in the CA file, or none of the system's, can be used.
    #[error("no certificate authority can be used to check the broker: {0}")]
    Authorities(String),
    /// Our certificate and key cannot be used.
    #[error("the client certificate and its key cannot be used: {0}")]
    Identity(String),
    /// The library refuses these options.
    #[error("the MQTT library refuses these options: {0}")]
    Library(String),
}

/// Why a publication was not taken over by the broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The topic is empty, too long or has a wildcard.
    #[error("{topic:?} cannot be published to: a topic is not empty and has no '+', '#' or NUL")]
    Topic {
        /// The topic.
        topic: String,
    },
    /// The message is larger than we send or than the broker takes.
    #[error("the message for {topic} takes {bytes} bytes, but at most {max_bytes} can be sent")]
    TooLarge {
        /// Where it was to go.
        topic: String,
        /// Its size as a packet.
        bytes: usize,
        /// The bound: ours or the broker's.
        max_bytes: u32,
    },
    /// The broker refused it; sending it again is of no use.
    #[error("the broker refused the message for {topic}: {reason}")]
    Refused {
        /// Where it was to go.
        topic: String,
        /// The broker's reason.
        reason: String,
    },
    /// [`OUTBOX_LEN`] publications wait already.
    #[error("{OUTBOX_LEN} messages wait to be sent already: is there a connection to the broker?")]
    Full,
    /// The session ended first; the broker may or may not have the message.
    #[error("the session ended before the broker acknowledged the message")]
    Ended,
}

/// Why a subscription was not taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// Not a topic filter.
    #[error("{0:?} is not a topic filter: '+' stands for one whole level, '#' for all that follow")]
    Filter(String),
    /// More than [`SUBSCRIPTIONS_MAX`] filters.
    #[error("a session subscribes to at most {SUBSCRIPTIONS_MAX} filters")]
    TooMany,
}

/// A connection to a broker that comes back by itself.
#[derive(Debug)]
pub enum Session {}

impl Session {
    /// Starts the background task of a session, in the current Tokio runtime. It
    /// returns at once; the first [`Event`](crate::Event) tells how connecting went.
    ///
    /// The session ends after [`Publisher::disconnect`], or when all publishers
    /// and the receiver are gone.
    ///
    /// # Errors
    /// [`StartError`], for options that can never lead to a connection.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(options: Options) -> Result<(Publisher, EventReceiver), StartError> {
        if options.client_id.is_empty() {
            return Err(StartError::ClientId);
        }
        if let Some(will) = &options.last_will {
            will.publication.check().map_err(StartError::LastWill)?;
        }
        let (client, connection) = client::open(&options)?;
        let inbox = Arc::new(Inbox::new());
        let subscriptions = Arc::new(Subscriptions::default());
        let (command_sender, commands) = mpsc::channel(OUTBOX_LEN);
        let (taken_sender, taken) = mpsc::unbounded_channel();
        let (closing_sender, closing) = watch::channel(false);
        let (ended_sender, ended) = watch::channel(());
        let (driver, link, stop) =
            Driver::new(connection, client.clone(), Arc::clone(&inbox), taken);
        let outbox = Outbox::new(
            client,
            Arc::clone(&inbox),
            Arc::clone(&subscriptions),
            link,
            commands,
        );
        let events = EventReceiver::new(Arc::clone(&inbox), taken_sender);
        tokio::spawn(async move {
            let _ended = (EndOnDrop(inbox), ended_sender);
            tokio::join!(driver.run(), outbox.run(closing, stop));
        });
        let publisher = Publisher {
            commands: command_sender,
            subscriptions,
            closing: Arc::new(closing_sender),
            ended,
        };
        Ok((publisher, events))
    }
}

/// Tells the receiver that all is over, also when the runtime drops the task.
struct EndOnDrop(Arc<Inbox>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Where a session is told what to do. Clones are the same session.
#[derive(Debug, Clone)]
pub struct Publisher {
    commands: mpsc::Sender<Command>,
    subscriptions: Arc<Subscriptions>,
    /// When the last publisher goes, so does this, which the outbox sees.
    closing: Arc<watch::Sender<bool>>,
    ended: watch::Receiver<()>,
}

impl Publisher {
    /// Publishes, and returns when the broker has acknowledged it (PUBACK), over
    /// as many connections as that takes. Publications of one session are sent
    /// in the order of these calls. When the future is dropped the message may
    /// be published nevertheless.
    ///
    /// # Errors
    /// [`PublishError`], except for [`PublishError::Full`]: this waits for room.
    pub async fn publish(&self, publication: Publication) -> Result<Acknowledged, PublishError> {
        publication.check()?;
        let (reply, answer) = oneshot::channel();
        let command = Command {
            publication,
            reply: Some(reply),
        };
        self.commands
            .send(command)
            .await
            .map_err(|_| PublishError::Ended)?;
        answer.await.map_err(|_| PublishError::Ended)?
    }

    /// Queues a publication and returns at once. It is sent like any other; if
    /// the broker refuses it, that is only logged.
    ///
    /// # Errors
    /// [`PublishError::Full`] when there is no room, [`PublishError::Ended`],
    /// [`PublishError::Topic`], [`PublishError::TooLarge`].
    pub fn offer(&self, publication: Publication) -> Result<(), PublishError> {
        publication.check()?;
        self.commands
            .try_send(Command {
                publication,
                reply: None,
            })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => PublishError::Full,
                mpsc::error::TrySendError::Closed(_) => PublishError::Ended,
            })
    }

    /// Subscribes to filters (QoS 1) for as long as the session lives. Returns at
    /// once; [`Event::Subscribed`](crate::Event::Subscribed) or
    /// [`Event::SubscriptionRefused`](crate::Event::SubscriptionRefused) tells
    /// the outcome. Asking for a filter again brings its retained messages again.
    ///
    /// # Errors
    /// [`SubscribeError`]; then none of the filters is taken up.
    pub fn subscribe<F: Into<String>>(
        &self,
        filters: impl IntoIterator<Item = F>,
    ) -> Result<(), SubscribeError> {
        let filters: Vec<String> = filters.into_iter().map(Into::into).collect();
        if let Some(wrong) = filters.iter().find(|filter| !client::is_filter(filter)) {
            return Err(SubscribeError::Filter(wrong.clone()));
        }
        if self.subscriptions.add(filters) {
            Ok(())
        } else {
            Err(SubscribeError::TooMany)
        }
    }

    /// Ends subscriptions. Messages already under way still arrive.
    pub fn unsubscribe<F: Into<String>>(&self, filters: impl IntoIterator<Item = F>) {
        let filters: Vec<String> = filters.into_iter().map(Into::into).collect();
        self.subscriptions.remove(&filters);
    }

    /// Ends the session: waits for publications under way and in the queue, if
    /// there is a connection and for at most [`DISCONNECT_GRACE`], then says
    /// goodbye, so that the last will is not published. Returns when all is over.
    pub async fn disconnect(&self) {
        self.closing.send_replace(true);
        let mut ended = self.ended.clone();
        // An error is what we wait for: the session has dropped its end.
        while ended.changed().await.is_ok() {}
    }
}
