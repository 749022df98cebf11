//! How a record changes the ledger: the same code for a journal that is read at boot and
//! for a record that was just appended.

use core::hint::black_box;

use super::{
    name::CodeName,
    needs::Table,
    recent::Recent,
    record::{Doing, Effect, OpenLatch, Record},
    state::{Chain, Facts, Install, NewRoot},
};
use crate::{
    journal::Address,
    reject::{Reason, Refusal},
    statement::{Outcome, Receipt},
    twin::check_document,
    types::{Digest, KeyId, Sequence, StatementId, TimeMs},
    verdict::{Burned, InForce, Use},
    wire::{Body as _, decode_whole},
};

impl<const TWIN: usize, const USED: usize, const LATCHES: usize, const ISSUERS: usize>
    Facts<TWIN, USED, LATCHES, ISSUERS>
{
    /// Changes the facts by a record that is durable at this address, and by what its receipt [says](said_in).
    ///
    /// # Errors
    /// [`Reason::LogicFault`] or a reason of the part that does not fit.
    pub(crate) fn apply(
        &mut self,
        record: &Record<'_>,
        said: Option<&Said>,
        address: Address,
    ) -> Result<(), Reason> {
        match record {
            Record::Identity { .. } | Record::Root(_) => return Err(Reason::LogicFault),
            Record::Counters {
                boot,
                time_floor_ms,
                chain,
                locked_down,
                root_told,
                anchor,
            } => {
                self.boot = *boot;
                self.time_floor_ms = *time_floor_ms;
                self.chain = *chain;
                self.locked_down = *locked_down;
                self.root_told = *root_told;
                self.anchor = *anchor;
                self.begun = true;
            }
            Record::Twin { version, document } => {
                check_document(document).map_err(Refusal::into_reason)?;
                self.twin.replace(*version, document.bytes())?;
            }
            Record::Burned(codes) => {
                codes.sound()?;
                let burned = codes.iter().try_for_each(|code| self.replay.burn(code));
                burned.map_err(Refusal::into_reason)?;
            }
            Record::Open(latches) => {
                latches.sound()?;
                latches.iter().try_for_each(|open| self.open(&open))?;
            }
            Record::Floors(floors) => {
                floors.sound()?;
                let kept = floors
                    .iter()
                    .try_for_each(|floor| self.replay.set_floor(floor));
                kept.map_err(Refusal::into_reason)?;
            }
            Record::Firmware(firmware) => self.firmware = *firmware,
            Record::Components { others, needs } => {
                others.sound()?;
                needs.sound()?;
                let components = &mut self.components;
                others.iter().try_for_each(|other| components.add(other))?;
                components.are_in(Table::of(address, needs.iter()));
            }
            Record::Install {
                pending,
                image,
                not_after_ms,
                epoch,
                answered,
                phase,
                stopped,
                ..
            } => {
                self.install = Some(Install {
                    pending: *pending,
                    image: *image,
                    not_after_ms: *not_after_ms,
                    epoch: *epoch,
                    answered: *answered,
                    phase: *phase,
                    stopped: *stopped,
                    manifest_at: address,
                });
            }
            Record::Pending(pending) => self.pending = Some(*pending),
            Record::Boot { count } => {
                self.boot = *count;
                if let Some(install) = &mut self.install {
                    install.phase = install.phase.booted();
                }
            }
            Record::Attempt => {
                let install = self.install.as_mut().ok_or(Reason::LogicFault)?;
                install.phase = install.phase.attempted();
            }
            Record::Burn {
                pending,
                time_floor_ms,
                effect,
            } => {
                let CodeName {
                    issuer,
                    sequence,
                    statement,
                } = pending.code;
                let burned = self.replay.burn(Burned {
                    issuer,
                    sequence,
                    statement,
                    used: match pending.what {
                        Doing::Twin => Use::Twin,
                        _ => Use::Once,
                    },
                    stopped: false,
                    receipt: 0,
                });
                burned.map_err(Refusal::into_reason)?;
                self.time_floor_ms = self.time_floor_ms.max(*time_floor_ms);
                self.pending = Some(*pending);
                // To undo what only closes, or did nothing, would help nobody.
                if !matches!(pending.what, Doing::Probe | Doing::Close { .. }) {
                    self.anchor = self.anchor.saturating_add(1);
                }
                self.effect(effect, address)?;
            }
            Record::Outcome { digest, .. } => {
                self.told(digest, said.ok_or(Reason::LogicFault)?, address)?;
            }
            Record::Phase(phase) => self.install.as_mut().ok_or(Reason::LogicFault)?.phase = *phase,
        }
        Ok(())
    }

    /// What a successor of the trust root changes. A new epoch voids every code of those
    /// before, so that nothing has to be remembered of them, and no floor of time either.
    pub(super) fn begin_root(&mut self, trust: &InForce, begun: &NewRoot) {
        self.anchor = self.anchor.saturating_add(1);
        // What is forgotten here is asked for twice: by one skipped instruction every used code of the epoch would count again.
        let [one, other] = begun.epochs_before;
        let raises_epoch = |before| {
            let epoch = trust.terms().map_or(0, |terms| terms.epoch);
            black_box(epoch) > black_box(before)
        };
        // A floor that keys have thrown forward goes with them (TUF, specification 1.0.33, 5.3.11).
        let [drops, drops_too] = begun.drops_a_time_key;
        let drops_floor = |before, drops| raises_epoch(before) || black_box(drops);
        if drops_floor(one, drops) && drops_floor(other, drops_too) {
            self.time_floor_ms = TimeMs::default();
        }
        if raises_epoch(one) && raises_epoch(other) {
            let ring = trust.ring();
            self.replay.begin_epoch(|key| ring.role(key).is_some());
        }
    }

    fn open(&mut self, open: &OpenLatch) -> Result<(), Reason> {
        self.open.shut(open.latch);
        self.open.push(open)
    }

    #[inline(never)]
    fn told(&mut self, digest: &Digest, receipt: &Said, address: Address) -> Result<(), Reason> {
        self.remember(receipt, address)?;
        // At the head of a snapshot stand receipts that were copied: the state that
        // follows them contains what they changed.
        if self.begun {
            self.chain = Chain {
                number: receipt.number,
                head: *digest,
            };
            self.outcome(receipt)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn effect(&mut self, effect: &Effect<'_>, address: Address) -> Result<(), Reason> {
        match effect {
            Effect::Patch(patch) => {
                self.twin.patch(*patch)?;
            }
            Effect::Install {
                image,
                not_after_ms,
                epoch,
                answered,
                ..
            } => {
                let pending = self.pending.ok_or(Reason::LogicFault)?;
                self.firmware.make_way(image);
                self.install = Some(Install {
                    pending,
                    image: *image,
                    not_after_ms: *not_after_ms,
                    epoch: *epoch,
                    answered: *answered,
                    manifest_at: address,
                    ..Install::ZERO
                });
            }
            Effect::Open { latch } => {
                let pending = self.pending.ok_or(Reason::LogicFault)?;
                self.open(&OpenLatch {
                    latch: *latch,
                    code: pending.code,
                    break_glass: pending.break_glass,
                })?;
            }
            Effect::Close { latch } => self.open.shut(*latch),
            Effect::Lockdown => {
                self.locked_down = true;
                self.open.clear();
            }
            Effect::Unlock => self.locked_down = false,
            Effect::Command | Effect::Probe | Effect::Renew => {}
        }
        Ok(())
    }

    fn remember(&mut self, receipt: &Said, address: Address) -> Result<(), Reason> {
        let refused = match receipt.outcome {
            Outcome::Refused { reason, .. } => Some(reason),
            _ => None,
        };
        self.recent.remember(&Recent {
            number: receipt.number,
            statement: receipt.statement,
            refused,
            at: address,
        })
    }

    #[inline(never)]
    fn outcome(&mut self, receipt: &Said) -> Result<(), Reason> {
        // Both where they lie: a copy that a skipped instruction writes elsewhere would lie somewhere in the ledger.
        let statement = &receipt.statement;
        let in_hand = self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.code.statement == *statement);
        match receipt.outcome {
            Outcome::Refused { .. } if !in_hand => return Ok(()),
            Outcome::Refused { .. }
            | Outcome::Applied { .. }
            | Outcome::Performed
            | Outcome::InstallStarted
            | Outcome::Probed
            | Outcome::Opened { .. }
            | Outcome::Renewed { .. }
            | Outcome::LockedDown
            | Outcome::Unlocked => {}
            // What did not open, or may not have, counts as closed.
            Outcome::ActuatorFailed { .. } | Outcome::Interrupted => {
                self.open.shut_by(*statement);
            }
            Outcome::Closed { latch, .. } => self.open.shut(latch),
            Outcome::InstallConfirmed => {
                let install = self.install.as_ref().ok_or(Reason::LogicFault)?;
                self.components
                    .confirm(install.component(), install.manifest_at)?;
                self.firmware.confirm(&install.image);
                self.install = None;
                self.anchor = self.anchor.saturating_add(1);
            }
            Outcome::InstallReverted { .. } | Outcome::InstallFailed { .. } => self.install = None,
            Outcome::RootAccepted { version, .. } => self.root_told = version,
            Outcome::Revoked => {
                let (issuer, through) = named(receipt)?;
                let kept = self.replay.revoke(issuer, through);
                kept.map_err(Refusal::into_reason)?;
                self.anchor = self.anchor.saturating_add(1);
            }
            Outcome::Stopped { statement, .. } => {
                let (issuer, sequence) = named(receipt)?;
                let kept = self.replay.stop(issuer, sequence, statement);
                kept.map_err(Refusal::into_reason)?;
                if let Some(install) = &mut self.install {
                    install.stopped |= install.pending.code
                        == CodeName {
                            issuer,
                            sequence,
                            statement,
                        };
                }
                self.anchor = self.anchor.saturating_add(1);
            }
            Outcome::TimeRaised { floor_ms } => {
                self.time_floor_ms = self.time_floor_ms.max(floor_ms);
            }
        }
        if in_hand {
            self.pending = None;
        }
        if let Ok((issuer, sequence)) = named(receipt) {
            self.replay
                .told(issuer, sequence, *statement, receipt.number);
        }
        Ok(())
    }
}

/// What a receipt says, as far as the ledger changes by it.
pub(crate) struct Said {
    number: u64,
    statement: StatementId,
    issuer: Option<KeyId>,
    sequence: Option<Sequence>,
    outcome: Outcome,
}

/// What the receipt in a record says, if there is one. Read before anything changes by it: an instruction that is skipped where
/// it is read must not lie between a ledger that was whole and its next sum.
///
/// # Errors
/// As the receipt's [`check`](Receipt::check), and as reading it.
pub(crate) fn said_in(record: &Record<'_>) -> Result<Option<Said>, Reason> {
    match record {
        Record::Outcome { receipt, .. } => said(receipt.0).map(Some),
        _ => Ok(None),
    }
}

/// Reads a receipt. Apart from what is done with it, as reading takes far more of the stack.
#[inline(never)]
fn said(body: &[u8]) -> Result<Said, Reason> {
    // In the newest version, in which every device writes.
    let receipt: Receipt = decode_whole(body)?;
    receipt.check().map_err(Refusal::into_reason)?;
    let Receipt {
        number,
        statement,
        issuer,
        sequence,
        outcome,
        ..
    } = receipt;
    Ok(Said {
        number,
        statement,
        issuer,
        sequence,
        outcome,
    })
}

/// The issuer and sequence that a receipt names.
fn named(receipt: &Said) -> Result<(KeyId, Sequence), Reason> {
    let names = receipt.issuer.zip(receipt.sequence);
    names.ok_or(Reason::LogicFault)
}

#[cfg(test)]
mod tests;
