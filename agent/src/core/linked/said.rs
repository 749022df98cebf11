//! What the device says: the ends of requests, and what it tells by itself.

use latch_link::{Handled, Paged, Pulse, Refused};
use latch_mqtt::Publication;
use latch_verify::{
    Reason, Refusal,
    device::PagesWanted,
    statement::State,
    types::Challenge,
    wire::{Envelope, Kind},
};

use super::{
    desk::Desk,
    event::{Effects, Lane, LinkedEffect, Wish},
    kept::Loss,
};
use crate::core::{
    event::Notice,
    image::{is_fault, read_receipt},
    intake::ASK_AGAIN_MS,
    queue::Found,
};

impl Desk {
    pub(super) fn take_pulse(&mut self, pulse: Pulse, effects: &mut Effects) {
        let before = std::mem::replace(&mut self.pulse, pulse);
        if pulse.changes != before.changes || pulse.root_version != before.root_version {
            self.outlet.change();
        }
        self.count_receipts(effects);
    }

    /// Takes a receipt: new, asked for, or the answer to a code that was used before. The last is
    /// so if a statement is `under_way`.
    pub(super) fn take_receipt(&mut self, bytes: &[u8], under_way: bool, effects: &mut Effects) {
        // One that is of a later version than this release knows is passed on all the same.
        if let Some(receipt) = read_receipt(bytes) {
            let told = self.outlet.is_connected();
            self.kept.keep(receipt.number, bytes, told);
            let (news, _) = self.outlet.tell(receipt.number);
            if news || under_way {
                effects.notice(Notice::Answered {
                    statement: receipt.statement,
                    outcome: receipt.outcome,
                    repeated: !news,
                });
            }
        } else {
            self.kept.pass_on();
        }
        if self.outlet.is_connected() {
            self.publish_receipt(bytes, effects);
        }
    }

    /// After a connect: whoever listens now may have missed everything.
    pub(super) fn publish_kept(&mut self, effects: &mut Effects) {
        for receipt in self.kept.publish() {
            let publication = Publication::new(self.names.receipt.clone(), receipt.as_slice());
            effects.push(LinkedEffect::Publish(publication));
        }
    }

    /// Tells of receipts that nobody has any more.
    pub(super) fn tell_losses(&mut self, now_ms: u64, effects: &mut Effects) {
        let was_open = self.kept.is_open();
        match self.kept.loss(now_ms) {
            Some(Loss::Lost(count)) => effects.notice(Notice::ReceiptsLost { count }),
            Some(Loss::Unknown(count)) => effects.notice(Notice::ReceiptsUnknown { count }),
            None => {}
        }
        if was_open && !self.kept.is_open() {
            self.last_state = None;
            effects.push(LinkedEffect::Unsubscribe(self.names.state.clone()));
        }
    }

    fn publish_receipt(&self, bytes: &[u8], effects: &mut Effects) {
        let topic = self.names.receipt.clone();
        effects.push(LinkedEffect::Publish(Publication::new(topic, bytes)));
    }

    pub(super) fn take_state(&mut self, now_ms: u64, bytes: &[u8], effects: &mut Effects) {
        if !self.outlet.is_connected() {
            return;
        }
        if self.kept.is_open() {
            self.last_state = Some(bytes.to_vec());
        }
        let publication = Publication::new(self.names.state.clone(), bytes).retain(true);
        effects.push(LinkedEffect::Publish(publication));
        self.outlet
            .published(now_ms, &self.seen(), challenge_in(bytes));
    }

