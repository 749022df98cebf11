//! Statements in, verdicts and receipts out, for the device and for the reference.

use latch_verify::{
    device::{Release as Offer, Settlement, Submitted, Ticket},
    limits::MAX_RECEIPT_ENVELOPE,
};

use super::{
    both::Run,
    compare::{check_effect, check_told, same},
    labels::{is_refusal, label, outcome_label},
    memory::Account,
    reference::Verdict,
    rules::as_code,
    said::{Action, Code, Said, Statement},
    seal::sealed,
    step::Then,
};
use crate::world::{
    answer::{Effect, Looked, Told},
    keys::Signer,
};

impl Run {
    pub(super) fn say(
        &mut self,
        said: Said,
        signers: Vec<Signer>,
        forged: Option<usize>,
        then: Then,
    ) -> Result<(), String> {
        let (statement, bytes) = sealed(said, signers, forged);
        self.send(&statement, &bytes, then)?;
        self.sent.push((statement, bytes));
        Ok(())
    }

    pub(super) fn send(
        &mut self,
        statement: &Statement,
        bytes: &[u8],
        then: Then,
    ) -> Result<(), String> {
        self.submit(statement, bytes, then)?;
        self.read_untold()
    }

    fn submit(&mut self, statement: &Statement, bytes: &[u8], then: Then) -> Result<(), String> {
        let verdict = self.model.submit(statement);
        self.meet(label(&statement.said, &verdict));
        self.refused += u64::from(is_refusal(&verdict));
        let asked = matches!(
            as_code(statement),
            Some(Code {
                action: Action::Install { asked: true },
                ..
            })
        );
        let release = if asked {
            Offer::NotFound
        } else {
            Offer::NotAsked
        };
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let wrong = |found: &str| {
            Err(format!(
                "{verdict:?} by the reference; {found}: {statement:?}"
            ))
        };
        let ticket = match (self.device().submit(bytes, release, &mut out), &verdict) {
            (Submitted::Answered(bytes), Verdict::Told(account)) => {
                let told = Told::read(bytes);
                let account = *account;
                return self.check_told(&account, &told);
            }
            (Submitted::Answered(bytes), Verdict::Again(number)) => {
                let bytes = bytes.to_vec();
                let same = self.told.get(number) == Some(&bytes);
                return if same {
                    Ok(())
                } else {
                    wrong(&format!("{:?}", Told::read(&bytes)))
                };
            }
            (Submitted::Answered(bytes), _) => return wrong(&format!("{:?}", Told::read(bytes))),
            (Submitted::Noted, Verdict::Noted) => return Ok(()),
            (Submitted::Noted, _) => return wrong("noted"),
            (Submitted::Ignored(refusal), Verdict::Ignored(reason))
                if refusal.reason == *reason =>
            {
                return Ok(());
            }
            (Submitted::Ignored(refusal), _) => return wrong(&format!("ignored: {refusal:?}")),
            (Submitted::ManifestWanted(_), Verdict::ManifestWanted) => return Ok(()),
            (Submitted::ManifestWanted(_), _) => return wrong("a manifest is wanted"),
            (Submitted::Unlatched(unlatched), _) => {
                let (opened, ticket) = unlatched.act();
                let effect = Effect::of(&opened);
                let Verdict::Unlatched(action) = &verdict else {
                    return wrong(&format!("unlatched: {effect:?}"));
                };
                let latch = as_code(statement).map_or(0, |code| code.latch);
                check_effect(&self.model, latch, action, &effect)?;
                ticket
            }
        };
        match then {
            Then::Later(steps) => {
                self.ticket = Some((ticket, steps));
                Ok(())
            }
            Then::Done => self.settle_with(ticket, None),
            Then::Failed(code) => self.settle_with(ticket, Some(code)),
        }
    }

    pub(super) fn settle(&mut self, failure: Option<i32>) -> Result<(), String> {
        match self.ticket.take() {
            Some((ticket, _)) => self.settle_with(ticket, failure),
            None => Ok(()),
        }
    }

    pub(super) fn settle_with(
        &mut self,
        ticket: Ticket,
        failure: Option<i32>,
    ) -> Result<(), String> {
        let account = self.model.settle(failure);
        self.meet(outcome_label(&account.outcome));
        let settlement = match failure {
            None => Settlement::Done,
            Some(code) => Settlement::Failed { code },
        };
        let told = self.bench().settle(ticket, settlement);
        let told = told.map_err(|refusal| format!("not settled, {refusal:?}: {account:?}"))?;
        self.check_told(&account, &told)
    }

    fn check_told(&mut self, account: &Account, told: &Told) -> Result<(), String> {
        let old = self.told.insert(account.number, told.bytes.clone());
        same("a receipt's number was given twice", &None, &old)?;
        check_told(&self.model, account, told)
    }

    pub(super) fn poll(&mut self) -> Result<(), String> {
        loop {
            let expected = self.model.poll();
            let found = self.bench().poll();
            match (expected, found) {
                (Err(wake), Looked::Idle(found)) => {
                    return same("when to look again", &wake, &found);
                }
                (
                    Ok((latch, cause, account)),
                    Looked::Closed {
                        latch: shut,
                        cause: why,
                        told,
                    },
                ) => {
                    self.meet(outcome_label(&account.outcome));
                    same("what has closed", &(latch, cause), &(shut.number(), why))?;
                    let told = told.map_err(|refusal| format!("closing untold: {refusal:?}"))?;
                    self.check_told(&account, &told)?;
                }
                (expected, found) => return Err(format!("{expected:?}, but {found:?}")),
            }
        }
    }
}
