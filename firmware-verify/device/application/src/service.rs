//! The device in service: what a host says is judged, what comes of it is carried out and told.

use latch_device_board::{handoff::Cause, line::FAREWELL_MS, reset};
use latch_link::{
    FromDevice, Handled, Life, Paged, Program, Pulse, Refused, Standing, ToDevice, Wanted,
};
use latch_verify::{
    Reason, Refusal,
    device::{Actuator as _, Armed, Settlement},
    ledger::InstallPhase,
    limits::{MAX_RECEIPT_ENVELOPE, MAX_STATE_ENVELOPE},
};

use crate::{Line, parts::PumpDevice, pump::Pump, trial::Trial, why};

/// Shortest time between two pulses that differ in nothing but junk, in milliseconds: who sends junk does not make
/// the device talk.
const JUNK_REST_MS: u64 = 60_000;

/// The device in service.
pub(crate) struct Service {
    device: PumpDevice,
    pump: Pump,
    line: Line,
    cause: Cause,
    trial: Trial,
    told: Told,
    /// What is owed to the request that was taken last.
    owed: Option<Owed>,
    /// A receipt that was made before, and is told again.
    again: heapless::Vec<u8, MAX_RECEIPT_ENVELOPE>,
    /// Latches that have closed by themselves.
    closings: u32,
    /// The machine starts anew as soon as the host knows why, and at this time at the latest.
    leaves_by_ms: Option<u64>,
}

/// What the host knows.
#[derive(Default)]
struct Told {
    standing: bool,
    /// The number of the last receipt.
    receipts: u64,
    wanted: Option<Option<Wanted>>,
    pulse: Option<(Pulse, u64)>,
}

/// What a request gets.
#[derive(Clone, Copy)]
enum Owed {
    Handled(u16, Handled),
    Paged(u16, Paged),
    Done(u16, Result<(), Refused>),
    /// The state, then the end.
    State(u16),
}

impl Service {
    pub(crate) fn new(device: PumpDevice, pump: Pump, line: Line, cause: Cause) -> Self {
        Self {
            device,
            pump,
            line,
            cause,
            trial: Trial::None,
            told: Told::default(),
            owed: None,
            again: heapless::Vec::new(),
            closings: 0,
            leaves_by_ms: None,
        }
    }

    /// Serves for as long as the machine runs.
    pub(crate) fn run(mut self) -> ! {
        self.come_up();
        loop {
            self.line.turn();
            if self.line.has_come() {
                self.told = Told::default();
                self.owed = None;
            }
            self.device.observe(&self.pump.observation());
            self.tend();
            self.settle_image();
            if self.tell() {
                self.hear();
            }
            self.leave();
        }
    }

    /// What a start leaves to do: the pump follows the twin, and what was cut off is carried out again.
    fn come_up(&mut self) {
        self.pump.follow(self.device.twin());
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        if let Some(unlatched) = self.device.resume() {
            let (action, ticket) = unlatched.act();
            let settlement = match self.pump.act(action) {
                Ok(()) => Settlement::Done,
                Err(code) => Settlement::Failed { code },
            };
            // If it cannot be recorded, the next start tries again.
            let _ = self.device.settle(ticket, settlement, &mut out);
        }
        self.trial = Trial::of(&self.device, &mut self.pump);
    }

    /// Shuts what has closed. Receipts are told by their numbers.
    fn tend(&mut self) {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let mut closings = 0;
        let mut count = |_: &[u8]| closings += 1;
        let _ = self.device.tend(&mut self.pump, &mut out, &mut count);
        self.closings = self.closings.wrapping_add(closings);
    }

