//! The fold's result.

use heapless::{Deque, Vec};
use serde::{Deserialize, Serialize};

use super::record::{Image, InstallPhase, MAX_MANIFEST, OpenLatch, Pending};
use crate::{
    journal::Address,
    limits::{MAX_BURNED, MAX_LATCHES, MAX_OUTCOMES, MAX_TWIN},
    reject::{Reason, Refusal},
    statement::Manifest,
    twin::Entries,
    types::{Digest, LatchId, StatementId, TimeMs},
    verdict::{Identity, ReplayTable, TrustRoot},
    wire::{Envelope, Kind},
};

/// The chain of receipts: each names the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Chain {
    /// Number of the last receipt.
    pub number: u64,
    /// SHA-256 of its signed message.
    pub head: Digest,
}

/// What runs and what it would fall back to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Firmware {
    /// The confirmed image.
    pub confirmed: Image,
    /// The confirmed image before it, while its slot has not been reused.
    pub fallback: Option<Image>,
    /// No release below this security version is installed.
    pub security_floor: u32,
}

/// The twin.
#[derive(Clone, Debug, Default)]
pub struct Twin<const TWIN: usize = MAX_TWIN> {
    /// Raised by every change.
    pub version: u64,
    pub(super) document: Vec<u8, TWIN>,
}

impl<const TWIN: usize> Twin<TWIN> {
    /// The leaves.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries::from_bytes(&self.document)
    }
}

/// An installation under way.
#[derive(Clone, Debug)]
pub struct Install {
    /// The code that began it.
    pub pending: Pending,
    /// Where the image lies.
    pub image: Image,
    /// The code's end.
    pub not_after_ms: TimeMs,
    /// The epoch of the code.
    pub epoch: u32,
    /// Whether the code answered a challenge, so that the time floor does not end it.
    pub answered: bool,
    /// How far it has come.
    pub phase: InstallPhase,
    /// Whether a stop slip has voided the code.
    pub stopped: bool,
    pub(crate) manifest: Vec<u8, MAX_MANIFEST>,
}

impl Install {
    /// The release, as it was judged when the installation began.
    ///
    /// # Errors
    /// [`Reason::LogicFault`].
    pub fn manifest(&self) -> Result<Manifest<'_>, Refusal> {
        let envelope =
            Envelope::parse(Kind::Manifest, &self.manifest).map_err(|_| Reason::LogicFault)?;
        envelope.read().map_err(|_| Reason::LogicFault.into())
    }
}

/// One of the last receipts: enough to find it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recent {
    /// Its number in the chain.
    pub number: u64,
    /// The statement that it answers.
    pub statement: StatementId,
    /// Number of the reason, if it refuses.
    pub refused: Option<u16>,
    /// Where its body lies.
    pub at: Address,
}

/// Everything durable, in RAM.
pub struct Ledger<const TWIN: usize = MAX_TWIN, const USED: usize = MAX_BURNED> {
    /// Who the device is.
    pub identity: Identity,
    /// The key with which it signs.
    pub device_key: Digest,
    /// Whom it trusts.
    pub trust: TrustRoot,
    pub(crate) root_at: Address,
    /// What changes from day to day.
    pub facts: Facts<TWIN, USED>,
}

impl<const TWIN: usize, const USED: usize> Ledger<TWIN, USED> {
    /// Puts a successor of the trust root in force, which lies durably at this address.
    pub(crate) fn succeed(&mut self, trust: TrustRoot, at: Address) -> Result<(), Refusal> {
        self.facts.begin_root(&self.trust, &trust)?;
        self.trust = trust;
        self.root_at = at;
        Ok(())
    }
}

/// The part of the ledger that changes from day to day.
#[derive(Default)]
pub struct Facts<const TWIN: usize = MAX_TWIN, const USED: usize = MAX_BURNED> {
    /// Boots.
    pub boot: u32,
    /// It is at least this late.
    pub time_floor_ms: TimeMs,
    /// The chain of receipts.
    pub chain: Chain,
    /// The twin.
    pub twin: Twin<TWIN>,
    /// Used codes.
    pub replay: ReplayTable<USED>,
    /// What runs.
    pub firmware: Firmware,
    /// An installation under way.
    pub install: Option<Install>,
    /// What was burned and has no outcome yet.
    pub pending: Option<Pending>,
    /// The latches that codes have opened, until their closing was told.
    pub open: Vec<OpenLatch, MAX_LATCHES>,
    /// Whether everything is shut until a code behind `trust` lifts it.
    pub locked_down: bool,
    /// The newest version of the trust root that a receipt has told of.
    pub root_told: u32,
    /// Changes that must never be undone, counted: burns, roots, revocations, confirmations.
    pub anchor: u64,
    /// The last receipts, the newest last.
    pub recent: Deque<Recent, MAX_OUTCOMES>,
    /// Whether the state at the head of the journal's sector was read.
    pub(super) begun: bool,
}

impl<const TWIN: usize, const USED: usize> Facts<TWIN, USED> {
    /// The latch that a code has opened, if its closing was not told.
    #[must_use]
    pub fn open_latch(&self, latch: LatchId) -> Option<OpenLatch> {
        self.open.iter().find(|open| open.latch == latch).copied()
    }

    /// The last receipt for a statement.
    #[must_use]
    pub fn recent_for(&self, statement: StatementId) -> Option<Recent> {
        self.recent
            .iter()
            .rev()
            .find(|recent| recent.statement == statement)
            .copied()
    }

    /// The image that runs: the one on trial, or the confirmed one.
    #[must_use]
    pub fn running(&self) -> Image {
        match &self.install {
            Some(Install {
                phase: InstallPhase::Trial { .. },
                image,
                ..
            }) => *image,
            _ => self.firmware.confirmed,
        }
    }
}
