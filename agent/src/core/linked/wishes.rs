//! What is asked of the device next.

use super::{
    desk::Desk,
    event::{Effects, Lane, LinkedEffect, Wish},
};
use crate::core::{event::Notice, queue::Found};

impl Desk {
    /// The next thing to ask of the device, if there is one.
    ///
    /// Receipts and state go first: they are what others wait for. Then statements, each kind in
    /// its order, and pages between them; old receipts and junk when there is nothing else.
    pub(super) fn next_wish(&mut self, now_ms: u64, effects: &mut Effects) -> Option<Wish> {
        if !self.judges() {
            return self.next_page();
        }
        if let Some(number) = self.kept.ask() {
            return Some(Wish::Receipt(number));
        }
        if self.outlet.state_is_due(now_ms, &self.seen()) {
            return Some(Wish::State);
        }
        self.rest_until_ms.take_if(|until_ms| *until_ms <= now_ms);
        if self.rest_until_ms.is_some() {
            return None;
        }
        if self.page_next
            && let Some(page) = self.next_page()
        {
            return Some(page);
        }
        self.next_statement(now_ms, effects)
            .or_else(|| self.next_page())
            .or_else(|| self.kept.ask_back().map(Wish::Receipt))
            .or_else(|| self.express.take_junk())
    }

    fn next_statement(&mut self, now_ms: u64, effects: &mut Effects) -> Option<Wish> {
        let version = self.next_root();
        let root = self.roots.take(version).map(|statement| Wish::Statement {
            lane: Lane::Roots(version),
            statement,
            found: Found::NotAsked,
        });
        let wish = root
            .or_else(|| self.express.take())
            .or_else(|| self.next_code(now_ms, effects))?;
        self.page_next = true;
        Some(wish)
    }

    fn next_code(&mut self, now_ms: u64, effects: &mut Effects) -> Option<Wish> {
        let (statement, found) = self.queue.take(now_ms)?;
        if let Found::Missing(manifest) = found {
            effects.notice(Notice::ManifestMissing { manifest });
            if !self.queue.awaits(manifest) {
                effects.push(LinkedEffect::Unsubscribe(self.names.release(manifest)));
            }
        }
        Some(Wish::Statement {
            lane: Lane::Codes,
            statement,
            found,
        })
    }

    /// The page that the device waits for, if it is here. It stays on its shelf until the device
    /// has judged it.
    fn next_page(&mut self) -> Option<Wish> {
        let index = self.wanted?.pages.next;
        let message = self.shelf.get(index)?.clone();
        self.page_next = false;
        Some(Wish::Page { index, message })
    }

    /// Takes a wish back of which nobody knows whether it has arrived: all can be asked twice.
    /// A used code is answered by its first receipt.
    pub(super) fn take_back(&mut self, wish: Wish) {
        match wish {
            Wish::Statement {
                lane,
                statement,
                found,
            } => self.put_back(lane, statement, found),
            Wish::Receipt(number) => self.kept.ask_again(number),
            // These are asked for whenever there is cause.
            Wish::Standing | Wish::Provision { .. } | Wish::Page { .. } | Wish::State => {}
        }
    }

    /// The device has twice not answered this. Who sends a code sees that it was not answered; if it was
    /// carried out, its receipt is found by its number.
    pub(super) fn give_up(&mut self, now_ms: u64, wish: Wish, effects: &mut Effects) {
        match wish {
            Wish::Statement {
                lane: lane @ (Lane::Roots(_) | Lane::Express),
                statement,
                found,
            } => {
                self.put_back(lane, statement, found);
                self.rest(now_ms, effects);
            }
            Wish::Page { index, .. } => self.shelf.remove(index),
            Wish::Receipt(_) => self.kept.answered(),
            Wish::State => self.outlet.published(now_ms, &self.seen(), None),
            Wish::Statement { .. } | Wish::Standing | Wish::Provision { .. } => {}
        }
    }

    pub(super) fn put_back(&mut self, lane: Lane, statement: Vec<u8>, found: Found) {
        match lane {
            Lane::Codes => self.queue.put_back(statement, found),
            Lane::Roots(version) => self.roots.put(version, &statement),
            Lane::Express => self.express.put_back(statement),
            Lane::Junk => {}
        }
    }
}
