//! What must hold of a device, whatever is done to it. The witness remembers what the device
//! has said and done, over every cut and boot, and judges each step by that.
//!
//! - What is let through was permitted: signed by enough of the right people, for this device,
//!   now, and neither revoked nor stopped before. What comes out is what the code says.
//! - Nothing is let through twice, nor are two codes with one place in their issuer's order.
//! - What is burned was permitted, too.
//! - A latch is open only while a code keeps it open (`standing.rs`); a lockdown lasts until a
//!   code lifts it.
//! - Roots, revocations and stop slips change the device only where the right people signed.
//! - It is never later for the device than somebody has vouched for.
//! - No floor goes down: security, time, replay, revocations; nor do the twin's version and the
//!   boots (`floors.rs`). A new epoch alone may forget what it voids.
//! - Receipts are signed by the device; of one number there is one, and each names the one before.
//! - The image that runs is the one of a release that was signed, whole, and asked for, and was
//!   not below the security floor by then.

mod floors;
mod orders;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use latch_verify::{
    Reason,
    device::{Clock as _, Opened},
    statement::{Action, Code, Outcome, Receipt, TimeStatus},
    types::{Digest, KeyId, Sequence, StatementId},
    verdict::{Burned, Use},
    wire::{Envelope, Kind},
};

use super::{
    hardware::{Hardware, Machine},
    releases,
};
use crate::{
    keys::{Crew, DEVICE},
    oracle::{Moment, permits},
    tenant::EPOCH,
};
use floors::Floors;
use orders::Orders;
use standing::Standing;

/// What the world has seen of a device, whatever the device remembers.
pub(crate) struct Witness {
    last: Option<Attempt>,
    /// Codes that were rightly taken, with their issuers and places.
    permitted: BTreeMap<StatementId, (KeyId, Sequence)>,
    /// Places that are used up.
    places: BTreeSet<(KeyId, Sequence)>,
    /// Codes whose action was handed out.
    acted: BTreeSet<StatementId>,
    /// The newest twin change of each issuer.
    twins: BTreeMap<KeyId, Sequence>,
    /// Releases that a permitted code asks for.
    asked: BTreeSet<StatementId>,
    /// Version and epoch of the trust root.
    root: (u32, u32),
    orders: Orders,
    standing: Standing,
    receipts: BTreeMap<u64, Told>,
    floors: Floors,
}

/// A statement that was put in, and what the device was by then.
struct Attempt {
    bytes: Vec<u8>,
    moment: Moment,
    ticks_ms: u64,
}

struct Told {
    bytes: Vec<u8>,
    digest: Digest,
    previous: Digest,
}

impl Default for Witness {
    fn default() -> Self {
        Self {
            last: None,
            permitted: BTreeMap::new(),
            places: BTreeSet::new(),
            acted: BTreeSet::new(),
            twins: BTreeMap::new(),
            asked: BTreeSet::new(),
            root: (1, EPOCH),
            orders: Orders::default(),
            standing: Standing::default(),
            receipts: BTreeMap::new(),
            floors: Floors::default(),
        }
    }
}

impl Witness {
    /// A statement is about to be put in.
    pub(crate) fn attempt(&mut self, statement: &[u8], moment: Moment, ticks_ms: u64) {
        self.orders.attempt(statement, ticks_ms);
        if let Some(heard_ms) = self.orders.pulse_answered() {
            self.standing.hear(heard_ms);
        }
        self.last = Some(Attempt {
            bytes: statement.to_vec(),
            moment,
            ticks_ms,
        });
    }

    /// An action came out.
    pub(crate) fn effect(&mut self, statement: StatementId, opened: &Opened<'_>) {
        self.permit(statement);
        assert!(self.acted.insert(statement), "{statement} acts twice");
        let (issuer, place) = self.permitted[&statement];
        if matches!(opened, Opened::Twin { .. }) {
            let before = self.twins.insert(issuer, place);
            assert!(
                before < Some(place),
                "an older twin change over a newer one"
            );
        }
        let Attempt {
            bytes, ticks_ms, ..
        } = self.last.as_ref().expect("it was put in");
        let envelope = Envelope::parse(Kind::Code, bytes).expect("a code's envelope");
        assert_eq!(envelope.id(), statement);
        let code: Code<'_> = envelope.read().expect("a code's body");
        assert!(says(&code, opened), "{opened:?} of {code:?}");
        self.standing.stage(&code, statement, *ticks_ms);
    }

    /// What came out last was carried out.
    pub(crate) fn done(&mut self) {
        self.standing.settle();
    }

