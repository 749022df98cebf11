//! Devices in memory around the production verifier: what the program makes is put before
//! them, and what they sign is put before the program.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use latch_flash::Flash;
use latch_issue::ProvisionBundle;
use latch_verify::{
    device::{
        Clock, Device, Entropy, NoCounter, NoEntropy, Parts, Platform, Polled, Release, Settlement,
        Submitted, provision,
    },
    limits::{MAX_RECEIPT_ENVELOPE, MAX_STATE_ENVELOPE},
    statement::{Outcome, Receipt},
    types::Version,
    wire::SeedKey,
};

use crate::bench::{Bench, Wish};

/// Two sectors of the journal, and more than any test writes.
const JOURNAL_BYTES: usize = 128 * 1024;
const SLOT_BYTES: usize = 256 * 1024;

type Nor = Flash<1, 4, 4096>;

pub(crate) struct Board;

impl Platform for Board {
    type Journal = Nor;
    type Slot = Nor;
    type Clock = BoardClock;
    type Entropy = System;
    type Key = SeedKey;
    type Counter = NoCounter;
}

/// A clock that a test sets; zero is no clock. Its ticks go on when a test says so.
#[derive(Clone, Default)]
pub(crate) struct BoardClock {
    now_ms: Arc<AtomicU64>,
    ticks_ms: Arc<AtomicU64>,
}

impl Clock for BoardClock {
    fn ticks_ms(&self) -> u64 {
        self.ticks_ms.load(Ordering::Relaxed)
    }

    fn trusted_ms(&self) -> Option<u64> {
        Some(self.now_ms.load(Ordering::Relaxed)).filter(|now| *now > 0)
    }
}

pub(crate) struct System;

impl Entropy for System {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(buffer).map_err(|_| NoEntropy)
    }
}

/// A device that was enrolled in a project.
pub(crate) struct Member {
    device: Option<Device<Board>>,
    clock: BoardClock,
}

impl Member {
    /// Enrols a device by the program, and provisions it from the bundle. Its factory image
    /// is 1.0.0, and it has no clock.
    pub(crate) fn enrol(bench: &Bench, wish: &Wish) -> Self {
        bench.enrol(wish);
        let bundle = bench.read(&format!("devices/{}.bundle", wish.device));
        let bundle = ProvisionBundle::from_bytes(&bundle).expect("a bundle");
        let clock = BoardClock::default();
        let parts = Parts {
            journal: Nor::new(JOURNAL_BYTES),
            slots: [Nor::new(SLOT_BYTES), Nor::new(SLOT_BYTES)],
            clock: clock.clone(),
            entropy: System,
            key: SeedKey::new(&wish.seed),
            counter: NoCounter,
        };
        let factory = Version {
            major: 1,
            minor: 0,
            patch: 0,
        };
        let device = provision::<Board>(
            parts,
            bundle.root().bytes(),
            bundle.enrolment().bytes(),
            factory,
        );
        Self {
            device: Some(device.expect("provisioned")),
            clock,
        }
    }

    /// Gives it a clock that it trusts.
    pub(crate) fn set_clock(&self) {
        let now = latch_issue::now().expect("a clock");
        self.clock.now_ms.store(now.get(), Ordering::Relaxed);
    }

    /// Lets time pass, and returns the receipts of what closes by itself.
    pub(crate) fn pass(&mut self, ms: u64) -> Vec<Vec<u8>> {
        self.clock.ticks_ms.fetch_add(ms, Ordering::Relaxed);
        let mut receipts = Vec::new();
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        while let Polled::Closed { receipt, .. } = self.device().poll(&mut out) {
            receipts.push(receipt.expect("a receipt").to_vec());
        }
        receipts
    }

    /// The device.
    pub(crate) fn device(&mut self) -> &mut Device<Board> {
        self.device
            .as_mut()
            .expect("it is away only while it boots")
    }

    /// Boots it again.
    pub(crate) fn reboot(&mut self) {
        let parts = self.device.take().map(Device::into_parts);
        self.device = parts.map(|parts| Device::boot(parts).expect("boots"));
    }

    /// Its signed state.
    pub(crate) fn state(&mut self) -> Vec<u8> {
        let mut out = [0; MAX_STATE_ENVELOPE];
        self.device().state(&mut out).expect("signed").to_vec()
    }

    /// Writes its signed state to a file.
    pub(crate) fn leave_state(&mut self, bench: &Bench, file: &str) {
        bench.write(file, self.state());
    }

    /// Puts a statement before it; what it is told to do succeeds. Returns the receipt, or
    /// nothing when it does not answer.
    pub(crate) fn take(&mut self, statement: &[u8], release: Release<'_>) -> Option<Vec<u8>> {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let ticket = match self.device().submit(statement, release, &mut out) {
            Submitted::Answered(receipt) => return Some(receipt.to_vec()),
            Submitted::Ignored(_) | Submitted::Noted | Submitted::ManifestWanted(_) => {
                return None;
            }
            Submitted::Unlatched(unlatched) => unlatched.act().1,
        };
        let receipt = self
            .device()
            .settle(ticket, Settlement::Done, &mut out)
            .expect("settled");
        Some(receipt.to_vec())
    }

    /// Takes the statement in a file; returns the outcome.
    pub(crate) fn outcome(&mut self, bench: &Bench, file: &str) -> Option<Outcome> {
        let receipt = self.take(&bench.read(file), Release::NotAsked)?;
        Some(outcome_of(receipt))
    }
}

/// The outcome in a receipt.
pub(crate) fn outcome_of(receipt: Vec<u8>) -> Outcome {
    let statement = latch_issue::Statement::from_bytes(receipt).expect("a statement");
    statement.body::<Receipt>().expect("a receipt").outcome
}
