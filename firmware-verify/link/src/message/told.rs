//! What a device tells of itself, unsigned: for the relay, which decides nothing by it.

use core::fmt;

use latch_verify::{
    Reason, Refusal,
    device::{Handled as Served, MountFault, PagesWanted},
    types::{Digest, Posture, StatementId, Version},
    verdict::Identity,
};

/// A refusal as it travels: a host may be older than the device, and not know its reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Number of the [`Reason`].
    pub reason: u16,
    /// What would have been accepted.
    pub expected: u64,
    /// What was found instead.
    pub found: u64,
}

impl Refused {
    /// What this release knows it as.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        Reason::from_number(self.reason)
            .map(|reason| Refusal::new(reason, self.expected, self.found))
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            reason: refusal.reason.number(),
            expected: refusal.expected,
            found: refusal.found,
        }
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Refusal::from(reason).into()
    }
}

impl From<MountFault> for Refused {
    fn from(fault: MountFault) -> Self {
        match fault {
            MountFault::Journal(_) => Reason::LatchedShut.into(),
            MountFault::Refused(refusal) => refusal.into(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusal() {
            Some(refusal) => fmt::Display::fmt(&refusal, f),
            None => write!(
                f,
                "refused for reason {}, which this release does not know",
                self.reason
            ),
        }
    }
}

/// What came of a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handled {
    /// There is a verdict; its receipt came before.
    Answered,
    /// It was taken in, and there is nothing to tell.
    Noted,
    /// Not meant for this device, from nobody it knows, or beyond its budget.
    Ignored(Refused),
    /// The code asks for a release: send it again with the manifest, or say that there is none.
    ManifestWanted(StatementId),
    /// The code is burned and was carried out, but no receipt could be made.
    Untold(Refused),
}

impl From<Served> for Handled {
    fn from(served: Served) -> Self {
        match served {
            Served::Answered => Self::Answered,
            Served::Noted => Self::Noted,
            Served::Ignored(refusal) => Self::Ignored(refusal.into()),
            Served::ManifestWanted(manifest) => Self::ManifestWanted(manifest),
            Served::Untold(refusal) => Self::Untold(refusal.into()),
        }
    }
}

/// What came of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paged {
    /// It is in its slot; more are wanted.
    Kept(PagesWanted),
    /// It was the last: the device arms the image, or says by a receipt why not.
    Complete,
    /// It was the last of the confirmed image, which its slot holds again.
    Restored,
    /// It was refused.
    Refused(Refused),
}

impl From<Result<latch_verify::device::Paged, Refusal>> for Paged {
    fn from(paged: Result<latch_verify::device::Paged, Refusal>) -> Self {
        use latch_verify::device::Paged as Taken;
        match paged {
            Ok(Taken::Kept(wanted)) => Self::Kept(wanted),
            Ok(Taken::Complete) => Self::Complete,
            Ok(Taken::Restored) => Self::Restored,
            Err(refusal) => Self::Refused(refusal.into()),
        }
    }
}

/// Pages that a device waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Of which release, which comes next, and how many there are.
    pub pages: PagesWanted,
    /// Merkle root over the image, which names the topics on which its pages are shared; `None`
    /// if the device cannot say.
    pub merkle_root: Option<Digest>,
}

/// What a device is, and how it came to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Which program speaks.
    pub program: Program,
    /// Whose device it is.
    pub life: Life,
    /// The version that runs: of the recovery program too, its own.
    pub version: Version,
    /// How often the device has booted; zero while that is not known.
    pub boot: u32,
    /// Why this program was started.
    pub why: Why,
}

/// The program that speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Program {
    /// The product's own.
    Application,
    /// The one for when no slot holds anything that may run.
    Recovery,
}

/// How far a device's life has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Life {
    /// Nobody's yet: it makes requests, and can be provisioned.
    Unprovisioned,
    /// It is this device, and takes statements.
    Provisioned(Identity),
    /// It did not come up, and stays shut.
    Shut(Refused),
}

/// Why a program was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// No bootloader has told.
    Unknown,
    /// It is the confirmed image.
    Confirmed,
    /// It is a new image, which has to confirm itself.
    Trial {
        /// Boots that it has left, with this one.
        boots_left: u8,
    },
    /// It is the image before the confirmed one, which is lost.
    Fallback,
    /// No slot holds anything that may run.
    Recovery,
}

/// What tells a relay when to ask for a state or a receipt. Told whenever it changes; the device
/// itself sees to it that junk alone does not make it talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pulse {
    /// Number of the newest receipt in the device's chain.
    pub receipts: u64,
    /// Counts changes, besides receipts, that a new state should tell of at once. It begins
    /// anywhere.
    pub changes: u32,
    /// Version of the trust root that it judges by; 0 where it judges nothing, as a recovery program.
    pub root_version: u32,
    /// Messages that were not answered since the boot.
    pub junk: u32,
    /// What is known of the device's posture.
    pub posture: Posture,
    /// How often a state should be published while a latch is open, in milliseconds.
    pub pulse_every_ms: Option<u32>,
}
