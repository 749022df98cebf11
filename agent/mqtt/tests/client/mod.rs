//! Sessions as tests start them, with a bound on every wait.
#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use latch_mqtt::{
    Acknowledged, Endpoint, Event, EventReceiver, Message, Options, Publication, PublishError,
    Publisher, Session,
};
use tokio::time::timeout;

use crate::broker::Broker;

/// Only bounds a hang: everything here takes milliseconds.
pub(crate) const HANG: Duration = Duration::from_secs(60);

pub(crate) fn options(broker: &Broker, client_id: &str) -> Options {
    let endpoint = Endpoint::parse(&broker.url()).expect("a fine address");
    Options::new(endpoint, client_id)
}

pub(crate) fn start(options: Options) -> (Publisher, EventReceiver) {
    Session::start(options).expect("fine options")
}

pub(crate) async fn publish(
    publisher: &Publisher,
    publication: Publication,
) -> Result<Acknowledged, PublishError> {
    timeout(HANG, publisher.publish(publication))
        .await
        .expect("neither acknowledged nor refused")
}

pub(crate) async fn end(publisher: &Publisher) {
    timeout(HANG, publisher.disconnect())
        .await
        .expect("the session does not end");
}

pub(crate) async fn next(events: &mut EventReceiver) -> Event {
    timeout(HANG, events.recv())
        .await
        .expect("no event came")
        .expect("the session ended")
}

/// The next message; whatever else comes is passed over.
pub(crate) async fn next_message(events: &mut EventReceiver) -> Message {
    loop {
        if let Event::Message(message) = next(events).await {
            return message;
        }
    }
}

/// Waits until one filter is subscribed to.
pub(crate) async fn subscribed(events: &mut EventReceiver) {
    while !matches!(next(events).await, Event::Subscribed { .. }) {}
}

pub(crate) async fn connected(events: &mut EventReceiver) -> bool {
    loop {
        if let Event::Connected { session_present } = next(events).await {
            return session_present;
        }
    }
}

pub(crate) fn message(topic: &str, payload: &[u8], retain: bool) -> Message {
    Message {
        topic: topic.to_owned(),
        payload: payload.to_vec(),
        retain,
    }
}
