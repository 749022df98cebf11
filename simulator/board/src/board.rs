//! The board: a device, its session, and what it has to say.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use latch_link::{
    DeviceSession, FromDevice, Handled, Happened, LONGEST_FROM_DEVICE, Life, MAX_LINE, Paged,
    Program, Pulse, Refused, Standing, ToDevice, Wanted, Why, longest_to_device,
};
use latch_verify::{
    Reason, Refusal,
    device::{Armed, Device, Parts, provision},
    ledger::InstallPhase,
    limits::{MAX_ENROLMENT_BODY, MAX_RECEIPT_ENVELOPE, MAX_STATE_ENVELOPE},
    statement::{Enrolment, KeyKept},
    types::{Digest, Version},
    verdict::Identity,
    wire::{DeviceKey as _, Kind, PublicKey, encode, seal_head},
};

use crate::{
    hardware::{Hands, Micro, parts},
    outgoing::{Outgoing, Word},
};

/// The largest pages that a board takes.
pub const PAGE_MAX: usize = 4096;
const IN: usize = longest_to_device(PAGE_MAX);
/// Room for two long messages.
const OUT: usize = 2 * (LONGEST_FROM_DEVICE + 2);

/// The version from the factory.
const FACTORY: Version = Version {
    major: 1,
    minor: 0,
    patch: 0,
};

/// The board's clock, which the test shares.
#[derive(Clone, Default)]
pub struct Clock {
    ticks_ms: Arc<AtomicU64>,
    /// Unix time at tick zero, in milliseconds; zero while nobody vouches for it.
    begin_ms: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that is trusted, and shows this Unix time at tick zero.
    #[must_use]
    pub fn trusted(begin_ms: u64) -> Self {
        let clock = Self::default();
        clock.begin_ms.store(begin_ms, Ordering::Relaxed);
        clock
    }
}

impl latch_verify::device::Clock for Clock {
    fn ticks_ms(&self) -> u64 {
        self.ticks_ms.load(Ordering::Relaxed)
    }

    fn trusted_ms(&self) -> Option<u64> {
        let begin_ms = self.begin_ms.load(Ordering::Relaxed);
        (begin_ms > 0).then(|| begin_ms + self.ticks_ms())
    }
}

