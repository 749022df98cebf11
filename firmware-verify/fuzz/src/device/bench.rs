//! A device on the bench: whatever comes out of it is shown to the witness.

use latch_verify::{
    device::{Clock as _, Observation, Release as Offer, Submitted, Ticket},
    limits::MAX_RECEIPT_ENVELOPE,
    statement::Context,
    types::{Challenge, Posture, StatementId, VersionRange},
};

use super::{
    codes::Told,
    hardware::{Hardware, Machine},
    witness::Witness,
};
use crate::{oracle::Moment, tenant::SAFE};

/// Posture that every rule is satisfied with.
pub(super) const FIT: Posture = Posture {
    known: SAFE.must_hold | SAFE.must_not_hold,
    value: SAFE.must_hold,
};

/// A device, and what the world knows about it.
pub(crate) struct Bench {
    pub(crate) hardware: Hardware,
    pub(crate) device: Machine,
    pub(super) witness: Witness,
    pub(super) posture: Observation,
    pub(super) observed_ticks_ms: u64,
    /// What the device has published since it has booted, the newest last.
    pub(super) challenges: Vec<Challenge>,
    /// What came out and was not settled.
    pub(super) ticket: Option<Ticket>,
    pub(super) kept: Vec<Vec<u8>>,
    pub(super) issued: u16,
    /// How often an action came out.
    pub(crate) effects: u32,
    /// Whether the flash fails, rather than the power: not both in one life.
    pub(super) mishaps: bool,
}

impl Bench {
    pub(super) fn new(weak: bool) -> Self {
        let hardware = Hardware::provisioned();
        for chip in [&hardware.journal, &hardware.slots[0], &hardware.slots[1]] {
            chip.probe().set_weak(weak);
        }
        let device = Machine::boot(hardware.parts()).expect("a first boot");
        let mut bench = Self {
            hardware,
            device,
            witness: Witness::default(),
            posture: Observation {
                facts: u32::MAX,
                posture: FIT,
                max_age_ms: u64::MAX,
            },
            observed_ticks_ms: 0,
            challenges: Vec::new(),
            ticket: None,
            kept: Vec::new(),
            issued: 0,
            effects: 0,
            mishaps: false,
        };
        bench.up();
        bench
    }

    /// What holds after every step; and the power comes back.
    pub(super) fn after(&mut self) {
        if self.hardware.is_off() {
            self.boot();
        }
        self.witness.look(&self.device, &self.hardware);
        let challenge = self.device.status().challenge;
        if self.challenges.last() != Some(&challenge) {
            self.challenges.push(challenge);
        }
    }

    /// Boots until the power lasts. A device that has run always comes up again.
    pub(super) fn boot(&mut self) {
        self.ticket = None;
        loop {
            self.hardware.power_on();
            let expected = self.hardware.expects_mishap();
            match Machine::boot(self.hardware.parts()) {
                Ok(device) if !self.hardware.is_off() => {
                    self.device = device;
                    break self.up();
                }
                Ok(_) => {}
                Err(fault) => {
                    let excused = expected && !self.hardware.expects_mishap();
                    assert!(excused || self.hardware.is_off(), "a brick: {fault}");
                }
            }
        }
    }

    /// The device has booted: its latches are shut, and its last receipts are told again.
    fn up(&mut self) {
        self.witness.booted();
        self.observe();
        self.challenges = vec![self.device.status().challenge];
        self.witness.look(&self.device, &self.hardware);
        let recent: Vec<StatementId> = self.device.recent().collect();
        for statement in recent {
            let mut out = [0; MAX_RECEIPT_ENVELOPE];
            let receipt = self.device.receipt(statement, &mut out);
            self.witness.hear(receipt.expect("a receipt that is kept"));
        }
    }

    /// Tells the device what its posture is.
    pub(super) fn observe(&mut self) {
        self.observed_ticks_ms = self.hardware.clock.ticks_ms();
        self.device.observe(&self.posture);
    }

    /// The posture that the device has been told and may still rely on.
    fn known_posture(&self) -> Posture {
        let age_ms = self.hardware.clock.ticks_ms() - self.observed_ticks_ms;
        if age_ms < self.posture.max_age_ms {
            self.posture.posture
        } else {
            Posture::default()
        }
    }

    pub(super) fn told(&self) -> Told {
        let status = self.device.status();
        let version = status.firmware.version;
        Told {
            challenges: self.challenges.clone(),
            epoch: status.epoch,
            context: Context {
                firmware: Some(VersionRange {
                    least: version,
                    most: version,
                }),
                twin_version: Some(status.twin_version),
                boot: Some(status.boot),
            },
        }
    }

    pub(super) fn moment(&self) -> Moment {
        let status = self.device.status();
        Moment {
            epoch: status.epoch,
            time: status.time,
            locked_down: status.locked_down,
            // The current one and the one before it.
            challenges: self.challenges.iter().rev().take(2).copied().collect(),
            firmware: status.firmware.version,
            twin_version: status.twin_version,
            boot: status.boot,
            posture: self.known_posture(),
        }
    }

    /// The manifest that the device wants to see first, if it does.
    pub(super) fn put_in(&mut self, statement: &[u8], release: Offer<'_>) -> Option<StatementId> {
        let ticks_ms = self.hardware.clock.ticks_ms();
        self.witness.attempt(statement, self.moment(), ticks_ms);
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        match self.device.submit(statement, release, &mut out) {
            Submitted::ManifestWanted(id) => return Some(id),
            Submitted::Ignored(_) | Submitted::Noted => {}
            Submitted::Answered(receipt) => {
                assert!(!self.hardware.is_off(), "an answer that is not durable");
                let receipt = receipt.to_vec();
                self.witness.look(&self.device, &self.hardware);
                self.witness.hear(&receipt);
            }
            Submitted::Unlatched(unlatched) => {
                assert!(!self.hardware.is_off(), "an effect that is not burned");
                let (opened, ticket) = unlatched.act();
                self.effects += 1;
                self.witness.effect(ticket.statement(), &opened);
                let facts = self.device.facts();
                let pending = facts.pending.map(|pending| pending.code.statement);
                assert_eq!(
                    pending,
                    Some(ticket.statement()),
                    "an effect before its burn"
                );
                self.ticket = Some(ticket);
            }
        }
        None
    }

    /// Lets the device say something. It says nothing that its journal does not hold.
    pub(super) fn heard(
        &mut self,
        ask: impl for<'o> FnOnce(&mut Machine, &'o mut [u8]) -> Option<&'o [u8]>,
    ) {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let Some(receipt) = ask(&mut self.device, &mut out) else {
            return;
        };
        assert!(!self.hardware.is_off(), "an answer that is not durable");
        self.witness.look(&self.device, &self.hardware);
        self.witness.hear(receipt);
    }
}
