//! The records of the journal, in postcard. A snapshot is made of the first group, the
//! second is appended as things happen.
//!
//! Format 0 of these records belongs to format 0 of the journal; WIRE.md does not cover
//! them, since no other program reads a device's flash.

use serde::{Deserialize, Serialize};

use super::{images::Firmware, name::CodeName, state::Chain};
use crate::{
    limits::MAX_LATCHES,
    statement::RuleChoice,
    twin::{Bytes, Entries},
    types::{Digest, KeyId, LatchId, Sequence, StatementId, TimeMs, Version},
    verdict::{Burned, Component, Floor, Identity, Need, Use},
    wire::{Item, Run},
};

/// The kind under which the journal keeps these records.
pub(crate) const RECORD: u8 = 1;

/// An image in a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize)]
pub struct Image {
    /// The slot, 0 or 1.
    pub slot: u8,
    /// Its version.
    pub version: Version,
    /// Its release manifest; zeros for the image from the factory.
    pub manifest: StatementId,
    /// Merkle root over its pages; zeros for the image from the factory.
    pub merkle_root: Digest,
    /// Length in bytes; zero for the image from the factory, which is not checked.
    pub size: u32,
    /// Length of a page as a power of two.
    pub page_size_log2: u8,
    /// Its security version; zero for the image from the factory.
    pub security_version: u32,
    /// The component that it is for; a bootloader starts images of the main one.
    pub component: u8,
}

crate::wire::reads!(struct Image { slot, version, manifest, merkle_root, size, page_size_log2, security_version, component });

impl Image {
    pub(super) const ZERO: Self = Self {
        slot: 0,
        version: Version {
            major: 0,
            minor: 0,
            patch: 0,
        },
        manifest: StatementId([0; 16]),
        merkle_root: Digest([0; 32]),
        size: 0,
        page_size_log2: 0,
        security_version: 0,
        component: 0,
    };
}

/// How far an installation has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub enum InstallPhase {
    /// Pages are coming in; this one is next.
    Receiving {
        /// Index of the next page.
        next: u32,
    },
    /// All pages are durable; the slot was not read back yet.
    Received,
    /// The slot holds the signed image; the next boot tries it.
    Armed,
    /// The new image runs and has not confirmed itself yet.
    Trial {
        /// Further boots that it may take.
        boots_left: u8,
        /// Whether a bootloader has noted that it starts it, and it has not come up since.
        started: bool,
    },
}

crate::wire::reads!(enum InstallPhase {
    0 Receiving { next },
    1 Received,
    2 Armed,
    3 Trial { boots_left, started },
    _ Self::Received
});

/// What was burned and has no outcome yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct Pending {
    /// The code.
    pub code: CodeName,
    /// Whether it was held to a break-glass rule.
    pub break_glass: bool,
    /// Why a rule on trial would have refused it.
    pub trial: Option<u16>,
    /// Its age when it was judged.
    pub age_ms: Option<u64>,
    /// What it does.
    pub what: Doing,
}

crate::wire::reads!(struct Pending { code, break_glass, trial, age_ms, what });

impl Pending {
    pub(super) const ZERO: Self = Self {
        code: CodeName {
            issuer: KeyId([0; 8]),
            sequence: Sequence(0),
            statement: StatementId([0; 16]),
        },
        break_glass: false,
        trial: None,
        age_ms: None,
        what: Doing::Twin,
    };
}

/// What a burned code does, as far as a restart needs to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub enum Doing {
    /// Make the twin so: may be done again.
    Twin,
    /// A command: never done again.
    Command,
    /// An installation was begun.
    Install,
    /// Nothing.
    Probe,
    /// A latch was to open.
    Open,
    /// A latch was to stay open.
    Renew,
    /// A latch has closed.
    Close {
        /// Which.
        latch: LatchId,
    },
    /// Everything has closed.
    Lockdown,
    /// The lockdown was lifted.
    Unlock,
}

crate::wire::reads!(enum Doing {
    0 Twin,
    1 Command,
    2 Install,
    3 Probe,
    4 Open,
    5 Renew,
    6 Close { latch },
    7 Lockdown,
    8 Unlock,
    _ Self::Probe
});

/// A latch that a code has opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenLatch {
    /// Which.
    pub latch: LatchId,
    /// The code.
    pub code: CodeName,
    /// Whether it was held to a break-glass rule.
    pub break_glass: bool,
}

crate::wire::reads!(struct OpenLatch { latch, code, break_glass });

impl OpenLatch {
    /// The rule that the code was held to.
    pub(crate) fn choice(&self) -> RuleChoice {
        if self.break_glass {
            RuleChoice::BreakGlass
        } else {
            RuleChoice::Normal
        }
    }
}

impl Item<'_> for OpenLatch {
    const MAX: usize = MAX_LATCHES;
}

