//! What the device says of itself: receipts and state, made and signed here.

use core::ops::DerefMut;

use super::{
    Clock as _, Device, Memory, Platform,
    signing::{sign_message, write_message},
};
use crate::{
    boot::Started,
    ledger::{Facts, Image, Install, InstallPhase, Pending, RECORD, Recent, Record},
    limits::{ENVELOPE_HEAD, MAX_RECORD, PULSE_ROTATE_MS},
    reject::{Reason, Refusal, ensure},
    statement::{
        ComponentVersion, FirmwareStatus, MAIN_COMPONENT, More, Outcome, Receipt, State, Status,
    },
    twin::Bytes,
    types::{Digest, KeyId, Sequence, StatementId},
    wire::{BODY_VERSIONS, Body, Kind, decode_whole, head_of},
};

/// The statement that a receipt answers.
pub(super) struct About {
    pub(super) statement: StatementId,
    pub(super) kind: Kind,
    pub(super) issuer: Option<KeyId>,
    pub(super) sequence: Option<Sequence>,
    pub(super) break_glass: bool,
    pub(super) trial: Option<u16>,
    pub(super) age_ms: Option<u64>,
}

impl From<&Pending> for About {
    #[inline(never)]
    fn from(pending: &Pending) -> Self {
        Self {
            statement: pending.code.statement,
            kind: Kind::Code,
            issuer: Some(pending.code.issuer),
            sequence: Some(pending.code.sequence),
            break_glass: pending.break_glass,
            trial: pending.trial,
            age_ms: pending.age_ms,
        }
    }
}

impl<
    P: Platform,
    const TWIN: usize,
    const USED: usize,
    const LATCHES: usize,
    const ISSUERS: usize,
    M,
