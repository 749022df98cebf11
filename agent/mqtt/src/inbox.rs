//! What has happened, in order, until the owner of the session takes it.
//!
//! Putting never waits, so that a slow owner, or one that waits for its own
//! publication, cannot stop the connection. Memory stays bounded in two ways: a
//! message is acknowledged to the broker only when its owner takes it, and a
//! broker keeps at most [`RECEIVE_MAX`](crate::RECEIVE_MAX) unacknowledged ones
//! under way. Not every broker does (Mosquitto 2.0.11 releases several for one
//! acknowledgement once it has a backlog), so the queue has bounds of its own:
//! what does not fit is dropped, counted and reported.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, watch};

use crate::client::Ack;

/// Messages that wait to be taken. More than Mosquitto queues for one client
/// (`max_queued_messages` is 1,000), in case it sends them all at once.
pub const MESSAGE_QUEUE_LEN: usize = 1024;

/// Payload of the messages that wait to be taken: a window of pages many times
/// over, while a thousand sessions in one process stay affordable.
pub const MESSAGE_QUEUE_BYTES: usize = 4 * 1024 * 1024;

/// Other events that wait to be taken; the oldest go first. They tell of changes
/// of the connection, of which only the last few matter.
const NOTICE_QUEUE_LEN: usize = 64;

/// Something that happened to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// There is a connection. Publications that waited are now sent.
    Connected {
        /// Whether the broker kept our subscriptions and the messages meant for us.
        session_present: bool,
    },
    /// A connection broke, or an attempt failed. The session tries again by itself.
    Disconnected {
        /// What kind of thing went wrong, for programs.
        kind: LossKind,
        /// What went wrong and where, for people.
        reason: String,
    },
    /// A message arrived.
    Message(Message),
    /// The broker accepted these subscriptions; after each connect without a
    /// session this comes again for all of them.
    Subscribed {
        /// The accepted filters.
        filters: Vec<String>,
    },
    /// The broker refused a subscription. It is asked again when it starts a new
    /// session for us, or when [`Publisher::subscribe`](crate::Publisher::subscribe) is called again.
    SubscriptionRefused {
        /// The refused filter.
        filter: String,
        /// The broker's reason, for people.
        reason: String,
    },
    /// Messages were lost here because [`MESSAGE_QUEUE_LEN`] of them, or
    /// [`MESSAGE_QUEUE_BYTES`], waited.
    Overflowed {
        /// How many, since the last event of this kind.
        dropped: u64,
    },
}

/// What kind of thing broke a connection or prevented it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// No connection to the broker's host and port, or it broke.
    Network,
    /// TLS: the broker's certificate, or ours, is not accepted.
    Tls,
    /// The broker does not let us in with these credentials.
    Credentials,
    /// The broker closed the connection or refused it, and said why.
    Broker,
    /// What arrived is not what MQTT 5 allows.
    Protocol,
}

/// A message from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic it was published on.
    pub topic: String,
    /// Its bytes, at most [`PACKET_MAX_BYTES`](crate::PACKET_MAX_BYTES).
    pub payload: Vec<u8>,
    /// Whether the broker kept it from before we subscribed.
    pub retain: bool,
}

/// An acknowledgement owed for a taken message.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The connection it arrived on; worthless on any other.
    pub(crate) connection: u64,
    pub(crate) ack: Ack,
}

/// Where a session takes its events.
#[derive(Debug)]
pub struct EventReceiver {
    inbox: Arc<Inbox>,
    /// Bounded by what waits: nothing is sent here that was not in the inbox.
    taken: mpsc::UnboundedSender<Taken>,
}

impl EventReceiver {
    pub(crate) fn new(inbox: Arc<Inbox>, taken: mpsc::UnboundedSender<Taken>) -> Self {
        Self { inbox, taken }
    }

    /// The next event, or `None` once the session has ended and everything was
    /// taken. Taking a message acknowledges it to the broker. Dropping this
    /// future loses nothing.
    pub async fn recv(&mut self) -> Option<Event> {
        loop {
            let waiting = self.inbox.filled.notified();
            match self.inbox.take() {
                Take::Event(event) => return Some(event),
                Take::Message(message, taken) => {
                    // Without a connection task there is nobody to acknowledge to.
                    if let Some(taken) = taken {
                        let _ = self.taken.send(taken);
                    }
                    return Some(Event::Message(message));
                }
                Take::Ended => return None,
                Take::Empty => waiting.await,
            }
        }
    }
}

impl Drop for EventReceiver {
    fn drop(&mut self) {
        self.inbox.abandon();
    }
}

/// The queue between a connection and the owner of its events.
#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    filled: Notify,
    abandoned: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Queued>,
    messages: usize,
    bytes: usize,
    dropped: u64,
    ended: bool,
}

#[derive(Debug)]
enum Queued {
    Message(Message, Option<Taken>),
    Notice(Event),
}

enum Take {
    Event(Event),
    Message(Message, Option<Taken>),
    Empty,
    Ended,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            filled: Notify::new(),
            abandoned: watch::Sender::new(false),
        }
    }

    /// Adds a message; gives the acknowledgement back if nobody will take the message.
    pub(crate) fn put_message(&self, message: Message, taken: Option<Taken>) -> Option<Taken> {
        if *self.abandoned.borrow() {
            return taken;
        }
        let mut state = self.state();
        let bytes = state.bytes + message.payload.len();
        if state.messages == MESSAGE_QUEUE_LEN || bytes > MESSAGE_QUEUE_BYTES {
            state.dropped = state.dropped.saturating_add(1);
            return taken;
        }
        state.messages += 1;
        state.bytes = bytes;
        state.queue.push_back(Queued::Message(message, taken));
        drop(state);
        self.filled.notify_one();
        None
    }

    /// Adds an event that is not a message.
    pub(crate) fn put(&self, event: Event) {
        if *self.abandoned.borrow() {
            return;
        }
        let mut state = self.state();
        if state.queue.len() - state.messages == NOTICE_QUEUE_LEN {
            let oldest = state
                .queue
                .iter()
                .position(|queued| matches!(queued, Queued::Notice(_)));
            oldest.map(|at| state.queue.remove(at));
        }
        state.queue.push_back(Queued::Notice(event));
        drop(state);
        self.filled.notify_one();
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.filled.notify_one();
    }

    /// Resolves when the receiver is gone.
    pub(crate) async fn abandoned(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.abandoned.subscribe().wait_for(|gone| *gone).await;
    }

    fn abandon(&self) {
        self.abandoned.send_replace(true);
        let mut state = self.state();
        state.queue.clear();
        state.messages = 0;
        state.bytes = 0;
    }

    fn take(&self) -> Take {
        let mut state = self.state();
        if state.dropped > 0 {
            let dropped = std::mem::take(&mut state.dropped);
            return Take::Event(Event::Overflowed { dropped });
        }
        match state.queue.pop_front() {
            Some(Queued::Message(message, taken)) => {
                state.messages -= 1;
                state.bytes -= message.payload.len();
                Take::Message(message, taken)
            }
            Some(Queued::Notice(event)) => Take::Event(event),
            None if state.ended => Take::Ended,
            None => Take::Empty,
        }
    }

    /// No code panics while it holds the lock; a poisoned one is still sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