    /// The device has closed a latch by itself.
    pub(crate) fn closed(&mut self) {
        self.standing.close();
    }

    /// The device has armed an image: its code must still stand.
    pub(crate) fn armed(&self, device: &Machine) {
        let install = device.facts().install.as_ref().expect("an image");
        let statement = install.pending.code.statement;
        let (issuer, place) = self.permitted[&statement];
        assert!(
            !self.orders.void(issuer, place, statement),
            "armed and void"
        );
        assert!(!self.standing.is_locked_down(), "armed in a lockdown");
        assert_eq!(install.epoch, self.root.1, "armed for an epoch before");
    }

    /// The device has booted.
    pub(crate) fn booted(&mut self) {
        self.standing.close();
    }

    /// A twin change that was cut off came out again.
    pub(crate) fn resumed(&mut self, statement: StatementId) {
        self.permit(statement);
        self.acted.insert(statement);
    }

    /// The whole id of a used code, of which the device remembers the beginning.
    fn known(&self, burned: &Burned) -> StatementId {
        let mut permitted = self.permitted.keys().copied();
        let last = || {
            let Attempt { bytes, .. } = self.last.as_ref()?;
            let envelope = Envelope::parse(Kind::Code, bytes).ok()?;
            Some(envelope.id()).filter(|id| burned.is(*id))
        };
        let known = permitted.find(|id| burned.is(*id)).or_else(last);
        known.expect("a code that nobody has put in")
    }

    /// The device holds a code to be used: it must be the last one, and right, unless it is
    /// known to be.
    fn permit(&mut self, statement: StatementId) {
        if self.permitted.contains_key(&statement) {
            return;
        }
        let Attempt { bytes, moment, .. } = self.last.as_ref().expect("nothing was put in");
        let envelope = Envelope::parse(Kind::Code, bytes).expect("a code's envelope");
        assert_eq!(
            envelope.id(),
            statement,
            "another code than the last is used"
        );
        let code: Code<'_> = envelope.read().expect("a code's body");
        let verdict = permits(&code, Crew::on(&envelope), moment);
        assert_eq!(verdict, Ok(()), "{code:?} at {moment:?}");
        let place = (code.issuer, code.sequence);
        assert!(self.places.insert(place), "a place is used twice");
        assert!(
            !self.orders.void(code.issuer, code.sequence, statement),
            "a void code is used"
        );
        self.standing.permit(&code);
        self.permitted.insert(statement, place);
        let (named, newer) = match code.action {
            Action::Install { manifest } => (manifest, true),
            Action::Downgrade { manifest } => (manifest, false),
            _ => return,
        };
        let fits = releases::find(named, |release| {
            release.genuine
                && release.security_version >= self.floors.security()
                && (!newer || release.version > moment.firmware)
        });
        assert_eq!(fits, Some(true), "a release that does not fit");
        self.asked.insert(named);
    }

    /// Looks at what the device knows and says of itself.
    pub(crate) fn look(&mut self, device: &Machine, hardware: &Hardware) {
        self.roots(device);
        let facts = device.facts();
        for burned in facts.replay.burned() {
            assert!(
                !burned.stopped || self.orders.stops(&burned),
                "who stopped it?"
            );
            if burned.used != Use::Never {
                let statement = self.known(&burned);
                self.permit(statement);
                assert_eq!(self.permitted[&statement], (burned.issuer, burned.sequence));
            }
        }
        if let Some(pending) = &facts.pending {
            self.permit(pending.code.statement);
        }
        let ticks_ms = hardware.clock.ticks_ms();
        let status = device.status();
        assert_eq!(status.locked_down, self.standing.is_locked_down());
        self.standing.look(status.open, ticks_ms, &self.orders);
        self.orders.vouch(hardware.clock.trusted_ms(), ticks_ms);
        if let TimeStatus::Trusted(now) | TimeStatus::Floor(now) = status.time {
            assert!(
                self.orders.vouches(now.get(), ticks_ms),
                "later than anybody said"
            );
        }
        let floors = Floors::of(device);
        floors.is_above(&self.floors);
        self.orders.back(&floors);
        if let Some(told) = self.receipts.get(&facts.chain.number) {
            assert_eq!(told.digest, facts.chain.head, "another head than was told");
        }
        let newest = self.receipts.keys().next_back().copied().unwrap_or(0);
        assert!(
            facts.chain.number >= newest,
            "a receipt that left is forgotten"
        );
        self.floors = floors;
        self.runs(device, hardware);
    }

