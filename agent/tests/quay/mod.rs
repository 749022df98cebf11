//! A relay of a device behind a link, with both ends of the line, a board at the other one, and a
//! broker of a few lines. The test pulls the cable, cuts the power, and lets time pass.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::VecDeque;

use latch_agent::{Bundle, LinkedCore, LinkedEffect, LinkedEvent, LinkedOptions};
use latch_board::{Board, Clock};
use latch_link::{
    Happened, HostSession, LONGEST_FROM_DEVICE, MAX_LINE, NotSent, longest_to_device,
};
use latch_mqtt::{DEFAULT_PREFIX, PageServer, Topics};

use crate::tenant::{PAGE, Tenant};

use crate::done::wants;
#[allow(unused_imports, reason = "each test file uses its part")]
pub(crate) use crate::done::{BEGIN_MS, DEVICE, Done, SEED, Shared, device_key};

const IN: usize = LONGEST_FROM_DEVICE;
const OUT: usize = 2 * (longest_to_device(4 * PAGE) + 2);

/// The relay and all that is around it.
pub(crate) struct Quay {
    pub(crate) tenant: Tenant,
    pub(crate) topics: Topics,
    pub(crate) core: LinkedCore,
    pub(crate) board: Board,
    host: Box<HostSession<IN, OUT>>,
    hosts: u32,
    now_ms: u64,
    /// Whether bytes get through.
    pub(crate) cable: bool,
    /// Bytes of the device that are lost from now on.
    pub(crate) lose_from_device: bool,
    effects: Vec<LinkedEffect>,
}

impl Quay {
    /// A provisioned device whose relay knows nothing of it yet.
    pub(crate) fn new() -> Self {
        let tenant = Tenant::new();
        let enrolment = tenant.enrol(DEVICE, &SEED);
        let clock = Clock::trusted(BEGIN_MS);
        let board = Board::provisioned(SEED, clock, tenant.root(), &enrolment);
        Self::of(tenant, board, options())
    }

    pub(crate) fn of(tenant: Tenant, board: Board, options: LinkedOptions) -> Self {
        Self {
            tenant,
            topics: Topics::new(DEFAULT_PREFIX, "acme").unwrap(),
            core: LinkedCore::new(options),
            board,
            host: Box::new(HostSession::new(77)),
            hosts: 77,
            now_ms: 0,
            cable: true,
            lose_from_device: false,
            effects: Vec::new(),
        }
    }

    /// As [`new`](Self::new), with link and broker connected, and past what happens then.
    pub(crate) fn connected() -> Self {
        let mut quay = Self::new();
        quay.settle();
        quay.connect(false);
        quay.done();
        quay
    }

    pub(crate) fn now_ms(&self) -> u64 {
        BEGIN_MS + self.now_ms
    }

    pub(crate) fn connect(&mut self, session_present: bool) {
        self.event(LinkedEvent::Connected { session_present });
    }

    /// Something from the broker, and all that follows from it at once.
    pub(crate) fn event(&mut self, event: LinkedEvent<'_>) {
        self.tell(event);
        self.settle();
    }

    /// The same, without anything moving on the line.
    pub(crate) fn tell(&mut self, event: LinkedEvent<'_>) {
        let effects = self.core.handle(self.now_ms, event);
        self.perform(effects);
    }

    pub(crate) fn message(&mut self, topic: &str, payload: &[u8]) {
        self.event(LinkedEvent::Message { topic, payload });
    }

    /// Sends a statement on the device's own topic.
    pub(crate) fn send(&mut self, statement: &[u8]) {
        self.message(&self.code_topic(), statement);
    }

    pub(crate) fn code_topic(&self) -> String {
        self.topics.device_code(&DEVICE.parse().unwrap())
    }

