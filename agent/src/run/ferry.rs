//! One device behind a link: its line, its session with the broker, and the relay between them.

use std::{future::pending, time::Instant};

use latch_agent::{LinkedCore, LinkedEffect, LinkedEvent, LinkedOptions};
use latch_line::{Happening, Line};
use latch_link::NotSent;
use latch_mqtt::{Event as Mqtt, EventReceiver, Publisher};
use latch_verify::verdict::Identity;
use tokio::{sync::watch, time::timeout};
use tracing::{Instrument as _, Span, debug, error, info, info_span, warn};

use super::{
    Broker, RunError, STOP_GRACE, at,
    bundle::BundleFile,
    claims::{Claimant, Claims, Moved},
    log_session, publish, subscribe,
};
use crate::{config::LinkedDevice, notices};

/// A device behind a link, and what carries its messages.
pub(super) struct Ferry {
    line: Line,
    core: LinkedCore,
    bundle: Option<BundleFile>,
    broker: Broker,
    claimant: Claimant,
    /// The session of the device that is there; none before it has told its name.
    session: Option<(Publisher, EventReceiver)>,
    begin: Instant,
    span: Span,
}

/// Something that happened on either side.
enum Side {
    Line(Happening),
    Broker(Option<Mqtt>),
    Bundle,
    Moved(Moved),
    Time,
    Stop,
}

impl Ferry {
    /// The ferry of a device, on which nothing moves yet.
    pub(super) fn new(device: LinkedDevice, broker: Broker, claims: &Claims) -> Self {
        let LinkedDevice {
            address,
            name,
            bundle,
        } = device;
        let bundle = bundle.map(|path| BundleFile::new(path, name.clone()));
        let link = address.to_string();
        let options = LinkedOptions {
            topic_prefix: broker.topic_prefix.clone(),
            name,
            bundle: None,
        };
        Self {
            core: LinkedCore::new(options),
            line: Line::new(address),
            bundle,
            broker,
            claimant: claims.of(link.clone()),
            session: None,
            begin: Instant::now(),
            span: info_span!("device", link, name = tracing::field::Empty),
        }
    }

    /// Serves the device until it is told to stop.
    ///
    /// # Errors
    /// [`RunError`]; a line on which nobody answers is none.
    pub(super) async fn serve(self, stopping: watch::Receiver<bool>) -> Result<(), RunError> {
        let span = self.span.clone();
        self.relay(stopping).instrument(span).await
    }

    async fn relay(mut self, mut stopping: watch::Receiver<bool>) -> Result<(), RunError> {
        info!("ferry started");
        // A bundle that is none is told, and keeps no other device waiting: its owner mends it while the agent runs.
        let mut taken = self.take(Side::Bundle).await;
        if let Some(file) = self.bundle.as_ref().filter(|file| !file.is_there()) {
            info!(path = %file.path(), "there is no bundle yet: it is looked for");
        }
        while taken.is_ok() {
            taken = match self.next(Some(&mut stopping)).await {
                Side::Stop => break,
                side => self.take(side).await,
            };
        }
        self.stop().await;
        taken
    }

    /// The next thing that happens. What the broker has waits there while the device has no room
    /// for it.
    async fn next(&mut self, stopping: Option<&mut watch::Receiver<bool>>) -> Side {
        let wake_at = self.core.wake_at_ms().map(|at_ms| {
            let since = std::time::Duration::from_millis(at_ms);
            (self.begin + since).into()
        });
        let stop = async {
            match stopping {
                // An error says that whoever stops us is gone.
                Some(stopping) => drop(stopping.wait_for(|stop| *stop).await),
                None => pending().await,
            }
        };
        let has_room = self.core.has_room();
        tokio::select! {
            () = stop => Side::Stop,
            happening = self.line.next() => Side::Line(happening),
            event = broker_event(&mut self.session), if has_room => Side::Broker(event),
            () = look(&mut self.bundle) => Side::Bundle,
            moved = self.claimant.moved() => Side::Moved(moved),
            () = at(wake_at) => Side::Time,
        }
    }

    async fn take(&mut self, side: Side) -> Result<(), RunError> {
        let now_ms = self.now_ms();
        let effects = match side {
            Side::Line(happening) => self.line_says(now_ms, happening),
            Side::Broker(None) => return Err(RunError::SessionEnded),
            Side::Broker(Some(event)) => {
                log_session(&event);
                match event_of(&event) {
                    Some(event) => self.core.handle(now_ms, event),
                    None => Vec::new(),
                }
            }
            Side::Bundle => self.look(now_ms),
            Side::Moved(moved) => {
                self.part(moved).await;
                self.core.handle(now_ms, LinkedEvent::Elsewhere)
            }
            Side::Time | Side::Stop => self.core.handle(now_ms, LinkedEvent::Tick),
        };
        self.perform(effects).await
    }

    /// Looks whether the bundle is another one. The one before stays in force until there is another
    /// that is good.
    fn look(&mut self, now_ms: u64) -> Vec<LinkedEffect> {
        let Some(file) = &mut self.bundle else {
            return Vec::new();
        };
        match file.look() {
            Ok(None) => Vec::new(),
            Ok(Some(bundle)) => {
                match bundle {
                    Some(_) => info!(path = %file.path(), "bundle read"),
                    None => info!(path = %file.path(), "bundle is gone"),
                }
                self.core.handle(now_ms, LinkedEvent::Bundle(bundle))
            }
            Err(cause) => {
                warn!(%cause, "bundle not taken: it is looked at again when it is another");
                Vec::new()
            }
        }
    }

