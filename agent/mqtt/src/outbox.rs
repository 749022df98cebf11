//! Publications and subscriptions on their way to the broker.
//!
//! Publications leave in the order in which they were queued. When the broker
//! has lost our session, everything unacknowledged is sent again from the oldest
//! on, so that the last message a subscriber sees, and the one that is retained,
//! is the last that was published.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::client::{Client, Pending, Published, Suback};
use crate::inbox::{Event, Inbox};
use crate::session::{Acknowledged, DISCONNECT_GRACE, IN_FLIGHT_MAX, Publication, PublishError};
use crate::subscriptions::{Asked, Subscriptions};

/// Filters in one SUBSCRIBE packet: AWS IoT Core takes eight.
const FILTERS_PER_PACKET: usize = 8;

/// What the outbox needs to know of the connection.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Link {
    /// Whether there is one.
    pub(crate) up: bool,
    /// Counts the sessions that the broker started for us.
    pub(crate) session: u64,
    /// The largest packet that the broker takes, if it said so.
    pub(crate) packet_max_bytes: Option<u32>,
}

/// A publication and who waits for its outcome.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) publication: Publication,
    pub(crate) reply: Option<oneshot::Sender<Result<Acknowledged, PublishError>>>,
}

impl Command {
    fn settle(self, outcome: Result<Acknowledged, PublishError>) {
        match self.reply {
            // Who stopped waiting does not want to know.
            Some(reply) => drop(reply.send(outcome)),
            None => {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "publication failed");
                }
            }
        }
    }
}

struct InFlight {
    command: Command,
    /// `None` until it is sent on the present session.
    outcome: Option<Pending<Published>>,
}

pub(crate) struct Outbox {
    client: Client,
    inbox: Arc<Inbox>,
    subscriptions: Arc<Subscriptions>,
    link: watch::Receiver<Link>,
    commands: mpsc::Receiver<Command>,
    window: VecDeque<InFlight>,
    asked: Asked,
    session: u64,
    subacks: VecDeque<(Vec<String>, Pending<Suback>)>,
}

impl Outbox {
    pub(crate) fn new(
        client: Client,
        inbox: Arc<Inbox>,
        subscriptions: Arc<Subscriptions>,
        link: watch::Receiver<Link>,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        Self {
            client,
            inbox,
            subscriptions,
            link,
            commands,
            window: VecDeque::new(),
            asked: Asked::default(),
            session: 0,
            subacks: VecDeque::new(),
        }
    }

    /// Works until the session is to end, then drains what it may and stops the driver.
    pub(crate) async fn run(mut self, closing: watch::Receiver<bool>, stop: watch::Sender<bool>) {
        let inbox = Arc::clone(&self.inbox);
        tokio::select! {
            () = to_close(closing, &inbox) => {}
            () = self.serve() => {}
        }
        self.commands.close();
        // Without a connection waiting would be in vain: what is left fails as `Ended`.
        let _ = timeout(DISCONNECT_GRACE, self.drain()).await;
        self.client.say_goodbye();
        stop.send_replace(true);
    }

    /// Works until the driver is gone.
    async fn serve(&mut self) {
        while self.step().await {}
    }

    /// Works until nothing is left or there is no connection.
    async fn drain(&mut self) {
        while self.link.borrow().up && !(self.window.is_empty() && self.commands.is_empty()) {
            if !self.step().await {
                return;
            }
        }
    }

    /// Waits for one thing to happen and deals with it; `false` when the driver
    /// is gone. Whenever this future is dropped, no publication is lost.
    async fn step(&mut self) -> bool {
        self.send_unsent().await;
        let room = self.window.len() < usize::from(IN_FLIGHT_MAX);
        tokio::select! {
            changed = self.link.changed() => {
                if changed.is_err() {
                    return false;
                }
                self.subscribe().await;
            }
            () = self.subscriptions.changed() => self.subscribe().await,
            suback = first_suback(&mut self.subacks) => self.settle_suback(suback),
            outcome = first_outcome(&mut self.window) => self.settle_first(outcome),
            Some(command) = self.commands.recv(), if room => {
                self.window.push_back(InFlight { command, outcome: None });
            }
        }
        true
    }