    fn perform(&mut self, effects: Vec<LinkedEffect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            if let LinkedEffect::Say(request) = &effect {
                match self.host.send(&request.message()) {
                    Ok(()) | Err(NotSent::Down) => {}
                    Err(NotSent::TooLong { most }) => {
                        let event = LinkedEvent::TooLong { most };
                        effects.extend(self.core.handle(self.now_ms, event));
                    }
                    Err(NotSent::Busy) => panic!("more than one request under way"),
                }
            }
            if effect == LinkedEffect::HangUp {
                self.hosts += 1;
                self.host.restart(self.hosts);
            }
            self.effects.push(effect);
        }
    }

    /// Lets both ends talk until nothing is left to say.
    pub(crate) fn settle(&mut self) {
        while self.exchange() {}
    }

    /// Moves what both ends have to say now, and says whether that was anything.
    pub(crate) fn exchange(&mut self) -> bool {
        let mut moved = false;
        let mut frame = [0; MAX_LINE];
        loop {
            let len = self.host.transmit(self.now_ms, &mut frame);
            if len == 0 {
                break;
            }
            if self.cable {
                moved = true;
                self.board.receive(self.now_ms, &frame[..len]);
            }
        }
        let said = self.board.run(self.now_ms);
        if self.cable && !self.lose_from_device && !said.is_empty() {
            moved = true;
            self.host.receive(self.now_ms, &said);
        }
        loop {
            // As a line does it: the last word of a peer comes before the news of its loss.
            let effects = if let Some(message) = self.host.message() {
                let message = message.expect("the board speaks the protocol");
                let effects = self.core.handle(self.now_ms, LinkedEvent::Said(message));
                self.host.taken();
                effects
            } else {
                match self.host.happened() {
                    Some(Happened::Up) => self.core.handle(self.now_ms, LinkedEvent::Up),
                    Some(Happened::Lost(_)) => self.core.handle(self.now_ms, LinkedEvent::Down),
                    Some(Happened::Refused(_)) => continue,
                    None => return moved,
                }
            };
            moved = true;
            self.perform(effects);
        }
    }

    /// Lets time pass, in small steps.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        while self.now_ms < end_ms {
            self.now_ms = (self.now_ms + 100).min(end_ms);
            self.settle();
            if self
                .core
                .wake_at_ms()
                .is_some_and(|at_ms| at_ms <= self.now_ms)
            {
                self.event(LinkedEvent::Tick);
            }
        }
    }

    /// The agent is killed and started again: nothing that it knew is left.
    pub(crate) fn restart_agent(&mut self) {
        self.core = LinkedCore::new(options());
        self.hosts += 1;
        *self.host = HostSession::new(self.hosts);
        self.effects.clear();
    }

    /// Answers wants with pages until no more are asked for; what happens is kept.
    pub(crate) fn serve(&mut self, server: &PageServer) {
        let topic = self.topics.device_page(&DEVICE.parse().unwrap());
        let mut seen = 0;
        while seen < self.effects.len() {
            let want = wants(&self.effects[seen..=seen], &self.topics).pop();
            seen += 1;
            let Some(want) = want else { continue };
            for index in server.asked(&want) {
                self.message(&topic, &server.page(index).unwrap());
            }
        }
    }

    pub(crate) fn done(&mut self) -> Done<LinkedEffect> {
        Done::new(std::mem::take(&mut self.effects), &self.topics)
    }
}

pub(crate) fn options() -> LinkedOptions {
    LinkedOptions {
        topic_prefix: DEFAULT_PREFIX.to_owned(),
        name: None,
        bundle: None,
    }
}

pub(crate) fn bundle(tenant: &Tenant) -> Bundle {
    Bundle {
        root: tenant.root().to_vec(),
        enrolment: tenant.enrol(DEVICE, &SEED),
    }
}

/// What only the relay of a device behind a link does.
impl Done<LinkedEffect> {
    pub(crate) fn served(&self) -> Vec<String> {
        let served = |effect: &LinkedEffect| match effect {
            LinkedEffect::Serve(identity) => Some(identity.device.to_string()),
            _ => None,
        };
        self.effects.iter().filter_map(served).collect()
    }
}
