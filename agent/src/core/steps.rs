//! What a device that is free does next, and what the end of a hook means.

use latch_verify::{
    Reason, Refusal,
    device::{Armed, Opened, Platform, Release, Settlement, Submitted, Unlatched},
    limits::MAX_RECEIPT_ENVELOPE,
    twin::{Entries, Tree},
    types::StatementId,
};
use serde_json::Value;

use super::{
    event::{Effect, Effects, Hook, HookResult, Notice},
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
    Ignored(Refusal),
    ManifestWanted(StatementId),
    Run(Work, Hook),
}

impl<P: Platform> Station<P> {
    /// Does one thing, if the device is free to.
    pub(super) fn step(&mut self, now_ms: u64, effects: &mut Effects) -> Next {
        if self.winding_down {
            return Next::Wait;
        }
        if let Some(until_ms) = self.rest_until_ms {
            return if until_ms <= now_ms {
                Next::Boot
            } else {
                Next::Wait
            };
        }
        match self.work {
            Work::Idle => {}
            Work::GaveUp => return Next::Boot,
            _ => return Next::Wait,
        }
        let next = match self.morning {
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
        if let Work::Acting(ticket, _) = &work {
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

    fn go_on(&mut self, now_ms: u64, effects: &mut Effects) -> Next {
        if self.device.facts().pending.is_some() {
            // It was burned, and its outcome could not be recorded: a boot settles it.
            self.rest(now_ms, Reason::StorageFault.into(), effects);
            return Next::Wait;
        }
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        if let Err(refusal) = self.device.expire(&mut out) {
            self.rest(now_ms, refusal, effects);
            return Next::Wait;
        }
        if let Stage::Received(manifest) = stage(&self.device) {
            return self.arm(now_ms, manifest, effects);
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
            Submitted::Ignored(refusal) => Verdict::Ignored(refusal),
            Submitted::ManifestWanted(manifest) => Verdict::ManifestWanted(manifest),
            Submitted::Unlatched(unlatched) => {
                let (work, hook) = act(unlatched);
                Verdict::Run(work, hook)
            }
        };
        match verdict {
            Verdict::Answered(None) => {}
            Verdict::Answered(Some(receipt)) => self.tell_again(&receipt, effects),
            Verdict::Ignored(refusal) if is_fault(refusal.reason) => {
                effects.notice(Notice::Fault { refusal });
            }
            Verdict::Ignored(refusal) => effects.notice(Notice::Ignored { refusal }),
            Verdict::ManifestWanted(manifest) => {
                effects.notice(Notice::ManifestWanted { manifest });
                self.queue.await_release(statement, manifest, now_ms);
                effects.push(Effect::Subscribe(self.names.release(manifest)));
            }
            Verdict::Run(work, hook) => {
                if let Work::Acting(ticket, hook) = &work {
                    effects.notice(Notice::Unlatched {
                        statement: ticket.statement(),
                        hook,
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
            (Work::Acting(ticket, _), result) => {
                let settlement = match result {
                    Ok(()) => Settlement::Done,
                    Err(code) => Settlement::Failed { code },
                };
                self.device.settle(ticket, settlement, &mut out).map(|_| ())
            }
            (Work::Activating, Ok(())) if self.winding_down => {
                // Still on trial: the next start asks again.
                Ok(())
            }
            (Work::Activating, Ok(())) => {
                let image = self.device.running();
                self.run(Work::Checking, Hook::Health { image }, effects);
                Ok(())
            }
            (Work::Checking, Ok(())) => {
                let version = self.device.running().version;
                let confirmed = self.device.confirm(&mut out).map(|_| ());
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

/// Takes an unlatched action as a hook that lives on its own.
fn act(unlatched: Unlatched<'_>) -> (Work, Hook) {
    let (opened, ticket) = unlatched.act();
    let statement = ticket.statement();
    let hook = match opened {
        Opened::Twin {
            version,
            patch,
            twin,
        } => Hook::Twin {
            statement,
            version,
            patch: patch.map(json),
            twin: json(twin),
        },
        Opened::Command { name, arguments } => Hook::Command {
            statement,
            name: name.to_owned(),
            arguments: json(arguments),
        },
    };
    (Work::Acting(ticket, hook.name()), hook)
}

/// Leaves as the tree that they stand for. Bytes are `{"$bytes": "hexadecimal"}`.
fn json(entries: Entries<'_>) -> Value {
    // Writing a tree of text, numbers and maps into a value cannot fail.
    serde_json::to_value(Tree::new(entries)).unwrap_or_default()
}
