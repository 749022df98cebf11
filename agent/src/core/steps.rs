//! What a device that is free does next, and what the end of a hook means.

use latch_verify::{
    Reason, Refusal,
    device::{Armed, Platform, Release, Settlement, Submitted},
    ledger::Image,
    limits::MAX_RECEIPT_ENVELOPE,
    types::StatementId,
};

use super::{
    acting::act,
    event::{Effect, Effects, Hook, HookResult, LatchEvent, Notice},
    image::{Stage, is_fault, last_reverted, read_receipt, stage},
    queue::Found,
    station::{Morning, Station, Work},
};

/// What comes after a step.
pub(super) enum Next {
    /// Another one.
    Again,
    /// Nothing before the next event.
    Wait,
    /// The device boots.
    Boot,
}

/// What a code came to.
enum Verdict {
    /// There is a receipt; this is it, if it was told before.
    Answered(Option<Vec<u8>>),
    Noted,
    Ignored(Refusal),
    ManifestWanted(StatementId),
    Run(Work, Hook),
}

impl<P: Platform> Station<P> {
    /// Does one thing, if the device is free to.
    pub(super) fn step(&mut self, now_ms: u64, effects: &mut Effects) -> Next {
        self.tend(now_ms, effects);
        if self.winding_down {
            return Next::Wait;
        }
        match (&self.work, self.rest_until_ms) {
            (Work::Idle, None) if !self.device.is_whole() => {
                // Nothing is taken from the queue that the device could not answer.
                self.rest(now_ms, Reason::MemoryFault.into(), effects);
                return Next::Wait;
            }
            (Work::Idle, None) => {}
            (Work::Idle, Some(until_ms)) if until_ms > now_ms => return Next::Wait,
            (Work::Idle, Some(_)) | (Work::GaveUp, _) => return Next::Boot,
            _ => return Next::Wait,
        }
        let next = match self.morning {
            Morning::Latches => {
                self.morning = Morning::Twin;
                self.shut_everything();
                Next::Again
            }
            Morning::Twin => {
                self.morning = Morning::Image;
                self.resume(effects)
            }
            Morning::Image => {
                self.morning = Morning::Over;
                self.look_at_image(effects)
            }
            Morning::Over => self.go_on(now_ms, effects),
        };
        self.tell(effects);
        next
    }

    /// Makes a twin change again that a restart cut off.
    fn resume(&mut self, effects: &mut Effects) -> Next {
        let Some(unlatched) = self.device.resume() else {
            return Next::Again;
        };
        let (work, hook) = act(unlatched);
        if let Some(ticket) = work.ticket() {
            effects.notice(Notice::Resumed {
                statement: ticket.statement(),
            });
        }
        self.run(work, hook, effects)
    }

    /// Sees to it that the image which the device chose at its boot runs.
    fn look_at_image(&mut self, effects: &mut Effects) -> Next {
        if let Stage::Trial(image, boots_left) = stage(&self.device) {
            let (manifest, version) = (image.manifest, image.version);
            effects.notice(Notice::Trial {
                manifest,
                version,
                boots_left,
            });
            return self.run(
                Work::Activating,
                Hook::Activate {
                    image,
                    reverting: false,
                },
                effects,
            );
        }
        let Some(reason) = last_reverted(&mut self.device) else {
            return Next::Again;
        };
        let image = self.device.running();
        effects.notice(Notice::Reverted {
            reason,
            version: image.version,
        });
        self.run(
            Work::Reverting,
            Hook::Activate {
                image,
                reverting: true,
            },
            effects,
        )
    }

    /// The image on trial, of whichever component.
    fn on_trial(&self) -> Image {
        let running = self.device.running();
        self.device.installing().unwrap_or(running)
    }

    fn go_on(&mut self, now_ms: u64, effects: &mut Effects) -> Next {
        if self.device.facts().pending.is_some() {
            // It was burned, and its outcome could not be recorded: a boot settles it.
            self.rest(now_ms, Reason::StorageFault.into(), effects);
            return Next::Wait;
        }
        self.put_in_roots(now_ms, effects);
        if self.rest_until_ms.is_some() {
            return Next::Wait;
        }
        if let Stage::Received(manifest) = stage(&self.device) {
            return self.arm(now_ms, manifest, effects);
        }
        if !self.shutting.is_over() {
            return Next::Wait;
        }
        match self.queue.take(now_ms) {
            Some((statement, found)) => {
                self.submit(now_ms, statement, found, effects);
                Next::Again
            }
            None => Next::Wait,
        }
    }

    fn arm(&mut self, now_ms: u64, manifest: StatementId, effects: &mut Effects) -> Next {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        match self.device.arm(&mut out) {
            Ok(Armed::Ready) => {
                effects.notice(Notice::Armed { manifest });
                Next::Boot
            }
            Ok(Armed::Failed(_)) => Next::Again,
            Err(refusal) => {
                self.rest(now_ms, refusal, effects);
                Next::Wait
            }
        }
    }

