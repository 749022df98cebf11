//! The fold's result.

use core::{fmt, hint::black_box};

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{
    components::KeptComponents,
    images::{Firmware, Images, Next},
    opened::OpenLatches,
    recent::{Recent, Recents},
    record::{Image, InstallPhase, OpenLatch, Pending},
    root::KeptRoot,
};
use crate::{
    journal::Address,
    limits::{MAX_BURNED, MAX_FLOORS, MAX_LATCHES, MAX_TWIN},
    reject::{Reason, Refusal, ensure},
    twin::{Entries, apply, apply_in_place},
    types::{Digest, LatchId, StatementId, TimeMs},
    verdict::{Component, Identity, InForce, ReadRoot, ReplayTable},
};

/// The chain of receipts: each names the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize)]
pub struct Chain {
    /// Number of the last receipt.
    pub number: u64,
    /// SHA-256 of its signed message.
    pub head: Digest,
}

crate::wire::reads!(struct Chain { number, head });

/// The twin.
#[derive(Hash)]
pub struct Twin<const TWIN: usize = MAX_TWIN> {
    /// Raised by every change.
    pub version: u64,
    document: Vec<u8, TWIN>,
}

impl<const TWIN: usize> fmt::Debug for Twin<TWIN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twin")
            .field("version", &self.version)
            .field("entries", &self.entries())
            .finish()
    }
}

impl<const TWIN: usize> Twin<TWIN> {
    const fn new() -> Self {
        Self {
            version: 0,
            document: Vec::new(),
        }
    }

    fn clear(&mut self) {
        let Self { version, document } = self;
        *version = 0;
        document.clear();
    }

    /// Takes a whole document, which was checked.
    ///
    /// # Errors
    /// [`Reason::TwinTooLarge`].
    pub(super) fn replace(&mut self, version: u64, document: &[u8]) -> Result<(), Reason> {
        ensure(document.len() <= TWIN, Reason::TwinTooLarge)?;
        self.document.clear();
        let kept = self.document.extend_from_slice(document);
        kept.map_err(|_| Reason::TwinTooLarge)?;
        self.version = version;
        Ok(())
    }

    /// Whether a patch fits.
    ///
    /// # Errors
    /// As [`apply`].
    #[inline(never)]
    pub(crate) fn try_patch(&self, patch: Entries<'_>) -> Result<(), Refusal> {
        apply(self.entries(), patch, &mut [0; TWIN]).map(drop)
    }

    /// Changes the twin by a patch, which was checked and [tried](Self::try_patch).
    ///
    /// # Errors
    /// As [`apply`], for one that was not tried: there is no twin any more then.
    pub(super) fn patch(&mut self, patch: Entries<'_>) -> Result<(), Reason> {
        let Self { version, document } = self;
        let len = document.len();
        document
            .resize_default(TWIN)
            .map_err(|_| Reason::LogicFault)?;
        let patched = apply_in_place(document, len, patch);
        document.truncate(*patched.as_ref().unwrap_or(&0));
        patched.map_err(Refusal::into_reason)?;
        *version = version.saturating_add(1);
        Ok(())
    }

    /// The leaves.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries::from_bytes(&self.document)
    }
}

/// An installation under way.
#[derive(Clone, Debug, Hash)]
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
    /// Where the record lies that holds the release manifest.
    pub(crate) manifest_at: Address,
}

impl Install {
    pub(super) const ZERO: Self = Self {
        pending: Pending::ZERO,
        image: Image::ZERO,
        not_after_ms: TimeMs::ZERO,
        epoch: 0,
        answered: false,
        phase: InstallPhase::Receiving { next: 0 },
        stopped: false,
        manifest_at: Address::NOWHERE,
    };

    /// The component as it will be once the image is confirmed.
    pub(super) fn component(&self) -> Component {
        Component {
            number: self.image.component,
            version: self.image.version,
            security_floor: self.image.security_version,
        }
    }
}

/// Everything durable, in RAM.
#[derive(Hash)]
pub struct Ledger<
    const TWIN: usize = MAX_TWIN,
    const USED: usize = MAX_BURNED,
    const LATCHES: usize = MAX_LATCHES,
    const ISSUERS: usize = MAX_FLOORS,
> {
    /// Who the device is.
    pub identity: Identity,
    /// The key with which it signs.
    pub device_key: Digest,
    /// Whom it trusts.
    pub trust: InForce,
    pub(super) root: KeptRoot,
    /// What changes from day to day.
    pub facts: Facts<TWIN, USED, LATCHES, ISSUERS>,
}