/// What a burn changes in the same record.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub enum Effect<'a> {
    /// The twin changes by this patch.
    Patch(#[serde(borrow)] Entries<'a>),
    /// A command is about to run.
    Command,
    /// A release is about to be downloaded.
    Install {
        /// Where the image will lie.
        image: Image,
        /// The code's end, after which an unarmed installation is void.
        not_after_ms: TimeMs,
        /// The epoch of the code.
        epoch: u32,
        /// Whether the code answered a challenge.
        answered: bool,
        /// The envelope of the release manifest.
        #[serde(borrow)]
        manifest: Bytes<'a>,
    },
    /// Nothing.
    Probe,
    /// A latch is about to open.
    Open {
        /// Which.
        latch: LatchId,
    },
    /// A latch stays open.
    Renew,
    /// A latch is closed.
    Close {
        /// Which.
        latch: LatchId,
    },
    /// Everything is closed.
    Lockdown,
    /// The lockdown is over.
    Unlock,
}

crate::wire::reads!(enum Effect<'a> {
    0 Patch(read),
    1 Command,
    2 Install { image, not_after_ms, epoch, answered, manifest },
    3 Probe,
    4 Open { latch },
    5 Renew,
    6 Close { latch },
    7 Lockdown,
    8 Unlock,
    _ Self::Probe
});

/// A record of the journal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Record<'a> {
    // State, in snapshots.
    /// Who the device is, and the key with which it signs.
    Identity {
        /// Name, product, tenant, enrolment.
        identity: Identity,
        /// The device's public key.
        device_key: Digest,
    },
    /// The trust root's envelope: in a snapshot the one in force, behind it its successor.
    Root(#[serde(borrow)] Bytes<'a>),
    /// Numbers that only grow.
    Counters {
        /// Boots.
        boot: u32,
        /// It is at least this late.
        time_floor_ms: TimeMs,
        /// The chain of receipts.
        chain: Chain,
        /// Whether everything is shut.
        locked_down: bool,
        /// The newest version of the trust root that a receipt has told of.
        root_told: u32,
        /// Changes that must never be undone: see [`crate::device::Counter`].
        anchor: u64,
    },
    /// The whole twin.
    Twin {
        /// Its version.
        version: u64,
        /// Its leaves.
        #[serde(borrow)]
        document: Entries<'a>,
    },
    /// The used codes, with as much of their ids as the [table](Burned::statement) keeps; older releases wrote all of it.
    Burned(#[serde(borrow)] Run<'a, Burned>),
    /// The issuers' floors.
    Floors(#[serde(borrow)] Run<'a, Floor>),
    /// What runs, and what to fall back to.
    Firmware(Firmware),
    /// The components besides the main one, and what all of them need of each other.
    Components {
        /// The components.
        #[serde(borrow)]
        others: Run<'a, Component>,
        /// Their needs.
        #[serde(borrow)]
        needs: Run<'a, Need>,
    },
    /// An installation under way.
    Install {
        /// The code that began it.
        pending: Pending,
        /// Where the image lies.
        image: Image,
        /// The code's end.
        not_after_ms: TimeMs,
        /// The epoch of the code.
        epoch: u32,
        /// Whether the code answered a challenge.
        answered: bool,
        /// How far it has come.
        phase: InstallPhase,
        /// Whether a stop slip has voided the code.
        stopped: bool,
        /// The envelope of the release manifest.
        #[serde(borrow)]
        manifest: Bytes<'a>,
    },
    /// What was burned and has no outcome yet.
    Pending(Pending),
    /// The latches that codes have opened.
    Open(#[serde(borrow)] Run<'a, OpenLatch>),

    // Events.
    /// A bootloader is about to start the image on trial: it counts even if it never comes up.
    Attempt,
    /// The device booted.
    Boot {
        /// How often it has.
        count: u32,
    },
    /// A code was used. Comes before its effect.
    Burn {
        /// The code and how it was judged.
        pending: Pending,
        /// It is at least this late.
        time_floor_ms: TimeMs,
        /// What changes with this record.
        #[serde(borrow)]
        effect: Effect<'a>,
    },
    /// A verdict or an event, with its receipt.
    Outcome {
        /// SHA-256 of the receipt's signed message.
        digest: Digest,
        /// The body of the receipt.
        #[serde(borrow)]
        receipt: Bytes<'a>,
    },
    /// An installation went on.
    Phase(InstallPhase),
}

crate::wire::reads!(enum Record<'a> {
    0 Identity { identity, device_key },
    1 Root(read),
    2 Counters { boot, time_floor_ms, chain, locked_down, root_told, anchor },
    3 Twin { version, document },
    4 Burned(read),
    5 Floors(read),
    6 Firmware(read),
    7 Components { others, needs },
    8 Install { pending, image, not_after_ms, epoch, answered, phase, stopped, manifest },
    9 Pending(read),
    10 Open(read),
    11 Attempt,
    12 Boot { count },
    13 Burn { pending, time_floor_ms, effect },
    14 Outcome { digest, receipt },
    15 Phase(read),
    _ Self::Attempt
});

// What the tables of used codes and floors hold.
crate::wire::reads!(struct Burned { issuer, sequence, statement, used, stopped, receipt });
crate::wire::reads!(struct Floor { issuer, replay, twin, revoked });
crate::wire::reads!(enum Use {
    0 Never,
    1 Once,
    2 Twin,
    _ Self::Never
});