    /// The root in force was signed by the one before.
    fn roots(&mut self, device: &Machine) {
        let status = device.status();
        let now = (status.root_version, status.epoch);
        if now == self.root {
            return;
        }
        assert!(self.orders.roots(now), "a root that nobody signed");
        assert!(now.0 == self.root.0 + 1 && now.1 >= self.root.1);
        if now.1 > self.root.1 {
            self.places.clear();
            self.twins.clear();
            self.standing.close();
            self.floors.begin_epoch();
        }
        self.root = now;
    }

    /// The image that runs is genuine, whole and asked for.
    fn runs(&self, device: &Machine, hardware: &Hardware) {
        let image = device.running();
        if image.size == 0 {
            return;
        }
        assert!(self.asked.contains(&image.manifest), "nobody asked for it");
        let slot = hardware.slots[usize::from(image.slot)].look();
        let known = releases::find(image.manifest, |release| {
            assert!(release.genuine, "an image that nobody released");
            assert!(slot.contents().starts_with(&release.image), "not the image");
            release.security_version
        });
        let security = known.expect("a release of the tenant");
        let confirmed = device.facts().firmware.confirmed.manifest == image.manifest;
        assert!(!confirmed || self.floors.security() >= security);
    }

    /// A receipt has left the device.
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        let envelope = Envelope::parse(Kind::Receipt, bytes).expect("a receipt's envelope");
        assert_eq!(envelope.signatures().count(), 1);
        assert_eq!(Crew::on(&envelope), Crew::of(&[DEVICE]), "not signed");
        let receipt: Receipt = envelope.read().expect("a receipt's body");
        self.outcome(&receipt);
        let digest = envelope.digest();
        let number = receipt.number;
        let before = number.checked_sub(1).and_then(|at| self.receipts.get(&at));
        if let Some(before) = before {
            assert_eq!(
                receipt.previous, before.digest,
                "the chain forks at {number}"
            );
        }
        if let Some(after) = self.receipts.get(&(number + 1)) {
            assert_eq!(after.previous, digest, "the chain forks after {number}");
        }
        let told = Told {
            bytes: bytes.to_vec(),
            digest,
            previous: receipt.previous,
        };
        let known = self.receipts.entry(number).or_insert(told);
        assert_eq!(known.bytes, bytes, "two receipts have number {number}");
    }

    /// A receipt tells of what was permitted, or refuses.
    fn outcome(&mut self, receipt: &Receipt) {
        let statement = receipt.statement;
        let met = match receipt.outcome {
            Outcome::Refused { reason, .. } => Reason::from_number(reason).is_some(),
            Outcome::Applied { .. }
            | Outcome::Performed
            | Outcome::Opened { .. }
            | Outcome::Renewed { .. }
            | Outcome::ActuatorFailed { .. } => self.acted.contains(&statement),
            Outcome::RootAccepted { .. }
            | Outcome::Revoked
            | Outcome::Stopped { .. }
            | Outcome::TimeRaised { .. } => self.orders.told(statement, &receipt.outcome),
            Outcome::Interrupted
            | Outcome::InstallStarted
            | Outcome::InstallConfirmed
            | Outcome::InstallReverted { .. }
            | Outcome::InstallFailed { .. }
            | Outcome::Probed
            | Outcome::Closed { .. }
            | Outcome::LockedDown
            | Outcome::Unlocked => self.permitted.contains_key(&statement),
        };
        assert!(met, "{:?} of {statement}", receipt.outcome);
    }
}

/// Whether what came out is what the code says.
fn says(code: &Code<'_>, opened: &Opened<'_>) -> bool {
    match (&code.action, opened) {
        (Action::SetTwin(signed), Opened::Twin { patch, .. }) => Some(*signed) == *patch,
        (
            Action::Command { name, arguments },
            Opened::Command {
                name: found,
                arguments: with,
            },
        ) => name == found && arguments == with,
        (
            Action::Open { seconds },
            Opened::Open {
                latch,
                seconds: found,
            },
        )
        | (
            Action::Renew { seconds },
            Opened::Renew {
                latch,
                seconds: found,
            },
        ) => seconds == found && code.latch == *latch,
        (Action::Close, Opened::Close { latch }) => code.latch == *latch,
        (Action::Lockdown, Opened::Lockdown) => true,
        _ => false,
    }
}

#[cfg(test)]
impl Witness {
    /// Takes a code as permitted that was never put in.
    pub(super) fn permit_unseen(&mut self, statement: StatementId) {
        let nobody = (KeyId::default(), Sequence::default());
        self.permitted.insert(statement, nobody);
    }
}