    pub(super) fn handled(
        &mut self,
        now_ms: u64,
        (lane, statement, found): (Lane, Vec<u8>, Found),
        handled: Handled,
        effects: &mut Effects,
    ) {
        match handled {
            Handled::Answered | Handled::Noted => {}
            Handled::ManifestWanted(manifest)
                if lane == Lane::Codes && found == Found::NotAsked =>
            {
                effects.notice(Notice::ManifestWanted { manifest });
                self.queue.await_release(statement, manifest, now_ms);
                effects.push(LinkedEffect::Subscribe(self.names.release(manifest)));
            }
            // It has the manifest, or was told that there is none.
            Handled::ManifestWanted(_) => effects.notice(Notice::Fault {
                refusal: Reason::LogicFault.into(),
            }),
            Handled::Untold(refused) => self.fault(refused, effects),
            Handled::Ignored(refused) => match refused.refusal() {
                Some(refusal) if is_fault(refusal.reason) => {
                    effects.notice(Notice::Fault { refusal });
                    // It may take it later. Who sends a code sees that it was not answered.
                    if matches!(lane, Lane::Roots(_) | Lane::Express) {
                        self.put_back(lane, statement, found);
                        self.rest(now_ms, effects);
                    }
                }
                Some(refusal) => self.ignored(now_ms, refusal, effects),
                None => effects.notice(Notice::UnknownReason {
                    reason: refused.reason,
                }),
            },
        }
    }

    fn ignored(&mut self, now_ms: u64, refusal: Refusal, effects: &mut Effects) {
        if refusal.reason == Reason::Throttled {
            let at_ms = now_ms.saturating_add(ASK_AGAIN_MS);
            self.ask_again_at_ms = self.ask_again_at_ms.or(Some(at_ms));
        }
        effects.notice(Notice::Ignored { refusal });
    }

    fn fault(&self, refused: Refused, effects: &mut Effects) {
        effects.notice(match refused.refusal() {
            Some(refusal) => Notice::Fault { refusal },
            None => Notice::UnknownReason {
                reason: refused.reason,
            },
        });
    }

    pub(super) fn paged(&mut self, now_ms: u64, index: u32, paged: Paged, effects: &mut Effects) {
        match paged {
            Paged::Kept(pages) => {
                self.download.progress(now_ms);
                let PagesWanted { next, of, .. } = pages;
                effects.notice(Notice::PageKept { next, of });
                self.shelf.keep_from(next);
                if let Some(wanted) = &mut self.wanted {
                    wanted.pages = pages;
                }
            }
            Paged::Complete | Paged::Restored => {
                if let Some(wanted) = self.wanted {
                    let PagesWanted { manifest, of, .. } = wanted.pages;
                    effects.notice(Notice::PageKept { next: of, of });
                    effects.notice(Notice::ImageComplete { manifest });
                }
                self.wants(None);
            }
            Paged::Refused(refused) => {
                self.shelf.remove(index);
                match refused.refusal() {
                    Some(refusal) if !is_fault(refusal.reason) => {
                        effects.notice(Notice::PageRefused { refusal });
                    }
                    _ => self.fault(refused, effects),
                }
            }
        }
    }

    /// The end of a request that is not a statement or a page.
    pub(super) fn done(
        &mut self,
        now_ms: u64,
        wish: &Wish,
        result: Result<(), Refused>,
        effects: &mut Effects,
    ) {
        match (wish, result) {
            // It came before, or the device no longer keeps it.
            (Wish::Receipt(_), _) => self.kept.answered(),
            (Wish::State, result) => {
                if let Err(refused) = result {
                    self.fault(refused, effects);
                }
                // Whatever came of it, it is not asked for again at once.
                if self.outlet.state_is_due(now_ms, &self.seen()) {
                    self.outlet.published(now_ms, &self.seen(), None);
                }
            }
            // A device that does not know the message, or cannot do it now.
            (wish, Err(refused)) => {
                if let Wish::Page { index, .. } = wish {
                    self.shelf.remove(*index);
                }
                self.fault(refused, effects);
            }
            (_, Ok(())) => {}
        }
    }
}

/// The challenge in a state, by which the relay knows when the next one is due.
fn challenge_in(state: &[u8]) -> Option<Challenge> {
    let envelope = Envelope::parse(Kind::State, state).ok()?;
    let state: State<'_> = envelope.read().ok()?;
    Some(state.status.challenge)
}
