//! What a relay does, in the making: of a device in this process, and of one behind a link.

use super::{event::Notice, listening::Change};

/// What both relays do.
pub(super) trait Shared {
    fn notice(notice: Notice) -> Self;
    fn subscribe(filter: String) -> Self;
    fn unsubscribe(filter: String) -> Self;
}

/// Effects in their order.
pub(super) struct Effects<E>(Vec<E>);

impl<E> Default for Effects<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<E: Shared> Effects<E> {
    pub(super) fn push(&mut self, effect: E) {
        self.0.push(effect);
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.push(E::notice(notice));
    }

    pub(super) fn listen(&mut self, change: Change) {
        let Change { stop, begin } = change;
        self.0.extend(stop.map(E::unsubscribe));
        self.0.extend(begin.map(E::subscribe));
    }

    pub(super) fn into_vec(self) -> Vec<E> {
        self.0
    }
}
