//! The board: a device, its session, and what it has to say.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use latch_link::{
    DeviceSession, FromDevice, Happened, LONGEST_FROM_DEVICE, MAX_LINE, Pulse, Refused, ToDevice,
    Wanted, longest_to_device,
};
use latch_verify::{
    Reason,
    device::{Armed, Device, Parts},
    ledger::InstallPhase,
    limits::MAX_RECEIPT_ENVELOPE,
};

use crate::{
    answer::{Answer, Seat, Then, answer, make},
    clock::Clock,
    hardware::{Hands, Micro, parts},
    outgoing::{Outgoing, Word},
    recovery::Recovery,
    telling::{pulse, standing, wanted},
};

/// The largest pages that a board takes.
pub const PAGE_MAX: usize = 4096;
const IN: usize = longest_to_device(PAGE_MAX);
/// Room for two long messages.
const OUT: usize = 2 * (LONGEST_FROM_DEVICE + 2);

/// A microcontroller with a device's end of the link.
pub struct Board {
    seed: [u8; 32],
    clock: Clock,
    seat: Seat,
    session: Box<DeviceSession<IN, OUT>>,
    outgoing: Outgoing,
    hands: Hands,
    /// What was told last.
    pulse: Option<Pulse>,
    wanted: Option<Wanted>,
    changes: u32,
    /// It boots as soon as the host has all that was said.
    boots_next: bool,
    sessions: u32,
    /// While it is set, messages are not looked at.
    stalled: Arc<AtomicBool>,
    /// While it is set, messages are taken, and never answered.
    mute: Arc<AtomicBool>,
    /// The same for statements only.
    hangs_at_statements: Arc<AtomicBool>,
}

impl Board {
    /// A board that is nobody's yet, whose key has this seed.
    #[must_use]
    pub fn new(seed: [u8; 32], clock: Clock) -> Self {
        Self {
            seed,
            seat: Seat::New(Box::new(parts(&seed, clock.clone()))),
            clock,
            session: Box::new(DeviceSession::new(1)),
            outgoing: Outgoing::default(),
            hands: Hands::default(),
            pulse: None,
            wanted: None,
            changes: 0,
            boots_next: false,
            sessions: 1,
            stalled: Arc::default(),
            mute: Arc::default(),
            hangs_at_statements: Arc::default(),
        }
    }

    /// The same, provisioned.
    ///
    /// # Panics
    /// When root or enrolment are refused.
    #[must_use]
    pub fn provisioned(seed: [u8; 32], clock: Clock, root: &[u8], enrolment: &[u8]) -> Self {
        let mut board = Self::new(seed, clock);
        board.provision(root, enrolment).expect("a genuine bundle");
        board
    }

    /// How often it has carried out what a code has opened.
    #[must_use]
    pub fn acts(&self) -> usize {
        self.hands.acts
    }

