//! A device in memory with the relay around it, and a broker of a few lines: what a test
//! sends in, and what came out.
#![allow(dead_code, reason = "each test file uses its part")]

mod parts;

use latch_agent::{Core, Effect, Event, Hook, HookResult};
use latch_mqtt::{DEFAULT_PREFIX, PageServer, Topics};
use latch_verify::{
    device::{Device, JOURNAL_SECTOR, NoCounter, Parts, provision},
    limits::MAX_COMPONENTS,
    types::Version,
    verdict::Factory,
    wire::SeedKey,
};

use crate::tenant::Tenant;

pub(crate) use crate::done::{BEGIN_MS, DEVICE, Done};
use crate::done::{SEED, wants};
pub(crate) use parts::InMemory;
use parts::{Counting, TestClock, TestFlash};

const SLOT: usize = 64 * 1024;
const ERASE: usize = 4096;

/// The versions from the factory.
const FACTORY: Version = Version {
    major: 1,
    minor: 0,
    patch: 0,
};

/// A relay under test. Whatever it does is done at once, and kept.
pub(crate) struct Rig {
    pub(crate) tenant: Tenant,
    pub(crate) topics: Topics,
    pub(crate) core: Core<InMemory>,
    pub(crate) journal: TestFlash,
    clock: TestClock,
    /// How what shuts a latch ends, at once; `None` where the test tells it.
    pub(crate) shuts: Option<HookResult>,
    /// What was done since the last [`Rig::done`].
    effects: Vec<Effect>,
}

impl Rig {
    /// A provisioned device with its relay, started but not connected.
    pub(crate) fn new() -> Self {
        Self::made([None; MAX_COMPONENTS])
    }

    /// As [`connected`](Self::connected), of a device with another component, numbered 1.
    pub(crate) fn with_component() -> Self {
        let mut rig = Self::made([Some(FACTORY), None, None]);
        rig.connect();
        rig
    }

    fn made(others: [Option<Version>; MAX_COMPONENTS]) -> Self {
        let tenant = Tenant::new();
        let clock = TestClock::default();
        let journal = TestFlash::new(4 * JOURNAL_SECTOR.next_multiple_of(ERASE));
        let parts = Parts {
            journal: journal.clone(),
            slots: [TestFlash::new(SLOT), TestFlash::new(SLOT)],
            clock: clock.clone(),
            entropy: Counting(0),
            key: SeedKey::new(&SEED),
            counter: NoCounter,
        };
        let enrolment = tenant.enrol(DEVICE, &SEED);
        let main = FACTORY;
        let factory = Factory { main, others };
        let device = provision::<InMemory>(parts, tenant.root(), &enrolment, factory).unwrap();
        let topics = Topics::new(DEFAULT_PREFIX, "acme").unwrap();
        let core = Core::new(device, topics.clone(), 0);
        Self {
            tenant,
            topics,
            core,
            journal,
            clock,
            shuts: Some(Ok(())),
            effects: Vec::new(),
        }
    }

    /// As [`new`](Self::new), connected, and past what happens then.
    pub(crate) fn connected() -> Self {
        let mut rig = Self::new();
        rig.connect();
        rig
    }

    fn connect(&mut self) {
        self.event(Event::Connected {
            session_present: false,
        });
        self.done();
    }

    pub(crate) fn now_ms(&self) -> u64 {
        BEGIN_MS + self.clock.ticks_ms.get()
    }

    /// From now on the product vouches for no time.
    pub(crate) fn clock_is_lost(&self) {
        self.clock.lost.set(true);
    }

    pub(crate) fn event(&mut self, event: Event<'_>) {
        let mut effects = self.core.handle(self.clock.ticks_ms.get(), event);
        let begins_shut = |effect: &Effect| matches!(effect, Effect::Shut(_));
        while let Some(result) = self.shuts
            && effects.iter().any(begins_shut)
        {
            self.effects.append(&mut effects);
            effects = self
                .core
                .handle(self.clock.ticks_ms.get(), Event::Shut(result));
        }
        self.effects.append(&mut effects);
    }

    pub(crate) fn message(&mut self, topic: &str, payload: &[u8]) {
        self.event(Event::Message { topic, payload });
    }

    /// Sends a code on the device's own topic.
    pub(crate) fn send(&mut self, code: &[u8]) {
        let topic = self.topics.device_code(&DEVICE.parse().unwrap());
        self.message(&topic, code);
    }

    pub(crate) fn end(&mut self, result: HookResult) {
        self.event(Event::Done(result));
    }

    /// Lets time pass to when the relay wants to be woken, and wakes it.
    pub(crate) fn wake(&mut self) {
        let at_ms = self.core.wake_at_ms().expect("the relay waits for nothing");
        self.clock
            .ticks_ms
            .set(at_ms.max(self.clock.ticks_ms.get()));
        self.event(Event::Tick);
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.clock.ticks_ms.set(self.clock.ticks_ms.get() + ms);
        self.event(Event::Tick);
    }

    /// Cuts the power: what lies in flash is all that is left.
    pub(crate) fn restart(&mut self) {
        let topics = self.topics.clone();
        let now_ms = self.clock.ticks_ms.get();
        let spare = Rig::new().core;
        let core = std::mem::replace(&mut self.core, spare);
        let device = Device::boot(core.into_device().unwrap().into_parts()).unwrap();
        self.core = Core::new(device, topics, now_ms);
        self.effects.clear();
        self.event(Event::Tick);
    }

    /// What was done since the last call.
    pub(crate) fn done(&mut self) -> Done<Effect> {
        Done::new(std::mem::take(&mut self.effects), &self.topics)
    }

    pub(crate) fn device(&self) -> &Device<InMemory> {
        self.core.device().unwrap()
    }

    /// Answers wants with pages until no more are asked for; what happens is kept.
    pub(crate) fn serve(&mut self, server: &PageServer) {
        let topic = self.topics.device_page(&DEVICE.parse().unwrap());
        let mut seen = 0;
        while seen < self.effects.len() {
            let want = wants(&self.effects[seen..seen + 1], &self.topics).pop();
            seen += 1;
            let Some(want) = want else { continue };
            for index in server.asked(&want) {
                self.message(&topic, &server.page(index).unwrap());
            }
        }
    }
}

/// What only the relay of a device in this process does.
impl Done<Effect> {
    pub(crate) fn hooks(&self) -> Vec<Hook> {
        let hook = |effect: &Effect| match effect {
            Effect::Run(hook) => Some(hook.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(hook).collect()
    }

    /// The hooks that shut what has closed.
    pub(crate) fn shuts(&self) -> Vec<Hook> {
        let hook = |effect: &Effect| match effect {
            Effect::Shut(hook) => Some(hook.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(hook).collect()
    }
}