/// Whether the device lives.
enum Seat {
    New(Box<Parts<Micro>>),
    Up(Box<Device<Micro>>),
    Shut(Refused),
}

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
            Seat::Up(device) => match Device::boot(device.into_parts()) {
                Ok(device) => Seat::Up(Box::new(device)),
                Err(fault) => Seat::Shut(fault.into()),
            },
            seat => seat,
        };
        self.sessions += 1;
        *self.session = DeviceSession::new(self.sessions.wrapping_mul(0x9e37_79b1));
        self.outgoing.forget();
        self.boots_next = false;
        self.confirm();
    }

    /// It does not come up again.
    pub fn shut(&mut self, reason: Reason) {
        self.seat = Seat::Shut(reason.into());
        self.reset();
    }

    fn tick(&self, now_ms: u64) {
        self.clock.ticks_ms.fetch_max(now_ms, Ordering::Relaxed);
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
        let standing = self.standing();
        self.outgoing.say(FromDevice::Standing(standing));
        (self.pulse, self.wanted) = (None, None);
        if let Seat::Up(_) = &self.seat {
            self.tell_changes();
            if self.wanted.is_none() {
                self.outgoing.say(FromDevice::Wanted(None));
            }
        }
    }

    fn standing(&self) -> Standing {
        let (life, version, boot) = match &self.seat {
            Seat::New(_) => (Life::Unprovisioned, FACTORY, 0),
            Seat::Shut(refused) => (Life::Shut(*refused), FACTORY, 0),
            Seat::Up(device) => (
                Life::Provisioned(device.identity().clone()),
                device.running().version,
                device.facts().boot,
            ),
        };
        Standing {
            program: Program::Application,
            life,
            version,
            boot,
            why: Why::Unknown,
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
        let Seat::Up(device) = &self.seat else { return };
        let status = device.status();
        let pulse = Pulse {
            receipts: device.facts().chain.number,
            changes: self.changes,
            root_version: status.root_version,
            junk: status.junk.count,
            posture: status.posture,
            pulse_every_ms: device
                .pulse_every_ms()
                .and_then(|ms| u32::try_from(ms).ok()),
        };
        let wanted = wanted(device);
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
                if let Seat::Up(device) = &self.seat {
                    self.wanted = wanted(device);
                }
                self.outgoing.say(message);
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

fn wanted(device: &Device<Micro>) -> Option<Wanted> {
    device.wanted().map(|pages| Wanted {
        pages,
        merkle_root: device.installing().map(|image| image.merkle_root),
    })
}

/// How a request ends.
struct Answer {
    message: FromDevice<'static>,
    then: Then,
}

enum Then {
    Nothing,
    GoOn,
    Greet { standing_first: bool },
    Arm,
}

impl Answer {
    fn done(tag: u16, result: Result<(), Refused>) -> Self {
        Self {
            message: FromDevice::Done { tag, result },
            then: Then::Nothing,
        }
    }
}

fn answer(
    seat: &mut Seat,
    hands: &mut Hands,
    outgoing: &mut Outgoing,
    seed: &[u8; 32],
    message: &ToDevice<'_>,
) -> Answer {
    let tag = message.tag();
    let mut out = [0; MAX_RECEIPT_ENVELOPE];
    match (message, seat) {
        (ToDevice::AskStanding { .. }, _) => Answer {
            then: Then::Greet {
                standing_first: true,
            },
            ..Answer::done(tag, Ok(()))
        },
        (ToDevice::AskRequest { name, .. }, Seat::New(_)) => match request(seed, name) {
            Ok(request) => {
                outgoing.put(Word::Request(request));
                Answer::done(tag, Ok(()))
            }
            Err(refusal) => Answer::done(tag, Err(refusal.into())),
        },
        (
            ToDevice::Provision {
                root, enrolment, ..
            },
            seat @ Seat::New(_),
        ) => {
            let clock = match seat {
                Seat::New(parts) => parts.clock.clone(),
                _ => Clock::default(),
            };
            let result = make(seat, seed, &clock, root, enrolment);
            let then = match result {
                Ok(()) => Then::Greet {
                    standing_first: false,
                },
                Err(_) => Then::Nothing,
            };
            Answer {
                then,
                ..Answer::done(tag, result)
            }
        }
        (
            ToDevice::Statement {
                release, statement, ..
            },
            Seat::Up(device),
        ) => {
            let handled = device.serve(statement, *release, hands, &mut out, &mut |receipt| {
                outgoing.put(Word::Receipt(receipt.to_vec()));
            });
            let handled = Handled::from(handled);
            Answer {
                message: FromDevice::Handled { tag, handled },
                then: Then::Nothing,
            }
        }
        (ToDevice::Page { page, .. }, Seat::Up(device)) => {
            let paged = Paged::from(device.page(page));
            let then = match paged {
                Paged::Complete => Then::Arm,
                Paged::Kept(_) => Then::GoOn,
                _ => Then::Nothing,
            };
            Answer {
                message: FromDevice::Paged { tag, paged },
                then,
            }
        }
        (ToDevice::AskState { .. }, Seat::Up(device)) => {
            let mut out = [0; MAX_STATE_ENVELOPE];
            let state = device.state(&mut out);
            let state = state.map(|state| outgoing.put(Word::State(state.to_vec())));
            Answer::done(tag, state.map_err(Refused::from))
        }
        (ToDevice::AskReceipt { statement, .. }, Seat::Up(device)) => {
            let receipt = device.receipt(*statement, &mut out);
            let receipt = receipt.map(|receipt| outgoing.put(Word::Receipt(receipt.to_vec())));
            Answer::done(tag, receipt.map_err(Refused::from))
        }
        (ToDevice::AskReceiptNumbered { number, .. }, Seat::Up(device)) => {
            let receipt = device.receipt_numbered(*number, &mut out);
            let receipt = receipt.map(|receipt| outgoing.put(Word::Receipt(receipt.to_vec())));
            Answer::done(tag, receipt.map_err(Refused::from))
        }
        (ToDevice::AskRequest { .. } | ToDevice::Provision { .. }, Seat::Up(_)) => {
            Answer::done(tag, Err(Reason::AlreadyProvisioned.into()))
        }
        (_, Seat::New(_)) => Answer::done(tag, Err(Reason::Unprovisioned.into())),
        (_, Seat::Shut(refused)) => Answer::done(tag, Err(*refused)),
    }
}

/// Begins a device's life; one whose bundle is refused stays nobody's.
fn make(
    seat: &mut Seat,
    seed: &[u8; 32],
    clock: &Clock,
    root: &[u8],
    enrolment: &[u8],
) -> Result<(), Refused> {
    let made = provision::<Micro>(parts(seed, clock.clone()), root, enrolment, FACTORY);
    *seat = Seat::Up(Box::new(made?));
    Ok(())
}

/// A request to be enrolled, signed by the device's own key.
fn request(seed: &[u8; 32], name: &Identity) -> Result<Vec<u8>, Refusal> {
    let mut key = latch_verify::wire::SeedKey::new(seed);
    let public = PublicKey::new(key.public())?;
    let enrolment = Enrolment {
        tenant: name.tenant,
        product: name.product,
        device: name.device.clone(),
        incarnation: name.incarnation,
        device_key: Digest(*public.bytes()),
        key_kept: KeyKept::Software,
    };
    let mut buffer = [0; MAX_ENROLMENT_BODY];
    let body = encode(&enrolment, &mut buffer)?;
    let mut envelope = seal_head(Kind::Enrolment, 0, body.len())?.to_vec();
    envelope.extend_from_slice(body);
    let signature = key.sign(&envelope).map_err(|_| Reason::KeyFault)?;
    envelope.push(1);
    envelope.extend_from_slice(&public.id().0);
    envelope.extend_from_slice(&signature);
    Ok(envelope)
}