    /// Whether it is one end's turn to be stubborn: while it holds, messages lie unread.
    #[must_use]
    pub fn stall(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stalled)
    }

    /// While it holds, messages are taken and thrown away, as a device with a fault in its program
    /// does: the link lives, and nothing is ever answered.
    #[must_use]
    pub fn mute(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.mute)
    }

    /// While it holds, the same is so for statements only.
    #[must_use]
    pub fn hang_at_statements(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.hangs_at_statements)
    }

    /// The device, while it is up.
    #[must_use]
    pub fn device(&self) -> Option<&Device<Micro>> {
        match &self.seat {
            Seat::Up(device) => Some(device),
            _ => None,
        }
    }

    /// Whether a host is at the other end.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.session.is_up()
    }

    /// Takes bytes from the line.
    pub fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.tick(now_ms);
        self.session.receive(now_ms, bytes);
    }

    /// Does what is to be done, and returns what goes onto the line.
    pub fn run(&mut self, now_ms: u64) -> Vec<u8> {
        self.tick(now_ms);
        let mut out = Vec::new();
        self.transmit(now_ms, &mut out);
        while let Some(happened) = self.session.happened() {
            match happened {
                Happened::Up => self.greet(),
                Happened::Lost(_) => self.outgoing.forget(),
                Happened::Refused(_) => {}
            }
        }
        self.tend();
        self.outgoing.hand_over(&mut self.session);
        let stalled = self.stalled.load(Ordering::Relaxed);
        if !stalled && self.outgoing.is_empty() && !self.boots_next {
            self.take_message();
        }
        self.tell_changes();
        self.outgoing.hand_over(&mut self.session);
        self.transmit(now_ms, &mut out);
        if self.boots_next && self.outgoing.is_empty() && self.session.all_arrived() {
            self.reset();
        }
        out
    }

    /// When it wants to run again at the latest.
    #[must_use]
    pub fn wake_ms(&self) -> u64 {
        self.session.next_wake_ms()
    }

    /// Cuts the power: what lies in flash is all that is left.
    pub fn reset(&mut self) {
        let spare = Seat::Shut(Reason::LogicFault.into());
        self.seat = match std::mem::replace(&mut self.seat, spare) {
            Seat::Up(device) => booted(device.into_parts()),
            Seat::Recovering(recovery) => match recovery.reset() {
                Ok(parts) => booted(parts),
                Err(recovery) => Seat::Recovering(recovery),
            },
            seat => seat,
        };
        self.begin_session();
        self.confirm();
    }

    /// Knows nothing of what was said before.
    fn begin_session(&mut self) {
        self.sessions += 1;
        *self.session = DeviceSession::new(self.sessions.wrapping_mul(0x9e37_79b1));
        self.outgoing.forget();
        self.boots_next = false;
    }

    /// All its images are lost: the recovery program starts, and takes the confirmed one again.
    ///
    /// # Panics
    /// When the device is not up, or has never installed an image.
    pub fn lose_images(&mut self) {
        let spare = Seat::Shut(Reason::LogicFault.into());
        let Seat::Up(device) = std::mem::replace(&mut self.seat, spare) else {
            panic!("there is no device that is up");
        };
        self.seat = Seat::Recovering(Box::new(Recovery::of(*device)));
        self.begin_session();
    }

    /// It does not come up again.
    pub fn shut(&mut self, reason: Reason) {
        self.seat = Seat::Shut(reason.into());
        self.reset();
    }

    fn tick(&self, now_ms: u64) {
        self.clock.tick(now_ms);
    }

    fn transmit(&mut self, now_ms: u64, out: &mut Vec<u8>) {
        let mut frame = [0; MAX_LINE];
        loop {
            match self.session.transmit(now_ms, &mut frame) {
                0 => return,
                len => out.extend_from_slice(&frame[..len]),
            }
        }
    }

    /// A new image that runs is a healthy one.
    fn confirm(&mut self) {
        if let Seat::Up(device) = &mut self.seat
            && matches!(device.install_phase(), Some(InstallPhase::Trial { .. }))
        {
            let mut out = [0; MAX_RECEIPT_ENVELOPE];
            let confirmed = device.confirm(&mut out);
            debug_assert!(confirmed.is_ok(), "{confirmed:?}");
        }
    }

    fn greet(&mut self) {
        self.outgoing.forget();
        let standing = standing(&self.seat);
        self.outgoing.say(FromDevice::Standing(standing));
        (self.pulse, self.wanted) = (None, None);
        if let Seat::Up(_) | Seat::Recovering(_) = &self.seat {
            self.tell_changes();
            if self.wanted.is_none() {
                self.outgoing.say(FromDevice::Wanted(None));
            }
        }
    }

    /// Closes what has to be closed.
    fn tend(&mut self) {
        if let Seat::Up(device) = &mut self.seat {
            let mut out = [0; MAX_RECEIPT_ENVELOPE];
            let (hands, outgoing, changes) =
                (&mut self.hands, &mut self.outgoing, &mut self.changes);
            device.tend(hands, &mut out, &mut |receipt| {
                *changes += 1;
                outgoing.put(Word::Receipt(receipt.to_vec()));
            });
        }
    }

    fn tell_changes(&mut self) {
        let (pulse, wanted) = match &self.seat {
            Seat::Up(device) => (pulse(device, self.changes), wanted(device)),
            Seat::Recovering(recovery) => (Recovery::PULSE, recovery.wanted()),
            _ => return,
        };
        if self.pulse.replace(pulse) != Some(pulse) {
            self.outgoing.say(FromDevice::Pulse(pulse));
        }
        if self.wanted != wanted {
            self.wanted = wanted;
            self.outgoing.say(FromDevice::Wanted(wanted));
        }
    }

    fn take_message(&mut self) {
        // What was received lies in the session, which the answers need too.
        let Some(message) = self.session.message() else {
            return;
        };
        let is_statement = matches!(message, Ok(ToDevice::Statement { .. }));
        let hangs = is_statement && self.hangs_at_statements.load(Ordering::Relaxed);
        if hangs || self.mute.load(Ordering::Relaxed) {
            return self.session.taken();
        }
        let answer = match message {
            Ok(message) => answer(
                &mut self.seat,
                &mut self.hands,
                &mut self.outgoing,
                &self.seed,
                &message,
            ),
            Err(malformed) => Answer::done(malformed.tag, Err(Reason::NotDecodable.into())),
        };
        let Answer { message, then } = answer;
        self.session.taken();
        match then {
            Then::Nothing => self.outgoing.say(message),
            Then::GoOn => {
                // This answer tells which page is next.
                match &self.seat {
                    Seat::Up(device) => self.wanted = wanted(device),
                    Seat::Recovering(recovery) => self.wanted = recovery.wanted(),
                    _ => {}
                }
                self.outgoing.say(message);
            }
            Then::Boot => {
                self.wanted = None;
                self.outgoing.say(message);
                self.boots_next = true;
            }
            Then::Greet { standing_first } => {
                if !standing_first {
                    self.outgoing.say(message.clone());
                }
                let before = std::mem::take(&mut self.outgoing);
                self.greet();
                let told = std::mem::replace(&mut self.outgoing, before);
                self.outgoing.append(told);
                if standing_first {
                    self.outgoing.say(message);
                }
            }
            Then::Arm => {
                // The pages are gone by this answer, and nothing is told of it twice.
                self.wanted = None;
                self.outgoing.say(message);
                self.arm();
            }
        }
    }

    fn arm(&mut self) {
        let Seat::Up(device) = &mut self.seat else {
            return;
        };
        let mut out = [0; MAX_RECEIPT_ENVELOPE];
        match device.arm(&mut out) {
            Ok(Armed::Ready) => self.boots_next = true,
            Ok(Armed::Failed(receipt)) => self.outgoing.put(Word::Receipt(receipt.to_vec())),
            Err(_) => {}
        }
    }

    fn provision(&mut self, root: &[u8], enrolment: &[u8]) -> Result<(), Refused> {
        make(&mut self.seat, &self.seed, &self.clock, root, enrolment)
    }
}

fn booted(parts: Parts<Micro>) -> Seat {
    match Device::boot(parts) {
        Ok(device) => Seat::Up(Box::new(device)),
        Err(fault) => Seat::Shut(fault.into()),
    }
}
