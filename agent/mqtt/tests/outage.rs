//! What a session promises when its broker or the way there fails.

mod broker;
mod client;
mod line;

use broker::Broker;
use client::{
    HANG, connected, end, message, next, next_message, options, publish, start, subscribed,
};
use latch_mqtt::{Event, IN_FLIGHT_MAX, LossKind, Options, Persistence, Publication, PublishError};
use line::Line;
use tokio::time::timeout;

#[tokio::test]
async fn after_a_crash_of_the_broker_everything_goes_on() {
    let mut broker = Broker::open();
    let (publisher, mut events) = start(options(&broker, "a"));
    let (listener, mut heard) = start(options(&broker, "b"));
    listener.subscribe(["x"]).expect("a fine filter");
    subscribed(&mut heard).await;
    publish(&publisher, Publication::new("x", b"before"))
        .await
        .expect("acknowledged");
    assert_eq!(next_message(&mut heard).await.payload, b"before");

    broker.kill();
    for receiver in [&mut events, &mut heard] {
        loop {
            if let Event::Disconnected { kind, reason } = next(receiver).await {
                assert_eq!(kind, LossKind::Network, "{reason}");
                break;
            }
        }
    }
    // Asked for without a connection: remembered.
    listener.subscribe(["y"]).expect("a fine filter");
    broker.start();
    assert!(!connected(&mut heard).await, "the broker lost its sessions");
    let both = vec!["x".to_owned(), "y".to_owned()];
    assert_eq!(next(&mut heard).await, Event::Subscribed { filters: both });
    publish(&publisher, Publication::new("x", b"after"))
        .await
        .expect("acknowledged");
    publish(&publisher, Publication::new("y", b"new"))
        .await
        .expect("acknowledged");
    assert_eq!(next_message(&mut heard).await.payload, b"after");
    assert_eq!(next_message(&mut heard).await.payload, b"new");
}

