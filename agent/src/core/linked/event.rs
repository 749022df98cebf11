//! What goes into the relay of a device behind a link, and what comes out.

use latch_link::{FromDevice, ToDevice};
use latch_mqtt::Publication;
use latch_verify::{device::Release, verdict::Identity};

use super::Bundle;
use crate::core::{
    effects::{self, Shared},
    event::Notice,
    queue::Found,
};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum LinkedEvent<'a> {
    /// There is somebody at the other end of the line, who knows nothing of what was before.
    Up,
    /// There is nobody any more: what was not answered may have arrived or not.
    Down,
    /// The device has said something. Nothing in it is trusted.
    Said(FromDevice<'a>),
    /// The last [`LinkedEffect::Say`] is longer than what the device takes.
    TooLong {
        /// The longest message that it takes.
        most: usize,
    },
    /// There is another bundle for a device that is new, or none any more.
    Bundle(Option<Bundle>),
    /// The device is served by somebody else: it is forgotten until it is met again.
    Elsewhere,
    /// There is a connection to the broker.
    Connected {
        /// Whether the broker kept what was meant for us.
        session_present: bool,
    },
    /// There is none any more.
    Disconnected,
    /// A message arrived from the broker.
    Message {
        /// On this topic.
        topic: &'a str,
        /// Its bytes. Nothing in them is trusted.
        payload: &'a [u8],
    },
    /// Time has passed.
    Tick,
}

/// Something to do.
#[derive(Clone, PartialEq, Debug)]
pub enum LinkedEffect {
    /// From now on, talk to the broker for this device, in a session of its own: what was
    /// subscribed to for another is over.
    Serve(Identity),
    /// Listen to this filter until it is given up, over all reconnects; what is retained
    /// there is wanted now.
    Subscribe(String),
    /// Stop listening to it.
    Unsubscribe(String),
    /// Publish, at least once. Given out while there is a connection; what is lost with it
    /// and still matters is published again after the next connect.
    Publish(Publication),
    /// Say this to the device. One at a time: nothing more is said before the device has ended
    /// it, or is lost.
    Say(Request),
    /// Give the other end of the line up and meet it anew: it no longer answers what it is asked.
    /// Tell by [`LinkedEvent::Down`] when that is so.
    HangUp,
    /// Something worth knowing.
    Notice(Notice),
}

/// A request to the device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    pub(super) tag: u16,
    pub(super) wish: Wish,
}

/// What is wanted of the device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    Standing,
    Provision {
        root: Vec<u8>,
        enrolment: Vec<u8>,
    },
    Statement {
        lane: Lane,
        statement: Vec<u8>,
        found: Found,
    },
    Page {
        index: u32,
        message: Vec<u8>,
    },
    State,
    Receipt(u64),
}

impl Wish {
    /// What it is, for logs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Provision { .. } => "provision",
            Self::Statement { .. } => "statement",
            Self::Page { .. } => "page",
            Self::State => "state",
            Self::Receipt(_) => "receipt",
        }
    }
}

/// Where a statement has waited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lane {
    /// With the codes.
    Codes,
    /// With the successors of the trust root; this is its version.
    Roots(u32),
    /// With what goes before codes.
    Express,
    /// With what may be no statement at all.
    Junk,
}

impl Request {
    /// The request as it goes over the link.
    #[must_use]
    pub fn message(&self) -> ToDevice<'_> {
        let tag = self.tag;
        match &self.wish {
            Wish::Standing => ToDevice::AskStanding { tag },
            Wish::Provision { root, enrolment } => ToDevice::Provision {
                tag,
                root,
                enrolment,
            },
            Wish::Statement {
                statement, found, ..
            } => ToDevice::Statement {
                tag,
                release: match found {
                    Found::NotAsked => Release::NotAsked,
                    Found::Here(manifest) => Release::Found(manifest),
                    Found::Missing(_) => Release::NotFound,
                },
                statement,
            },
            Wish::Page { message, .. } => ToDevice::Page { tag, page: message },
            Wish::State => ToDevice::AskState { tag },
            Wish::Receipt(number) => ToDevice::AskReceiptNumbered {
                tag,
                number: *number,
            },
        }
    }
}

/// Effects in the making.
pub(super) type Effects = effects::Effects<LinkedEffect>;

impl Shared for LinkedEffect {
    fn notice(notice: Notice) -> Self {
        Self::Notice(notice)
    }

    fn subscribe(filter: String) -> Self {
        Self::Subscribe(filter)
    }

    fn unsubscribe(filter: String) -> Self {
        Self::Unsubscribe(filter)
    }
}