> Device<P, TWIN, USED, M>
where
    M: DerefMut<Target = Memory<TWIN, USED, LATCHES, ISSUERS>>,
{
    /// Records an outcome durably and signs its receipt into `out`.
    ///
    /// # Errors
    /// [`Reason::StorageFault`], [`Reason::MemoryFault`], [`Reason::KeyFault`], [`Reason::BufferTooSmall`].
    pub(super) fn conclude<'o>(
        &mut self,
        about: &About,
        outcome: Outcome,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Reason> {
        let chain = self.memory.ledger.facts.chain;
        let identity = &self.memory.ledger.identity;
        let receipt = Receipt {
            tenant: identity.tenant,
            device: identity.device.clone(),
            incarnation: identity.incarnation,
            number: chain.number.saturating_add(1),
            previous: chain.head,
            statement: about.statement,
            kind: about.kind.number(),
            issuer: about.issuer,
            sequence: about.sequence,
            break_glass: about.break_glass,
            outcome,
            trial: about.trial,
            age_ms: about.age_ms,
            status: self.status_after(&outcome),
            more: More::default(),
        };
        // What a boot could not read again is never written.
        receipt.check().map_err(|_| Reason::LogicFault)?;
        let message_len = write_message(&receipt, out)?;
        let message = out.get(..message_len).ok_or(Reason::LogicFault)?;
        let body = message.get(ENVELOPE_HEAD..).ok_or(Reason::LogicFault)?;
        let digest = Digest::of(&[message]);
        self.append(&Record::Outcome {
            digest,
            receipt: Bytes(body),
        })?;
        self.sign(message_len, out)
    }

    /// Signs the receipt with this number again: the same bytes as the first time.
    ///
    /// # Errors
    /// [`Reason::AlreadyUsed`] when it is no longer kept, [`Reason::StorageFault`], [`Reason::MemoryFault`],
    /// [`Reason::KeyFault`], [`Reason::BufferTooSmall`].
    pub fn receipt_numbered<'o>(
        &mut self,
        number: u64,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Refusal> {
        let recents = &self.memory.ledger.facts.recent;
        let recent = recents.iter().find(|recent| recent.number == number);
        let recent = recent.ok_or(Reason::AlreadyUsed)?;
        Ok(self.repeat(recent, out)?)
    }

    /// Signs the last receipt for a statement again: the same bytes as the first time.
    ///
    /// # Errors
    /// [`Reason::AlreadyUsed`] when it is no longer kept, [`Reason::StorageFault`], [`Reason::MemoryFault`],
    /// [`Reason::KeyFault`], [`Reason::BufferTooSmall`].
    pub fn receipt<'o>(
        &mut self,
        statement: StatementId,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Refusal> {
        let recent = self
            .memory
            .ledger
            .facts
            .recent_for(statement)
            .ok_or(Reason::AlreadyUsed)?;
        Ok(self.repeat(recent, out)?)
    }

    pub(super) fn repeat<'o>(
        &mut self,
        recent: Recent,
        out: &'o mut [u8],
    ) -> Result<&'o [u8], Reason> {
        let message_len = self.read_receipt(recent, out)?;
        self.sign(message_len, out)
    }

    /// Puts the message of a receipt that is kept at the start of `out`. Apart from its signature, so that the record is off the
    /// stack by then.
    #[inline(never)]
    fn read_receipt(&mut self, recent: Recent, out: &mut [u8]) -> Result<usize, Reason> {
        let mut buffer = [0; MAX_RECORD];
        let entry = self
            .journal
            .read(recent.at, &mut buffer)
            .map_err(|_| Reason::StorageFault)?;
        ensure(entry.kind == RECORD, Reason::LogicFault)?;
        let Record::Outcome {
            receipt: Bytes(body),
            ..
        } = decode_whole(entry.body)?
        else {
            return Err(Reason::LogicFault);
        };
        let head = head_of(Kind::Receipt, Kind::Receipt.newest_version(), body.len())?;
        let message_len = ENVELOPE_HEAD.saturating_add(body.len());
        let (start, rest) = out
            .split_at_mut_checked(ENVELOPE_HEAD)
            .ok_or(Reason::BufferTooSmall)?;
        start.copy_from_slice(&head);
        rest.get_mut(..body.len())
            .ok_or(Reason::BufferTooSmall)?
            .copy_from_slice(body);
        Ok(message_len)
    }

    /// Signs the device's state into `out`.
    ///
    /// # Errors
    /// [`Reason::KeyFault`], [`Reason::BufferTooSmall`], [`Reason::NoEntropy`], [`Reason::MemoryFault`].
    pub fn state<'o>(&mut self, out: &'o mut [u8]) -> Result<&'o [u8], Refusal> {
        let ticks_ms = self.clock.ticks_ms();
        self.memory.nonces.age(&mut self.entropy, ticks_ms)?;
        let every_ms = self.pulse_every_ms().unwrap_or(PULSE_ROTATE_MS);
        self.memory
            .nonces
            .beat(&mut self.entropy, ticks_ms, every_ms)?;
        let ledger = &self.memory.ledger;
        let state = State {
            tenant: ledger.identity.tenant,
            product: ledger.identity.product,
            device: ledger.identity.device.clone(),
            incarnation: ledger.identity.incarnation,
            receipts: ledger.facts.chain.number,
            head: ledger.facts.chain.head,
            status: self.status(),
            twin: ledger.facts.twin.entries(),
            more: More::components(ledger.facts.components.iter().map(|component| {
                ComponentVersion {
                    number: component.number,
                    version: component.version,
                }
            })),
        };
        let message_len = write_message(&state, out)?;
        Ok(self.sign(message_len, out)?)
    }

    /// What the device is now.
    #[must_use]
    pub fn status(&self) -> Status {
        let Facts {
            twin,
            firmware,
            boot,
            install,
            ..
        } = &self.memory.ledger.facts;
        let trial_boots_left = match install {
            // The running boot is one of the trial too.
            Some(Install {
                phase: InstallPhase::Trial { boots_left, .. },
                ..
            }) => boots_left.saturating_add(1),
            _ => 0,
        };
        let Image {
            version, manifest, ..
        } = self.running();
        let root = self.memory.ledger.trust.terms().ok();
        Status {
            time: self.time(),
            challenge: self.memory.nonces.challenges().current,
            pulse: self.memory.nonces.pulse(),
            locked_down: self.memory.ledger.facts.locked_down,
            open: self.open_latches(),
            root_version: root.map_or(0, |root| root.version),
            epoch: root.map_or(0, |root| root.epoch),
            twin_version: twin.version,
            firmware: FirmwareStatus {
                version,
                manifest,
                security_floor: firmware.security_floor,
                trial_boots_left,
            },
            boot: *boot,
            posture: self.memory.posture.posture(self.clock.ticks_ms()),
            junk: self.junk,
            body_versions: BODY_VERSIONS,
        }
    }

    /// The status that holds once this outcome is recorded.
    fn status_after(&self, outcome: &Outcome) -> Status {
        let Facts {
            firmware, install, ..
        } = &self.memory.ledger.facts;
        let mut status = self.status();
        match outcome {
            Outcome::InstallConfirmed => {
                let risen = install
                    .as_ref()
                    .filter(|install| install.image.component == MAIN_COMPONENT)
                    .map_or(0, |install| install.image.security_version);
                status.firmware.security_floor = status.firmware.security_floor.max(risen);
                status.firmware.trial_boots_left = 0;
            }
            Outcome::TimeRaised { .. } => {}
            Outcome::InstallReverted { .. } => {
                status.firmware.trial_boots_left = 0;
                let tried = install.as_ref().map(|install| install.image.slot);
                // A program in the other slot has said of itself what is true: it may be the fallback.
                let is_other = matches!(self.started, Started::Slot(slot) if tried != Some(slot));
                if !is_other {
                    let after = if tried == Some(firmware.confirmed.slot) {
                        // It was written over: only where it was damaged does a release go there.
                        firmware.fallback.unwrap_or_default()
                    } else {
                        firmware.confirmed
                    };
                    status.firmware.version = after.version;
                    status.firmware.manifest = after.manifest;
                }
            }
            _ => {}
        }
        status
    }

    /// Adds the device's signature to the message at the start of `out`.
    fn sign<'o>(&mut self, message_len: usize, out: &'o mut [u8]) -> Result<&'o [u8], Reason> {
        self.memory.ledger.whole()?;
        let envelope = sign_message(&mut self.key, self.key_id, message_len, out)?;
        self.work.signatures_made = self.work.signatures_made.saturating_add(1);
        Ok(envelope)
    }
}
