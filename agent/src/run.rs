//! The daemon: for each device one session with the broker, and one relay.

mod bundle;
mod claims;
mod ferry;
mod start_hook;

use std::{future::pending, io, time::Duration};

use latch_agent::{Core, Effect, Event, Hook, HookResult, LatchEvent, Notice};
use latch_mqtt::{
    Endpoint, Event as Mqtt, EventReceiver, Options, Persistence, Publication, Publisher, Session,
    StartError, TopicError, Topics,
};
use latch_verify::{device::Clock as _, statement::CloseCause, verdict::Identity};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use tracing::{debug, info, warn};

use self::{claims::Claims, ferry::Ferry};
use crate::{
    config::{Config, OwnDevice},
    hooks,
    host::{Host, HostClock},
    images, notices,
    posture::Probes,
    provision::{self, ProvisionError},
    state_dir::{StateDir, StateDirError},
};

/// How long the broker keeps what is meant for us while we are away, in seconds: a day, for
/// a machine that is off overnight.
const SESSION_EXPIRY_S: u32 = 86_400;
/// How long a hook may go on when the daemon is told to end, and then the one that shuts what is
/// open: each less than half of the shortest time that service managers commonly wait (10 s)
/// before they kill.
const STOP_GRACE: Duration = Duration::from_secs(4);

