//! How a process takes up the session that an earlier one left with the broker.

use std::future::Future;
use std::pin::Pin;

use rumqttc::{
    PersistedAckMode, PersistedSession, SessionStore, SessionStoreError, SessionStoreKey,
};

use crate::session::IN_FLIGHT_MAX;

type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

/// A session store that vouches for a client with nothing in flight: what a
/// process that starts has. It lets the broker's half of a session, its
/// subscriptions and queued messages, be taken up again. That is sound with
/// QoS 1 alone: the broker keeps no state about what we send, and sends what we
/// did not acknowledge again.
#[derive(Debug)]
pub(super) struct NothingInFlight {
    pub(super) expiry_s: u32,
}

impl SessionStore for NothingInFlight {
    fn load<'a>(&'a self, key: &'a SessionStoreKey) -> StoreFuture<'a, Option<PersistedSession>> {
        let session = PersistedSession {
            format_version: 1,
            client_id: key.client_id().to_owned(),
            clean_start: false,
            session_expiry_interval: Some(self.expiry_s),
            outgoing_inflight_upper_limit: Some(IN_FLIGHT_MAX),
            ack_mode: PersistedAckMode::Manual,
            last_pkid: 0,
            last_puback: 0,
            replay: Vec::new(),
            incoming_qos2: Vec::new(),
        };
        Box::pin(async move { Ok(Some(session)) })
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
