//! How Latch speaks MQTT: which topics exist, how a broker is named, and a
//! session that survives its broker.
//!
//! Nothing that arrives here is trusted: only what a verifier has checked
//! decides. This crate promises transport: at least once, bounded memory, and a
//! reason a person can act on when there is no connection.
//!
//! [`Topics`] names topics and reads them back, [`Endpoint`] says where the
//! broker is and how to prove who we are, and [`Session`] keeps one connection.
//! The MQTT library is imported below `client.rs` only.

mod backoff;
mod client;
mod driver;
mod endpoint;
mod inbox;
mod outbox;
mod pages;
mod session;
mod subscriptions;
mod topics;
mod want;

pub use backoff::{BACKOFF_FIRST, BACKOFF_LONGEST};
pub use endpoint::{DEFAULT_PORT, DEFAULT_TLS_PORT, Endpoint, EndpointError};
pub use inbox::{Event, EventReceiver, LossKind, MESSAGE_QUEUE_BYTES, MESSAGE_QUEUE_LEN, Message};
pub use pages::{PageServer, PageServerError};
pub use session::{
    Acknowledged, DISCONNECT_GRACE, IN_FLIGHT_MAX, LastWill, OUTBOX_LEN, Options, PACKET_MAX_BYTES,
    Persistence, Publication, PublishError, Publisher, RECEIVE_MAX, SUBSCRIPTIONS_MAX, Session,
    StartError, SubscribeError,
};
pub use topics::{DEFAULT_PREFIX, DeviceTopic, RevokedId, Topic, TopicError, Topics};
pub use want::{MAX_WINDOW, Want};
