//! What arrives from the broker: each statement waits where its kind waits, whatever topic it
//! came on.

use latch_link::MAX_STATEMENT;
use latch_verify::{
    Reason, Refusal,
    image::Page,
    statement::State,
    types::StatementId,
    wire::{Envelope, Kind, peek_kind},
};

use super::{
    desk::Desk,
    event::{Effects, LinkedEffect},
};
use crate::core::{
    event::Notice,
    intake::has_shape,
    names::Subject,
    queue::{Put, QUEUE_LEN},
};

impl Desk {
    pub(super) fn take_message(&mut self, topic: &str, payload: &[u8], effects: &mut Effects) {
        match self.names.subject(topic) {
            Subject::Statement => self.take_statement(payload, effects),
            Subject::Trust(version) => self.take_root(version, payload, effects),
            Subject::Page => self.take_page(payload),
            Subject::Release(id) => self.take_release(id, payload, effects),
            Subject::State => self.take_last_state(payload, effects),
            Subject::Nothing => {}
        }
    }

    /// Whether what comes next from the broker has a place. Codes that wait for their manifests
    /// do not count: those come from there too. Neither do those that wait for a device that judges nothing:
    /// its pages come from there.
    pub(super) fn has_room(&self) -> bool {
        !self.judges() || (!self.queue.is_full_for_now() && !self.express.is_full())
    }

    /// Takes the state that the broker has retained: it says which receipts were published before
    /// this relay began.
    fn take_last_state(&mut self, state: &[u8], effects: &mut Effects) {
        if !self.kept.is_open() || self.last_state.as_deref() == Some(state) {
            return;
        }
        let envelope = Envelope::parse(Kind::State, state);
        if let Ok(state) = envelope.and_then(|envelope| envelope.read::<State<'_>>()) {
            self.kept.published_up_to(state.receipts);
            self.last_state = None;
            effects.push(LinkedEffect::Unsubscribe(self.names.state.clone()));
        }
    }

    fn take_statement(&mut self, statement: &[u8], effects: &mut Effects) {
        let put = match peek_kind(statement) {
            Some(Kind::Code) if has_shape(Kind::Code, statement) => self.queue.put(statement),
            Some(Kind::Manifest) => {
                if let Ok(envelope) = Envelope::parse(Kind::Manifest, statement) {
                    self.take_release(envelope.id(), statement, effects);
                }
                return;
            }
            Some(kind @ (Kind::Root | Kind::Revocation | Kind::StopSlip | Kind::Time))
                if has_shape(kind, statement) =>
            {
                self.express.put(statement)
            }
            // What could be no statement is for the device to count.
            _ if statement.len() <= MAX_STATEMENT => self.express.put_junk(statement),
            _ => {
                let found = u64::try_from(statement.len()).unwrap_or(u64::MAX);
                let refusal = Refusal::new(Reason::BadLength, MAX_STATEMENT as u64, found);
                return effects.notice(Notice::Ignored { refusal });
            }
        };
        if put == Put::Full {
            effects.notice(Notice::QueueFull);
        }
    }

    /// Takes a successor of the trust root from the topic of its version. Those before the
    /// next one are in force already; those behind it wait for it.
    fn take_root(&mut self, version: u32, statement: &[u8], effects: &mut Effects) {
        let next = self.next_root();
        if version < next {
            return;
        }
        if !has_shape(Kind::Root, statement) {
            return self.take_statement(statement, effects);
        }
        if version > next {
            effects.notice(Notice::RootWaits { version, next });
        }
        self.roots.put(version, statement);
    }

    fn take_release(&mut self, id: StatementId, bytes: &[u8], effects: &mut Effects) {
        if self.queue.release(id, bytes) {
            effects.push(LinkedEffect::Unsubscribe(self.names.release(id)));
        }
    }

    fn take_page(&mut self, message: &[u8]) {
        if let (Some(wanted), Ok(page)) = (&self.wanted, Page::parse(message)) {
            self.shelf.put(&wanted.pages, &page, message);
        }
    }

    /// Says that statements wait, if more than one does.
    pub(super) fn note_waiting(&self, before: usize, effects: &mut Effects) {
        let waiting = self.queue.len();
        if waiting > before && waiting > 1 && waiting <= QUEUE_LEN {
            effects.notice(Notice::Queued { waiting });
        }
    }
}