#[tokio::test]
async fn what_is_published_without_a_connection_waits_bounded_and_in_order() {
    let mut broker = Broker::open();
    let (publisher, mut events) = start(options(&broker, "a"));
    connected(&mut events).await;
    broker.kill();
    while !matches!(next(&mut events).await, Event::Disconnected { .. }) {}

    let mut queued = 0_u32;
    let full = loop {
        match publisher.offer(Publication::new("x", queued.to_be_bytes())) {
            Ok(()) => queued += 1,
            Err(error) => break error,
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(full, PublishError::Full);

    broker.start();
    let (listener, mut heard) = start(options(&broker, "b"));
    // The publisher may be back before the listener: what matters is the order.
    listener.subscribe(["x"]).expect("a fine filter");
    subscribed(&mut heard).await;
    let last = publish(&publisher, Publication::new("x", queued.to_be_bytes())).await;
    last.expect("acknowledged");
    let mut numbers = Vec::new();
    while numbers.last() != Some(&queued) {
        let payload = next_message(&mut heard).await.payload;
        numbers.push(u32::from_be_bytes(payload.try_into().expect("four bytes")));
    }
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[tokio::test]
async fn what_was_under_way_when_the_broker_crashed_is_sent_again_in_order() {
    let mut broker = Broker::open();
    let (publisher, mut events) = start(options(&broker, "a"));
    connected(&mut events).await;
    broker.freeze();
    let mut outcomes = tokio::task::JoinSet::new();
    let count = IN_FLIGHT_MAX + 5;
    for n in 0..count {
        let publisher = publisher.clone();
        let publication = Publication::new("state", n.to_be_bytes()).retain(true);
        outcomes.spawn(async move { publisher.publish(publication).await });
        // The order of publishing is the order of first polls.
        tokio::task::yield_now().await;
    }
    broker.kill();
    broker.start();
    while let Some(outcome) = timeout(HANG, outcomes.join_next())
        .await
        .expect("all are sent")
    {
        outcome.expect("no panic").expect("acknowledged");
    }

    let (listener, mut heard) = start(options(&broker, "b"));
    listener.subscribe(["state"]).expect("a fine filter");
    let last = (count - 1).to_be_bytes();
    assert_eq!(
        next_message(&mut heard).await,
        message("state", &last, true)
    );
}

#[tokio::test]
async fn a_kept_session_brings_what_was_published_while_the_process_was_away() {
    let broker = Broker::open();
    let (publisher, _events) = start(options(&broker, "a"));
    let mut kept = options(&broker, "device");
    kept.persistence = Persistence::Keep { expiry_s: 3600 };

    let (listener, mut heard) = start(kept.clone());
    listener.subscribe(["code"]).expect("a fine filter");
    assert!(!connected(&mut heard).await);
    subscribed(&mut heard).await;
    end(&listener).await;
    publish(&publisher, Publication::new("code", b"meanwhile"))
        .await
        .expect("acknowledged");

    let (again, mut heard) = start(kept);
    assert!(connected(&mut heard).await, "the broker kept the session");
    assert_eq!(next_message(&mut heard).await.payload, b"meanwhile");
    // It can publish, too, and needs no new subscription.
    publish(&again, Publication::new("code", b"own"))
        .await
        .expect("acknowledged");
    assert_eq!(next_message(&mut heard).await.payload, b"own");
}

#[tokio::test]
async fn what_is_taken_after_its_connection_broke_is_not_acknowledged_on_the_next() {
    let mut broker = Broker::open();
    let (publisher, mut events) = start(options(&broker, "a"));
    publisher.subscribe(["x"]).expect("a fine filter");
    subscribed(&mut events).await;
    publish(&publisher, Publication::new("x", b"old"))
        .await
        .expect("acknowledged");
    broker.kill();
    broker.start();
    publish(&publisher, Publication::new("y", b"back"))
        .await
        .expect("acknowledged");

    assert_eq!(
        next(&mut events).await,
        Event::Message(message("x", b"old", false))
    );
    let mut connections = 0;
    loop {
        match next(&mut events).await {
            Event::Connected { .. } => connections += 1,
            Event::Subscribed { .. } => break,
            _ => {}
        }
    }
    assert_eq!(connections, 1, "the connection broke again");
    publish(&publisher, Publication::new("x", b"new"))
        .await
        .expect("acknowledged");
    assert_eq!(
        next(&mut events).await,
        Event::Message(message("x", b"new", false))
    );
    publish(&publisher, Publication::new("x", b"newer"))
        .await
        .expect("acknowledged");
    assert_eq!(
        next(&mut events).await,
        Event::Message(message("x", b"newer", false))
    );
}

#[tokio::test]
async fn nobody_listening_on_the_port_is_told() {
    let mut broker = Broker::open();
    broker.kill();
    let (publisher, mut events) = start(options(&broker, "a"));
    let Event::Disconnected { kind, reason } = next(&mut events).await else {
        panic!("something listens");
    };
    assert_eq!(kind, LossKind::Network);
    assert!(reason.contains(&broker.url()), "{reason}");
    end(&publisher).await;
}

#[tokio::test]
async fn a_kept_session_goes_on_after_a_cut_without_subscribing_again() {
    let broker = Broker::open();
    let line = Line::to(broker.port()).await;
    let mut kept = Options::new(line.endpoint(), "device");
    kept.persistence = Persistence::Keep { expiry_s: 3600 };
    let (listener, mut heard) = start(kept);
    listener.subscribe(["x"]).expect("a fine filter");
    subscribed(&mut heard).await;

    line.cut();
    let (other, _events) = start(options(&broker, "other"));
    publish(&other, Publication::new("x", b"meanwhile"))
        .await
        .expect("acknowledged");
    assert!(connected(&mut heard).await, "the broker kept the session");
    assert_eq!(
        next(&mut heard).await,
        Event::Message(message("x", b"meanwhile", false))
    );
    for text in ["own", "more"] {
        publish(&listener, Publication::new("x", text))
            .await
            .expect("acknowledged");
    }
    end(&listener).await;
    for text in ["own", "more"] {
        assert_eq!(
            next(&mut heard).await,
            Event::Message(message("x", text.as_bytes(), false))
        );
    }
    assert_eq!(timeout(HANG, heard.recv()).await, Ok(None));
}
