//! What a session has to tell its caller.

use core::fmt;

use super::greeting::Version;

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happened {
    /// The peer is lost, and with it what was on its way in both directions: a message of which a
    /// part had come is gone, and those that were sent may have arrived or not. A host can still take
    /// a message that had come whole; to a device that is a request for which nobody waits, and gone too.
    Lost(Lost),
    /// There is a peer: one that knows nothing of what was before.
    Up,
    /// Somebody is there who speaks another version of the protocol.
    Refused(Mismatch),
}

/// How a peer was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lost {
    /// It was not heard for too long.
    Silent,
    /// It, or what came in its place, has started again.
    Restarted,
    /// It was heard, and did not answer what it was sent.
    Unanswered,
    /// It said what nobody says who keeps to the protocol.
    Breach,
    /// This end gave it up.
    GivenUp,
}

/// Two versions of the protocol that do not understand each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// What this end speaks.
    pub ours: Version,
    /// What the other end speaks.
    pub theirs: Version,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the other end of the line speaks version {} of the link, and this one version {}: bring the older one up to date",
            self.theirs, self.ours
        )
    }
}

impl core::error::Error for Mismatch {}

/// What was not asked for yet: the last of each kind, which is all that still matters.
pub(super) struct News {
    lost: Option<Lost>,
    up: bool,
    mismatch: Option<Mismatch>,
    /// The last one told, so that a hello every second is told once.
    told: Option<Mismatch>,
}

impl News {
    pub(super) const NONE: Self = Self {
        lost: None,
        up: false,
        mismatch: None,
        told: None,
    };

    pub(super) fn lost(&mut self, how: Lost) {
        // Told even of a peer whose coming nobody has asked about: something may have been sent to it.
        self.up = false;
        self.lost = Some(how);
    }

    pub(super) fn up(&mut self) {
        self.up = true;
        self.mismatch = None;
        self.told = None;
    }

    pub(super) fn mismatch(&mut self, mismatch: Mismatch) {
        if self.told != Some(mismatch) {
            self.told = Some(mismatch);
            self.mismatch = Some(mismatch);
        }
    }

    pub(super) fn take(&mut self) -> Option<Happened> {
        if let Some(how) = self.lost.take() {
            return Some(Happened::Lost(how));
        }
        if core::mem::take(&mut self.up) {
            return Some(Happened::Up);
        }
        self.mismatch.take().map(Happened::Refused)
    }
}
