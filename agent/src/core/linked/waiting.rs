//! What the relay waits for: when it wants to be woken, and when it waits no longer for an answer.

use super::{
    LinkedCore,
    desk::Desk,
    event::{Effects, LinkedEffect},
    talk::Talk,
};
use crate::core::event::Notice;

impl LinkedCore {
    /// When it wants [`LinkedEvent::Tick`](super::LinkedEvent::Tick), if nothing else happens before.
    #[must_use]
    pub fn wake_at_ms(&self) -> Option<u64> {
        let answer_at_ms = self.talk.as_ref().and_then(Talk::until_ms);
        let desk_at_ms = self.served().and_then(|desk| self.desk_at_ms(desk));
        answer_at_ms.into_iter().chain(desk_at_ms).min()
    }

    fn desk_at_ms(&self, desk: &Desk) -> Option<u64> {
        let connected = desk.outlet.is_connected();
        let free = !self.is_waiting() && !self.winding_down && desk.judges();
        let state_at_ms = || desk.outlet.state_at_ms(&desk.seen()).unwrap_or(0);
        let until_ms = match desk.rest_until_ms {
            None => desk.queue.until_ms(),
            resting => resting,
        };
        let times = [
            until_ms.filter(|_| free),
            (connected && free).then(state_at_ms),
            desk.ask_again_at_ms.filter(|_| connected),
            desk.kept.until_ms(),
            (desk.asks_for_pages() && !self.winding_down).then(|| desk.download.again_at_ms()),
        ];
        times.into_iter().flatten().min()
    }

    /// Gives up what the device has not answered in time, and the conversation with it: there an end
    /// may still come for something that is over here. It is asked once more in the next one.
    pub(super) fn lapse(&mut self, now_ms: u64, effects: &mut Effects) {
        let overdue = self.talk.as_ref().and_then(|talk| talk.overdue(now_ms));
        let Some(wish) = overdue.cloned() else { return };
        self.talk = None;
        let what = wish.name();
        let dropped = self.unanswered.take_if(|before| *before == wish).is_some();
        if !dropped {
            self.unanswered = Some(wish.clone());
        }
        effects.notice(Notice::Unanswered { what, dropped });
        match &mut self.desk {
            Some(desk) if dropped => desk.give_up(now_ms, wish, effects),
            Some(desk) => desk.take_back(wish),
            None => {}
        }
        effects.push(LinkedEffect::HangUp);
    }
}
