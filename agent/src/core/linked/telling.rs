//! What goes to the broker without the device being asked: subscriptions, and wants.

use latch_mqtt::Publication;
use latch_verify::device::PagesWanted;

use super::{
    desk::Desk,
    event::{Effects, LinkedEffect},
};
use crate::core::{event::Notice, telling::WANT_EXPIRY_S};

impl Desk {
    /// Listens to what every device listens to.
    pub(super) fn subscribe(&self, effects: &mut Effects) {
        for filter in self.names.filters() {
            effects.push(LinkedEffect::Subscribe(filter));
        }
    }

    /// Asks the broker again for what the device has thrown away, when it is time to.
    pub(super) fn ask_again(&mut self, now_ms: u64, effects: &mut Effects) {
        let connected = self.outlet.is_connected();
        let again = self
            .ask_again_at_ms
            .take_if(|at_ms| connected && *at_ms <= now_ms);
        if again.is_some() {
            self.listening.forget_trust();
            self.subscribe(effects);
        }
    }

    pub(super) fn follow(&mut self, effects: &mut Effects) {
        if self.judges() {
            let next = self.next_root();
            effects.listen(self.listening.follow_trust(&self.names, next));
        }
        let root = self.wanted.and_then(|wanted| wanted.merkle_root);
        effects.listen(self.listening.follow_pages(&self.names, root));
    }

    /// Asks for the next window of pages, unless the page that is wanted is here.
    pub(super) fn want_pages(&mut self, now_ms: u64, effects: &mut Effects) {
        let Some(wanted) = self.wanted.filter(|_| self.asks_for_pages()) else {
            return;
        };
        if let Some(want) = self.download.ask(now_ms, wanted.pages) {
            if self.download.is_unheard() {
                let PagesWanted { manifest, next, .. } = wanted.pages;
                effects.notice(Notice::PagesMissing { manifest, next });
            }
            let publication = Publication::new(self.names.want.clone(), want.to_bytes());
            effects.push(LinkedEffect::Publish(publication.expiring(WANT_EXPIRY_S)));
        }
    }

    /// Whether pages are wanted that only the broker has.
    pub(super) fn asks_for_pages(&self) -> bool {
        self.outlet.is_connected() && self.wanted.is_some() && !self.has_page()
    }
}
