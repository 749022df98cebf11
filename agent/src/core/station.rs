//! A device that is up, and the work around it: what arrives, and when it is waited for.

use latch_verify::{
    Refusal,
    device::{Device, MountFault, Paged, Platform, Release, Submitted, Ticket},
    image::Page,
    limits::MAX_RECEIPT_ENVELOPE,
    wire::{Envelope, Kind},
};

use super::{
    download::Download,
    event::{Effect, Effects, Event, HookResult, Notice},
    image::{Stage, is_fault, stage},
    names::{Names, Subject},
    outlet::Outlet,
    queue::{Put, Queue},
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
    pub(super) download: Download,
    pub(super) outlet: Outlet,
    /// The shared pages that are listened to.
    pub(super) pages: Option<String>,
    /// Since when it waits for its first event; `None` after that.
    pub(super) begin_ms: Option<u64>,
    /// Nothing is unlatched before; then the device boots.
    pub(super) rest_until_ms: Option<u64>,
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
            morning: Morning::Twin,
            queue: Queue::default(),
            download: Download::default(),
            outlet,
            pages: None,
            begin_ms: Some(begin_ms),
            rest_until_ms: None,
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
            morning: Morning::Twin,
            rest_until_ms: None,
            ..self
        })
    }

    pub(super) fn take(&mut self, now_ms: u64, event: Event<'_>, effects: &mut Effects) {
        match event {
            Event::Connected { session_present } => {
                self.outlet.connect();
                if !session_present {
                    // Pages on their way were not kept for us.
                    self.download.forget();
                }
            }
            Event::Disconnected => self.outlet.disconnect(),
            Event::Message { topic, payload } => match self.names.subject(topic) {
                Subject::Code => self.take_code(payload, effects),
                Subject::Page => self.take_page(now_ms, payload, effects),
                Subject::Release(id) => {
                    if self.queue.release(id, payload) {
                        effects.push(Effect::Unsubscribe(self.names.release(id)));
                    }
                }
                Subject::Nothing => {}
            },
            Event::Done(result) => self.take_end(now_ms, result, effects),
            Event::Tick => {}
        }
    }

    fn take_code(&mut self, statement: &[u8], effects: &mut Effects) {
        if Envelope::parse(Kind::Code, statement).is_err() {
            // Nothing that could be a code takes a place in the queue: it is counted now.
            let mut out = [0; MAX_RECEIPT_ENVELOPE];
            if let Submitted::Ignored(refusal) =
                self.device.submit(statement, Release::NotAsked, &mut out)
            {
                effects.notice(Notice::Ignored { refusal });
            }
            return;
        }
        match self.queue.put(statement) {
            Put::Waits if !self.is_free() => {
                effects.notice(Notice::Queued {
                    waiting: self.queue.len(),
                });
            }
            Put::Waits | Put::Known => {}
            Put::Full => effects.notice(Notice::QueueFull),
        }
    }

    /// Gives the device the page that it waits for; others may be for other devices, or have
    /// been overtaken.
    fn take_page(&mut self, now_ms: u64, message: &[u8], effects: &mut Effects) {
        let Some(wanted) = self.device.wanted() else {
            return;
        };
        let Ok(page) = Page::parse(message) else {
            return;
        };
        if page.manifest != wanted.manifest || page.index != wanted.next {
            return;
        }
        match self.device.page(message) {
            Ok(Paged::Kept(left)) => {
                self.download.progress(now_ms);
                effects.notice(Notice::PageKept {
                    next: left.next,
                    of: left.of,
                });
            }
            Ok(Paged::Complete) => {
                effects.notice(Notice::PageKept {
                    next: wanted.of,
                    of: wanted.of,
                });
                effects.notice(Notice::ImageComplete {
                    manifest: wanted.manifest,
                });
            }
            Err(refusal) if is_fault(refusal.reason) => effects.notice(Notice::Fault { refusal }),
            Err(refusal) => effects.notice(Notice::PageRefused { refusal }),
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

    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        if self.begin_ms.is_some() {
            return self.begin_ms;
        }
        let connected = self.outlet.is_connected();
        let receiving = matches!(stage(&self.device), Stage::Receiving(_));
        let state_at_ms = || {
            self.outlet
                .state_at_ms(self.device.junk().count)
                .unwrap_or(0)
        };
        let times = [
            self.rest_until_ms
                .filter(|_| matches!(self.work, Work::Idle)),
            self.queue.until_ms().filter(|_| self.is_free()),
            connected.then(state_at_ms),
            (connected && receiving).then(|| self.download.again_at_ms()),
        ];
        times.into_iter().flatten().min()
    }
}

impl Work {
    fn hook(&self) -> Option<&'static str> {
        match self {
            Self::Idle | Self::GaveUp => None,
            Self::Acting(_, hook) => Some(hook),
            Self::Activating | Self::Reverting => Some("activate"),
            Self::Checking => Some("health"),
        }
    }
}
