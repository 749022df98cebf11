//! Statements that change whom and what a device believes: successors of the trust root, and attestations of the time.

use latch_verify::{
    Reason,
    device::Release as Offer,
    limits::{RESERVED_REFILL_MS, RESERVED_SIGNATURES},
    statement::{Outcome, State, TimeAttestation, TimeStatus},
    types::{Challenge, StatementId, TenantId},
    wire::{Envelope, Kind, PublicKey, Role},
};

use super::{
    answer::{Answer, Told},
    bench::Bench,
    code::moment,
    keys::{DEVICE, Signer, TIME, seal},
    root::{RootSpec, TENANT},
};

/// The root keys that come after.
pub(crate) const NEXT_ROOT: [Signer; 2] = [Signer(3), Signer(4)];
/// Another key that attests the time.
pub(crate) const SECOND_TIME: Signer = Signer(42);
/// An hour, in milliseconds.
pub(crate) const HOUR_MS: u64 = 3_600_000;
/// A day, in milliseconds.
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;

impl RootSpec {
    /// The root that follows, without a change.
    pub(crate) fn next(&self) -> Self {
        Self {
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The root that follows and voids what was signed before.
    pub(crate) fn next_epoch(&self) -> Self {
        Self {
            epoch: self.epoch + 1,
            ..self.next()
        }
    }

    /// Lists one more key.
    pub(crate) fn list(&mut self, role: Role, signer: Signer) {
        self.keys.push((role, signer.public()));
    }

    /// Lists a key no longer.
    pub(crate) fn drop_key(&mut self, signer: Signer) {
        self.keys.retain(|(_, key)| *key != signer.public());
    }

    /// Lists a key in the place and role of another.
    pub(crate) fn exchange(&mut self, old: Signer, new: Signer) {
        for (_, key) in &mut self.keys {
            if *key == old.public() {
                *key = new.public();
            }
        }
    }

    /// Lists other root keys.
    pub(crate) fn exchange_root(&mut self, old: [Signer; 2], new: [Signer; 2]) {
        for (old, new) in old.into_iter().zip(new) {
            self.exchange(old, new);
        }
    }
}

/// The id of a root.
pub(crate) fn root_id(envelope: &[u8]) -> StatementId {
    Envelope::parse(Kind::Root, envelope).expect("a root").id()
}

/// What the time is, for a tenant, and for whom.
pub(crate) fn attested(
    tenant: TenantId,
    time_ms: u64,
    pulse: Option<Challenge>,
    signers: &[Signer],
) -> Vec<u8> {
    let attestation = TimeAttestation {
        tenant,
        time_ms: moment(time_ms),
        pulse,
    };
    seal(&attestation, signers)
}

/// An answer to a pulse, by the tenant's time key.
pub(crate) fn answer_to(pulse: Challenge, time_ms: u64) -> Vec<u8> {
    attested(TENANT, time_ms, Some(pulse), &[TIME])
}

/// A broadcast of the tenant's time key.
pub(crate) fn broadcast(time_ms: u64) -> Vec<u8> {
    attested(TENANT, time_ms, None, &[TIME])
}

impl Bench {
    /// Lets the reserves for roots, revocations and time come back.
    pub(crate) fn rest_reserves(&self) {
        let full_ms = RESERVED_REFILL_MS * u64::from(RESERVED_SIGNATURES);
        self.hardware.clock.advance(full_ms);
    }

    /// Puts in what has a reserve, and again after a while where that is used up.
    pub(crate) fn submit_reserved(&mut self, statement: &[u8]) -> Answer {
        let throttled = Answer::Ignored(Reason::Throttled.into());
        match self.submit_once(statement, Offer::NotAsked) {
            answer if answer == throttled => {
                self.rest_reserves();
                self.submit_once(statement, Offer::NotAsked)
            }
            answer => answer,
        }
    }

    /// Puts a root in force.
    #[track_caller]
    pub(crate) fn succeed(&mut self, root: &RootSpec, signers: &[Signer]) -> Told {
        self.accepts_root(&root.sealed(signers), root)
    }

    /// Puts in an envelope that must put this root in force.
    #[track_caller]
    pub(crate) fn accepts_root(&mut self, envelope: &[u8], root: &RootSpec) -> Told {
        let number = self.device.facts().chain.number;
        let told = self.submit_reserved(envelope).told();
        let RootSpec { version, epoch, .. } = *root;
        assert_eq!(told.outcome(), Outcome::RootAccepted { version, epoch });
        let receipt = &told.receipt;
        assert_eq!(
            (receipt.number, receipt.statement, receipt.kind),
            (number + 1, root_id(envelope), Kind::Root.number())
        );
        let said = (receipt.status.root_version, receipt.status.epoch);
        assert_eq!(said, (version, epoch));
        assert_eq!(self.root_in_force(), (version, epoch));
        told
    }

    /// Version and epoch of the root in force.
    pub(crate) fn root_in_force(&self) -> (u32, u32) {
        let status = self.device.status();
        (status.root_version, status.epoch)
    }

    /// Puts in a statement that says nothing new, and must cost nothing.
    #[track_caller]
    pub(crate) fn notes(&mut self, statement: &[u8]) {
        let costs = |bench: &Self| {
            let operations = bench.journal_operations();
            (operations, bench.hardware.signed.get(), bench.device.junk())
        };
        self.rest_reserves();
        // An old challenge gives way to a new one, which is no work of the statement.
        let _ = self.state();
        let before = (self.standing(), self.effects.clone(), costs(self));
        assert_eq!(
            self.submit_once(statement, Offer::NotAsked),
            Answer::Noted,
            "nothing new"
        );
        assert_eq!((self.standing(), self.effects.clone(), costs(self)), before);
    }

    /// The pulse in a state that the device signs now.
    pub(crate) fn pulse(&mut self) -> Challenge {
        let bytes = self.state().expect("a state");
        let key = PublicKey::new(DEVICE.public()).expect("a sound key");
        let envelope = Envelope::parse(Kind::State, &bytes).expect("an envelope");
        let verified = envelope.verify(&key).expect("the device's signature");
        let state: State<'_> = verified.body().expect("a state");
        state.status.pulse
    }

    /// Answers the device's pulse.
    pub(crate) fn attest(&mut self, time_ms: u64) -> Answer {
        let pulse = self.pulse();
        self.submit_reserved(&answer_to(pulse, time_ms))
    }

    /// What the device knows about the time.
    pub(crate) fn time(&self) -> TimeStatus {
        self.device.status().time
    }
}

/// It is this late.
pub(crate) fn trusted(time_ms: u64) -> TimeStatus {
    TimeStatus::Trusted(moment(time_ms))
}

/// It is at least this late.
pub(crate) fn at_least(time_ms: u64) -> TimeStatus {
    TimeStatus::Floor(moment(time_ms))
}
