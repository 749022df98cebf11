//! What a session promises while its broker is there.

mod broker;
mod client;
mod line;

use broker::Broker;
use client::{
    HANG, connected, end, message, next, next_message, options, publish, start, subscribed,
};
use latch_mqtt::{
    Acknowledged, Endpoint, Event, LastWill, LossKind, MESSAGE_QUEUE_LEN, OUTBOX_LEN, Options,
    Persistence, Publication, PublishError, RECEIVE_MAX, Session, StartError, SubscribeError,
};
use line::Line;
use tokio::time::timeout;

#[tokio::test]
async fn what_is_published_arrives_and_is_acknowledged() {
    let broker = Broker::open();
    let (publisher, _events) = start(options(&broker, "a"));
    let (listener, mut heard) = start(options(&broker, "b"));

    assert_eq!(
        next(&mut heard).await,
        Event::Connected {
            session_present: false
        }
    );
    listener.subscribe(["x/+", "y"]).expect("fine filters");
    let expected = vec!["x/+".to_owned(), "y".to_owned()];
    assert_eq!(
        next(&mut heard).await,
        Event::Subscribed { filters: expected }
    );

    let done = publish(&publisher, Publication::new("x/1", b"one")).await;
    assert_eq!(
        done,
        Ok(Acknowledged {
            no_subscribers: false
        })
    );
    assert_eq!(
        next(&mut heard).await,
        Event::Message(message("x/1", b"one", false))
    );

    publisher
        .offer(Publication::new("y", b"two"))
        .expect("there is room");
    assert_eq!(
        next(&mut heard).await,
        Event::Message(message("y", b"two", false))
    );

    let nobody = publish(&publisher, Publication::new("z", b"three")).await;
    assert_eq!(
        nobody,
        Ok(Acknowledged {
            no_subscribers: true
        })
    );

    listener.unsubscribe(["x/+"]);
    listener.subscribe(["w"]).expect("a fine filter");
    subscribed(&mut heard).await;
    publish(&publisher, Publication::new("x/1", b"four"))
        .await
        .expect("acknowledged");
    publish(&publisher, Publication::new("w", b"five"))
        .await
        .expect("acknowledged");
    assert_eq!(
        next(&mut heard).await,
        Event::Message(message("w", b"five", false))
    );
}

#[tokio::test]
async fn retained_messages_arrive_on_subscription_and_on_asking_again() {
    let broker = Broker::open();
    let (publisher, _events) = start(options(&broker, "a"));
    let kept = Publication::new("state", b"shut").retain(true);
    publish(&publisher, kept).await.expect("acknowledged");
    publish(&publisher, Publication::new("state", b"gone"))
        .await
        .expect("acknowledged");

    let (listener, mut heard) = start(options(&broker, "b"));
    for _ in 0..2 {
        listener.subscribe(["state"]).expect("a fine filter");
        assert_eq!(
            next_message(&mut heard).await,
            message("state", b"shut", true)
        );
    }
}

#[tokio::test]
async fn a_message_is_acknowledged_only_when_it_is_taken() {
    let broker = Broker::open();
    let (publisher, _events) = start(options(&broker, "a"));
    let mut kept = options(&broker, "device");
    kept.persistence = Persistence::Keep { expiry_s: 3600 };
    let (listener, mut heard) = start(kept.clone());
    listener.subscribe(["x"]).expect("a fine filter");
    subscribed(&mut heard).await;

    for n in 0..3_u8 {
        publish(&publisher, Publication::new("x", [n]))
            .await
            .expect("acknowledged");
    }
    assert_eq!(next_message(&mut heard).await.payload, [0]);
    // A crash: the receiver is never asked again, and nothing is said to the broker.
    end(&listener).await;
    drop(heard);

    let (_again, mut heard) = start(kept);
    let first = next_message(&mut heard).await.payload;
    // Whether the acknowledgement of the first left before the end is open.
    if first == [0] {
        assert_eq!(next_message(&mut heard).await.payload, [1]);
    } else {
        assert_eq!(first, [1]);
    }
    assert_eq!(next_message(&mut heard).await.payload, [2]);
}

#[tokio::test]
async fn the_broker_holds_back_what_nobody_takes() {
    let broker = Broker::configured(|_| {
        "allow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n".to_owned()
    });
    let (publisher, mut heard) = start(options(&broker, "a"));
    publisher.subscribe(["x"]).expect("a fine filter");
    subscribed(&mut heard).await;
    for n in 0..MESSAGE_QUEUE_LEN + 100 {
        let publication = Publication::new("x", n.to_be_bytes());
        publish(&publisher, publication)
            .await
            .expect("acknowledged");
    }
    // Had all been sent, an overflow would be told first.
    let first = message("x", &0_usize.to_be_bytes(), false);
    assert_eq!(next(&mut heard).await, Event::Message(first));
}