/// Why the daemon ended, or never began.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The device's folder.
    #[error(transparent)]
    Dir(#[from] StateDirError),
    /// The device.
    #[error(transparent)]
    Device(#[from] ProvisionError),
    /// The topics.
    #[error("the topic-prefix of the configuration cannot be used: {0}")]
    Topics(#[from] TopicError),
    /// The session.
    #[error("there is no session with the broker: {0}")]
    Session(#[from] StartError),
    /// Signals.
    #[error("the system's signals cannot be listened to: {0}")]
    Signals(io::Error),
    /// The device went down and did not come up again.
    #[error("the device went down and stays shut: the log says why")]
    Shut,
    /// What serves a device has panicked.
    #[error("what serves a device broke down: please report it")]
    Broken,
    /// The session's task is gone.
    #[error("the session with the broker ended by itself: please report it")]
    SessionEnded,
}

/// Runs until a signal ends it.
///
/// # Errors
/// [`RunError`].
pub(crate) async fn run(config: Config) -> Result<(), RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    let (stop, stopping) = watch::channel(false);
    let mut served = JoinSet::new();
    let broker = Broker {
        endpoint: config.endpoint,
        topic_prefix: config.topic_prefix,
    };
    let claims = Claims::default();
    if let Some(own) = config.own {
        let (daemon, session) = Daemon::start(own, &broker)?;
        served.spawn(daemon.serve(session, stopping.clone()));
    }
    for device in config.linked {
        let ferry = Ferry::new(device, broker.clone(), &claims);
        served.spawn(ferry.serve(stopping.clone()));
    }
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        Some(ended) = served.join_next() => ended.unwrap_or(Err(RunError::Broken)),
    };
    stop.send_replace(true);
    // What the others come to no longer matters: they end in good order.
    while served.join_next().await.is_some() {}
    ended
}

/// The broker, and where devices are on it.
#[derive(Clone)]
struct Broker {
    endpoint: Endpoint,
    topic_prefix: String,
}

impl Broker {
    /// Begins a session of a device. The broker keeps what is meant for it while we are away.
    fn session(&self, identity: &Identity) -> Result<(Publisher, EventReceiver), StartError> {
        let Identity { tenant, device, .. } = identity;
        let client_id = format!("latch-agent.{tenant}.{device}");
        let mut options = Options::new(self.endpoint.clone(), client_id);
        options.persistence = Persistence::Keep {
            expiry_s: SESSION_EXPIRY_S,
        };
        Session::start(options)
    }
}

/// What a session tells besides messages, for the log.
fn log_session(event: &Mqtt) {
    match event {
        Mqtt::Connected { session_present } => info!(session_present, "connected"),
        Mqtt::Disconnected { reason, .. } => warn!(reason, "not connected"),
        Mqtt::Message(_) => {}
        Mqtt::Subscribed { filters } => debug!(?filters, "subscribed"),
        Mqtt::SubscriptionRefused { filter, reason } => warn!(
            filter,
            reason, "subscription refused: the broker's rights for this user are too few"
        ),
        Mqtt::Overflowed { dropped } => warn!(
            dropped,
            "messages lost: they came faster than they were judged"
        ),
    }
}

fn publish(publisher: &Publisher, publication: Publication) {
    if let Err(cause) = publisher.offer(publication) {
        warn!(%cause, "cannot publish");
    }
}

fn subscribe(publisher: &Publisher, filter: String) {
    if let Err(cause) = publisher.subscribe([filter]) {
        warn!(%cause, "cannot subscribe");
    }
}

/// The relay and what it needs to act.
struct Daemon {
    config: OwnDevice,
    dir: StateDir,
    clock: HostClock,
    device_name: String,
    core: Core<Host>,
    publisher: Publisher,
    hook: Option<JoinHandle<HookResult>>,
    /// The hook that shuts a latch, beside the other.
    shut: Option<JoinHandle<HookResult>>,
    probes: Probes,
}

impl Daemon {
    fn start(config: OwnDevice, broker: &Broker) -> Result<(Self, EventReceiver), RunError> {
        let dir = StateDir::open(&config.state_dir)?;
        let clock = HostClock::new(config.clock);
        let device = provision::start(&config, &dir, clock)?;
        let identity = device.identity();
        let device_name = identity.device.to_string();
        let tenant = identity.tenant.to_string();
        let topics = Topics::new(&broker.topic_prefix, &tenant)?;
        let (publisher, session) = broker.session(identity)?;
        info!(
            device = device_name,
            tenant,
            broker = %broker.endpoint,
            firmware = %device.running().version,
            boot = device.facts().boot,
            "agent started"
        );
        let core = Core::new(device, topics, clock.ticks_ms());
        let probes = Probes::start(&config.probes);
        let daemon = Self {
            config,
            dir,
            clock,
            device_name,
            core,
            publisher,
            hook: None,
            shut: None,
            probes,
        };
        daemon.prune_images();
        Ok((daemon, session))
    }

    fn prune_images(&self) {
        let Some(device) = self.core.device() else {
            return;
        };
        if let Err(cause) = images::prune(device, &self.dir.images()) {
            warn!(%cause, "old images cannot be removed");
        }
    }

    /// Serves the device until it is told to stop.
    async fn serve(
        mut self,
        mut session: EventReceiver,
        mut stopping: watch::Receiver<bool>,
    ) -> Result<(), RunError> {
        let ended = loop {
            let wake_at = self.wake_at();
            let event = tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => break Ok(()),
                event = session.recv() => match event {
                    Some(event) => self.broker_says(&event),
                    None => break Err(RunError::SessionEnded),
                },
                result = end_of(&mut self.hook) => self.hook_ended(result),
                result = end_of(&mut self.shut) => self.shut_ended(result),
                finding = self.probes.next() => self.take(Event::Observed(finding)),
                () = at(wake_at) => self.take(Event::Tick),
            };
            if event.is_err() {
                break event;
            }
        };
        self.stop().await;
        ended
    }

    fn broker_says(&mut self, event: &Mqtt) -> Result<(), RunError> {
        log_session(event);
        match event {
            Mqtt::Connected { session_present } => self.take(Event::Connected {
                session_present: *session_present,
            }),
            Mqtt::Disconnected { .. } => self.take(Event::Disconnected),
            Mqtt::Message(message) => self.take(Event::Message {
                topic: &message.topic,
                payload: &message.payload,
            }),
            _ => Ok(()),
        }
    }

    fn hook_ended(&mut self, result: HookResult) -> Result<(), RunError> {
        self.hook = None;
        self.take(Event::Done(result))
    }

    fn shut_ended(&mut self, result: HookResult) -> Result<(), RunError> {
        self.shut = None;
        self.take(Event::Shut(result))
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), RunError> {
        for effect in self.core.handle(self.clock.ticks_ms(), event) {
            self.perform(effect);
        }
        if self.core.device().is_some() {
            Ok(())
        } else {
            Err(RunError::Shut)
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Subscribe(filter) => subscribe(&self.publisher, filter),
            Effect::Unsubscribe(filter) => self.publisher.unsubscribe([filter]),
            Effect::Publish {
                topic,
                payload,
                retain,
                expiry_s,
            } => publish(
                &self.publisher,
                Publication {
                    topic,
                    payload,
                    retain,
                    expiry_s,
                },
            ),
            Effect::Run(hook) => self.hook = Some(self.begin_hook(&hook)),
            Effect::Shut(hook) => self.shut = Some(self.begin_hook(&hook)),
            Effect::Notice(notice) => {
                notices::log(&notice);
                if matches!(notice, Notice::Confirmed { .. }) {
                    self.prune_images();
                }
            }
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        self.core
            .wake_at_ms()
            .map(|at_ms| self.clock.moment(at_ms).into())
    }

    /// Ends: what is being carried out gets a while to be settled, and what was said a while
    /// to leave.
    async fn stop(mut self) {
        info!("agent stops");
        self.core.wind_down();
        if let Some(mut hook) = self.hook.take() {
            match timeout(STOP_GRACE, &mut hook).await {
                Ok(result) => {
                    // Whether the device is still up no longer matters.
                    let _ = self.hook_ended(result.unwrap_or(Err(hooks::NOT_STARTED)));
                }
                Err(_) => {
                    warn!("hook is cut off: its outcome is told after the next start");
                    hook.abort();
                    let _ = hook.await;
                }
            }
        }
        self.shut_behind().await;
        self.publisher.disconnect().await;
        info!("agent stopped");
    }

    /// Shuts what is open: nobody watches over it until the next start.
    async fn shut_behind(&mut self) {
        let open = self
            .core
            .device()
            .is_some_and(|device| device.open_latches() != 0);
        if open {
            let everything = Hook::Latch {
                statement: None,
                latch: None,
                event: LatchEvent::Close {
                    cause: Some(CloseCause::Reboot),
                },
            };
            self.shut = Some(self.begin_hook(&everything));
        }
        if let Some(mut hook) = self.shut.take()
            && !matches!(timeout(STOP_GRACE, &mut hook).await, Ok(Ok(Ok(()))))
        {
            warn!("latches may stay open: the next start shuts them");
            hook.abort();
            let _ = hook.await;
        }
    }
}

async fn end_of(hook: &mut Option<JoinHandle<HookResult>>) -> HookResult {
    match hook {
        Some(hook) => hook.await.unwrap_or(Err(hooks::NOT_STARTED)),
        None => pending().await,
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
