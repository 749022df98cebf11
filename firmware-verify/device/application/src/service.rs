//! The device in service: what a host says is judged, what comes of it is carried out and told.

mod telling;

use latch_device_board::{handoff::Cause, line::FAREWELL_MS, reset};
use latch_link::{Handled, Paged, Pulse, Refused, ToDevice, Wanted};
use latch_verify::{
    Reason, Refusal,
    device::{Actuator as _, Armed, Settlement},
    ledger::InstallPhase,
    limits::MAX_RECEIPT_ENVELOPE,
};

use crate::{
    Line,
    parts::PumpDevice,
    pump::Pump,
    trial::{self, Trial},
};

/// How long the device rests when its flash or its memory has failed, in milliseconds: each start is a write, and a fault that passes
/// does so in minutes or not at all.
pub(crate) const FAULT_REST_MS: u64 = 60_000;

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
    /// It leaves because its flash has failed, and not before its time.
    is_resting: bool,
    /// What has failed is not tried before.
    retry_at_ms: u64,
    /// A request was answered; whether the host has the answer is seen later.
    is_answered: bool,
    /// Whether a host has asked something and has the answer.
    is_reached: bool,
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
            is_resting: false,
            retry_at_ms: 0,
            is_answered: false,
            is_reached: false,
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
                self.is_answered = false;
            }
            self.is_reached |= self.is_answered && self.line.is_up() && self.line.is_told();
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
        self.follow();
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        if let Some(unlatched) = self.device.resume() {
            let (action, ticket) = unlatched.act();
            let settlement = match self.pump.act(action) {
                Ok(()) => Settlement::Done,
                Err(code) => Settlement::Failed { code },
            };
            if self.device.settle(ticket, settlement, &mut out).is_err() {
                self.rest();
            }
        }
        self.trial = Trial::of(&self.device, self.cause, &mut self.pump);
    }

    /// Makes the pump what the twin says, unless everything is shut.
    fn follow(&mut self) {
        if !self.device.facts().locked_down {
            self.pump.follow(self.device.twin());
        }
    }

    /// The flash has failed, or the memory: after a while the machine starts anew, which repairs what can be.
    fn rest(&mut self) {
        let at_ms = self.line.now_ms().saturating_add(FAULT_REST_MS);
        self.leaves_by_ms.get_or_insert(at_ms);
        self.is_resting = true;
    }

    /// Shuts what has closed. Receipts are told by their numbers.
    fn tend(&mut self) {
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let mut closings = 0;
        let mut count = |_: &[u8]| closings += 1;
        let _ = self.device.tend(&mut self.pump, &mut out, &mut count);
        if !self.device.is_whole() {
            // Everything is shut by now, and a boot reads anew what the memory has lost.
            self.rest();
        }
        self.closings = self.closings.wrapping_add(closings);
    }

    /// Arms an image that is complete; confirms one that works, or gives it up. What fails is tried again after a while.
    fn settle_image(&mut self) {
        let now_ms = self.line.now_ms();
        if self.leaves_by_ms.is_some() || now_ms < self.retry_at_ms {
            return;
        }
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        let settled = match self.trial {
            Trial::Passed if self.is_reached => self.device.confirm(&mut out).map(|_| {
                self.trial = Trial::None;
                self.told.standing = false;
            }),
            Trial::Passed if now_ms >= trial::PATIENCE_MS => reset(),
            Trial::Failed => match self.device.give_up(&mut out) {
                Ok(_) => {
                    self.trial = Trial::None;
                    self.prepare_to_leave();
                    Ok(())
                }
                // It does not go on running the product: its boots run out without a record too.
                Err(_) => reset(),
            },
            Trial::None | Trial::Passed => Ok(()),
        };
        let armed = match self.device.install_phase() {
            Some(InstallPhase::Received) => {
                // It reads the whole slot back.
                self.line.works();
                self.device.arm(&mut out).map(|armed| {
                    if matches!(armed, Armed::Ready) {
                        self.prepare_to_leave();
                    }
                })
            }
            _ => Ok(()),
        };
        if settled.and(armed).is_err() {
            self.retry_at_ms = now_ms.saturating_add(FAULT_REST_MS);
        }
    }

    fn prepare_to_leave(&mut self) {
        self.leaves_by_ms = Some(self.line.now_ms() + FAREWELL_MS);
    }

    /// Starts the machine anew, if it is time to.
    fn leave(&self) {
        let is_told = self.owed.is_none() && self.line.is_told() && !self.is_resting;
        if let Some(by_ms) = self.leaves_by_ms
            && (is_told || by_ms <= self.line.now_ms())
        {
            reset()
        }
    }

    /// Takes what the host has said.
    fn hear(&mut self) {
        let mut has_failed = false;
        let was_locked_down = self.device.facts().locked_down;
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
                has_failed = matches!(handled, latch_verify::device::Handled::Untold(_));
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
        if was_locked_down {
            self.follow();
        }
        if has_failed {
            self.rest();
        }
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
