//! Keeps a connection: connects, polls, acknowledges, waits and connects again.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::backoff::{self, Backoff};
use crate::client::{Client, Connection, Incoming, Loss};
use crate::inbox::{Event, Inbox, Taken};
use crate::outbox::Link;
use crate::session::DISCONNECT_GRACE;

/// A connection that lived this long ends a row of failures. Shorter ones do
/// not, so that two clients with one name, or a broker that fails after each
/// accept, do not make it reconnect without pause.
const STABLE_AFTER: Duration = Duration::from_secs(10);

pub(crate) struct Driver {
    connection: Connection,
    client: Client,
    inbox: Arc<Inbox>,
    taken: mpsc::UnboundedReceiver<Taken>,
    link: watch::Sender<Link>,
    stop: watch::Receiver<bool>,
    /// Counts connections: acknowledgements are worth something on their own only.
    connections: u64,
    connected_at: Option<Instant>,
}

/// How a connection ended.
enum End {
    Lost(Loss),
    Stopped,
}

impl Driver {
    /// A driver, what the outbox learns from it, and what stops it.
    pub(crate) fn new(
        connection: Connection,
        client: Client,
        inbox: Arc<Inbox>,
        taken: mpsc::UnboundedReceiver<Taken>,
    ) -> (Self, watch::Receiver<Link>, watch::Sender<bool>) {
        let (link, link_seen) = watch::channel(Link::default());
        let (stopper, stop) = watch::channel(false);
        let driver = Self {
            connection,
            client,
            inbox,
            taken,
            link,
            stop,
            connections: 0,
            connected_at: None,
        };
        (driver, link_seen, stopper)
    }

    /// Runs until stopped.
    pub(crate) async fn run(mut self) {
        let mut backoff = Backoff::default();
        while let End::Lost(Loss { kind, reason }) = self.attend().await {
            self.link.send_modify(|link| link.up = false);
            tracing::debug!(?kind, reason, "connection lost");
            self.inbox.put(Event::Disconnected { kind, reason });
            if self
                .connected_at
                .take()
                .is_some_and(|at| at.elapsed() >= STABLE_AFTER)
            {
                backoff.reset();
            }
            if !self.pause(backoff.next(backoff::random())).await {
                return;
            }
        }
    }

    /// Connects and serves one connection until it ends.
    async fn attend(&mut self) -> End {
        let mut grace_ends = None;
        loop {
            let mut next = pin!(self.connection.next());
            let incoming = loop {
                tokio::select! {
                    // An ended connection is seen before an acknowledgement for it
                    // is sent, which would then go out on the next one.
                    biased;
                    incoming = &mut next => break incoming,
                    Some(taken) = self.taken.recv() => {
                        if taken.connection == self.connections {
                            self.client.acknowledge(taken.ack);
                        }
                    }
                    () = stopped(&mut self.stop), if grace_ends.is_none() => {
                        if self.connected_at.is_none() {
                            return End::Stopped;
                        }
                        // The goodbye is with the library, which says when it has left.
                        grace_ends = Some(Instant::now() + DISCONNECT_GRACE);
                    }
                    () = until(grace_ends) => return End::Stopped,
                }
            };
            match incoming {
                Ok(Incoming::Connected {
                    session_present,
                    packet_max_bytes,
                }) => {
                    self.connections += 1;
                    self.connected_at = Some(Instant::now());
                    self.inbox.put(Event::Connected { session_present });
                    self.link.send_modify(|link| {
                        link.up = true;
                        link.session += u64::from(!session_present);
                        link.packet_max_bytes = packet_max_bytes;
                    });
                }
                Ok(Incoming::Message(message, ack)) => {
                    let taken = ack.map(|ack| Taken {
                        connection: self.connections,
                        ack,
                    });
                    if let Some(unwanted) = self.inbox.put_message(message, taken) {
                        self.client.acknowledge(unwanted.ack);
                    }
                }
                Ok(Incoming::Unreadable(ack)) => {
                    ack.into_iter().for_each(|ack| self.client.acknowledge(ack));
                }
                Ok(Incoming::Other) => {}
                Ok(Incoming::Ended) => return End::Stopped,
                Err(loss) => return End::Lost(loss),
            }
        }
    }

    /// Waits before the next attempt; `false` when stopped meanwhile.
    async fn pause(&mut self, wait: Duration) -> bool {
        let mut over = pin!(sleep(wait));
        loop {
            tokio::select! {
                () = &mut over => return true,
                () = stopped(&mut self.stop) => return false,
                // Taken after its connection ended: the broker sends it again or never will.
                Some(_) = self.taken.recv() => {}
            }
        }
    }
}

/// Resolves when the outbox has stopped the driver, or is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
