//! From a step to the statements and changes that it means here and now.

use latch_verify::{statement::RuleChoice, wire::Role};

use super::{
    both::{FIT, Run},
    draft::{Drafted, Scene},
    rules::as_code,
    said::{Action, Audience, Code, Context, Said, Statement},
    seal::sealed,
    step::{Resigned, Revoker, Step, Then, UpTo},
};
use crate::world::{
    hardware::START_MS,
    keys::{STRANGER, Signer},
    root::remarks,
};

impl Run {
    fn scene(&mut self) -> Scene<'_> {
        self.random += 1;
        Scene {
            device: &self.model,
            sent: &self.sent,
            true_ms: START_MS + self.model.ticks_ms,
            random: self.random,
        }
    }

    /// # Errors
    /// What the device and the reference do not agree on.
    pub(crate) fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Code(draft) => {
                let Drafted {
                    code,
                    signers,
                    forged,
                } = self.scene().code(draft);
                let refused = self.refused;
                self.say(Said::Code(code), signers, forged, draft.then)?;
                let taken = self.refused == refused;
                self.meet(format!(
                    "codes: {}",
                    if taken { "taken" } else { "refused" }
                ));
            }
            Step::Again(back, by) => self.say_again(*back, *by)?,
            Step::Flood {
                last,
                times,
                pause_ms,
            } => {
                let last = self.sent.len().min(*last);
                let start = self.sent.len() - last;
                for turn in 0..if last == 0 { 0 } else { *times } {
                    let (statement, bytes) = self.sent[start + turn % last].clone();
                    self.send(&statement, &bytes, Then::Done)?;
                    self.advance(*pause_ms);
                }
            }
            Step::Drills(issuer, count) => {
                for _ in 0..*count {
                    let (code, signers) = self.drill(*issuer);
                    self.say(Said::Code(code), signers, None, Then::Done)?;
                }
            }
            Step::Slip(back, by) => {
                let codes = self.sent.iter().rev().map(|(statement, _)| statement);
                let code = codes
                    .filter(|said| as_code(said).is_some())
                    .nth(*back)
                    .cloned();
                let slip = code.and_then(|code| self.scene().slip(&code, *by));
                if let Some((said, signers, forged)) = slip {
                    self.say(said, signers, forged, Then::Done)?;
                }
            }
            Step::SlipAhead(draft, by, sent) => {
                let Drafted { code, signers, .. } = self.scene().code(draft);
                let ahead = sealed(Said::Code(code), signers, None);
                let slip = self.scene().slip(&ahead.0, *by);
                let (said, signers, forged) = slip.expect("a slip for a code");
                self.say(said, signers, forged, Then::Done)?;
                if *sent {
                    self.send(&ahead.0, &ahead.1, draft.then)?;
                }
                self.sent.push(ahead);
            }
            Step::Revoke(whose, up_to, by) => {
                let (said, signers, forged) = self.scene().revocation(*whose, *up_to, *by);
                self.say(said, signers, forged, Then::Done)?;
            }
            Step::RevokeStrangers(count) => self.revoke_strangers(*count)?,
            Step::Root(changes) => {
                let new = Signer(self.new_keys);
                self.new_keys += 1;
                let (said, signers, forged) = self.scene().root(changes, new);
                self.say(said, signers, forged, Then::Done)?;
            }
            Step::Time(draft) => {
                if draft.fresh {
                    self.publish()?;
                }
                let (said, signers, forged) = self.scene().time(*draft);
                self.say(said, signers, forged, Then::Done)?;
            }
            Step::Noise(noise) => {
                let signer = self.model.root.holders(Role::Operator)[0];
                self.say(Said::Noise(*noise), vec![signer], None, Then::Done)?;
            }
            Step::Advance(ms) => self.advance(*ms),
            Step::ToWake { before_ms } => self.await_closing(*before_ms)?,
            Step::Clock(clock) => self.set_clock(*clock),
            Step::Posture(facts, age_ms) => self.observe(*facts, age_ms.unwrap_or(u64::MAX)),
            Step::Trouble(tampered) => {
                self.observe([FIT[0], *tampered], u64::MAX);
                self.await_closing(0)?;
                self.observe(FIT, u64::MAX);
            }
            Step::Poll => self.poll()?,
            Step::Publish => self.publish()?,
            Step::Settle(failure) if self.ticket.is_some() => self.settle(*failure)?,
            Step::Settle(_) => self.resume()?,
            Step::Reboot { resume } => self.reboot(*resume)?,
        }
        self.wait_less()?;
        self.check()
    }

    /// What was left open for some steps is settled then.
    fn wait_less(&mut self) -> Result<(), String> {
        match &mut self.ticket {
            Some((_, 0)) => self.settle(None),
            Some((_, steps)) => {
                *steps -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn await_closing(&mut self, before_ms: u64) -> Result<(), String> {
        self.poll()?;
        let Err(Some(wake_ms)) = self.model.clone().poll() else {
            return Ok(());
        };
        self.advance(wake_ms.saturating_sub(before_ms));
        self.poll()
    }

    /// A code of one signer that does nothing.
    fn drill(&mut self, issuer: usize) -> (Code, Vec<Signer>) {
        let scene = self.scene();
        let issuers = scene.device.root.holders(Role::Operator);
        let issuer = issuers[issuer % issuers.len()];
        let now_ms = scene.now_ms();
        let code = Code {
            our_tenant: true,
            issuer,
            epoch: scene.device.root.epoch,
            incarnation: None,
            audience: Audience::Tenant,
            our_product: None,
            latch: remarks().number(),
            rule: RuleChoice::Normal,
            place: now_ms << 16 | u64::from(scene.random),
            begin_ms: now_ms - 1,
            end_ms: now_ms + 200_000,
            challenge: None,
            context: Context::default(),
            action: Action::Probe,
        };
        (code, vec![issuer])
    }

    /// Root takes back what keys have signed that no root lists.
    fn revoke_strangers(&mut self, count: u8) -> Result<(), String> {
        for stranger in 0..count {
            let (said, signers, forged) = self.scene().revocation(0, UpTo::Now, Revoker::Root);
            let Said::Revocation(mut said) = said else {
                continue;
            };
            said.issuer = Signer(200 + stranger);
            self.say(Said::Revocation(said), signers, forged, Then::Done)?;
            self.advance(2000);
        }
        Ok(())
    }

    fn say_again(&mut self, back: usize, by: Resigned) -> Result<(), String> {
        let Some((statement, bytes)) = self.sent.iter().rev().nth(back).cloned() else {
            return Ok(());
        };
        let Statement {
            said,
            mut signers,
            forged,
            ..
        } = statement.clone();
        match by {
            Resigned::Same => return self.send(&statement, &bytes, Then::Done),
            Resigned::IssuerAlone => signers.truncate(1),
            Resigned::WithStranger => signers.push(STRANGER),
            Resigned::Forged => return self.say(said, signers, Some(back), Then::Done),
        }
        self.say(said, signers, forged, Then::Done)
    }
}
