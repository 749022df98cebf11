//! Why a run of the demo ended before its report.

use std::{io, path::PathBuf, time::Duration};

use latch_issue::{
    CodeError, EnrolmentError, KeyError, PatchError, ReleaseError, RulesError, SignError,
};
use latch_mqtt::{
    EndpointError, PageServerError, PublishError, StartError, SubscribeError, TopicError,
};
use latch_verify::{device::MountFault, types::Malformed};

use crate::broker::BrokerError;

/// Why a run of the demo ended before its report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The options contradict each other.
    #[error("{0}")]
    Usage(String),
    /// The broker's address cannot be used.
    #[error("--broker: {0}")]
    Endpoint(#[from] EndpointError),
    /// The broker inside this process did not start.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// There is no connection to the broker.
    #[error("{who} cannot reach the broker {broker}: {reason}")]
    Unreachable {
        /// Who tried.
        who: &'static str,
        /// The broker's address.
        broker: String,
        /// What the session says.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Something that was bound to happen did not happen in time.
    #[error("{what} took longer than {} s: {detail}", limit.as_secs())]
    Late {
        /// What was waited for.
        what: &'static str,
        /// How long.
        limit: Duration,
        /// Who was still missing.
        detail: String,
    },
    /// Something that must never happen happened, and the run cannot go on.
    #[error("{what} did not come to its end: {problems}")]
    Problem {
        /// What was waited for.
        what: &'static str,
        /// What happened.
        problems: String,
    },
    /// A virtual device did not come up.
    #[error("{device} did not come up: {cause}")]
    Device {
        /// The device.
        device: String,
        /// Its reason.
        cause: MountFault,
    },
    /// A virtual device ended during the run.
    #[error("{device} ended during the run: this is a fault of the simulator or of the device")]
    DeviceGone {
        /// The device.
        device: String,
    },
    /// A name that the demo made is none.
    #[error(transparent)]
    Name(#[from] Malformed),
    /// A topic cannot be named.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// A session did not start.
    #[error(transparent)]
    Session(#[from] StartError),
    /// A subscription was not taken up.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// A message was not taken over by the broker.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A key was not made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The trust root was not made.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// A statement was not signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A code was not built.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// A twin patch was not built.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// A device was not enrolled.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// A release was not built.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// An image cannot be served.
    #[error(transparent)]
    Pages(#[from] PageServerError),
    /// The system gave no random bytes for the tenant's name.
    #[error("the system's source of randomness failed: {0}")]
    NoEntropy(getrandom::Error),
}

impl DemoError {
    /// Whether the command line is what is wrong.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Usage(_) | Self::Endpoint(_))
    }
}
