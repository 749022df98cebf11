//! What a device tells: its receipts, its state, and which pages it wants.

use latch_verify::{
    Reason,
    device::{PagesWanted, Platform},
    limits::{MAX_RECEIPT_ENVELOPE, MAX_STATE_ENVELOPE},
};

use super::{
    event::{Effect, Effects, Notice},
    image::{Stage, read_receipt, root_wanted, stage},
    names::Names,
    outlet::Outlet,
    station::Station,
};

/// How long a want is worth anything, in seconds: it is sent again after the silence.
pub(super) const WANT_EXPIRY_S: u32 = 5;

impl<P: Platform> Station<P> {
    /// Tells what has changed: receipts, state, pages that are wanted.
    pub(super) fn report(&mut self, now_ms: u64, effects: &mut Effects) {
        let connected = self.outlet.is_connected();
        let again = self
            .ask_again_at_ms
            .take_if(|at_ms| connected && *at_ms <= now_ms);
        if again.is_some() {
            // By their names too, as below.
            self.listening.forget_trust();
        }
        if self.begin_ms.take().is_some() || again.is_some() {
            let filters = self.names.filters();
            filters
                .into_iter()
                .for_each(|filter| effects.push(Effect::Subscribe(filter)));
        }
        self.tell(effects);
        self.publish_state(now_ms, effects);
        self.follow_trust(effects);
        self.follow_pages(effects);
        if let (true, Stage::Receiving(wanted)) = (self.outlet.is_connected(), stage(&self.device))
            && let Some(want) = self.download.ask(now_ms, wanted)
        {
            if self.download.is_unheard() {
                let PagesWanted { manifest, next, .. } = wanted;
                effects.notice(Notice::PagesMissing { manifest, next });
            }
            effects.push(Effect::Publish {
                topic: self.names.want.clone(),
                payload: want.to_bytes(),
                retain: false,
                expiry_s: Some(WANT_EXPIRY_S),
            });
        }
    }

    /// Publishes the receipts that were made since the last time. After a connect these are
    /// all that the device keeps.
    pub(super) fn tell(&mut self, effects: &mut Effects) {
        let told = self.outlet.told();
        let facts = self.device.facts();
        if facts.chain.number <= told {
            return;
        }
        let numbers: Vec<u64> = facts.recent.iter().map(|recent| recent.number).collect();
        for number in numbers.into_iter().filter(|number| *number > told) {
            let mut out = [0; MAX_RECEIPT_ENVELOPE];
            match self.device.receipt_numbered(number, &mut out) {
                Ok(bytes) => tell_one(&mut self.outlet, &self.names, bytes, effects),
                Err(refusal) => effects.notice(Notice::Fault { refusal }),
            }
        }
    }

    /// Answers a code that was used before.
    pub(super) fn tell_again(&mut self, receipt: &[u8], effects: &mut Effects) {
        if let Some(read) = read_receipt(receipt) {
            let (statement, outcome) = (read.statement, read.outcome);
            effects.notice(Notice::Answered {
                statement,
                outcome,
                repeated: true,
            });
        }
        if self.outlet.is_connected() {
            effects.push(publish_receipt(&self.names, receipt));
        }
    }

    fn publish_state(&mut self, now_ms: u64, effects: &mut Effects) {
        if !self.outlet.state_is_due(now_ms, &self.seen()) {
            return;
        }
        let mut out = [0; MAX_STATE_ENVELOPE];
        match self.device.state(&mut out) {
            Ok(state) => effects.push(Effect::Publish {
                topic: self.names.state.clone(),
                payload: state.to_vec(),
                retain: true,
                expiry_s: None,
            }),
            Err(refusal) => effects.notice(Notice::Fault { refusal }),
        }
        let challenge = self.device.status().challenge;
        self.outlet.published(now_ms, &self.seen(), Some(challenge));
    }

    fn follow_trust(&mut self, effects: &mut Effects) {
        let next = self.next_root();
        let change = self.listening.follow_trust(&self.names, next);
        effects.listen(change);
    }

    fn follow_pages(&mut self, effects: &mut Effects) {
        let root = root_wanted(&self.device);
        let change = self.listening.follow_pages(&self.names, root);
        effects.listen(change);
    }
}

fn tell_one(outlet: &mut Outlet, names: &Names, bytes: &[u8], effects: &mut Effects) {
    let Some(receipt) = read_receipt(bytes) else {
        let refusal = Reason::LogicFault.into();
        return effects.notice(Notice::Fault { refusal });
    };
    let (news, publish) = outlet.tell(receipt.number);
    if news {
        let (statement, outcome) = (receipt.statement, receipt.outcome);
        effects.notice(Notice::Answered {
            statement,
            outcome,
            repeated: false,
        });
    }
    if publish {
        effects.push(publish_receipt(names, bytes));
    }
}

fn publish_receipt(names: &Names, bytes: &[u8]) -> Effect {
    Effect::Publish {
        topic: names.receipt.clone(),
        payload: bytes.to_vec(),
        retain: false,
        expiry_s: None,
    }
}
