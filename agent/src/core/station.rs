//! A device that is up, and the work around it: what arrives, and when it is waited for.

use latch_verify::{
    Refusal,
    device::{Device, MountFault, Platform, Ticket},
    types::LatchId,
};

use super::{
    download::Download,
    event::{Effects, Event, HookResult, LatchEvent, Notice},
    image::{Stage, stage},
    listening::Listening,
    names::{Names, Subject},
    outlet::{Outlet, Seen},
    queue::Queue,
    roots::Roots,
    shutting::Shutting,
};

/// How long nothing is unlatched after the device's storage or key has failed, in
/// milliseconds; then it boots again, which repairs what can be. Each boot is a write, and
/// a fault that passes (a full disk, a bus that was busy) passes in minutes or not at all.
pub const FAULT_REST_MS: u64 = 60_000;

/// A device and the work around it.
pub(super) struct Station<P: Platform> {
    pub(super) device: Device<P>,
    pub(super) names: Names,
    pub(super) work: Work,
    pub(super) morning: Morning,
    pub(super) queue: Queue,
    pub(super) roots: Roots,
    pub(super) shutting: Shutting,
    pub(super) download: Download,
    pub(super) outlet: Outlet,
    pub(super) listening: Listening,
    /// When the device wants to be looked at.
    pub(super) look_at_ms: Option<u64>,
    /// Since when it waits for its first event; `None` after that.
    pub(super) begin_ms: Option<u64>,
    /// Nothing is unlatched before; then the device boots.
    pub(super) rest_until_ms: Option<u64>,
    /// When the broker is asked for what it retains again: the device has thrown some of it away.
    pub(super) ask_again_at_ms: Option<u64>,
    /// Nothing is begun any more.
    pub(super) winding_down: bool,
}

/// The hook that runs, and what its end means.
#[derive(Debug)]
pub(super) enum Work {
    /// None does.
    Idle,
    /// A twin change or a command, which is settled with its end.
    Acting(Ticket, &'static str),
    /// A latch is being opened or shut, which is settled with its end.
    Latching {
        ticket: Ticket,
        latch: Option<LatchId>,
        event: LatchEvent,
    },
    /// The new image is being made to run.
    Activating,
    /// The new image is asked whether it works.
    Checking,
    /// The new image was given up: the device boots next.
    GaveUp,
    /// The image before is being made to run again.
    Reverting,
}

/// What is still to be looked at after a boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Morning {
    /// Latches that were open.
    Latches,
    /// A twin change that was cut off.
    Twin,
    /// An image on trial, or one that was given up.
    Image,
    /// Nothing.
    Over,
}

impl<P: Platform> Station<P> {
    pub(super) fn new(device: Device<P>, names: Names, begin_ms: u64) -> Self {
        let outlet = Outlet::new(device.facts().chain.number);
        Self {
            device,
            names,
            work: Work::Idle,
            morning: Morning::Latches,
            queue: Queue::default(),
            roots: Roots::default(),
            shutting: Shutting::default(),
            download: Download::default(),
            outlet,
            listening: Listening::default(),
            look_at_ms: None,
            begin_ms: Some(begin_ms),
            rest_until_ms: None,
            ask_again_at_ms: None,
            winding_down: false,
        }
    }

    /// Boots the device again.
    pub(super) fn boot(mut self, effects: &mut Effects) -> Result<Self, MountFault> {
        let device = Device::boot(self.device.into_parts())?;
        // Its challenge is another one now.
        self.outlet.change();
        effects.notice(Notice::Booted {
            boot: device.facts().boot,
        });
        Ok(Self {
            device,
            work: Work::Idle,
            morning: Morning::Latches,
            rest_until_ms: None,
            ..self
        })
    }

    pub(super) fn take(&mut self, now_ms: u64, event: Event<'_>, effects: &mut Effects) {
        match event {
            Event::Connected { session_present } => {
                self.outlet.connect();
                if !session_present {
                    // What the broker retains comes with the subscriptions.
                    self.ask_again_at_ms = None;
                    // Pages on their way were not kept for us.
                    self.download.forget();
                }
            }
            Event::Disconnected => self.outlet.disconnect(),
            Event::Message { topic, payload } => match self.names.subject(topic) {
                Subject::Statement => self.take_statement(now_ms, payload, effects),
                Subject::Trust(version) => self.take_root(now_ms, version, payload, effects),
                Subject::Page => self.take_page(now_ms, payload, effects),
                Subject::Release(id) => self.take_release(id, payload, effects),
                Subject::State | Subject::Nothing => {}
            },
            Event::Done(result) => self.take_end(now_ms, result, effects),
            Event::Shut(result) => self.take_shut(now_ms, result, effects),
            Event::Observed(seen) => self.device.observe(&seen),
            Event::Tick => {}
        }
    }

    fn take_end(&mut self, now_ms: u64, result: HookResult, effects: &mut Effects) {
        let work = std::mem::replace(&mut self.work, Work::Idle);
        if let (Err(code), Some(hook)) = (result, work.hook()) {
            effects.notice(Notice::HookFailed { hook, code });
        }
        self.finish(now_ms, work, result, effects);
        self.tell(effects);
    }

    /// Whether a hook may be started.
    pub(super) fn is_free(&self) -> bool {
        matches!(self.work, Work::Idle) && self.rest_until_ms.is_none()
    }

    /// The device is at fault: it rests, then boots.
    pub(super) fn rest(&mut self, now_ms: u64, refusal: Refusal, effects: &mut Effects) {
        effects.notice(Notice::Fault { refusal });
        let until_ms = now_ms.saturating_add(FAULT_REST_MS);
        self.rest_until_ms = Some(until_ms);
        effects.notice(Notice::Resting { until_ms });
    }

    /// What decides when the state is published.
    pub(super) fn seen(&self) -> Seen {
        Seen::of(&self.device.status(), self.device.pulse_every_ms())
    }

    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        if self.begin_ms.is_some() {
            return self.begin_ms;
        }
        let connected = self.outlet.is_connected();
        let receiving = matches!(stage(&self.device), Stage::Receiving(_));
        let state_at_ms = || self.outlet.state_at_ms(&self.seen()).unwrap_or(0);
        let times = [
            self.rest_until_ms
                .filter(|_| matches!(self.work, Work::Idle)),
            self.queue.until_ms().filter(|_| self.is_free()),
            self.look_at_ms,
            self.ask_again_at_ms.filter(|_| connected),
            self.shutting.again_at_ms(),
            connected.then(state_at_ms),
            (connected && receiving).then(|| self.download.again_at_ms()),
        ];
        times.into_iter().flatten().min()
    }
}

impl Work {
    /// What is to be settled with its end.
    pub(super) fn ticket(&self) -> Option<&Ticket> {
        match self {
            Self::Acting(ticket, _) | Self::Latching { ticket, .. } => Some(ticket),
            _ => None,
        }
    }

    fn hook(&self) -> Option<&'static str> {
        match self {
            Self::Idle | Self::GaveUp => None,
            Self::Acting(_, hook) => Some(hook),
            Self::Latching { .. } => Some("latch"),
            Self::Activating | Self::Reverting => Some("activate"),
            Self::Checking => Some("health"),
        }
    }
}