#[tokio::test]
async fn an_owner_that_does_not_listen_neither_loses_messages_nor_stops_the_session() {
    let broker = Broker::open();
    let (publisher, mut heard) = start(options(&broker, "a"));
    publisher.subscribe(["x"]).expect("a fine filter");
    subscribed(&mut heard).await;
    // More than may wait here, published and acknowledged while nobody takes any.
    let count = u32::from(RECEIVE_MAX) * 8;
    for n in 0..count {
        publish(&publisher, Publication::new("x", n.to_be_bytes()))
            .await
            .expect("acknowledged");
    }
    for n in 0..count {
        assert_eq!(
            next(&mut heard).await,
            Event::Message(message("x", &n.to_be_bytes(), false))
        );
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_from_other_failures() {
    let broker = Broker::with_password("pump", "right");
    let endpoint = Endpoint::parse(&broker.url()).expect("a fine address");

    let wrong = endpoint.clone().with_credentials("pump", "wrong");
    let (_publisher, mut events) = start(Options::new(wrong, "a"));
    let Event::Disconnected { kind, reason } = next(&mut events).await else {
        panic!("it was let in");
    };
    assert_eq!(kind, LossKind::Credentials);
    assert!(reason.contains("check user name, password"), "{reason}");
    assert!(!reason.contains("wrong"), "{reason}");

    let right = endpoint.with_credentials("pump", "right");
    let (_publisher, mut events) = start(Options::new(right, "b"));
    assert_eq!(
        next(&mut events).await,
        Event::Connected {
            session_present: false
        }
    );
}

#[tokio::test]
async fn refusals_of_the_broker_reach_the_caller() {
    let broker = Broker::configured(|dir| {
        let acl = dir.join("acl");
        std::fs::write(&acl, "topic read open\ntopic write open\n").expect("writes the ACL");
        format!(
            "allow_anonymous true\nacl_file {}\nmax_packet_size 2000\n",
            broker::path(&acl)
        )
    });
    let (publisher, mut events) = start(options(&broker, "a"));
    connected(&mut events).await;
    let refused = publish(&publisher, Publication::new("closed", b"x")).await;
    assert!(
        matches!(&refused, Err(PublishError::Refused { topic, reason })
            if topic == "closed" && reason == "not authorized"),
        "{refused:?}"
    );
    let large = publish(&publisher, Publication::new("open", vec![0; 3000])).await;
    assert!(
        matches!(
            large,
            Err(PublishError::TooLarge {
                max_bytes: 2000,
                ..
            })
        ),
        "{large:?}"
    );
    publish(&publisher, Publication::new("open", b"x"))
        .await
        .expect("acknowledged");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_at_once() {
    let broker = Broker::open();
    let (publisher, _events) = start(options(&broker, "a"));
    let wildcard = publisher.offer(Publication::new("a/+", b""));
    assert!(
        matches!(wildcard, Err(PublishError::Topic { .. })),
        "{wildcard:?}"
    );
    let large = publisher.offer(Publication::new("a", vec![0; 40_000]));
    assert!(
        matches!(large, Err(PublishError::TooLarge { .. })),
        "{large:?}"
    );
    let filter = publisher.subscribe(["a/#/b"]);
    assert_eq!(filter, Err(SubscribeError::Filter("a/#/b".to_owned())));

    let mut willing = options(&broker, "b");
    willing.last_will = Some(LastWill {
        publication: Publication::new("#", b""),
        delay_s: 0,
    });
    let error = Session::start(willing).err();
    assert!(matches!(error, Some(StartError::LastWill(_))), "{error:?}");
    let error = Session::start(options(&broker, "")).err();
    assert!(matches!(error, Some(StartError::ClientId)), "{error:?}");
}

#[tokio::test]
async fn a_page_of_sixteen_kibibytes_passes() {
    let broker = Broker::open();
    let (publisher, mut events) = start(options(&broker, "a"));
    publisher.subscribe(["page"]).expect("a fine filter");
    subscribed(&mut events).await;
    let page = vec![7; 20 * 1024];
    publish(&publisher, Publication::new("page", page.clone()))
        .await
        .expect("acknowledged");
    assert_eq!(next_message(&mut events).await.payload, page);
}

#[tokio::test]
async fn a_goodbye_waits_for_what_is_queued_and_keeps_the_last_will_unsaid() {
    let broker = Broker::open();
    let (listener, mut heard) = start(options(&broker, "b"));
    listener.subscribe(["will", "end"]).expect("fine filters");
    subscribed(&mut heard).await;
    let will = |text: &str| {
        Some(LastWill {
            publication: Publication::new("will", text),
            delay_s: 0,
        })
    };

    let mut willing = options(&broker, "a");
    willing.last_will = will("after a goodbye");
    let (publisher, mut events) = start(willing.clone());
    connected(&mut events).await;
    let count = u8::try_from(OUTBOX_LEN).expect("a small queue");
    for n in 0..count {
        publisher
            .offer(Publication::new("end", [n]))
            .expect("there is room");
    }
    end(&publisher).await;
    let late = publisher.offer(Publication::new("end", b"x"));
    assert_eq!(late, Err(PublishError::Ended));
    while timeout(HANG, events.recv())
        .await
        .expect("it ends")
        .is_some()
    {}
    for n in 0..count {
        assert_eq!(next_message(&mut heard).await.payload, [n]);
    }

    // Another client takes the client id over: the first vanishes without a goodbye.
    willing.last_will = will("vanished");
    let (_first, mut events) = start(willing);
    connected(&mut events).await;
    let (_second, _) = start(options(&broker, "a"));
    assert_eq!(next_message(&mut heard).await.payload, b"vanished");
    assert!(matches!(
        next(&mut events).await,
        Event::Disconnected { .. }
    ));
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let broker = Broker::open();
    let line = Line::to(broker.port()).await;
    let (publisher, mut events) = start(Options::new(line.endpoint(), "a"));
    connected(&mut events).await;
    drop(events);
    // Who only publishes needs no receiver.
    publish(&publisher, Publication::new("x", b"y"))
        .await
        .expect("acknowledged");
    drop(publisher);
    line.idle().await;

    // Who only listens needs no publisher.
    let (publisher, mut events) = start(Options::new(line.endpoint(), "b"));
    publisher.subscribe(["x"]).expect("a fine filter");
    drop(publisher);
    subscribed(&mut events).await;
    let (other, _events) = start(options(&broker, "c"));
    publish(&other, Publication::new("x", b"heard"))
        .await
        .expect("acknowledged");
    assert_eq!(next_message(&mut events).await.payload, b"heard");
    drop(events);
    line.idle().await;
}
