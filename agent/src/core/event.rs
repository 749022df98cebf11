//! What goes into the core, and what comes out.

use latch_link::{Refused, Standing};
use latch_mqtt::TopicError;
use latch_verify::{
    Refusal,
    device::{MountFault, Observation},
    ledger::Image,
    statement::{CloseCause, Outcome},
    types::{DeviceId, LatchId, StatementId, Version},
};
use serde_json::Value;

use super::effects::{self, Shared};

/// How a hook ended: done, or failed with a number of its own.
pub type HookResult = Result<(), i32>;

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// There is a connection to the broker.
    Connected {
        /// Whether the broker kept what was meant for us.
        session_present: bool,
    },
    /// There is none any more.
    Disconnected,
    /// A message arrived.
    Message {
        /// On this topic.
        topic: &'a str,
        /// Its bytes. Nothing in them is trusted.
        payload: &'a [u8],
    },
    /// The hook of the last [`Effect::Run`] has ended.
    Done(HookResult),
    /// The hook of the last [`Effect::Shut`] has ended.
    Shut(HookResult),
    /// A source has said something about the device itself.
    Observed(Observation),
    /// Time has passed.
    Tick,
}

/// Something to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Listen to this filter until it is given up, over all reconnects; what is retained
    /// there is wanted now.
    Subscribe(String),
    /// Stop listening to it.
    Unsubscribe(String),
    /// Publish, at least once. Given out while there is a connection; what is lost with it
    /// and still matters is published again after the next connect.
    Publish {
        /// The topic.
        topic: String,
        /// The bytes.
        payload: Vec<u8>,
        /// Whether the broker keeps it.
        retain: bool,
        /// How long it is worth anything, in seconds.
        expiry_s: Option<u32>,
    },
    /// Carry something out, then tell by [`Event::Done`].
    Run(Hook),
    /// Shut what stands behind a latch that is closed, beside whatever is carried out; then
    /// tell by [`Event::Shut`]. One at a time.
    Shut(Hook),
    /// Something worth knowing.
    Notice(Notice),
}

/// What is to be carried out.
#[derive(Clone, PartialEq, Debug)]
pub enum Hook {
    /// Make the twin so. May come again after a restart, for the same statement and without
    /// the patch: doing it twice must do no more than doing it once.
    Twin {
        /// The code behind it.
        statement: StatementId,
        /// The twin's version.
        version: u64,
        /// What changed, as a JSON merge patch (RFC 7396); `None` when that is not known.
        patch: Option<Value>,
        /// The whole twin.
        twin: Value,
    },
    /// Run a command. Never comes twice for a code.
    Command {
        /// The code behind it.
        statement: StatementId,
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// Open or shut what stands behind a latch. Shutting may come again: doing it twice must do
    /// no more than doing it once.
    Latch {
        /// The code behind it, where there is one.
        statement: Option<StatementId>,
        /// The latch; `None` for every one.
        latch: Option<LatchId>,
        /// What to do.
        event: LatchEvent,
    },
    /// Make this image run, unless it runs already. May come again after a restart.
    Activate {
        /// The image. While it is on trial it can be read from the device.
        image: Image,
        /// Whether it is the one to go back to.
        reverting: bool,
    },
    /// Find out whether this image, on trial and running, works.
    Health {
        /// The image.
        image: Image,
    },
}

/// What becomes of a latch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LatchEvent {
    /// It is opened.
    Open {
        /// Seconds until it is shut again.
        seconds: u32,
    },
    /// It stays open.
    Renew {
        /// Seconds from now until it is shut.
        seconds: u32,
    },
    /// It is shut.
    Close {
        /// Why; `None` when opening it has failed, so that it may stand half open.
        cause: Option<CloseCause>,
    },
    /// Everything is shut.
    Lockdown,
}

impl LatchEvent {
    pub(super) const CLOSED_BY_CODE: Self = Self::Close {
        cause: Some(CloseCause::Code),
    };
}

impl Hook {
    /// Its name in logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Twin { .. } => "twin",
            Self::Command { .. } => "command",
            Self::Latch { .. } => "latch",
            Self::Activate { .. } => "activate",
            Self::Health { .. } => "health",
        }
    }
}

