//! What a host is told: the device's standing, its receipts, what it wants, and the ends of what was asked.

use latch_link::{FromDevice, Life, Program, Pulse, Standing, Wanted};
use latch_verify::{
    ledger::InstallPhase,
    limits::{MAX_RECEIPT_ENVELOPE, MAX_STATE_ENVELOPE},
};

use super::{Owed, Service};
use crate::why;

/// Shortest time between two pulses that differ in nothing but junk, in milliseconds: who sends junk does not make
/// the device talk.
const JUNK_REST_MS: u64 = 60_000;

impl Service {
    /// Tells what the host does not know yet, as far as there is room. Whether all was told.
    pub(super) fn tell(&mut self) -> bool {
        if !self.line.is_up() {
            return true;
        }
        self.tell_standing()
            && self.tell_receipts()
            && self.tell_again()
            && self.tell_wanted()
            && self.tell_pulse()
            && self.pay()
    }

    fn tell_standing(&mut self) -> bool {
        if self.told.standing {
            return true;
        }
        let boots_left = match self.device.install_phase() {
            Some(InstallPhase::Trial { boots_left, .. }) => boots_left,
            _ => 0,
        };
        self.told.standing = self.line.say(&FromDevice::Standing(Standing {
            program: Program::Application,
            life: Life::Provisioned(self.device.identity().clone()),
            version: self.device.running().version,
            boot: self.device.facts().boot,
            why: why(self.cause, boots_left),
        }));
        self.told.standing
    }

    fn tell_receipts(&mut self) -> bool {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let facts = self.device.facts();
        let oldest = facts.recent.iter().map(|recent| recent.number).min();
        // Those before it are no longer kept.
        let before = oldest.map_or(facts.chain.number, |oldest| oldest.saturating_sub(1));
        self.told.receipts = self.told.receipts.max(before);
        while self.told.receipts < self.device.facts().chain.number {
            let number = self.told.receipts + 1;
            // One that cannot be signed now is asked for by its number later.
            if let Ok(receipt) = self.device.receipt_numbered(number, &mut out)
                && !self.line.say(&FromDevice::Receipt(receipt))
            {
                return false;
            }
            self.told.receipts = number;
        }
        true
    }

    fn tell_again(&mut self) -> bool {
        if !self.again.is_empty() {
            if !self.line.say(&FromDevice::Receipt(&self.again)) {
                return false;
            }
            self.again.clear();
        }
        true
    }

    /// Gives the last request its end.
    fn pay(&mut self) -> bool {
        let Some(owed) = self.owed else { return true };
        let end = match owed {
            Owed::Handled(tag, handled) => FromDevice::Handled { tag, handled },
            Owed::Paged(tag, paged) => FromDevice::Paged { tag, paged },
            Owed::Done(tag, result) => FromDevice::Done { tag, result },
            Owed::State(tag) => {
                let mut out = [0; MAX_STATE_ENVELOPE];
                match self.device.state(&mut out) {
                    Ok(state) if !self.line.say(&FromDevice::State(state)) => return false,
                    Ok(_) => self.owed = Some(Owed::Done(tag, Ok(()))),
                    Err(refusal) => self.owed = Some(Owed::Done(tag, Err(refusal.into()))),
                }
                return self.pay();
            }
        };
        if !self.line.say(&end) {
            return false;
        }
        self.owed = None;
        self.is_answered = true;
        true
    }

    fn tell_wanted(&mut self) -> bool {
        let wanted = self.device.wanted().map(|pages| Wanted {
            pages,
            merkle_root: self.device.installing().map(|image| image.merkle_root),
        });
        // Each page is answered with the next: this is for beginning and end, and for what has to come again.
        let is_known = match (self.told.wanted, wanted) {
            (Some(None), None) => true,
            (Some(Some(told)), Some(wanted)) => {
                told.pages.manifest == wanted.pages.manifest && told.pages.next <= wanted.pages.next
            }
            _ => false,
        };
        if !is_known && !self.line.say(&FromDevice::Wanted(wanted)) {
            return false;
        }
        self.told.wanted = Some(wanted);
        true
    }

    fn tell_pulse(&mut self) -> bool {
        let status = self.device.status();
        let every_ms = self.device.pulse_every_ms();
        let pulse = Pulse {
            receipts: self.device.facts().chain.number,
            changes: self.closings,
            root_version: status.root_version,
            junk: status.junk.count,
            posture: status.posture,
            pulse_every_ms: every_ms.map(|ms| u32::try_from(ms).unwrap_or(u32::MAX)),
        };
        let now_ms = self.line.now_ms();
        if let Some((told, at_ms)) = self.told.pulse {
            let is_quiet = Pulse {
                junk: told.junk,
                ..pulse
            } == told;
            if is_quiet && (pulse == told || now_ms < at_ms + JUNK_REST_MS) {
                return true;
            }
        }
        let is_said = self.line.say(&FromDevice::Pulse(pulse));
        if is_said {
            self.told.pulse = Some((pulse, now_ms));
        }
        is_said
    }
}