    fn line_says(&mut self, now_ms: u64, happening: Happening) -> Vec<LinkedEffect> {
        let event = match happening {
            Happening::Up => {
                info!("link up");
                self.claimant.set_up(true);
                LinkedEvent::Up
            }
            Happening::Down { reason } => {
                warn!(reason, "link lost: trying again");
                self.claimant.set_up(false);
                LinkedEvent::Down
            }
            Happening::NotOpen { reason } => {
                warn!(reason, "link cannot be used: trying again");
                return Vec::new();
            }
            Happening::Open => {
                debug!("link open");
                return Vec::new();
            }
            Happening::Unanswered { reason } => {
                warn!(reason, "nobody answers on the link: trying on");
                return Vec::new();
            }
            Happening::Refused { reason } => {
                warn!(reason, "device not understood");
                return Vec::new();
            }
            Happening::Message => {
                let effects = match self.line.message() {
                    Some(Ok(message)) => self.core.handle(now_ms, LinkedEvent::Said(message)),
                    Some(Err(cause)) => {
                        // A later version may say more than this one understands.
                        warn!(%cause, "message from the device passed over");
                        Vec::new()
                    }
                    None => Vec::new(),
                };
                self.line.taken();
                return effects;
            }
        };
        self.core.handle(now_ms, event)
    }

    async fn perform(&mut self, effects: Vec<LinkedEffect>) -> Result<(), RunError> {
        let mut effects = std::collections::VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                LinkedEffect::Serve(identity) => self.begin_session(&identity).await?,
                LinkedEffect::Subscribe(filter) => {
                    self.publisher(|publisher| subscribe(publisher, filter));
                }
                LinkedEffect::Unsubscribe(filter) => {
                    self.publisher(|publisher| publisher.unsubscribe([filter]));
                }
                LinkedEffect::Publish(publication) => {
                    self.publisher(|publisher| publish(publisher, publication));
                }
                LinkedEffect::Say(request) => match self.line.send(&request.message()) {
                    Ok(()) => {}
                    Err(NotSent::TooLong { most }) => {
                        let event = LinkedEvent::TooLong { most };
                        effects.extend(self.core.handle(self.now_ms(), event));
                    }
                    // The line is lost, which it tells next: then this is asked again.
                    Err(NotSent::Down | NotSent::Busy) => {}
                },
                LinkedEffect::HangUp => self.line.hang_up(),
                LinkedEffect::Notice(notice) => notices::log(&notice),
            }
        }
        Ok(())
    }

    /// Follows the device, which is at another line now, or no longer.
    async fn part(&mut self, moved: Moved) {
        match moved {
            Moved::Away => {
                info!("device is at another link now");
                self.end_session().await;
            }
            // It is met anew, as one that was not here before.
            Moved::Here => self.line.hang_up(),
        }
        self.claimant.release();
    }

    async fn end_session(&mut self) {
        if let Some((publisher, _)) = self.session.take() {
            publisher.disconnect().await;
        }
    }

    /// Talks to the broker for this device, and no longer for another.
    async fn begin_session(&mut self, identity: &Identity) -> Result<(), RunError> {
        self.end_session().await;
        if let Err(link) = self.claimant.claim(identity).await {
            error!(device = %identity.device, link, "device is served on another link already: it is not served here");
            // Nothing is to be done before the device is gone from one of the two.
            self.core.handle(self.now_ms(), LinkedEvent::Elsewhere);
            return Ok(());
        }
        self.span.record("name", identity.device.as_str());
        info!(device = %identity.device, tenant = %identity.tenant, broker = %self.broker.endpoint, "device served");
        self.session = Some(self.broker.session(identity)?);
        Ok(())
    }

    fn publisher(&self, act: impl FnOnce(&Publisher)) {
        if let Some((publisher, _)) = &self.session {
            act(publisher);
        }
    }

    /// Ends: what the device was asked gets a while to be answered, and what was said a while to
    /// leave.
    async fn stop(mut self) {
        self.core.wind_down();
        let answered = async {
            while self.core.is_waiting() {
                let side = self.next(None).await;
                if self.take(side).await.is_err() {
                    return;
                }
            }
        };
        if timeout(STOP_GRACE, answered).await.is_err() {
            warn!("the device was at work: its answer is told after the next start");
        }
        self.end_session().await;
        info!("ferry stopped");
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

async fn look(bundle: &mut Option<BundleFile>) {
    match bundle {
        Some(bundle) => bundle.is_due().await,
        None => pending().await,
    }
}

async fn broker_event(session: &mut Option<(Publisher, EventReceiver)>) -> Option<Mqtt> {
    match session {
        Some((_, events)) => events.recv().await,
        None => pending().await,
    }
}

fn event_of(event: &Mqtt) -> Option<LinkedEvent<'_>> {
    Some(match event {
        Mqtt::Connected { session_present } => LinkedEvent::Connected {
            session_present: *session_present,
        },
        Mqtt::Disconnected { .. } => LinkedEvent::Disconnected,
        Mqtt::Message(message) => LinkedEvent::Message {
            topic: &message.topic,
            payload: &message.payload,
        },
        _ => return None,
    })
}