    fn submit(&mut self, now_ms: u64, statement: Vec<u8>, found: Found, effects: &mut Effects) {
        let release = match &found {
            Found::NotAsked => Release::NotAsked,
            Found::Here(envelope) => Release::Found(envelope),
            Found::Missing(manifest) => {
                effects.notice(Notice::ManifestMissing {
                    manifest: *manifest,
                });
                if !self.queue.awaits(*manifest) {
                    effects.push(Effect::Unsubscribe(self.names.release(*manifest)));
                }
                Release::NotFound
            }
        };
        let before = self.device.facts().chain.number;
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let verdict = match self.device.submit(&statement, release, &mut out) {
            Submitted::Answered(receipt) => {
                let known = read_receipt(receipt).is_some_and(|read| read.number <= before);
                Verdict::Answered(known.then(|| receipt.to_vec()))
            }
            Submitted::Noted => Verdict::Noted,
            Submitted::Ignored(refusal) => Verdict::Ignored(refusal),
            Submitted::ManifestWanted(manifest) => Verdict::ManifestWanted(manifest),
            Submitted::Unlatched(unlatched) => {
                let (work, hook) = act(unlatched);
                Verdict::Run(work, hook)
            }
        };
        match verdict {
            Verdict::Answered(None) | Verdict::Noted => {}
            Verdict::Answered(Some(receipt)) => self.tell_again(&receipt, effects),
            Verdict::Ignored(refusal) if is_fault(refusal.reason) => {
                effects.notice(Notice::Fault { refusal });
            }
            Verdict::Ignored(refusal) => self.ignored(now_ms, refusal, effects),
            Verdict::ManifestWanted(manifest) => {
                effects.notice(Notice::ManifestWanted { manifest });
                self.queue.await_release(statement, manifest, now_ms);
                effects.push(Effect::Subscribe(self.names.release(manifest)));
            }
            Verdict::Run(work, hook) => {
                if let Some(ticket) = work.ticket() {
                    effects.notice(Notice::Unlatched {
                        statement: ticket.statement(),
                        hook: hook.name(),
                    });
                }
                self.run(work, hook, effects);
            }
        }
    }

    fn run(&mut self, work: Work, hook: Hook, effects: &mut Effects) -> Next {
        self.work = work;
        effects.push(Effect::Run(hook));
        Next::Wait
    }

    /// Draws the consequences of a hook's end.
    pub(super) fn finish(
        &mut self,
        now_ms: u64,
        work: Work,
        result: HookResult,
        effects: &mut Effects,
    ) {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let recorded = match (work, result) {
            (Work::Idle | Work::Reverting, _) => Ok(()),
            (Work::GaveUp, _) => {
                self.work = Work::GaveUp;
                Ok(())
            }
            (Work::Acting(ticket, _), result) => self
                .device
                .settle(ticket, settlement(result), &mut out)
                .map(|_| ()),
            (
                Work::Latching {
                    ticket,
                    latch,
                    event,
                },
                result,
            ) => {
                let statement = ticket.statement();
                let settled = self.device.settle(ticket, settlement(result), &mut out);
                let settled = settled.map(|_| ());
                if let Some(event) = left_to_shut(event, result.is_ok() && settled.is_ok()) {
                    self.shutting.put(Some(statement), latch, event);
                }
                settled
            }
            (Work::Activating, Ok(())) if self.winding_down => {
                // Still on trial: the next start asks again.
                Ok(())
            }
            (Work::Activating, Ok(())) => {
                let image = self.on_trial();
                self.run(Work::Checking, Hook::Health { image }, effects);
                Ok(())
            }
            (Work::Checking, Ok(())) => {
                let Image {
                    version, component, ..
                } = self.on_trial();
                let confirmed = self.device.confirm_component(component, &mut out);
                let confirmed = confirmed.map(|_| ());
                if confirmed.is_ok() {
                    effects.notice(Notice::Confirmed { version });
                }
                confirmed
            }
            (Work::Activating | Work::Checking, Err(_)) => {
                let given_up = self.device.give_up(&mut out).map(|_| ());
                if given_up.is_ok() {
                    self.work = Work::GaveUp;
                }
                given_up
            }
        };
        if let Err(refusal) = recorded {
            self.rest(now_ms, refusal, effects);
        }
    }
}

fn settlement(result: HookResult) -> Settlement {
    match result {
        Ok(()) => Settlement::Done,
        Err(code) => Settlement::Failed { code },
    }
}

/// What is left to shut behind a latch, if its hook or its receipt failed: to the device it is
/// closed then.
fn left_to_shut(event: LatchEvent, done: bool) -> Option<LatchEvent> {
    match event {
        _ if done => None,
        LatchEvent::Open { .. } => Some(LatchEvent::Close { cause: None }),
        // It stays open for as long as it was.
        LatchEvent::Renew { .. } => None,
        LatchEvent::Close { .. } | LatchEvent::Lockdown => Some(event),
    }
}