    async fn send_unsent(&mut self) {
        let link = *self.link.borrow();
        if !link.up {
            return;
        }
        let max_bytes = link.packet_max_bytes.unwrap_or(u32::MAX);
        for in_flight in self
            .window
            .iter_mut()
            .filter(|in_flight| in_flight.outcome.is_none())
        {
            let publication = &in_flight.command.publication;
            let bytes = publication.packet_bytes();
            in_flight.outcome = Some(if bytes > max_bytes as usize {
                Box::pin(async move { Published::TooLarge { bytes, max_bytes } })
            } else {
                self.client.publish(publication).await
            });
        }
    }

    fn settle_first(&mut self, outcome: Published) {
        if outcome == Published::SessionLost {
            // All that were sent on that session go again, in order.
            for in_flight in &mut self.window {
                in_flight.outcome = None;
            }
            return;
        }
        let Some(InFlight { command, .. }) = self.window.pop_front() else {
            return;
        };
        let topic = command.publication.topic.clone();
        let result = match outcome {
            Published::Acknowledged { no_subscribers } => Ok(Acknowledged { no_subscribers }),
            Published::Refused(reason) => Err(PublishError::Refused { topic, reason }),
            Published::TooLarge { bytes, max_bytes } => Err(PublishError::TooLarge {
                topic,
                bytes,
                max_bytes,
            }),
            Published::Ended | Published::SessionLost => Err(PublishError::Ended),
        };
        command.settle(result);
    }

    /// Asks the broker for what is wanted and it was not asked for yet.
    async fn subscribe(&mut self) {
        let link = *self.link.borrow_and_update();
        if link.session != self.session {
            self.session = link.session;
            self.asked = Asked::default();
            self.subacks.clear();
        }
        if !link.up {
            return;
        }
        let difference = self.subscriptions.difference(&mut self.asked);
        if !difference.unsubscribe.is_empty() {
            self.client.unsubscribe(difference.unsubscribe).await;
        }
        for filters in difference.subscribe.chunks(FILTERS_PER_PACKET) {
            let suback = self.client.subscribe(filters).await;
            self.subacks.push_back((filters.to_vec(), suback));
        }
    }

    fn settle_suback(&mut self, suback: Suback) {
        let Some((filters, _)) = self.subacks.pop_front() else {
            return;
        };
        let Suback::Answered(refusals) = suback else {
            // The broker forgot us meanwhile: the next session asks again.
            return;
        };
        let mut accepted = Vec::new();
        for (filter, refusal) in filters.into_iter().zip(refusals) {
            match refusal {
                None => accepted.push(filter),
                Some(reason) => self
                    .inbox
                    .put(Event::SubscriptionRefused { filter, reason }),
            }
        }
        if !accepted.is_empty() {
            self.inbox.put(Event::Subscribed { filters: accepted });
        }
    }
}

/// Resolves when the session is to end: on request, or when nobody is left to use it.
async fn to_close(mut closing: watch::Receiver<bool>, inbox: &Inbox) {
    if closing.wait_for(|closing| *closing).await.is_err() {
        inbox.abandoned().await;
    }
}

async fn first_outcome(window: &mut VecDeque<InFlight>) -> Published {
    match window
        .front_mut()
        .and_then(|in_flight| in_flight.outcome.as_mut())
    {
        Some(outcome) => outcome.await,
        None => pending().await,
    }
}

async fn first_suback(subacks: &mut VecDeque<(Vec<String>, Pending<Suback>)>) -> Suback {
    match subacks.front_mut() {
        Some((_, suback)) => suback.await,
        None => pending().await,
    }
}
