use super::*;

fn message(n: usize) -> Message {
    Message {
        topic: n.to_string(),
        payload: Vec::new(),
        retain: false,
    }
}

fn receiver(inbox: &Arc<Inbox>) -> EventReceiver {
    EventReceiver::new(Arc::clone(inbox), mpsc::unbounded_channel().0)
}

#[tokio::test]
async fn events_come_in_order_and_end() {
    let inbox = Arc::new(Inbox::new());
    let mut receiver = receiver(&inbox);
    inbox.put(Event::Connected {
        session_present: false,
    });
    inbox.put_message(message(1), None);
    inbox.put(Event::Subscribed {
        filters: Vec::new(),
    });
    inbox.end();
    assert_eq!(
        receiver.recv().await,
        Some(Event::Connected {
            session_present: false
        })
    );
    assert_eq!(receiver.recv().await, Some(Event::Message(message(1))));
    assert_eq!(
        receiver.recv().await,
        Some(Event::Subscribed {
            filters: Vec::new()
        })
    );
    assert_eq!(receiver.recv().await, None);
    assert_eq!(receiver.recv().await, None);
}

#[tokio::test]
async fn messages_beyond_the_bound_are_counted_and_told() {
    let inbox = Arc::new(Inbox::new());
    let mut receiver = receiver(&inbox);
    for n in 0..MESSAGE_QUEUE_LEN + 3 {
        inbox.put_message(message(n), None);
    }
    assert_eq!(
        receiver.recv().await,
        Some(Event::Overflowed { dropped: 3 })
    );
    for n in 0..MESSAGE_QUEUE_LEN {
        assert_eq!(receiver.recv().await, Some(Event::Message(message(n))));
    }
    inbox.put_message(message(7), None);
    assert_eq!(receiver.recv().await, Some(Event::Message(message(7))));
}

#[tokio::test]
async fn bytes_are_bounded_too_and_freed_when_taken() {
    let inbox = Arc::new(Inbox::new());
    let mut receiver = receiver(&inbox);
    let large = Message {
        payload: vec![0; MESSAGE_QUEUE_BYTES],
        ..message(1)
    };
    for _ in 0..2 {
        inbox.put_message(large.clone(), None);
        inbox.put_message(
            Message {
                payload: vec![0],
                ..message(2)
            },
            None,
        );
        assert_eq!(
            receiver.recv().await,
            Some(Event::Overflowed { dropped: 1 })
        );
        assert_eq!(receiver.recv().await, Some(Event::Message(large.clone())));
    }
}

#[tokio::test]
async fn of_other_events_the_latest_stay_and_messages_are_not_touched() {
    let inbox = Arc::new(Inbox::new());
    let mut receiver = receiver(&inbox);
    inbox.put_message(message(0), None);
    for n in 0..=NOTICE_QUEUE_LEN {
        inbox.put(Event::Subscribed {
            filters: vec![n.to_string()],
        });
    }
    inbox.end();
    assert_eq!(receiver.recv().await, Some(Event::Message(message(0))));
    assert_eq!(
        receiver.recv().await,
        Some(Event::Subscribed {
            filters: vec!["1".to_owned()]
        })
    );
    let mut rest = 0;
    while receiver.recv().await.is_some() {
        rest += 1;
    }
    assert_eq!(rest, NOTICE_QUEUE_LEN - 1);
}

#[tokio::test]
async fn without_a_receiver_nothing_is_kept() {
    let inbox = Arc::new(Inbox::new());
    inbox.put_message(message(0), None);
    drop(receiver(&inbox));
    inbox.abandoned().await;
    inbox.put_message(message(1), None);
    inbox.put(Event::Connected {
        session_present: true,
    });
    assert!(inbox.state().queue.is_empty());
}
