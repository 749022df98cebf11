//! The MQTT library, and all that is peculiar to it.
//!
//! Its traps, each met here: it reserves 65,536 in-flight slots and accepts
//! 10 KiB unless told; it does not subscribe again after a reconnect; its
//! `poll` must not be dropped half-way; it refuses to take up a session that an
//! earlier process left with the broker unless a store vouches for it.

mod loss;
mod resume;
mod tls;

use std::future::Future;
use std::pin::Pin;

use rumqttc::{
    AckMode, AsyncClient, Broker, ConnectionError, EventLoop, LastWillProperties, ManualAck,
    MqttOptions, NetworkOptions, Outgoing, Packet, PubAck, PubAckReason, PublishNoticeError,
    PublishOptions, PublishProperties, PublishResult, QoS, SubscribeFilterInput,
    SubscribeReasonCode, default_socket_connect, valid_filter, valid_topic,
};

pub(crate) use loss::Loss;
use loss::{loss, words};
use resume::NothingInFlight;

use crate::endpoint::Endpoint;
use crate::inbox::{MESSAGE_QUEUE_LEN, Message};
use crate::session::{
    IN_FLIGHT_MAX, LastWill, Options, PACKET_MAX_BYTES, Persistence, Publication, RECEIVE_MAX,
    StartError,
};

/// Requests in each of the library's two lanes: room for the acknowledgements of
/// all messages that may wait in the inbox, and for a few subscriptions.
const LANE_LEN: usize = MESSAGE_QUEUE_LEN + 64;

/// Requests the library writes before it flushes.
const BATCH_LEN: usize = 16;

/// An outcome that comes later. Dropping it forgoes the outcome, not the effect.
pub(crate) type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What became of a publication.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Published {
    Acknowledged {
        no_subscribers: bool,
    },
    Refused(String),
    TooLarge {
        bytes: usize,
        max_bytes: u32,
    },
    /// The broker lost our session: it must be sent again.
    SessionLost,
    /// The connection is over for good.
    Ended,
}

/// What became of a subscription.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Suback {
    /// Per filter, why it was refused.
    Answered(Vec<Option<String>>),
    Unanswered,
}

/// What a connection brings.
#[derive(Debug)]
pub(crate) enum Incoming {
    Connected {
        session_present: bool,
        packet_max_bytes: Option<u32>,
    },
    Message(Message, Option<Ack>),
    /// A message whose topic is not text.
    Unreadable(Option<Ack>),
    Other,
    Ended,
}

/// An acknowledgement that is owed to the broker.
#[derive(Debug)]
pub(crate) struct Ack(ManualAck);

/// The sending half.
#[derive(Debug, Clone)]
pub(crate) struct Client(AsyncClient);

/// The half that must be polled.
pub(crate) struct Connection {
    events: EventLoop,
    endpoint: Endpoint,
}

pub(crate) fn is_topic(topic: &str) -> bool {
    !topic.contains('\0')
        && u16::try_from(topic.len()).is_ok()
        && valid_topic(topic)
        && !topic.is_empty()
}

pub(crate) fn is_filter(filter: &str) -> bool {
    !filter.contains('\0') && u16::try_from(filter.len()).is_ok() && valid_filter(filter)
}

/// Both halves of a client. Nothing happens before the connection is polled.
pub(crate) fn open(options: &Options) -> Result<(Client, Connection), StartError> {
    let (client, events) = AsyncClient::builder(library_options(options)?)
        .capacity(LANE_LEN)
        .try_build()
        .map_err(|error| StartError::Library(error.to_string()))?;
    Ok((
        Client(client),
        Connection {
            events,
            endpoint: options.endpoint.clone(),
        },
    ))
}

fn library_options(options: &Options) -> Result<MqttOptions, StartError> {
    let endpoint = &options.endpoint;
    let broker = Broker::tcp(endpoint.host(), endpoint.port());
    let mut library = MqttOptions::new(options.client_id.clone(), broker);
    let mut network = NetworkOptions::new();
    // Small messages that wait for an answer: Nagle's algorithm only delays them.
    network.set_tcp_nodelay(true);
    // The library does not put an IPv6 address in brackets; TLS needs it without.
    let authority = endpoint.authority();
    library
        .set_socket_connector(move |_, network| default_socket_connect(authority.clone(), network))
        .set_network_options(network)
        .set_transport(tls::transport(endpoint)?)
        .set_keep_alive(options.keep_alive_s)
        .set_max_packet_size(Some(PACKET_MAX_BYTES))
        .set_receive_maximum(Some(RECEIVE_MAX))
        .set_outgoing_inflight_upper_limit(IN_FLIGHT_MAX)
        .set_max_request_batch(BATCH_LEN)
        .set_ack_mode(AckMode::Manual);
    if let Some(credentials) = endpoint.credentials() {
        match &credentials.password {
            Some(password) => library.set_credentials(credentials.user.clone(), password.clone()),
            None => library.set_username(credentials.user.clone()),
        };
    }
    if let Persistence::Keep { expiry_s } = options.persistence {
        library
            .set_clean_start(false)
            .set_session_expiry_interval(Some(expiry_s))
            .set_session_store(NothingInFlight { expiry_s });
    }
    if let Some(LastWill {
        publication,
        delay_s,
    }) = &options.last_will
    {
        library.set_last_will(rumqttc::LastWill::new(
            publication.topic.clone(),
            publication.payload.clone(),
            QoS::AtLeastOnce,
            publication.retain,
            Some(LastWillProperties {
                delay_interval: Some(*delay_s),
                payload_format_indicator: None,
                message_expiry_interval: publication.expiry_s,
                content_type: None,
                response_topic: None,
                correlation_data: None,
                user_properties: Vec::new(),
            }),
        ));
    }
    Ok(library)
}