    /// Arms an image that is complete; confirms one that works, or gives it up.
    fn settle_image(&mut self) {
        if self.leaves_by_ms.is_some() {
            return;
        }
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        match self.trial {
            Trial::Passed if self.line.is_up() && self.device.confirm(&mut out).is_ok() => {
                self.trial = Trial::None;
                self.told.standing = false;
            }
            Trial::Failed if self.device.give_up(&mut out).is_ok() => {
                self.trial = Trial::None;
                self.prepare_to_leave();
            }
            _ => {}
        }
        if self.device.install_phase() == Some(InstallPhase::Received) {
            // It reads the whole slot back.
            self.line.works();
            if matches!(self.device.arm(&mut out), Ok(Armed::Ready)) {
                self.prepare_to_leave();
            }
        }
    }

    fn prepare_to_leave(&mut self) {
        self.leaves_by_ms = Some(self.line.now_ms() + FAREWELL_MS);
    }

    /// Starts the machine anew, if it is time to.
    fn leave(&self) {
        if let Some(by_ms) = self.leaves_by_ms
            && (self.owed.is_none() && self.line.is_told() || by_ms <= self.line.now_ms())
        {
            reset()
        }
    }

    /// Tells what the host does not know yet, as far as there is room. Whether all was told.
    fn tell(&mut self) -> bool {
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
        while self.told.receipts < self.device.facts().chain.number {
            let number = self.told.receipts + 1;
            let oldest = self
                .device
                .facts()
                .recent
                .iter()
                .map(|recent| recent.number)
                .min();
            if oldest.is_some_and(|oldest| number < oldest) {
                // No longer kept.
                self.told.receipts = number;
                continue;
            }
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

    /// Takes what the host has said.
    fn hear(&mut self) {
        let Self {
            device,
            pump,
            line,
            told,
            again,
            ..
        } = self;
        let owed = match line.heard() {
            None => return,
            Some(Err(malformed)) => {
                Some(Owed::Done(malformed.tag, Err(Reason::NotDecodable.into())))
            }
            Some(Ok(ToDevice::Statement {
                tag,
                release,
                statement,
            })) => {
                let mut out = [0; MAX_RECEIPT_ENVELOPE];
                let before = device.facts().chain.number;
                let mut receipt = heapless::Vec::new();
                let mut keep = |bytes: &[u8]| {
                    let _ = receipt.extend_from_slice(bytes);
                };
                let handled = device.serve(statement, release, pump, &mut out, &mut keep);
                if device.facts().chain.number == before {
                    *again = receipt;
                }
                Some(Owed::Handled(tag, handled.into()))
            }
            Some(Ok(ToDevice::Page { tag, page })) => {
                Some(Owed::Paged(tag, device.page(page).into()))
            }
            Some(Ok(ToDevice::AskState { tag })) => Some(Owed::State(tag)),
            Some(Ok(ToDevice::AskReceipt { tag, statement })) => {
                let mut out = [0; MAX_RECEIPT_ENVELOPE];
                Some(Owed::Done(
                    tag,
                    keep(device.receipt(statement, &mut out), again),
                ))
            }
            Some(Ok(ToDevice::AskReceiptNumbered { tag, number })) => {
                let mut out = [0; MAX_RECEIPT_ENVELOPE];
                Some(Owed::Done(
                    tag,
                    keep(device.receipt_numbered(number, &mut out), again),
                ))
            }
            Some(Ok(ToDevice::AskRequest { tag, .. } | ToDevice::Provision { tag, .. })) => {
                Some(Owed::Done(tag, Err(Reason::AlreadyProvisioned.into())))
            }
            Some(Ok(ToDevice::AskStanding { tag })) => {
                told.standing = false;
                told.wanted = None;
                told.pulse = None;
                Some(Owed::Done(tag, Ok(())))
            }
        };
        self.owed = owed;
        self.line.taken();
    }
}

/// Keeps a receipt that was asked for, to be told.
fn keep(
    receipt: Result<&[u8], Refusal>,
    again: &mut heapless::Vec<u8, MAX_RECEIPT_ENVELOPE>,
) -> Result<(), Refused> {
    let receipt = receipt?;
    again.clear();
    let _ = again.extend_from_slice(receipt);
    Ok(())
}
