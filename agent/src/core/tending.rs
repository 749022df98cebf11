//! What happens without a message: latches that close by themselves, and their shutting.

use latch_verify::{
    device::{Platform, Polled},
    limits::MAX_RECEIPT_ENVELOPE,
    statement::CloseCause,
};

use super::{
    event::{Effect, Effects, HookResult, LatchEvent, Notice},
    image::read_receipt,
    shutting::Tried,
    station::{Station, Work},
};

/// When the device is looked at again after what it wanted to record could not be, in
/// milliseconds: an open latch may not outlive its time by more.
const LOOK_AGAIN_MS: u64 = 1_000;

impl<P: Platform> Station<P> {
    /// Looks at the device, and has shut what has closed.
    ///
    /// While a hook opens or closes a latch, nothing else does: its end comes first.
    pub(super) fn tend(&mut self, now_ms: u64, effects: &mut Effects) {
        self.look_at_ms = None;
        if matches!(self.work, Work::Latching { .. }) {
            return;
        }
        self.look(now_ms, effects);
        if let Some(hook) = self.shutting.begin(now_ms) {
            effects.push(Effect::Shut(hook));
        }
        self.tell(effects);
    }

    fn look(&mut self, now_ms: u64, effects: &mut Effects) {
        loop {
            let mut out = [0; MAX_RECEIPT_ENVELOPE];
            match self.device.poll(&mut out) {
                Polled::Idle { wake_in_ms } => {
                    self.look_at_ms = wake_in_ms.map(|in_ms| now_ms.saturating_add(in_ms));
                    return;
                }
                Polled::Closed {
                    latch,
                    cause,
                    receipt,
                } => {
                    effects.notice(Notice::Closed { latch, cause });
                    let statement = match receipt {
                        Ok(receipt) => read_receipt(receipt).map(|read| read.statement),
                        Err(refusal) => {
                            effects.notice(Notice::Fault { refusal });
                            None
                        }
                    };
                    let event = LatchEvent::Close { cause: Some(cause) };
                    self.shutting.put(statement, Some(latch), event);
                    self.outlet.change();
                }
                Polled::InstallEnded(Ok(_)) => {}
                Polled::InstallEnded(Err(refusal)) => {
                    if self.is_free() {
                        self.rest(now_ms, refusal, effects);
                    }
                    self.look_at_ms = Some(now_ms.saturating_add(LOOK_AGAIN_MS));
                    return;
                }
            }
        }
    }

    /// A boot has closed every latch, and nobody may have shut what stands behind them: the
    /// last run may have ended at any moment.
    pub(super) fn shut_everything(&mut self) {
        let event = LatchEvent::Close {
            cause: Some(CloseCause::Reboot),
        };
        self.shutting.put(None, None, event);
    }

    /// The hook that shuts a latch has ended.
    pub(super) fn take_shut(&mut self, now_ms: u64, result: HookResult, effects: &mut Effects) {
        if let Err(code) = result {
            let hook = "latch";
            effects.notice(Notice::HookFailed { hook, code });
        }
        if let Tried::GivenUp(latch) = self.shutting.end(now_ms, result) {
            effects.notice(Notice::NotShut { latch });
        }
    }
}