/// Something worth knowing, for logs and for those who watch many devices.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The device counted a message and did not answer it.
    Ignored {
        /// Why.
        refusal: Refusal,
    },
    /// Codes wait already for a hook to end, as many as may: this one was dropped.
    QueueFull,
    /// A code waits for the hook under way to end.
    Queued {
        /// How many wait now.
        waiting: usize,
    },
    /// A code needs a release manifest, which is now waited for.
    ManifestWanted {
        /// The manifest.
        manifest: StatementId,
    },
    /// The manifest did not come in time.
    ManifestMissing {
        /// The manifest.
        manifest: StatementId,
    },
    /// A code was burned, and what it unlatched is about to be carried out.
    Unlatched {
        /// The code.
        statement: StatementId,
        /// What is carried out: the name of a [`Hook`].
        hook: &'static str,
    },
    /// What a burned code unlatched was cut off by a restart, and is carried out again.
    Resumed {
        /// The code.
        statement: StatementId,
    },
    /// What was carried out has failed.
    HookFailed {
        /// The name of the [`Hook`].
        hook: &'static str,
        /// Its number.
        code: i32,
    },
    /// The device made a receipt.
    Answered {
        /// The statement that it answers.
        statement: StatementId,
        /// What came of it.
        outcome: Outcome,
        /// Whether it was made before, and is only told again.
        repeated: bool,
    },
    /// A trust root waits for the one before it.
    RootWaits {
        /// Its version.
        version: u32,
        /// The version that the device would take.
        next: u32,
    },
    /// A latch has closed by itself.
    Closed {
        /// Which.
        latch: LatchId,
        /// Why.
        cause: CloseCause,
    },
    /// What stands behind a closed latch could not be shut.
    NotShut {
        /// Which; `None` for every one.
        latch: Option<LatchId>,
    },
    /// A page is durable.
    PageKept {
        /// The page that is wanted next.
        next: u32,
        /// Pages in all.
        of: u32,
    },
    /// The device refused a page.
    PageRefused {
        /// Why.
        refusal: Refusal,
    },
    /// The device waits for pages, and after many wants there are none.
    PagesMissing {
        /// The release.
        manifest: StatementId,
        /// The page that it waits for.
        next: u32,
    },
    /// The last page is durable.
    ImageComplete {
        /// The release.
        manifest: StatementId,
    },
    /// The slot was read back and holds the signed image: the next boot tries it.
    Armed {
        /// The release.
        manifest: StatementId,
    },
    /// The new image is on trial.
    Trial {
        /// The release.
        manifest: StatementId,
        /// Its version.
        version: Version,
        /// Boots that it has left, with this one.
        boots_left: u8,
    },
    /// The new image has confirmed itself and stays.
    Confirmed {
        /// Its version.
        version: Version,
    },
    /// The new image was given up; the one before it is to run.
    Reverted {
        /// Number of the [`latch_verify::Reason`].
        reason: u16,
        /// The version that is to run.
        version: Version,
    },
    /// The device's storage or key has failed.
    Fault {
        /// How.
        refusal: Refusal,
    },
    /// After a fault nothing is unlatched for a while; then the device boots again.
    Resting {
        /// Until then, on the clock of the core.
        until_ms: u64,
    },
    /// The device has booted.
    Booted {
        /// How often it has now.
        boot: u32,
    },
    /// The device did not come up again: it stays shut.
    Shut {
        /// Why.
        fault: MountFault,
    },
    /// A device behind a link has said what it is.
    Standing(Standing),
    /// The device behind the link is nobody's yet, and there is no bundle for it.
    Unprovisioned,
    /// The device behind the link did not take the bundle.
    NotProvisioned {
        /// Why.
        refused: Refused,
    },
    /// Another device is behind the link than the one that should be: it is not served.
    OtherDevice {
        /// The device that should be there.
        expected: DeviceId,
        /// The device that is.
        found: DeviceId,
    },
    /// The device behind the link gives a reason that this release does not know.
    UnknownReason {
        /// Its number.
        reason: u16,
    },
    /// The device behind the link takes no message as long as the last one was to be.
    TooLong {
        /// The longest that it takes, in bytes.
        most: usize,
    },
    /// The device behind the link has taken a request, and not answered it in time.
    Unanswered {
        /// What was asked of it.
        what: &'static str,
        /// Whether it is given up. Otherwise the device is met anew, and asked once more.
        dropped: bool,
    },
    /// Receipts that were never published, and that neither the device behind the link nor the
    /// relay has any more.
    ReceiptsLost {
        /// How many.
        count: u64,
    },
    /// Receipts that the device behind the link no longer has, of which nobody knows whether they
    /// were published: the broker retains no state of it.
    ReceiptsUnknown {
        /// How many.
        count: u64,
    },
    /// There are no topics for the device behind the link: it is not served.
    NoTopics(TopicError),
}

/// Effects in the making.
pub(super) type Effects = effects::Effects<Effect>;

impl Shared for Effect {
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