impl<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Ledger<TWIN, USED, LATCHES, ISSUERS>
{
    /// Zeros, to be [cleared](Self::clear) and filled from a journal: a static that begins with
    /// them takes none of the program's flash.
    pub(crate) const fn zeros() -> Self {
        Self {
            identity: Identity::none(),
            device_key: Digest([0; 32]),
            trust: InForce::none(),
            root: KeptRoot::NOWHERE,
            facts: Facts::zeros(),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        let Self {
            identity,
            device_key,
            trust,
            root,
            facts,
        } = self;
        *identity = Identity::none();
        *device_key = Digest::default();
        trust.clear();
        *root = KeptRoot::NOWHERE;
        facts.clear();
    }

    /// Puts a root in force that lies at this address, or will.
    pub(crate) fn put_root(&mut self, read: &ReadRoot<'_>, at: Address) -> Result<(), Reason> {
        self.root = KeptRoot::of(read, at)?;
        self.trust.put(read)
    }

    /// Puts a successor of the trust root in force, which lies durably at this address.
    pub(crate) fn succeed(&mut self, successor: &ReadRoot<'_>, at: Address) -> Result<(), Reason> {
        // Twice: where it is misread, the epoch may seem to have risen, and what was used in it to be void.
        let epochs_before = [
            black_box(&self.trust).terms()?.epoch,
            black_box(&self.trust).terms()?.epoch,
        ];
        let begun = NewRoot {
            drops_a_time_key: [
                black_box(successor).drops_a_time_key_of(&self.trust),
                black_box(successor).drops_a_time_key_of(&self.trust),
            ],
            epochs_before,
        };
        self.put_root(successor, at)?;
        self.facts.begin_root(&self.trust, &begun);
        Ok(())
    }
}

/// How a root differs from the one before.
pub(super) struct NewRoot {
    /// Whether it lists a key of the time no more, judged twice.
    pub(super) drops_a_time_key: [bool; 2],
    /// Its epoch, read twice.
    pub(super) epochs_before: [u32; 2],
}

/// The part of the ledger that changes from day to day.
#[derive(Hash)]
pub struct Facts<
    const TWIN: usize = MAX_TWIN,
    const USED: usize = MAX_BURNED,
    const LATCHES: usize = MAX_LATCHES,
    const ISSUERS: usize = MAX_FLOORS,
> {
    /// Boots.
    pub boot: u32,
    /// It is at least this late.
    pub time_floor_ms: TimeMs,
    /// The chain of receipts.
    pub chain: Chain,
    /// The twin.
    pub twin: Twin<TWIN>,
    /// Used codes.
    pub replay: ReplayTable<USED, ISSUERS>,
    /// What runs.
    pub firmware: Firmware,
    /// The other components.
    pub components: KeptComponents,
    /// An installation under way.
    pub install: Option<Install>,
    /// What was burned and has no outcome yet.
    pub pending: Option<Pending>,
    /// The latches that codes have opened, until their closing was told.
    pub open: OpenLatches<LATCHES>,
    /// Whether everything is shut until a code behind `trust` lifts it.
    pub locked_down: bool,
    /// The newest version of the trust root that a receipt has told of.
    pub root_told: u32,
    /// Changes that must never be undone, counted: burns, roots, revocations, confirmations.
    pub anchor: u64,
    /// The last receipts, the newest last.
    pub recent: Recents,
    /// Whether the state at the head of the journal's sector was read.
    pub(super) begun: bool,
}

impl<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Facts<TWIN, USED, LATCHES, ISSUERS>
{
    const fn zeros() -> Self {
        Self {
            boot: 0,
            time_floor_ms: TimeMs::ZERO,
            chain: Chain {
                number: 0,
                head: Digest([0; 32]),
            },
            twin: Twin::new(),
            replay: ReplayTable::new(),
            firmware: Firmware::new(),
            components: KeptComponents::new(),
            // `None` of either is not zeros, and who reads them too early finds the device busy.
            install: Some(Install::ZERO),
            pending: Some(Pending::ZERO),
            open: OpenLatches::new(),
            locked_down: false,
            root_told: 0,
            anchor: 0,
            recent: Recents::new(),
            begun: false,
        }
    }

    /// Forgets everything, part by part: what is made anew lies on the stack first.
    fn clear(&mut self) {
        let Self {
            boot,
            time_floor_ms,
            chain,
            twin,
            replay,
            firmware,
            components,
            install,
            pending,
            open,
            locked_down,
            root_told,
            anchor,
            recent,
            begun,
        } = self;
        *boot = 0;
        *time_floor_ms = TimeMs::default();
        *chain = Chain::default();
        twin.clear();
        replay.clear();
        *firmware = Firmware::new();
        components.clear();
        *install = None;
        *pending = None;
        open.clear();
        *locked_down = false;
        *root_told = 0;
        *anchor = 0;
        recent.clear();
        *begun = false;
    }

    /// The latch that a code has opened, if its closing was not told.
    #[must_use]
    pub fn open_latch(&self, latch: LatchId) -> Option<OpenLatch> {
        self.open.of(latch)
    }

    /// Whether there is room for one more latch to be open, unless it is there already.
    pub(crate) fn may_open(&self, latch: LatchId) -> bool {
        !self.open.is_full() || self.open_latch(latch).is_some()
    }

    /// The last receipt for a statement.
    #[must_use]
    pub fn recent_for(&self, statement: StatementId) -> Option<Recent> {
        self.recent.last_for(statement)
    }

    /// The images in the slots, as a bootloader sees them.
    #[must_use]
    pub fn images(&self) -> Images {
        Images {
            firmware: self.firmware,
            next: self.install.as_ref().map(|install| Next {
                image: install.image,
                phase: install.phase,
            }),
        }
    }

    /// The image of the main component that runs: the one on trial, or the confirmed one.
    #[must_use]
    pub fn running(&self) -> Image {
        let images = self.images();
        let on_trial = images
            .main_on_trial()
            .filter(|next| next.phase != InstallPhase::Armed);
        on_trial.map_or(self.firmware.confirmed, |next| next.image)
    }
}