impl Client {
    /// Hands a publication to the library; waits if its lane is full.
    pub(crate) async fn publish(&self, publication: &Publication) -> Pending<Published> {
        let mut options = PublishOptions::at_least_once().retain(publication.retain);
        if let Some(expiry_s) = publication.expiry_s {
            options = options.properties(PublishProperties {
                message_expiry_interval: Some(expiry_s),
                ..PublishProperties::default()
            });
        }
        let topic = publication.topic.clone();
        let notice = self
            .0
            .publish_tracked(topic, publication.payload.clone(), options)
            .await;
        Box::pin(async move {
            let Ok(notice) = notice else {
                return Published::Ended;
            };
            match notice.wait_async().await {
                Ok(PublishResult::Qos1(ack)) => match ack.reason {
                    PubAckReason::Success => Published::Acknowledged {
                        no_subscribers: false,
                    },
                    PubAckReason::NoMatchingSubscribers => Published::Acknowledged {
                        no_subscribers: true,
                    },
                    reason => Published::Refused(words(&reason)),
                },
                // Not sent with any other quality of service.
                Ok(result) => Published::Refused(words(&result)),
                Err(PublishNoticeError::SessionReset) => Published::SessionLost,
                Err(PublishNoticeError::Recv) => Published::Ended,
                Err(error) => Published::Refused(error.to_string()),
            }
        })
    }

    /// Hands a subscription to the library; waits if its lane is full.
    pub(crate) async fn subscribe(&self, filters: &[String]) -> Pending<Suback> {
        let inputs: Vec<SubscribeFilterInput> = filters
            .iter()
            .map(|filter| SubscribeFilterInput::new(filter.clone(), QoS::AtLeastOnce))
            .collect();
        let notice = self.0.subscribe_many_tracked(inputs).await;
        Box::pin(async move {
            let Ok(notice) = notice else {
                return Suback::Unanswered;
            };
            match notice.wait_async().await {
                Ok(suback) => Suback::Answered(suback.return_codes.iter().map(refusal).collect()),
                Err(_) => Suback::Unanswered,
            }
        })
    }

    /// Hands the end of subscriptions to the library; waits if its lane is full.
    pub(crate) async fn unsubscribe(&self, filters: Vec<String>) {
        if let Err(error) = self.0.unsubscribe_many(filters).await {
            tracing::debug!(%error, "unsubscribe was not sent");
        }
    }

    pub(crate) fn acknowledge(&self, ack: Ack) {
        if let Err(error) = self.0.try_manual_ack(ack.0) {
            // Without it the broker sends the message again after the next connect.
            tracing::warn!(%error, "acknowledgement was not sent");
        }
    }

    /// Lets the library send DISCONNECT before anything else.
    pub(crate) fn say_goodbye(&self) {
        if let Err(error) = self.0.try_disconnect_now() {
            tracing::debug!(%error, "connection was over already");
        }
    }
}

impl Connection {
    /// Connects if need be and waits for what comes. Must be polled to its end:
    /// dropped half-way it may lose a request.
    pub(crate) async fn next(&mut self) -> Result<Incoming, Loss> {
        use rumqttc::Event::{Incoming as In, Outgoing as Out};
        match self.events.poll().await {
            Ok(In(Packet::ConnAck(connack))) => {
                // Its one purpose is the first connection of this process; kept, it
                // would be handed a copy of all that is in flight with every packet.
                self.events.options.clear_session_store();
                Ok(Incoming::Connected {
                    session_present: connack.session_present,
                    packet_max_bytes: connack.properties.and_then(|p| p.max_packet_size),
                })
            }
            Ok(In(Packet::Publish(publish))) => {
                let ack = match publish.qos {
                    QoS::AtLeastOnce => {
                        Some(Ack(ManualAck::PubAck(PubAck::new(publish.pkid, None))))
                    }
                    // Never asked for; a broker may not raise what we subscribed with.
                    QoS::AtMostOnce | QoS::ExactlyOnce => None,
                };
                Ok(match String::from_utf8(publish.topic.to_vec()) {
                    Ok(topic) => {
                        let payload = publish.payload.to_vec();
                        Incoming::Message(
                            Message {
                                topic,
                                payload,
                                retain: publish.retain,
                            },
                            ack,
                        )
                    }
                    Err(_) => Incoming::Unreadable(ack),
                })
            }
            Ok(Out(Outgoing::Disconnect)) | Err(ConnectionError::RequestsDone) => {
                Ok(Incoming::Ended)
            }
            Ok(_) => Ok(Incoming::Other),
            Err(error) => Err(loss(&self.endpoint, &error)),
        }
    }
}

fn refusal(code: &SubscribeReasonCode) -> Option<String> {
    match code {
        SubscribeReasonCode::Success(_) => None,
        code => Some(words(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_filters_are_told_apart() {
        for topic in ["a", "a/b", "/a", "$x/y"] {
            assert!(is_topic(topic) && is_filter(topic), "{topic}");
        }
        for filter in ["+", "a/+/b", "#", "a/#"] {
            assert!(!is_topic(filter) && is_filter(filter), "{filter}");
        }
        for neither in ["", "a+", "a/#/b", "a#", "a\0b", &"a".repeat(65_536)] {
            assert!(!is_topic(neither) && !is_filter(neither), "{neither}");
        }
    }
}
